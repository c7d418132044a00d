"""A model that is ready to serve: card and graph, checked against each other before the first probability.

```text
load(store, ref)                      the pinned bundle, or the check it fails
bundle.predict(matrix, rule_inputs)   served probabilities, or quantiles
```
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from pydantic import ValidationError

from options_signals.errors import InvalidValueError, ModelMismatchError, ModelMissingError, NotFoundError
from options_signals.features import catalog
from options_signals.features.arrays import FloatArray
from options_signals.lake import ObjectStore, sha256
from options_signals.models.calibrate import sigmoid
from options_signals.models.card import Linear, ModelCard
from options_signals.models.chain import PARITY, allowed_difference, complete, served_probabilities, split_inputs
from options_signals.models.graph import GraphErrors, open_graph, run_graph
from options_signals.signals import Contribution
from options_signals.snapshot import BundleRef

CARD, GRAPH = "card.json", "model.onnx"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A card and the graph it describes. `open_bundle` makes one; it has passed every check."""

    card: ModelCard
    session: Any

    def raw(self, matrix: FloatArray) -> FloatArray:
        """What the graph says of rows (n, features), NaN imputed: before anything is made of it, (n, classes)."""
        _refuse_width("matrix", matrix, self.card.features)
        return run_graph(self.session, complete(matrix, self.card.impute), self.card.features)

    def predict(self, matrix: FloatArray, rule_inputs: FloatArray | None = None) -> FloatArray:
        """What is served: probabilities, or the quantiles of a move.

        Parameters
        ----------
        matrix : float64 array, shape (n, features)
            Columns in the order of the card's features; NaN is imputed as in training.
        rule_inputs : float64 array, shape (n, inputs of the rule)
            In the order of the card's rule features; None where the card has no rule.

        Returns
        -------
        float64 array, shape (n, classes)
            In the order of the card's classes; see `chain.served_probabilities`.

        Raises
        ------
        InvalidValueError
            For another number of columns, missing rule inputs, an infinite value.
        """
        if rule_inputs is not None:
            _refuse_width("rule_inputs", rule_inputs, self.card.rule_features)
        return served_probabilities(self.card, self.raw(matrix), rule_inputs)

    def contributions(self, row: FloatArray, *, largest: int) -> tuple[Contribution, ...]:
        """The features that move one row's log-odds most, the strongest first; () where the model is not linear.

        Scaled by a sigmoid calibrator's slope, so that they speak of the served probability; under a table they are
        those before it. An imputed feature has the value None and the term of its imputed value.
        """
        if self.card.linear is None:
            return ()
        terms = self.card.calibrator.slope * _terms(self.card.linear, complete(row, self.card.impute))
        strongest = np.argsort(-np.abs(terms), kind="stable")[:largest]
        return tuple(
            Contribution(feature=self.card.features[i], value=_known(row[i]), log_odds=float(terms[i]))
            for i in strongest
        )


def load(store: ObjectStore, ref: BundleRef) -> Bundle:
    """The pinned bundle, verified.

    Raises
    ------
    ModelMissingError
        Where its card or graph is not stored.
    ModelMismatchError
        Names the check that failed: card digest, card format, address, graph digest, feature catalog, graph,
        golden rows, explanation.
    """
    card = read_card(store, ref)
    return open_bundle(card, _get(store, ref, GRAPH))


def read_card(store: ObjectStore, ref: BundleRef) -> ModelCard:
    """The card a reference pins; errors as for `load`."""
    body = _get(store, ref, CARD)
    label = f"{ref.name}/{ref.scope}/{ref.version}"
    _must_equal(label, "card digest", ref.card_sha256, sha256(body))
    try:
        card = ModelCard.model_validate_json(body)
    except ValidationError as error:
        detail = f"{error.error_count()} problems, the first: {error.errors()[0]['msg']}"
        raise ModelMismatchError(model=label, check="card format", expected="format 1", found=detail) from error
    _must_equal(label, "address", card.prefix, ref.prefix)
    return card


def open_bundle(card: ModelCard, graph: bytes) -> Bundle:
    """The bundle of a card and a graph, after every check but the card's own digest; errors as for `load`."""
    _must_equal(card.label, "graph digest", card.graph_sha256, sha256(graph))
    _must_equal(card.label, "feature catalog", card.catalog_hash, _catalog_hash(card))
    bundle = Bundle(card, _opened(card, graph))
    golden = np.array(card.golden.inputs, dtype=np.float64)
    matrix, rule_inputs = split_inputs(card, golden)
    _refuse_other_answers(bundle, matrix, rule_inputs)
    if card.linear is not None:
        _refuse_other_explanation(bundle, card.linear, matrix)
    return bundle


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _terms(linear: Linear, row: FloatArray) -> FloatArray:
    terms: FloatArray = (row - np.array(linear.mean)) / np.array(linear.scale) * np.array(linear.coefficients)
    return terms


def _get(store: ObjectStore, ref: BundleRef, name: str) -> bytes:
    key = f"{ref.prefix}/{name}"
    try:
        return store.get(key)
    except NotFoundError as error:
        raise ModelMissingError(model=ref.name, scope=ref.scope, where=store.where(key)) from error


def _catalog_hash(card: ModelCard) -> str:
    try:
        return catalog.catalog_hash(card.inputs)
    except InvalidValueError as error:
        return f"no feature {error.value}"


def _opened(card: ModelCard, graph: bytes) -> Any:
    try:
        return open_graph(graph)
    except GraphErrors as error:
        raise ModelMismatchError(
            model=card.label,
            check="graph",
            expected=f"a graph that onnxruntime {onnxruntime.__version__} reads",
            found=str(error),
        ) from error


def _refuse_other_answers(bundle: Bundle, matrix: FloatArray, rule_inputs: FloatArray | None) -> None:
    card = bundle.card
    promised = np.array(card.golden.probabilities)
    found = bundle.predict(matrix, rule_inputs)
    allowed = allowed_difference(card, bundle.raw(matrix))[:, None]
    _refuse_first("golden rows", card, promised, found, ~(np.abs(found - promised) <= allowed))


def _refuse_other_explanation(bundle: Bundle, linear: Linear, matrix: FloatArray) -> None:
    log_odds = linear.intercept + _terms(linear, complete(matrix, bundle.card.impute)).sum(axis=1)
    explained, raw = sigmoid(log_odds)[:, None], bundle.raw(matrix)[:, -1:]
    _refuse_first("explanation", bundle.card, explained, raw, ~(np.abs(explained - raw) <= PARITY))


def _refuse_first(
    check: str, card: ModelCard, promised: FloatArray, found: FloatArray, wrong: npt.NDArray[np.bool_]
) -> None:
    for row, column in np.argwhere(wrong)[:1]:
        raise ModelMismatchError(
            model=card.label,
            check=check,
            expected=f"{promised[row, column]:.6f} in row {row}",
            found=f"{found[row, column]:.6f}",
        )


def _refuse_width(name: str, matrix: FloatArray, columns: tuple[str, ...]) -> None:
    if matrix.ndim != 2 or matrix.shape[1] != len(columns):
        raise InvalidValueError(name=f"shape of {name}", value=matrix.shape, allowed=f"(n, {len(columns)})")


def _must_equal(model: str, check: str, expected: str, found: str) -> None:
    if expected != found:
        raise ModelMismatchError(model=model, check=check, expected=expected, found=found)
