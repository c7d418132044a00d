import numpy as np
import pytest
from numpy.testing import assert_allclose
from options_signals.errors import InvalidValueError, ModelMismatchError, ModelMissingError
from options_signals.lake import MemoryStore, sha256
from options_signals.models.bundle import load, open_bundle
from options_signals.models.calibrate import logit
from options_signals.models.card import Calibrator, Linear
from options_signals.models.registry import publish

from tests.models.bundles import DIRECTION_FEATURES, direction_bundle, feature_rows, regime_bundle

ROWS = feature_rows(DIRECTION_FEATURES, seed=7)


def test_an_absent_bundle_is_named_with_its_place() -> None:
    store, made = MemoryStore(), direction_bundle()
    ref = publish(store, made.card, made.graph)
    del store.objects[f"{ref.prefix}/model.onnx"]

    with pytest.raises(ModelMissingError) as caught:
        load(store, ref)

    assert str(caught.value) == (
        f"no champion of direction for SPY in memory:{ref.prefix}/model.onnx. "
        "Train one (`signals train-all`), or promote a version (`signals models promote`)."
    )


def test_a_graph_that_onnxruntime_cannot_read_is_refused() -> None:
    card = direction_bundle().card.model_copy(update={"graph_sha256": sha256(b"no graph")})

    with pytest.raises(ModelMismatchError, match="check of graph: the card says a graph that onnxruntime 1"):
        open_bundle(card, b"no graph")


def test_an_explanation_of_another_model_is_refused() -> None:
    made = direction_bundle()
    assert isinstance(made.card.linear, Linear)
    other = made.card.linear.model_copy(update={"intercept": made.card.linear.intercept + 0.01})

    with pytest.raises(ModelMismatchError, match="check of explanation"):
        open_bundle(made.card.model_copy(update={"linear": other}), made.graph)


def test_contributions_and_intercept_add_up_to_the_log_odds_that_are_served() -> None:
    calibrator = Calibrator(kind="sigmoid", slope=0.5, intercept=0.2)
    made = direction_bundle(calibrator=calibrator)
    bundle = open_bundle(made.card, made.graph)
    assert isinstance(made.card.linear, Linear)

    total = sum(one.log_odds for one in bundle.contributions(ROWS[0], largest=4))

    served = logit(bundle.predict(ROWS[:1])[:, 1])[0]
    assert total + 0.5 * made.card.linear.intercept + 0.2 == pytest.approx(served, abs=1e-5)


def test_the_strongest_contributions_come_first_and_an_imputed_value_is_none() -> None:
    made = direction_bundle()
    row = ROWS[0].copy()
    row[0] = np.nan

    first, second = open_bundle(made.card, made.graph).contributions(row, largest=2)

    assert abs(first.log_odds) >= abs(second.log_odds)
    values = {one.feature: one.value for one in open_bundle(made.card, made.graph).contributions(row, largest=4)}
    assert values == {**dict(zip(DIRECTION_FEATURES, row.tolist(), strict=True)), "rsi_14": None}


def test_a_regime_model_has_no_contributions() -> None:
    made = regime_bundle()

    assert open_bundle(made.card, made.graph).contributions(np.zeros(3), largest=5) == ()


def test_no_rows_give_no_probabilities() -> None:
    made = direction_bundle()

    assert open_bundle(made.card, made.graph).predict(ROWS[:0]).shape == (0, 2)


def test_the_average_lies_halfway_between_graph_and_rule() -> None:
    made, alone = regime_bundle(), regime_bundle(served="rule")
    bundle = open_bundle(made.card, made.graph)
    matrix, rule_inputs = np.array([[20.0, 0.2, 0.0]]), np.array([[0.05, 0.2, 20.0]])

    of_rule = open_bundle(alone.card, alone.graph).predict(matrix, rule_inputs)

    assert_allclose(of_rule, [[3 / 7, 2 / 7, 2 / 7]])
    assert_allclose(bundle.predict(matrix, rule_inputs), (bundle.raw(matrix) + of_rule) / 2.0, atol=1e-6)


def test_a_model_that_is_served_with_a_rule_does_not_answer_without_its_inputs() -> None:
    made = regime_bundle()

    with pytest.raises(InvalidValueError, match=r"rule_inputs is None; allowed: the columns iv_distance_to_30, "):
        open_bundle(made.card, made.graph).predict(np.zeros((1, 3)))


def test_another_number_of_columns_is_refused() -> None:
    made = direction_bundle()

    with pytest.raises(InvalidValueError, match=r"^shape of matrix is \(300, 3\); allowed: \(n, 4\)\.$"):
        open_bundle(made.card, made.graph).predict(ROWS[:, :3])


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e39])
def test_a_value_that_float32_cannot_hold_is_refused(value: float) -> None:
    made = direction_bundle()
    rows = ROWS[:2].copy()
    rows[1, 2] = value

    with pytest.raises(InvalidValueError, match=r"^iv_rank in row 1 is .*; allowed: a finite float32 number\."):
        open_bundle(made.card, made.graph).predict(rows)
