"""Implied volatility of European options: price in, volatility or the reason why there is none out.

The solver works on one dimensionless equation. By put-call parity and symmetry every option is reduced to the
time value of the out-of-the-money one over the smaller of forward and strike, `p` in 0..1, which is a function
of `k = |ln(forward / strike)|` and the total volatility `s` alone. With `u = |s / 2 - k / s|`, `v = s / 2 + k / s`
and Mills' ratio `m`, the better conditioned of `p` and `1 - p` is

    tail(s) = pdf(u) (m(u) - m(v))   = p        below the inflection point s = sqrt(2 k)
    tail(s) = pdf(u) (m(u) + m(v))   = 1 - p    above it

and `ln tail` is smooth and free of underflow, so two Householder steps of fourth order from a guess within a
fifth of the answer reach double precision. The idea of a guess plus two such steps on a transformed objective
is Jaeckel's (Let's be rational, Wilmott, 2015); the equation and the guesses are not.
"""

from enum import IntEnum
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from options_signals.pricing.black_scholes import booleans, intrinsic
from options_signals.pricing.chunks import in_chunks
from options_signals.pricing.normal import SQRT_TWO_PI, FloatArray, mills, polynomial

_LOG_SQRT_TWO_PI = log(SQRT_TWO_PI)
_LEAST_DISTANCE = 1e-30  # far below rounding, but above 0, where the inflection point would vanish
_DONE = 1e-4  # a fourth-order step of this relative size leaves an error of 1e-16
_MOST_STEPS = 8  # four are enough; below a total volatility of 1e-12 rounding keeps the steps from settling

# Inverse of the normal (Bachelier) model: h = distance / total volatility as y A(sqrt(y)) / B(sqrt(y)) with
# y = ln(1 + 0.8 / w), w = pdf(h) / h - cdf(-h). A least-squares rational fit, relative error 3e-4 for h <= 38.
_A = (0.49853688, -0.045415806, -0.0209535, 0.043177182)
_B = (1.0, -0.098946911, 0.12665122, -0.014331108, 0.030566579)
# Inverse of the normal tail, absolute error 4.5e-4: Abramowitz and Stegun, Handbook, 1964, formula 26.2.23.
_C = (2.515517, 0.802853, 0.010328)
_D = (1.0, 1.432788, 0.189269, 0.001308)


class Reason(IntEnum):
    """Why there is no implied volatility; FOUND where there is one."""

    FOUND = 0
    NOT_FINITE = 1
    """Some input is NaN or infinite."""
    INVALID_CONTRACT = 2
    """Forward, strike or discount is not positive."""
    EXPIRED = 3
    """No time is left."""
    BELOW_INTRINSIC = 4
    """The price is below the discounted intrinsic value: no volatility is that low."""
    NO_TIME_VALUE = 5
    """The price equals the discounted intrinsic value: every volatility that is low enough gives it."""
    ABOVE_BOUND = 6
    """A call at or above the discounted forward, a put at or above the discounted strike: none is that high."""


class ImpliedVolatility(NamedTuple):
    """The volatilities and, one for one, why they are missing.

    Attributes
    ----------
    volatility
        float64, decimal per year (0.20 = 20 %); NaN exactly where `reason` is not FOUND.
    reason
        int8, values of `Reason`.
    """

    volatility: FloatArray
    reason: NDArray[np.int8]


def implied_volatility(
    *,
    price: ArrayLike,
    forward: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    discount: ArrayLike,
    is_call: ArrayLike,
) -> ImpliedVolatility:
    """Volatility at which the Black-76 price of each option is the given one.

    Arguments are keyword-only and broadcast against each other. Market data is taken as it comes: nothing raises,
    every element without an answer says why.

    Parameters
    ----------
    price
        Currency per share today (a mid quote, 2.35).
    forward
        Forward of the expiry, currency per share; with dividends and borrow cost as the market prices them.
    strike
        Currency per share.
    years
        Calendar years to expiry (30 days = 30 / 365).
    discount
        Value today of 1.00 at expiry (0.99).
    is_call
        Booleans: True for a call, False for a put.

    Returns
    -------
    ImpliedVolatility
        The error is a few times the larger of two limits that no solver can pass: what one rounding of the price
        means (`spacing(price) / vega`), and one rounding of the total volatility (2e-16 / sqrt(years)). A deep
        in-the-money price rounds away its time value; use the out-of-the-money quote of the same strike.
    """
    numbers = {"price": price, "forward": forward, "strike": strike, "years": years, "discount": discount}
    arrays = {name: np.asarray(values, dtype=np.float64) for name, values in numbers.items()}
    return ImpliedVolatility(*in_chunks(_solve, **arrays, is_call=booleans("is_call", is_call)))


