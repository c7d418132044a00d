import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from options_signals.pricing.black_scholes import bsm_greeks
from options_signals.signals import Leg, Strategy
from options_signals.strategy.matrix import BUY_CALLS, CELLS, IRON_CONDOR, LONG_STRADDLE, Cell, defined_risk, plan_of
from scipy.stats import norm

from training import priced as module
from training.priced import Moved, priced

LEG_COST = 0.025
LIMITED = [cell for cell in CELLS if defined_risk(cell.legs)]
every_cell = pytest.mark.parametrize("cell", LIMITED, ids=lambda cell: cell.strategy)


def moved(exit_: float = 100.0, exit_vol: float = 0.2) -> Moved:
    return Moved(entry=100.0, exit=exit_, entry_vol=0.2, exit_vol=exit_vol, days=6)


def profit(cell: Cell, exit_: float = 100.0, exit_vol: float = 0.2) -> float:
    worth = priced(plan_of(cell, spot=100.0), moved(exit_, exit_vol), leg_cost=LEG_COST)
    assert worth is not None
    return worth.profit


def test_a_bought_call_by_the_formula_itself() -> None:
    """Delta 0.45, 21 days: d1 = N^-1(0.45), so strike, premium and value 6 days later follow by hand."""
    total, d1 = 0.2 * math.sqrt(21 / 365), norm.ppf(0.45)
    strike = 100.0 * math.exp(0.5 * total**2 - d1 * total)
    paid = 100.0 * norm.cdf(d1) - strike * norm.cdf(d1 - total)
    later = 0.2 * math.sqrt(15 / 365)
    far = math.log(103.0 / strike) / later + 0.5 * later
    got = 103.0 * norm.cdf(far) - strike * norm.cdf(far - later)

    worth = priced(plan_of(BUY_CALLS, spot=100.0), moved(103.0), leg_cost=LEG_COST)

    assert worth is not None
    assert worth.max_loss == pytest.approx(paid * (1 + LEG_COST))
    assert worth.profit == pytest.approx(got * (1 - LEG_COST) - paid * (1 + LEG_COST))


@pytest.mark.parametrize("right", ["call", "put"])
@pytest.mark.parametrize("delta", [0.1, 0.3, 0.5])
def test_a_strike_has_the_delta_that_was_asked_for(right: str, delta: float) -> None:
    leg = Leg.model_validate({"action": "buy", "right": right, "min_delta": delta, "max_delta": delta})

    strike = module._strike(leg, moved(), 0.1)

    greeks = bsm_greeks(
        spot=100.0, strike=strike, years=0.1, rate=0.0, dividend_yield=0.0, volatility=0.2, is_call=right == "call"
    )
    assert abs(float(greeks.delta)) == pytest.approx(delta)


def test_premium_sold_wins_in_a_still_market_and_premium_bought_loses() -> None:
    assert profit(IRON_CONDOR) > 0.0 > profit(LONG_STRADDLE)


def test_a_large_move_turns_them_round() -> None:
    assert profit(IRON_CONDOR, 112.0) < 0.0 < profit(LONG_STRADDLE, 112.0)


def test_a_rise_of_volatility_helps_who_bought_it() -> None:
    assert profit(LONG_STRADDLE, exit_vol=0.3) > profit(LONG_STRADDLE, exit_vol=0.2)


def test_a_loss_without_a_limit_has_no_price_of_risk() -> None:
    naked = plan_of(IRON_CONDOR, spot=100.0)
    sold = tuple(leg for leg in naked.legs if leg.action == "sell")

    assert priced(naked.model_copy(update={"legs": sold}), moved(), leg_cost=0.0) is None


@every_cell
@given(exit_=st.floats(50.0, 200.0), exit_vol=st.floats(0.05, 1.0))
def test_nothing_loses_more_than_all_that_was_at_risk_and_the_cost_of_closing(
    cell: Cell, exit_: float, exit_vol: float
) -> None:
    worth = priced(plan_of(cell, spot=100.0), moved(exit_, exit_vol), leg_cost=LEG_COST)

    assert worth is not None
    assert worth.max_loss > 0.0
    closing = LEG_COST * len(cell.legs) * max(exit_, 100.0)  # an option is worth less than what it is about
    assert worth.profit >= -worth.max_loss - closing


def test_the_cells_priced_are_all_but_those_without_a_limit() -> None:
    assert {Strategy.BUY_CALLS, Strategy.IRON_CONDOR, Strategy.BEAR_PUT_SPREAD} <= {c.strategy for c in LIMITED}
