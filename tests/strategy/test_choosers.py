from typing import Any

import pytest
from options_signals.features import regime as features
from options_signals.settings import Decision, Settings
from options_signals.signals import DirectionForecast, IvRegime, NoTrade, Signal, VolatilityRegime
from options_signals.strategy.choosers import STRATEGIES
from options_signals.strategy.decide import decide, decide_by
from options_signals.strategy.rules import skill

from tests.strategy.forecasts import GOOD, direction, forecast, unproven, volatility

UP, DOWN, NO_SKILL = direction(0.7), direction(0.3), unproven(0.7)


def decided(
    strategy: str, regime: str | None, rank: float = 45.0, of_direction: DirectionForecast = UP, **changes: Any
) -> Signal | NoTrade:
    seen = forecast(
        of_direction,
        volatility(IvRegime.NORMAL, 0.8, iv_rank=rank),
        volatility_regime=regime,
        hv_iv_ratio=0.95,
        **changes,
    )
    return decide(seen, GOOD, Settings(decision=Decision(strategy=strategy)))  # type: ignore[arg-type]  # one of the Literal


def called(decision: Signal | NoTrade) -> str:
    """The trade, or the lean in brackets."""
    return decision.strategy if isinstance(decision, Signal) else f"({decision.lean})"


@pytest.mark.parametrize(
    ("rank", "of_direction", "trade"),
    [
        (60.0, UP, "Bull Put Spread"),
        (60.0, DOWN, "Bear Call Spread"),
        (60.0, NO_SKILL, "Iron Condor"),
        (59.9, UP, "(None)"),
        (30.1, NO_SKILL, "(None)"),
        (30.0, UP, "Buy Calls"),
        (30.0, DOWN, "Buy Puts"),
        (30.0, NO_SKILL, "Long Straddle"),
    ],
)
def test_reversion_sells_premium_at_a_high_rank_and_buys_it_at_a_low_one(
    rank: float, of_direction: DirectionForecast, trade: str
) -> None:
    assert called(decided("iv_rank_reversion", None, rank, of_direction)) == trade


@pytest.mark.parametrize(
    ("regime", "with_direction", "without"),
    [
        ("low_vol", "Buy Calls", "Long Straddle"),
        ("high_vol", "Bull Put Spread", "Iron Condor"),
        ("iv_expansion", "Bull Call Spread", "(Bull Call Spread)"),
        ("iv_contraction", "Bull Put Spread", "Iron Condor"),
        ("neutral", "Bull Call Spread", "(Bull Call Spread)"),
    ],
)
def test_each_of_the_five_regimes_has_its_structure(regime: str, with_direction: str, without: str) -> None:
    assert called(decided("five_regimes", regime)) == with_direction
    assert called(decided("five_regimes", regime, of_direction=NO_SKILL)) == without


@pytest.mark.parametrize(
    ("regime", "follows"),
    [
        ("low_vol", "iv_rank_reversion"),
        ("high_vol", "iv_rank_reversion"),
        ("iv_expansion", "five_regimes"),
        ("iv_contraction", "five_regimes"),
        ("neutral", "matrix"),
    ],
)
def test_the_adaptive_one_decides_as_the_one_it_follows(regime: str, follows: str) -> None:
    adaptive, other = decided("adaptive", regime, 75.0), decided(follows, regime, 75.0)

    assert called(adaptive) == called(other)
    assert adaptive.reasons[0].startswith(f"{regime}, so by {follows}: ")
    assert adaptive.reasons[0].endswith(other.reasons[0])


@pytest.mark.parametrize("strategy", ["five_regimes", "adaptive"])
def test_an_unknown_regime_is_refused_for_its_data(strategy: str) -> None:
    refused = decided(strategy, None)

    assert isinstance(refused, NoTrade)
    assert (refused.cause, refused.reasons) == ("data", ("volatility_regime is unknown",))
    assert isinstance(decided("matrix", None), Signal)


def test_a_choice_of_nothing_says_why() -> None:
    refused = decided("iv_rank_reversion", None, 45.0)

    assert isinstance(refused, NoTrade)
    assert refused.reasons == ("an IV rank of 45 lies between 30 and 60, from where it need not return",)
    assert (refused.cause, refused.lean, refused.confidence) == ("rule", None, None)


def test_reasons_name_what_the_regime_was_read_from() -> None:
    read_from = "volatility regime high_vol (IV rank 72, realised over implied 0.95)"

    assert decided("five_regimes", "high_vol", 72.0, NO_SKILL).reasons == (
        f"{read_from}, and no proven skill in direction ({skill(NO_SKILL)})",
        "half size at most, because an iron condor bets on no direction",
    )


def test_the_codes_of_the_feature_are_the_regimes_in_order() -> None:
    codes = [features.LOW_VOL, features.HIGH_VOL, features.IV_EXPANSION, features.IV_CONTRACTION, features.NEUTRAL]

    assert codes == [float(at) for at in range(len(VolatilityRegime))]
    assert list(VolatilityRegime) == ["low_vol", "high_vol", "iv_expansion", "iv_contraction", "neutral"]


def test_a_strategy_can_be_asked_whatever_the_settings_name() -> None:
    seen = forecast(UP, volatility(IvRegime.NORMAL, 0.8, iv_rank=75.0))

    assert called(decide_by(STRATEGIES["iv_rank_reversion"], seen, GOOD, Settings())) == "Bull Put Spread"
    assert called(decide(seen, GOOD, Settings())) == "Bull Call Spread"
