"""How much: the tier a confidence earns, the share of the account at risk, and whole contracts within a budget.

Nothing here makes a trade larger than its cell of the matrix allows: every multiplier lies between 0 and 1.
"""

from dataclasses import dataclass
from decimal import Decimal
from math import prod

from options_signals.errors import InvalidValueError
from options_signals.settings import Decision
from options_signals.signals import Size

TIER = {Size.FULL: 1.0, Size.HALF: 0.5}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracts:
    """Whole contracts that fit a budget; 0 comes with its reason."""

    count: int
    reason: str | None = None


def size_for(overall: float, *, half_at_most: bool, decision: Decision) -> Size:
    """Full size from `full_size_from` (0.70) on, else half; never above half where that is the most."""
    return Size.FULL if overall >= decision.full_size_from and not half_at_most else Size.HALF


def risk_share(cell_risk: float, *multipliers: float) -> float:
    """Share of the account to risk: the cell's share times every multiplier (tier, overlay).

    Examples
    --------
    >>> risk_share(0.015, 0.5, 1.0)
    0.0075

    Raises
    ------
    InvalidValueError
        For a multiplier below 0 or above 1 (or NaN): nothing may enlarge a trade beyond its cell.
    """
    for multiplier in multipliers:
        if not 0.0 <= multiplier <= 1.0:
            raise InvalidValueError(
                name="risk multiplier",
                value=multiplier,
                allowed="0 to 1",
                remedy="Volatility targeting and overlays may only make a trade smaller.",
            )
    return round(cell_risk * prod(multipliers), 10)


def contracts_within_budget(*, max_loss_usd: Decimal, budget_usd: Decimal) -> Contracts:
    """Most contracts whose summed loss fits the budget, rounded down.

    Parameters
    ----------
    max_loss_usd
        The most one contract can lose, USD: Decimal("230") for a spread that costs 2.30.
    budget_usd
        What the trade may lose, USD: Decimal("187.50") for 0.75 % of 25,000.

    Raises
    ------
    InvalidValueError
        For a loss that is not above 0 or a budget below 0: a trade that cannot lose is an error in its prices.
    """
    if not max_loss_usd > 0:
        raise InvalidValueError(name="max_loss_usd", value=max_loss_usd, allowed="above 0")
    if not budget_usd >= 0:
        raise InvalidValueError(name="budget_usd", value=budget_usd, allowed="0 or above")
    count = int(budget_usd // max_loss_usd)
    if count:
        return Contracts(count=count)
    reason = f"one contract can lose {max_loss_usd:.2f} USD, more than the {budget_usd:.2f} USD this trade may risk"
    return Contracts(count=0, reason=reason)
