"""What every strategy of the matrix keeps, those to come included."""

import pytest
from options_signals.signals import Direction, IvRegime, Strategy
from options_signals.strategy.matrix import CELLS, DIRECTIONAL, Cell, defined_risk, plan_of

every_cell = pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.strategy)


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


@every_cell
def test_loss_is_limited(cell: Cell) -> None:
    assert defined_risk(cell.legs)


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
