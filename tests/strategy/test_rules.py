from dataclasses import replace

import pytest
from options_signals.settings import Decision, Settings
from options_signals.signals import Confidence, Leg
from options_signals.strategy import rules
from options_signals.strategy.matrix import BULL_PUT_SPREAD, defined_risk

from tests.strategy.forecasts import direction, volatility

NAKED_PUT = replace(BULL_PUT_SPREAD, legs=(Leg(action="sell", right="put", min_delta=0.3, max_delta=0.3),))
CONFIDENT = Confidence(direction=0.7, iv=0.7, overall=0.7)
SPREAD = rules.View(
    direction=direction(0.7),
    iv=volatility(),
    cell=BULL_PUT_SPREAD,
    confidence=CONFIDENT,
    trusted=True,
    over=None,
    on_purpose=False,
)


def test_refusals_stand_in_the_order_of_the_documentation() -> None:
    assert [rule.__name__ for rule in rules.REFUSALS] == [
        "iv_too_low",
        "direction_too_low",
        "overall_too_low",
        "risk_undefined",
        "held_over_earnings",
        "nothing_to_risk",
    ]


@pytest.mark.parametrize("rule", rules.REFUSALS)
def test_no_rule_refuses_a_confident_defined_risk_trade(rule: object) -> None:
    assert callable(rule)
    assert rule(SPREAD, Settings()) is None


def test_structure_without_a_limit_to_its_loss_is_refused_unless_switched_on() -> None:
    naked = replace(SPREAD, cell=NAKED_PUT)

    assert rules.risk_undefined(naked, Settings()) == (
        "Bull Put Spread has no limit to its loss, and the setting allow_undefined_risk is off"
    )
    assert rules.risk_undefined(naked, Settings(decision=Decision(allow_undefined_risk=True))) is None


def test_option_bought_of_the_other_right_covers_nothing() -> None:
    sell_put, buy_put = BULL_PUT_SPREAD.legs
    buy_call = buy_put.model_copy(update={"right": "call"})

    assert defined_risk((sell_put, buy_put))
    assert not defined_risk((sell_put, buy_call))


def test_separate_floor_binds_only_above_the_half_size_limit() -> None:
    undecided = replace(SPREAD, confidence=Confidence(direction=0.58, iv=0.58, overall=0.58))

    assert rules.overall_too_low(undecided, Settings()) is None
    assert rules.overall_too_low(undecided, Settings(decision=Decision(floor_overall=0.6))) == (
        "overall confidence 0.58 is below 0.60, needed for half size"
    )


@pytest.mark.parametrize(
    ("value", "least", "words"),
    [
        (0.53, 0.55, "0.53 is below 0.55"),
        (0.546, 0.55, "0.546 is below 0.550"),
        (0.5499999999, 0.55, "0.5499999999 is below 0.5500000000"),
    ],
)
def test_two_numbers_never_read_the_same(value: float, least: float, words: str) -> None:
    assert rules.less_than(value, least) == words
