"""How much: the tier a confidence earns, the share of the account at risk, whole contracts, and how long all of them.

Nothing here makes a trade larger than its cell of the matrix allows: every multiplier lies between 0 and 1.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from math import exp, prod
from typing import Literal

from options_signals.errors import InvalidValueError
from options_signals.settings import Decision, Risk
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a trade may lose, USD, and how that came about, part by part."""

    usd: Decimal
    reasons: tuple[str, ...]


def budget(share: float, risk: Risk, *, vol_20: float | None, kelly: float | None) -> Budget:
    """What one trade may lose: the account times its share, times the volatility target, within the Kelly bet.

    Parameters
    ----------
    share
        Of the account, after tier and overlay: 0.0075 = 0.75 %.
    vol_20
        Realised volatility of 20 sessions, decimal per year; None if unknown.
    kelly
        The full Kelly share under the model, 0 to 1; None without a model.

    Returns
    -------
    Budget
        0 USD where a rule that is switched on cannot be applied for want of its number: it was asked to limit.
    """
    reasons = [f"{share:.2%} of {risk.account_usd:,.0f} USD"]
    if risk.target_vol is not None:
        scale = 0.0 if vol_20 is None else volatility_scale(target_vol=risk.target_vol, vol_20=vol_20)
        told = "is unknown" if vol_20 is None else f"{vol_20:.1%}"
        reasons.append(f"x {scale:.2f} for a volatility target of {risk.target_vol:.1%} (realised: {told})")
        share = risk_share(share, scale)
    if risk.kelly_fraction is not None:
        most = 0.0 if kelly is None else min(risk.kelly_fraction * kelly, risk.kelly_cap)
        told = "no model to take it from" if kelly is None else f"full bet {kelly:.2%}"
        reasons.append(f"at most {most:.2%} by {risk.kelly_fraction:g} Kelly, cap {risk.kelly_cap:.2%} ({told})")
        share = min(share, most)
    usd = (Decimal(str(risk.account_usd)) * Decimal(str(share))).quantize(Decimal("0.01"), rounding=ROUND_DOWN)
    return Budget(usd=usd, reasons=tuple(reasons))


def volatility_scale(*, target_vol: float, vol_20: float) -> float:
    """`target_vol / vol_20`, never above 1; volatilities are decimals per year.

    Examples
    --------
    >>> volatility_scale(target_vol=0.15, vol_20=0.30)
    0.5
    >>> volatility_scale(target_vol=0.15, vol_20=0.10)
    1.0

    Raises
    ------
    InvalidValueError
        For a volatility that is not above 0.
    """
    for name, value in {"target_vol": target_vol, "vol_20": vol_20}.items():
        if not value > 0:
            raise InvalidValueError(name=name, value=value, allowed="above 0")
    return min(1.0, target_vol / vol_20)


def held(contracts: int, decay: Literal["none", "linear", "exponential"], *, sessions: int, max_hold: int) -> int:
    """Contracts left after so many sessions, rounded down: all, on a line to nothing, or by `exp(-3 t / max_hold)`.

    At `max_hold` nothing is left. The exponential is at 5 % there, and halves every 0.23 of it.

    Examples
    --------
    >>> [held(10, "linear", sessions=n, max_hold=5) for n in range(6)]
    [10, 8, 6, 4, 2, 0]
    >>> [held(10, "exponential", sessions=n, max_hold=5) for n in range(6)]
    [10, 5, 3, 1, 0, 0]
    """
    if sessions >= max_hold:
        return 0
    weight = {
        "none": 1.0,
        "linear": (max_hold - sessions) / max_hold,
        "exponential": exp(-3 * sessions / max_hold),
    }[decay]
    return int(contracts * weight + 1e-9)
