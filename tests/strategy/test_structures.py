from dataclasses import replace

import pytest
from options_signals.errors import NotFoundError
from options_signals.strategy.matrix import CELLS, Cell, defined_risk, plan_of
from options_signals.strategy.structures import OF_STRATEGY, STRUCTURES, Structure, planned, smaller, structure_named


def in_brief(structure: Structure) -> list[str]:
    return [leg.words for leg in structure.legs]


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_structure_is_found_by_its_name(name: str) -> None:
    assert structure_named(name).name == name


def test_an_unknown_structure_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFoundError, match=r"no structure 'butterfly' .* There are long_call, "):
        structure_named("butterfly")


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.strategy)
def test_a_signals_structure_is_its_cell_of_the_matrix(cell: Cell) -> None:
    structure = planned(cell.strategy, plan_of(cell, spot=100.0))

    assert structure == OF_STRATEGY[cell.strategy]()
    assert (structure.days, structure.legs, structure.risk_share) == (cell.days, cell.legs, cell.risk_share)


def test_only_naked_options_have_an_undefined_risk() -> None:
    undefined = [name for name, make in STRUCTURES.items() if not defined_risk(make().legs)]

    assert undefined == ["short_put", "short_call", "short_strangle"]


def test_a_smaller_spread_has_its_outer_leg_half_way_to_the_inner_one() -> None:
    closer = smaller(structure_named("iron_condor"))

    assert closer is not None
    assert [(leg.action, leg.right, leg.max_delta) for leg in closer.legs] == [
        ("sell", "put", 0.20),
        ("buy", "put", 0.15),
        ("sell", "call", 0.20),
        ("buy", "call", 0.15),
    ]


@pytest.mark.parametrize(
    ("name", "less"),
    [
        ("long_call", "bull_call_spread"),
        ("long_put", "bear_put_spread"),
        ("long_straddle", "long_strangle"),
        ("short_put", "bull_put_spread"),
        ("short_call", "bear_call_spread"),
        ("short_strangle", "iron_condor"),
    ],
)
def test_what_cannot_be_drawn_in_becomes_another_structure_in_the_same_window(name: str, less: str) -> None:
    before, after = structure_named(name), smaller(structure_named(name))

    assert after is not None
    assert (after.name, after.days) == (less, before.days)


def test_what_becomes_another_structure_still_wants_the_soonest_expiry() -> None:
    after = smaller(replace(structure_named("short_strangle"), soonest=True))

    assert after is not None
    assert (after.name, after.soonest) == ("iron_condor", True)


def test_there_is_nothing_smaller_than_a_strangle() -> None:
    assert smaller(structure_named("long_strangle")) is None


def test_straddle_and_strangle_are_bought() -> None:
    assert in_brief(structure_named("long_straddle")) == ["buy the ATM call", "buy the ATM put"]
    assert in_brief(structure_named("long_strangle")) == ["buy the 0.25-delta call", "buy the 0.25-delta put"]
