from math import pi, sqrt

import pytest
from options_signals.signals import Strategy
from options_signals.strategy.bets import Held, expected_moves, sells_premium, side_of, volatility_edge


@pytest.mark.parametrize(
    ("strategy", "side", "sold"),
    [
        ("Buy Calls", 1, False),
        ("Buy Puts", -1, False),
        ("Bull Call Spread", 1, False),
        ("Bear Put Spread", -1, False),
        ("Bull Put Spread", 1, True),
        ("Bear Call Spread", -1, True),
        ("Iron Condor", 0, True),
        ("Long Straddle", 0, False),
    ],
)
def test_what_a_structure_bets_on(strategy: str, side: int, *, sold: bool) -> None:
    assert (side_of(Strategy(strategy)), sells_premium(Strategy(strategy))) == (side, sold)


# 16 % a year are 16 % x sqrt(5 / 252) = 2.2537 % in five sessions
UP_TWO_PERCENT = Held(underlying_return=0.02, implied_vol=0.16, realised_vol=0.12)


@pytest.mark.parametrize(
    ("strategy", "won"),
    [
        (Strategy.BULL_CALL_SPREAD, 0.02 / 0.022537),
        (Strategy.BEAR_CALL_SPREAD, -0.02 / 0.022537),
        (Strategy.IRON_CONDOR, sqrt(2 / pi) - 0.02 / 0.022537),
        (Strategy.LONG_STRADDLE, 0.02 / 0.022537 - sqrt(2 / pi)),
    ],
)
def test_a_move_is_scored_in_expected_moves(strategy: Strategy, won: float) -> None:
    assert expected_moves(strategy, UP_TWO_PERCENT) == pytest.approx(won, abs=1e-4)


@pytest.mark.parametrize(("strategy", "won"), [(Strategy.IRON_CONDOR, 0.04), (Strategy.BUY_CALLS, -0.04)])
def test_volatility_is_won_by_selling_what_does_not_come(strategy: Strategy, won: float) -> None:
    assert volatility_edge(strategy, UP_TWO_PERCENT) == pytest.approx(won)
