import datetime as dt
from dataclasses import replace

import pytest
from options_signals.signals import Direction, IvRegime
from options_signals.strategy.matrix import BUY_CALLS, CELLS, IRON_CONDOR, Cell, cell_for, plan_of


def words(cell: Cell) -> list[str]:
    return [leg.words for leg in cell.legs]


@pytest.mark.parametrize(
    ("direction", "regime", "trusted", "strategy"),
    [
        ("UP", "LOW", True, "Buy Calls"),
        ("UP", "NORMAL", True, "Bull Call Spread"),
        ("UP", "HIGH", True, "Bull Put Spread"),
        ("DOWN", "LOW", True, "Buy Puts"),
        ("DOWN", "NORMAL", True, "Bear Put Spread"),
        ("DOWN", "HIGH", True, "Bear Call Spread"),
        ("UP", "HIGH", False, "Iron Condor"),
        ("DOWN", "HIGH", False, "Iron Condor"),
        ("UP", "LOW", False, "Buy Calls"),
        ("DOWN", "NORMAL", False, "Bear Put Spread"),
    ],
)
def test_cell_of_direction_and_regime(direction: str, regime: str, strategy: str, *, trusted: bool) -> None:
    assert cell_for(Direction(direction), IvRegime(regime), trusted=trusted).strategy == strategy


@pytest.mark.parametrize(
    ("strategy", "days", "legs", "risk", "target", "stop"),
    [
        (
            "Buy Calls",
            (14, 28),
            ["buy the 0.40-0.50-delta call"],
            0.02,
            "take +50 % of the premium",
            "underlying 2 % lower",
        ),
        (
            "Buy Puts",
            (14, 28),
            ["buy the 0.40-0.50-delta put"],
            0.02,
            "take +50 % of the premium",
            "underlying 2 % higher",
        ),
        (
            "Bull Call Spread",
            (14, 21),
            ["buy the ATM call", "sell the 0.30-delta call"],
            0.015,
            "take 75 % of the most it can win",
            "half the value lost",
        ),
        (
            "Bear Put Spread",
            (14, 21),
            ["buy the ATM put", "sell the 0.30-delta put"],
            0.015,
            "take 75 % of the most it can win",
            "half the value lost",
        ),
        (
            "Bull Put Spread",
            (14, 28),
            ["sell the 0.30-delta put", "buy the 0.15-delta put"],
            0.02,
            "keep 50 % of the credit",
            "the spread costs twice the credit",
        ),
        (
            "Bear Call Spread",
            (14, 28),
            ["sell the 0.30-delta call", "buy the 0.15-delta call"],
            0.02,
            "keep 50 % of the credit",
            "the spread costs twice the credit",
        ),
        (
            "Iron Condor",
            (21, 28),
            [
                "sell the 0.20-delta put",
                "buy the 0.10-delta put",
                "sell the 0.20-delta call",
                "buy the 0.10-delta call",
            ],
            0.02,
            "keep 25 % of the credit",
            "a short strike is touched",
        ),
        (
            "Short Strangle",
            (21, 45),
            ["sell the 0.20-delta put", "sell the 0.20-delta call"],
            0.01,
            "keep 50 % of the credit",
            "the strangle costs twice the credit",
        ),
    ],
)
def test_cell_is_built_and_left_as_documented(
    *, strategy: str, days: tuple[int, int], legs: list[str], risk: float, target: str, stop: str
) -> None:
    (cell,) = (cell for cell in CELLS if cell.strategy == strategy)

    assert (cell.days, words(cell), cell.risk_share, cell.target, cell.stop) == (days, legs, risk, target, stop)


def test_plan_turns_a_stop_in_the_underlying_into_a_price() -> None:
    assert plan_of(BUY_CALLS, spot=400.0).stop_underlying_usd == 392.0
    assert plan_of(IRON_CONDOR, spot=400.0).stop_underlying_usd is None


def test_plan_leaves_when_its_cell_does() -> None:
    leaving = replace(IRON_CONDOR, exit_on=dt.date(2022, 11, 28), soonest=True)

    assert (plan_of(leaving, spot=400.0).exit_on, plan_of(leaving, spot=400.0).soonest) == (leaving.exit_on, True)
    assert (plan_of(IRON_CONDOR, spot=400.0).exit_on, plan_of(IRON_CONDOR, spot=400.0).soonest) == (None, False)