def _solve(
    *,
    price: FloatArray,
    forward: FloatArray,
    strike: FloatArray,
    years: FloatArray,
    discount: FloatArray,
    is_call: NDArray[np.bool_],
) -> tuple[FloatArray, NDArray[np.int8]]:
    with np.errstate(all="ignore"):  # rows without an answer compute nonsense here and are named below
        least = np.minimum(forward, strike)
        undiscounted = price / discount
        share = (undiscounted - intrinsic(forward, strike, is_call)) / least
        rest = (np.where(is_call, forward, strike) - undiscounted) / least
        reason = _reasons(
            finite=np.isfinite(price + forward + strike + years + discount),
            valid=(forward > 0) & (strike > 0) & (discount > 0),
            years=years,
            share=share,
            rest=rest,
        )
        total = _total_volatility(np.abs(np.log(forward / strike)), share, rest)
        return np.where(reason == Reason.FOUND, total / np.sqrt(years), np.nan), reason


def _reasons(
    *,
    finite: NDArray[np.bool_],
    valid: NDArray[np.bool_],
    years: FloatArray,
    share: FloatArray,
    rest: FloatArray,
) -> NDArray[np.int8]:
    """The first reason that applies, in the order of `Reason`; so written from the last to the first."""
    reason = np.full(years.shape, Reason.FOUND, dtype=np.int8)
    reason[rest <= 0] = Reason.ABOVE_BOUND
    reason[share == 0] = Reason.NO_TIME_VALUE
    reason[share < 0] = Reason.BELOW_INTRINSIC
    reason[years <= 0] = Reason.EXPIRED
    reason[~valid] = Reason.INVALID_CONTRACT
    reason[~finite] = Reason.NOT_FINITE
    return reason


def _total_volatility(distance: FloatArray, share: FloatArray, rest: FloatArray) -> FloatArray:
    """Solve `time_value_share(distance, s) = share = 1 - rest` for s; NaN where there is no solution."""
    distance = np.maximum(distance, _LEAST_DISTANCE)
    inflection = np.sqrt(2 * distance)
    far_tail = mills(inflection) / SQRT_TWO_PI  # there the near tail is one half
    lower = share < 0.5 - far_tail
    sign = np.where(lower, -1.0, 1.0)
    log_tail = np.log(np.where(lower, share, rest))
    total = np.where(
        lower,
        np.minimum(_guess_below(distance, log_tail), inflection),
        _guess_above(distance, log_tail, 2 * far_tail),
    )
    rows = np.arange(total.size)
    for _ in range(_MOST_STEPS):
        improved = _improved(*(array[rows] for array in (total, distance, sign, log_tail, inflection)))
        moved = np.abs(improved / total[rows] - 1)
        total[rows] = improved
        rows = rows[moved > _DONE]
        if rows.size == 0:
            break
    return total


def _guess_below(distance: FloatArray, log_share: FloatArray) -> FloatArray:
    """Below the inflection point the normal model is close: its implied volatility, from a rational fit."""
    log_w = log_share - 0.5 * distance - np.log(distance)
    y = np.logaddexp(0.0, log(0.8) - log_w)
    root = np.sqrt(y)
    return distance * polynomial(_B, root) / (y * polynomial(_A, root))


def _guess_above(distance: FloatArray, log_rest: FloatArray, ratio_at_inflection: FloatArray) -> FloatArray:
    """Above it the two tails keep about the ratio they have there; the rest is an inverse normal."""
    t = np.sqrt(2 * (np.log1p(ratio_at_inflection) - log_rest))
    u = np.maximum(t - polynomial(_C, t) / polynomial(_D, t), 0.0)
    return u + np.sqrt(u * u + 2 * distance)


def _improved(
    total: FloatArray, distance: FloatArray, sign: FloatArray, log_tail: FloatArray, inflection: FloatArray
) -> FloatArray:
    """One Householder step of third order on `ln tail(s) - log_tail`, kept on its side of the inflection point."""
    moneyness = distance / total
    near, far = 0.5 * total - moneyness, 0.5 * total + moneyness
    tail = mills(np.abs(near)) + sign * mills(far)  # over pdf(near)
    gap = np.log(tail) - 0.5 * near * near - _LOG_SQRT_TWO_PI - log_tail
    slope = -sign / tail
    second = moneyness * moneyness / total - 0.25 * total  # second over first derivative of the tail
    third = second * second - 3 * (moneyness / total) ** 2 - 0.25  # third over first
    newton = -gap / slope
    halley = second - slope
    cubic = third + slope * (2 * slope - 3 * second)
    step = newton * (1 + 0.5 * halley * newton) / (1 + newton * (halley + cubic * newton / 6))
    improved = np.where(np.isfinite(step), np.maximum(total + step, 0.5 * total), total)
    return np.where(sign < 0, np.minimum(improved, inflection), np.maximum(improved, inflection))
