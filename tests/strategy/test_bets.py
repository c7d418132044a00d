from functools import partial
from math import pi, sqrt

import numpy as np
import pytest
from options_signals.errors import InvalidValueError
from options_signals.signals import Strategy
from options_signals.strategy.bets import (
    Held,
    Reaction,
    expected_moves,
    implied_reactions,
    sells_premium,
    side_of,
    volatility_edge,
)


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
        ("Short Strangle", 0, True),
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


@pytest.mark.parametrize(
    ("strategy", "won"),
    [
        (Strategy.IRON_CONDOR, sqrt(2 / pi) - 0.5),
        (Strategy.SHORT_STRANGLE, sqrt(2 / pi) - 0.5),
        (Strategy.BULL_PUT_SPREAD, -0.5),
        (Strategy.BEAR_CALL_SPREAD, 0.5),
    ],
)
def test_a_reaction_is_scored_in_standard_deviations_that_options_priced(strategy: Strategy, won: float) -> None:
    fell = Held(underlying_return=0.01, implied_vol=0.4, realised_vol=0.3, reaction=Reaction(-0.03, implied=0.06))

    assert implied_reactions(strategy, fell) == pytest.approx(won)


def test_a_normal_reaction_of_the_size_that_options_priced_is_a_fair_bet() -> None:
    moves = 0.06 * np.random.default_rng(1).standard_normal(100_000)
    held = partial(Held, underlying_return=0.0, implied_vol=0.4, realised_vol=0.4)
    won = [implied_reactions(Strategy.IRON_CONDOR, held(reaction=Reaction(move, implied=0.06))) for move in moves]

    assert np.mean(won) == pytest.approx(0.0, abs=0.01)


def test_without_a_reaction_there_is_nothing_to_score() -> None:
    with pytest.raises(InvalidValueError, match="reaction is None"):
        implied_reactions(Strategy.IRON_CONDOR, UP_TWO_PERCENT)
