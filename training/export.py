"""From a fitted scikit-learn pipeline to a bundle that provably computes the same.

`export` refuses unless the graph and scikit-learn agree to 1e-5 on every training row, before and after calibration.
That catches what the converter gets wrong without a word: float64 steps, a calibrator around a whole pipeline
(0.5 off), an isotonic calibrator inside the graph (0.04 off).
"""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from options_signals.errors import ExportError, InvalidValueError
from options_signals.features import catalog
from options_signals.features.arrays import FloatArray
from options_signals.lake import sha256
from options_signals.models.bundle import open_bundle
from options_signals.models.card import GoldenRows, Linear, ModelCard, ModelDraft
from options_signals.models.chain import PARITY, allowed_difference, complete, served_probabilities, split_inputs
from options_signals.models.graph import INPUT, OUTPUT, open_graph, run_graph
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import is_classifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

OPSET = 21  # what the whole chain was measured with; nothing here needs a newer one
LIBRARIES = ("numpy", "onnx", "onnxruntime", "scikit-learn", "skl2onnx")
GOLDEN_ROWS = 32


@dataclass(frozen=True, slots=True)
class Exported:
    """What `registry.publish` takes."""

    card: ModelCard
    graph: bytes


def to_onnx(pipeline: Any, n_features: int) -> bytes:
    """The graph of a fitted pipeline: float32 (n, n_features) complete rows in, float32 (n, classes) out.

    The classes of a regression are its targets. The same pipeline gives the same bytes.
    """
    probabilities = is_classifier(pipeline)
    model = convert_sklearn(
        pipeline,
        name="options_signals",  # by default a random name
        initial_types=[(INPUT, FloatTensorType([None, n_features]))],
        final_types=None if probabilities else [(OUTPUT, FloatTensorType([None, None]))],
        options={"zipmap": False} if probabilities else None,
        target_opset=OPSET,
    )
    graph: bytes = model.SerializeToString(deterministic=True)
    return graph


def export(pipeline: Any, inputs: FloatArray, draft: ModelDraft) -> Exported:
    """Card and graph of a fitted pipeline, proved on all of its training rows.

    Parameters
    ----------
    pipeline
        Fitted on imputed rows (`complete(matrix, draft.impute)`) and on the labels 0, 1, (2): the positions of
        `draft.classes`, or a regression with a target for each. No calibrator inside: that stands in the draft.
    inputs : float64 array, shape (n, inputs)
        Every training row, columns in the order of `draft.inputs`: the graph's features, then those that only the
        rule reads. NaN as in the feature table.
    draft
        What training knows.

    Raises
    ------
    ExportError
        Where graph and scikit-learn, or the chains behind them, differ by more than 1e-5 in some row.
    InvalidValueError
        Where labels are no positions, a value is infinite, or no row has all inputs of the rule.
    """
    _refuse_other_labels(pipeline, draft)
    graph = to_onnx(pipeline, len(draft.features))
    check_parity(graph, pipeline, inputs, draft)
    unnamed = ModelCard(
        **{name: getattr(draft, name) for name in ModelDraft.model_fields},
        version="unnamed",
        catalog_hash=catalog.catalog_hash(draft.inputs),
        linear=_linear(pipeline),
        libraries={library: version(library) for library in LIBRARIES},
        graph_sha256=sha256(graph),
        golden=_golden_rows(graph, inputs, draft),
    )
    card = unnamed.model_copy(update={"version": _version(unnamed)})
    open_bundle(card, graph)
    return Exported(card, graph)


def check_parity(graph: bytes, pipeline: Any, inputs: FloatArray, draft: ModelDraft) -> None:
    """ExportError unless graph and scikit-learn agree on every row, on raw and on served probabilities."""
    matrix, rule_inputs = split_inputs(draft, inputs)
    rows = complete(matrix, draft.impute)
    exact = pipeline.predict_proba(rows) if is_classifier(pipeline) else pipeline.predict(rows)
    raw = run_graph(open_graph(graph), rows, draft.features)
    _refuse_difference(raw - exact, np.full(len(rows), PARITY), draft)
    served, expected = (served_probabilities(draft, each, rule_inputs) for each in (raw, exact))
    known = ~np.isnan(expected).any(axis=1)
    _refuse_difference((served - expected)[known], allowed_difference(draft, exact)[known], draft)


def _refuse_difference(difference: FloatArray, allowed: FloatArray, draft: ModelDraft) -> None:
    size = np.abs(difference)
    wrong = ~(size <= allowed[:, None])
    if wrong.any():
        model = f"{draft.name}/{draft.scope}"
        raise ExportError(model=model, worst=float(size[wrong].max()), allowed=PARITY, rows=len(size))


def _refuse_other_labels(pipeline: Any, draft: ModelDraft) -> None:
    """Names would be sorted by the alphabet, HIGH before LOW, and served under each other's columns."""
    if is_classifier(pipeline) and pipeline.classes_.tolist() != list(range(len(draft.classes))):
        positions = ", ".join(f"{position} for {name}" for position, name in enumerate(draft.classes))
        raise InvalidValueError(name="labels of the pipeline", value=pipeline.classes_.tolist(), allowed=positions)


def _version(card: ModelCard) -> str:
    """The last day it learned from and a digest of what it is; the time of training is no part of that."""
    content = card.model_dump_json(exclude={"version", "trained_at"})
    return f"{card.trained_through}-{sha256(content.encode())[:7]}"


def _linear(pipeline: Any) -> Linear | None:
    """The terms of StandardScaler + LogisticRegression of two classes; None for any other pipeline."""
    match [step for _, step in getattr(pipeline, "steps", [])]:
        case [StandardScaler() as scaler, LogisticRegression() as model] if len(model.classes_) == 2:
            return Linear(
                mean=tuple(scaler.mean_),
                scale=tuple(scaler.scale_),
                coefficients=tuple(model.coef_[0]),
                intercept=model.intercept_[0],
            )
    return None


def _golden_rows(graph: bytes, inputs: FloatArray, draft: ModelDraft) -> GoldenRows:
    session = open_graph(graph)

    def raw(rows: FloatArray) -> FloatArray:
        return run_graph(session, complete(rows[:, : len(draft.features)], draft.impute), draft.features)

    chosen = _spread(inputs, raw(inputs)[:, -1], draft)
    probabilities = served_probabilities(draft, raw(chosen), split_inputs(draft, chosen)[1])
    return GoldenRows(
        inputs=tuple(tuple(None if np.isnan(value) else value for value in row) for row in chosen.tolist()),
        probabilities=tuple(map(tuple, probabilities.tolist())),
    )


def _spread(inputs: FloatArray, probability: FloatArray, draft: ModelDraft) -> FloatArray:
    """Rows from the lowest to the highest probability; in every fourth one input is made unknown."""
    for_rule = [draft.inputs.index(name) for name in draft.rule_features]
    usable = np.flatnonzero(~np.isnan(inputs[:, for_rule]).any(axis=1))
    if not usable.size:
        raise InvalidValueError(name="training rows", value=len(inputs), allowed="one with all inputs of the rule")
    ranked = usable[np.argsort(probability[usable], kind="stable")]
    chosen: FloatArray = inputs[ranked[np.linspace(0, len(ranked) - 1, GOLDEN_ROWS).round().astype(int)]]
    imputable = [column for column in range(len(draft.features)) if column not in for_rule]
    for turn, row in enumerate(range(0, GOLDEN_ROWS, 4)):
        chosen[row, imputable[turn % len(imputable)]] = np.nan
    return chosen
