from typing import Any

import pytest
from options_signals.models.card import Calibrator, ModelCard
from pydantic import ValidationError

from tests.models.bundles import RULE, direction_bundle, direction_draft, regime_draft


def test_the_inputs_name_each_feature_once_the_rules_own_last() -> None:
    draft = regime_draft()

    assert draft.inputs == ("iv_rank", "hv_20", "returns_5d", "iv_distance_to_30", "iv_distance_to_60")


def test_a_served_rule_alone_reads_only_its_own_inputs() -> None:
    assert regime_draft(served="rule").served_inputs == ("iv_distance_to_30", "iv_distance_to_60", "iv_rank")
    assert direction_draft().served_inputs == direction_draft().features


def test_a_card_survives_its_text() -> None:
    card = direction_bundle().card

    assert ModelCard.model_validate_json(card.model_dump_json()) == card


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": ("rsi_14", "rsi_14", "iv_rank", "returns_5d")}, "features are named once"),
        ({"impute": (50.0,)}, "with one imputed value each"),
        ({"impute": (50.0, 0.2, 45.0, float("nan"))}, "finite number"),
        ({"classes": ("UP", "DOWN")}, r"has the classes \('DOWN', 'UP'\), in this order"),
        ({"base_rates": (0.6,)}, "a base rate each"),
        ({"served": "rule"}, "a rule is there if it is served"),
        ({"served": "rule", "rule": RULE}, "direction has none"),
        ({"threshold": None}, "a threshold belongs to direction"),
        ({"metrics": {}}, r"metrics not measured: \['auc', 'brier_skill'\]"),
        ({"scope": "../SPY"}, "should match pattern"),
        ({"unheard_of": 1}, "Extra inputs are not permitted"),
    ],
)
def test_a_draft_whose_parts_do_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        direction_draft(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"calibrator": Calibrator(kind="sigmoid")}, "a calibrator speaks of two classes"),
        ({"rule": None}, "a rule is there if it is served"),
        ({"metrics": {"log_loss": {"value": 1.0, "low": 0.9, "high": 1.1}}}, "log_loss stands beside its baselines"),
        ({"rule": RULE.model_dump() | {"changes": ((0.1,), (), (0.1,))}}, "at least 1 item"),
    ],
)
def test_a_regime_draft_whose_parts_do_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        regime_draft(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"slope": -0.1}, "greater than or equal to 0"),
        ({"kind": "table"}, "as many x as y, at least one"),
        ({"kind": "table", "x": (0.1, 0.2), "y": (0.1,)}, "as many x as y"),
        ({"x": (0.1,), "y": (0.1,)}, "the other kinds have none"),
        ({"kind": "table", "x": (0.2, 0.2), "y": (0.1, 0.2)}, "x of a table must rise strictly"),
        ({"kind": "table", "x": (0.1, 0.2), "y": (0.3, 0.2)}, "y of a table must rise"),
        ({"kind": "table", "x": (0.1, 0.2), "y": (0.3, 1.2)}, "y of a table must rise from 0 to 1"),
    ],
)
def test_a_calibrator_that_is_no_rising_curve_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Calibrator(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"golden": {"inputs": [[1.0]], "probabilities": [[0.4, 0.6]]}}, "golden rows hold every input"),
        ({"golden": {"inputs": [[1.0] * 4] * 2, "probabilities": [[0.4, 0.6]]}}, "probabilities each"),
        ({"linear": {"mean": [0.0], "scale": [1.0], "coefficients": [1.0], "intercept": 0.0}}, "for each feature"),
        ({"format": 2}, "Input should be 1"),
    ],
)
def test_a_card_whose_proofs_do_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    content = direction_bundle().card.model_dump() | changes

    with pytest.raises(ValidationError, match=message):
        ModelCard.model_validate(content)
