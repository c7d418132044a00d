"""The forward of one expiry, read from its own options by put-call parity.

It holds dividends, borrow cost and early exercise as far as the market prices them, which a dividend forecast
does not. Source: Hull, Options, Futures, and Other Derivatives, on put-call parity.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from options_signals.errors import InvalidValueError
from options_signals.pricing.normal import FloatArray

NEAR_PAIRS = 8  # strikes nearest the money: deeper ones carry early exercise and wide spreads
TICK = 0.01  # USD; no quote is surer than one tick


class ParityForward(NamedTuple):
    """The forward of one expiry and how sure it is.

    Attributes
    ----------
    forward
        Currency per share for delivery at expiry; NaN if no strike has two-sided quotes of both call and put.
    half_width
        Median half-width of the bands that bid and ask allow for it, same unit; NaN like `forward`.
    pairs
        Number of strikes used, 0..8.
    """

    forward: float
    half_width: float
    pairs: int


def parity_forward(
    *,
    strike: ArrayLike,
    call_bid: ArrayLike,
    call_ask: ArrayLike,
    put_bid: ArrayLike,
    put_ask: ArrayLike,
    discount: float,
) -> ParityForward:
    """Forward of one expiry: the weighted median of `strike + (call - put) / discount` over the strikes near the money.

    Near the money means: the eight strikes where the mid quotes of call and put differ least. The weight is the
    inverse of the two spreads, so a penny-wide pair outweighs a dollar-wide one, and a median shrugs off stale quotes.

    Parameters
    ----------
    strike, call_bid, call_ask, put_bid, put_ask : 1-D arrays of one length
        Currency per share, one row per strike of one expiry. Pairs with a missing (NaN), zero or negative bid, or
        an ask below the bid, are left out.
    discount
        Value today of 1.00 at expiry (0.99).

    Returns
    -------
    ParityForward

    Raises
    ------
    InvalidValueError
        For a discount that is not positive.
    """
    if not discount > 0:
        raise InvalidValueError(name="discount", value=discount, allowed="> 0")
    strikes, call_bids, call_asks, put_bids, put_asks = (
        np.asarray(values, dtype=np.float64) for values in (strike, call_bid, call_ask, put_bid, put_ask)
    )
    two_sided = (call_bids > 0) & (put_bids > 0) & (call_asks >= call_bids) & (put_asks >= put_bids)
    difference = 0.5 * (call_bids + call_asks - put_bids - put_asks)
    near = np.flatnonzero(two_sided)
    near = near[np.argsort(np.abs(difference[near]), kind="stable")][:NEAR_PAIRS]
    if near.size == 0:
        return ParityForward(np.nan, np.nan, 0)
    spreads = (call_asks - call_bids + put_asks - put_bids)[near]
    return ParityForward(
        forward=_weighted_median((strikes + difference / discount)[near], 1 / np.maximum(spreads, TICK)),
        half_width=float(np.median(spreads)) / (2 * discount),
        pairs=near.size,
    )


def implied_dividend_yield(*, forward: ArrayLike, spot: ArrayLike, discount: ArrayLike, years: ArrayLike) -> FloatArray:
    """Yield that carries spot to forward, decimal per year: `-ln(forward * discount / spot) / years`.

    What dividends, borrow cost and early exercise take together; NaN at expiry and where an input is NaN.
    """
    forward, spot, discount, years = (np.asarray(v, dtype=np.float64) for v in (forward, spot, discount, years))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(years > 0, -np.log(forward * discount / spot) / years, np.nan)


def _weighted_median(values: FloatArray, weights: FloatArray) -> float:
    """The value at half of the total weight; between the two middle values where the half falls on an edge."""
    order = np.argsort(values)
    values, weights = values[order], weights[order]
    middle = (np.cumsum(weights) - 0.5 * weights) / weights.sum()
    return float(np.interp(0.5, middle, values))
