from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from options_signals.errors import InvalidValueError
from options_signals.settings import Decision, Risk
from options_signals.strategy.sizing import (
    budget,
    contracts_within_budget,
    held,
    risk_share,
    size_for,
    volatility_scale,
)

without_deadline = hypothesis_settings(deadline=None)  # laws of size, not of a busy machine


@pytest.mark.parametrize(("overall", "size"), [(0.55, "half"), (0.6999, "half"), (0.70, "full"), (1.0, "full")])
def test_full_size_starts_at_seventy_percent(overall: float, size: str) -> None:
    assert size_for(overall, half_at_most=False, decision=Decision()) == size


def test_half_at_most_holds_at_any_confidence() -> None:
    assert size_for(1.0, half_at_most=True, decision=Decision()) == "half"


def test_risk_is_cell_times_tier_times_overlay() -> None:
    assert risk_share(0.015, 0.5, 0.8) == 0.006


@pytest.mark.parametrize("multiplier", [1.01, -0.1, float("nan"), float("inf")])
def test_multiplier_outside_zero_to_one_is_refused(multiplier: float) -> None:
    with pytest.raises(InvalidValueError, match="risk multiplier"):
        risk_share(0.02, multiplier)


def test_refused_multiplier_is_told_with_what_is_allowed() -> None:
    with pytest.raises(InvalidValueError) as told:
        risk_share(0.02, 0.5, 1.5)

    assert str(told.value) == (
        "risk multiplier is 1.5; allowed: 0 to 1. Volatility targeting and overlays may only make a trade smaller."
    )


@without_deadline
@given(cell=st.floats(0, 0.02), multipliers=st.lists(st.floats(0, 1), max_size=4))
def test_risk_never_exceeds_the_cell(cell: float, multipliers: list[float]) -> None:
    assert risk_share(cell, *multipliers) <= cell + 1e-10


@pytest.mark.parametrize(
    ("max_loss", "budget", "count"),
    [("100", "299.99", 2), ("100", "300", 3), ("0.10", "0.30", 3), ("187.50", "187.50", 1)],
)
def test_contracts_are_rounded_down(max_loss: str, budget: str, count: int) -> None:
    assert contracts_within_budget(max_loss_usd=Decimal(max_loss), budget_usd=Decimal(budget)).count == count


def test_one_contract_above_the_budget_gives_none_with_a_reason() -> None:
    none = contracts_within_budget(max_loss_usd=Decimal(230), budget_usd=Decimal("187.50"))

    assert none.count == 0
    assert none.reason == "one contract can lose 230.00 USD, more than the 187.50 USD this trade may risk"


@pytest.mark.parametrize(("max_loss", "budget"), [("0", "100"), ("-5", "100"), ("100", "-1")])
def test_contract_that_cannot_lose_and_negative_budget_are_refused(max_loss: str, budget: str) -> None:
    with pytest.raises(InvalidValueError):
        contracts_within_budget(max_loss_usd=Decimal(max_loss), budget_usd=Decimal(budget))


money = st.decimals(min_value="0.01", max_value="100000", places=2)


@without_deadline
@given(max_loss=money, budget=money)
def test_contracts_stay_within_the_budget_and_one_more_would_not(max_loss: Decimal, budget: Decimal) -> None:
    contracts = contracts_within_budget(max_loss_usd=max_loss, budget_usd=budget)

    assert contracts.count * max_loss <= budget < (contracts.count + 1) * max_loss
    assert (contracts.reason is None) == (contracts.count > 0)


def test_a_budget_is_the_accounts_share() -> None:
    found = budget(0.0075, Risk(account_usd=25_000), vol_20=None, kelly=None)

    assert (found.usd, found.reasons) == (Decimal("187.50"), ("0.75% of 25,000 USD",))


def test_a_budget_shrinks_with_the_volatility_above_its_target() -> None:
    risk = Risk(account_usd=100_000, target_vol=0.15)

    assert budget(0.02, risk, vol_20=0.30, kelly=None).usd == 1000  # half of 2 %
    assert budget(0.02, risk, vol_20=0.10, kelly=None).usd == 2000  # never more than all of it
    assert budget(0.02, risk, vol_20=None, kelly=None).usd == 0
    assert "realised: is unknown" in budget(0.02, risk, vol_20=None, kelly=None).reasons[1]


@pytest.mark.parametrize(
    ("kelly", "usd"),
    [
        (0.02, 500),  # a quarter of 2 % is below the trade's own 1 %
        (0.10, 1000),  # a quarter of 10 % is not
        (1.00, 1000),
        (0.00, 0),
        (None, 0),
    ],
)
def test_a_fractional_kelly_bet_only_limits(kelly: float | None, usd: int) -> None:
    risk = Risk(account_usd=100_000, kelly_fraction=0.25)

    assert budget(0.01, risk, vol_20=None, kelly=kelly).usd == usd


def test_the_kelly_cap_holds_whatever_the_bet() -> None:
    risk = Risk(account_usd=100_000, kelly_fraction=1.0, kelly_cap=0.005)

    assert budget(0.02, risk, vol_20=None, kelly=1.0).usd == 500


@without_deadline
@given(
    share=st.floats(0, 0.02),
    target=st.floats(0.01, 1) | st.none(),
    vol=st.floats(0.01, 3) | st.none(),
    fraction=st.floats(0, 1) | st.none(),
    kelly=st.floats(0, 1) | st.none(),
)
def test_no_rule_of_the_budget_enlarges_a_trade(
    share: float, target: float | None, vol: float | None, fraction: float | None, kelly: float | None
) -> None:
    risk = Risk(account_usd=100_000, target_vol=target, kelly_fraction=fraction)

    assert 0 <= budget(share, risk, vol_20=vol, kelly=kelly).usd <= Decimal(str(share)) * 100_000 + Decimal("0.01")


@pytest.mark.parametrize(("target", "vol"), [(0.0, 0.2), (0.2, 0.0), (0.2, float("nan"))])
def test_a_volatility_that_is_not_positive_is_refused(target: float, vol: float) -> None:
    with pytest.raises(InvalidValueError, match="vol"):
        volatility_scale(target_vol=target, vol_20=vol)


@pytest.mark.parametrize(
    ("decay", "left"),
    [
        ("none", [10, 10, 10, 10, 10, 0]),
        ("linear", [10, 8, 6, 4, 2, 0]),
        ("exponential", [10, 5, 3, 1, 0, 0]),  # 10 x exp(-0.6 t): 10, 5.5, 3.0, 1.7, 0.9
    ],
)
def test_holding_decay_rounds_down_and_ends_with_nothing(
    decay: Literal["none", "linear", "exponential"], left: list[int]
) -> None:
    assert [held(10, decay, sessions=n, max_hold=5) for n in range(6)] == left
