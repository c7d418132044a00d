"""What a structure would have earned by Black-Scholes at the volatility index: a yardstick, not a fill.

No smile, no rate, no dividend, strikes that need not exist. Each leg may cost a share of its price at the entry and at
the exit. Real chains of the past are not free; a backtest that pretends to know their prices would know too much.
"""

from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from options_signals.pricing.black_scholes import DAYS_PER_YEAR, bsm_price
from options_signals.signals import Leg, Plan
from options_signals.strategy.payoff import Payoff

from training.bootstrap import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The market from the entry to the exit of a trade.

    Attributes
    ----------
    entry, exit
        Price of the underlying, USD.
    entry_vol, exit_vol
        Implied volatility, decimal per year (0.20 = 20 %).
    days
        Calendar days between the two.
    """

    entry: float
    exit: float
    entry_vol: float
    exit_vol: float
    days: int


class Priced(NamedTuple):
    """Profit and largest loss per share, USD."""

    profit: float
    max_loss: float

    @property
    def on_risk(self) -> float:
        """Profit over the largest loss: 0.5 gains half of what was at risk, -1 loses all of it."""
        return self.profit / self.max_loss


def priced(plan: Plan, moved: Moved, *, leg_cost: float) -> Priced | None:
    """The plan's structure bought at the entry and closed at the exit; None where its loss has no limit.

    The expiry lies in the middle of the plan's window, the strikes where the legs' deltas are (r = 0). A loss cannot
    exceed the largest one but by the cost of closing.

    Parameters
    ----------
    leg_cost
        Share of each leg's price paid at the entry and again at the exit: 0.025 is half of a spread of 5 %.
    """
    days = (plan.min_days + plan.max_days) / 2
    strikes = np.array([_strike(leg, moved, days / DAYS_PER_YEAR) for leg in plan.legs])
    signs = np.array([1 if leg.action == "buy" else -1 for leg in plan.legs])
    calls = np.array([leg.right == "call" for leg in plan.legs])
    before = _prices(moved.entry, strikes, calls, years=days / DAYS_PER_YEAR, volatility=moved.entry_vol)
    after = _prices(moved.exit, strikes, calls, years=(days - moved.days) / DAYS_PER_YEAR, volatility=moved.exit_vol)
    paid = float(signs @ before + leg_cost * before.sum())
    got = float(signs @ after - leg_cost * after.sum())
    options = tuple(
        (leg.right, Decimal(strike), int(sign)) for leg, strike, sign in zip(plan.legs, strikes, signs, strict=True)
    )
    max_loss = Payoff(options=options, cost=Decimal(paid)).max_loss
    return None if max_loss is None else Priced(profit=got - paid, max_loss=float(max_loss))


def _strike(leg: Leg, moved: Moved, years: float) -> float:
    """Where a leg's delta is the middle of the range it asks for.

    Source: Hull, Options, Futures, and Other Derivatives, on delta: N(d1) of a call, N(d1) - 1 of a put.
    """
    delta = (leg.min_delta + leg.max_delta) / 2
    total = moved.entry_vol * np.sqrt(years)
    d1 = NormalDist().inv_cdf(delta if leg.right == "call" else 1.0 - delta)
    return float(moved.entry * np.exp(0.5 * total**2 - d1 * total))


def _prices(
    spot: float, strikes: FloatArray, calls: npt.NDArray[np.bool_], *, years: float, volatility: float
) -> FloatArray:
    return bsm_price(
        spot=spot, strike=strikes, years=years, rate=0.0, dividend_yield=0.0, volatility=volatility, is_call=calls
    )
