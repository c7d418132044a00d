"""What every structure and every strategy keeps, those to come included."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from options_signals.settings import Decision, Settings
from options_signals.signals import (
    Direction,
    Forecast,
    IvRegime,
    NoTrade,
    Signal,
    Size,
    Strategy,
    VolatilityRegime,
)
from options_signals.snapshot import Verdict
from options_signals.strategy.bets import Held, Reaction, side_of
from options_signals.strategy.choosers import STRATEGIES
from options_signals.strategy.decide import decide, decide_by
from options_signals.strategy.earnings import bets_on_earnings
from options_signals.strategy.interface import StrategyRule
from options_signals.strategy.matrix import CELLS, DIRECTIONAL, Cell, defined_risk, plan_of

from tests.strategy.forecasts import GOOD, before_earnings, direction, forecast, unproven, volatility

every_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.strategy)
every_strategy = pytest.mark.parametrize("strategy", STRATEGIES.values(), ids=lambda strategy: strategy.name)
law = hypothesis_settings(deadline=None, max_examples=60)  # laws of decisions, not of a busy machine


def test_every_strategy_has_exactly_one_cell() -> None:
    assert sorted(cell.strategy for cell in CELLS) == sorted(Strategy)


def test_every_direction_has_a_cell_in_every_regime() -> None:
    assert set(DIRECTIONAL) == {(direction, regime) for direction in Direction for regime in IvRegime}


@every_cell
def test_days_to_expiry_leave_room_for_the_five_sessions_of_the_forecast(cell: Cell) -> None:
    least, most = cell.days

    assert 7 < least <= most <= 45


@every_cell
def test_risk_is_above_zero_and_at_most_two_percent(cell: Cell) -> None:
    assert 0.0 < cell.risk_share <= 0.02


def test_loss_of_every_structure_but_the_naked_one_is_limited() -> None:
    assert [cell.strategy for cell in CELLS if not defined_risk(cell.legs)] == ["Short Strangle"]


@every_cell
def test_plan_says_how_it_is_built_and_left(cell: Cell) -> None:
    plan = plan_of(cell, spot=100.0)

    assert all(leg.words for leg in plan.legs)
    assert plan.legs
    assert plan.target
    assert plan.stop


@every_cell
def test_deltas_are_ascending_and_at_most_at_the_money(cell: Cell) -> None:
    assert all(0.0 < leg.min_delta <= leg.max_delta <= 0.5 for leg in cell.legs)


@every_cell
def test_bullish_and_bearish_structures_stop_on_the_losing_side(cell: Cell) -> None:
    wins_when_up = {strategy.strategy for (side, _), strategy in DIRECTIONAL.items() if side is Direction.UP}
    stop = cell.underlying_stop or 0.0

    assert stop <= 0.0 if cell.strategy in wins_when_up else stop >= 0.0


def seen(
    p_up: float,
    regime: IvRegime,
    sure: float,
    rank: float,
    weather: VolatilityRegime,
    *,
    proven: bool = True,
    earnings: bool = False,
) -> Forecast:
    of_direction = direction(p_up) if proven else unproven(p_up)
    known: dict[str, Any] = {"volatility_regime": weather, "hv_iv_ratio": 0.8, "hv_20": 0.2}
    ahead = before_earnings() if earnings else {}
    return forecast(of_direction, volatility(regime, sure, iv_rank=rank), **known, **ahead)


def seen_by(strategy: StrategyRule) -> Forecast:
    """What makes every strategy sure; iv_crush on its evening before earnings."""
    earnings = strategy.bets_on_earnings
    return seen(0.9, IvRegime.HIGH, 0.9, 90.0, VolatilityRegime.HIGH_VOL, earnings=earnings)


forecasts = st.builds(
    seen,
    st.floats(0.0, 1.0),
    st.sampled_from(IvRegime),
    st.floats(0.34, 1.0),
    st.floats(0.0, 100.0),
    st.sampled_from(VolatilityRegime),
    proven=st.booleans(),
    earnings=st.booleans(),
)


def test_every_strategy_can_be_named_in_the_settings() -> None:
    assert list(STRATEGIES) == list(get_args(Decision.model_fields["strategy"].annotation))
    assert Decision().strategy == "matrix"


@every_strategy
def test_the_settings_choose_the_strategy(strategy: StrategyRule) -> None:
    given_ = seen_by(strategy)
    settings = Settings.model_validate({"decision": {"strategy": strategy.name}})

    assert decide(given_, GOOD, settings) == decide_by(strategy, given_, GOOD, Settings())


@every_strategy
def test_every_strategy_trades_somewhere_and_declines_somewhere(strategy: StrategyRule) -> None:
    sure = seen_by(strategy)
    blind = seen(0.5, IvRegime.NORMAL, 0.35, 45.0, VolatilityRegime.NEUTRAL, proven=False)

    assert isinstance(decide_by(strategy, sure, GOOD, Settings()), Signal)
    assert isinstance(decide_by(strategy, blind, GOOD, Settings()), NoTrade)


@every_strategy
def test_whether_a_strategy_bets_on_earnings_shows_in_its_signals(strategy: StrategyRule) -> None:
    signal = decide_by(strategy, seen_by(strategy), GOOD, Settings())

    assert isinstance(signal, Signal)
    assert bets_on_earnings(signal) is strategy.bets_on_earnings


@every_strategy
@law
@given(given_=forecasts)
def test_the_same_forecast_gives_the_same_decision_with_reasons_and_limited_risk(
    strategy: StrategyRule, given_: Forecast
) -> None:
    decision = decide_by(strategy, given_, GOOD, Settings())

    assert decision == decide_by(strategy, given_, GOOD, Settings())
    assert all(decision.reasons)
    if isinstance(decision, Signal):
        assert defined_risk(decision.plan.legs)
        assert decision.risk_share <= decision.plan.risk_share * (1.0 if decision.size is Size.FULL else 0.5)
        assert decision.size is Size.HALF or side_of(decision.strategy)


@every_strategy
@law
@given(given_=forecasts)
def test_no_strategy_bets_on_a_direction_without_proven_skill(strategy: StrategyRule, given_: Forecast) -> None:
    assert given_.direction is not None
    decision = decide_by(strategy, given_, GOOD, Settings())

    assert isinstance(decision, NoTrade) or given_.direction.proven or side_of(decision.strategy) == 0


@every_strategy
def test_no_strategy_trades_on_refused_data(strategy: StrategyRule) -> None:
    given_ = seen_by(strategy)
    refused = decide_by(strategy, given_, Verdict(status="refused", reasons=("no bars",)), Settings())

    assert isinstance(refused, NoTrade)
    assert (refused.cause, refused.reasons) == ("data", ("no bars",))


@every_strategy
def test_what_a_strategy_needs_and_does_not_know_is_refused_by_name(strategy: StrategyRule) -> None:
    whole = seen_by(strategy)
    blind = whole.model_copy(update=dict.fromkeys(strategy.needs))
    decision = decide_by(strategy, blind, GOOD, Settings())

    assert isinstance(decision, NoTrade) == bool(strategy.needs)
    assert not strategy.needs or decision.reasons == tuple(f"{name} is unknown" for name in strategy.needs)


@every_strategy
def test_every_strategy_says_what_a_backtest_scores(strategy: StrategyRule) -> None:
    hook = strategy.backtest
    rise = Held(underlying_return=0.03, implied_vol=0.2, realised_vol=0.3, reaction=Reaction(0.05, implied=0.04))
    calm = Held(underlying_return=0.0, implied_vol=0.2, realised_vol=0.1, reaction=Reaction(0.0, implied=0.04))

    assert (hook.entry, hook.exit) == ("next open", "close")
    assert hook.hold_sessions == (1 if strategy.bets_on_earnings else 5)
    assert hook.unit
    assert hook.outcome(Strategy.BUY_CALLS, rise) > 0.0
    assert hook.outcome(Strategy.IRON_CONDOR, calm) > 0.0 > hook.outcome(Strategy.LONG_STRADDLE, calm)
