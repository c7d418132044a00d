"""European option prices and Greeks: Black (1976) on a forward, Black-Scholes-Merton (1973) on a spot price.

Rules of every function here, so that each docstring need not repeat them:

- Arguments are keyword-only and broadcast against each other; results are float64 of the common shape.
- Prices are in the currency of `spot` and `strike`, per share. Years are calendar years (30 days = 30 / 365).
  Rates, yields and volatilities are decimals per year, continuously compounded (0.04 = 4 %).
- NaN in any input gives NaN in that element. A negative or otherwise impossible number raises InvalidValueError.
- Expiry (`years = 0`) and zero volatility are limits, not errors: the price is the discounted intrinsic value.

Sources: Black, The pricing of commodity contracts, 1976; Merton, Theory of rational option pricing, 1973; Hull,
Options, Futures, and Other Derivatives, chapters on Black-Scholes-Merton, on futures options and on the Greeks.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from options_signals.errors import InvalidValueError
from options_signals.pricing.chunks import in_chunks
from options_signals.pricing.normal import FloatArray, mills, pdf

DAYS_PER_YEAR = 365

_LEAST_FLOAT = 5e-324  # x / _LEAST_FLOAT is the limit x / 0: infinite, and 0 for x = 0


class Greeks(NamedTuple):
    """First-order sensitivities and gamma of one long option per share; float64 arrays of one shape.

    Attributes
    ----------
    delta
        Price change per 1.00 of spot, -1..1.
    gamma
        Delta change per 1.00 of spot. At the money it is +inf at expiry and at zero volatility, its limit.
    vega
        Price change per 1.00 of volatility (from 20 % to 120 %); a hundredth of it is the change per point.
    theta
        Price change per calendar year that passes with all else unchanged; mostly negative. At the money it is
        -inf at expiry, its limit.
    rho
        Price change per 1.00 of interest rate with the spot unchanged; a hundredth of it per percentage point.
    epsilon
        Price change per 1.00 of dividend yield with the spot unchanged (also called psi).
    """

    delta: FloatArray
    gamma: FloatArray
    vega: FloatArray
    theta: FloatArray
    rho: FloatArray
    epsilon: FloatArray

    @property
    def theta_per_day(self) -> FloatArray:
        """Price change per calendar day: `theta / 365`."""
        return self.theta / DAYS_PER_YEAR


def bsm_price(
    *,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    volatility: ArrayLike,
    is_call: ArrayLike,
) -> FloatArray:
    """Black-Scholes-Merton price of a European option.

    Parameters
    ----------
    spot, strike
        Currency per share, above 0.
    years
        Calendar years to expiry, 0 or more.
    rate, dividend_yield, volatility
        Decimals per year, continuously compounded; volatility 0 or more.
    is_call
        Booleans: True for a call, False for a put.

    Returns
    -------
    float64 array
        Price per share; its absolute error is a few roundings of the smaller of forward and strike.

    Raises
    ------
    InvalidValueError
        For a spot or strike that is not positive, or negative years or volatility.
    """
    contracts = _checked(
        spot=spot,
        strike=strike,
        years=years,
        rate=rate,
        dividend_yield=dividend_yield,
        volatility=volatility,
        is_call=is_call,
    )
    (price,) = in_chunks(_bsm_price, **contracts)
    return price


def black_price(
    *,
    forward: ArrayLike,
    strike: ArrayLike,
    discount: ArrayLike,
    total_volatility: ArrayLike,
    is_call: ArrayLike,
) -> FloatArray:
    """Black-76 price of a European option on a forward.

    Parameters
    ----------
    forward, strike
        Currency per share, above 0.
    discount
        Value today of 1.00 at expiry, above 0 (0.99).
    total_volatility
        `volatility * sqrt(years)`, decimal (20 % over a quarter = 0.10), 0 or more.
    is_call
        Booleans: True for a call, False for a put.

    Returns
    -------
    float64 array
        Price per share today; its absolute error is a few roundings of the smaller of forward and strike.

    Raises
    ------
    InvalidValueError
        For a forward, strike or discount that is not positive, or a negative total volatility.
    """
    (price,) = in_chunks(
        _black_price,
        forward=_positive("forward", forward),
        strike=_positive("strike", strike),
        discount=_positive("discount", discount),
        total_volatility=_not_negative("total_volatility", total_volatility),
        is_call=booleans("is_call", is_call),
    )
    return price


def bsm_greeks(
    *,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    volatility: ArrayLike,
    is_call: ArrayLike,
) -> Greeks:
    """Delta, gamma, vega, theta, rho and epsilon of the Black-Scholes-Merton price.

    Parameters
    ----------
    spot, strike
        Currency per share, above 0.
    years
        Calendar years to expiry, 0 or more.
    rate, dividend_yield, volatility
        Decimals per year, continuously compounded; volatility 0 or more.
    is_call
        Booleans: True for a call, False for a put.

    Returns
    -------
    Greeks
        Their units stand there. Without any volatility left, delta is that of the forward (0 or
        `exp(-dividend_yield * years)`), and half of it exactly at the money.

    Raises
    ------
    InvalidValueError
        For a spot or strike that is not positive, or negative years or volatility.
    """
    contracts = _checked(
        spot=spot,
        strike=strike,
        years=years,
        rate=rate,
        dividend_yield=dividend_yield,
        volatility=volatility,
        is_call=is_call,
    )
    return Greeks(*in_chunks(_bsm_greeks, **contracts))


def intrinsic(forward: FloatArray, strike: FloatArray, is_call: ArrayLike) -> FloatArray:
    """Value at expiry if the forward does not move: `max(forward - strike, 0)` of a call; undiscounted currency."""
    return np.maximum(np.where(is_call, forward - strike, strike - forward), 0.0)


def time_value_share(distance: FloatArray, total_volatility: FloatArray) -> FloatArray:
    """Undiscounted time value of a call or put, as a share of the smaller of forward and strike, 0..1.

    Parameters
    ----------
    distance
        `|ln(forward / strike)|`, decimal. By put-call parity and symmetry the sign does not matter.
    total_volatility
        `volatility * sqrt(years)`, decimal, 0 or more.
    """
    total = np.maximum(total_volatility, _LEAST_FLOAT)
    with np.errstate(over="ignore"):
        moneyness = distance / total
    near, far = 0.5 * total - moneyness, 0.5 * total + moneyness
    # Where near > 0 the missing rest is the sum of two tails, elsewhere the value is the difference of two.
    above = near > 0
    tail = pdf(near) * (mills(np.abs(near)) + np.where(above, 1.0, -1.0) * mills(far))
    return np.where(above, 1 - tail, tail)


def _bsm_price(
    *,
    spot: FloatArray,
    strike: FloatArray,
    years: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    is_call: NDArray[np.bool_],
) -> tuple[FloatArray]:
    forward = spot * np.exp((rate - dividend_yield) * years)
    return _black_price(
        forward=forward,
        strike=strike,
        discount=np.exp(-rate * years),
        total_volatility=volatility * np.sqrt(years),
        is_call=is_call,
    )


def _black_price(
    *,
    forward: FloatArray,
    strike: FloatArray,
    discount: FloatArray,
    total_volatility: FloatArray,
    is_call: NDArray[np.bool_],
) -> tuple[FloatArray]:
    share = time_value_share(np.abs(np.log(forward / strike)), total_volatility)
    return (discount * (intrinsic(forward, strike, is_call) + np.minimum(forward, strike) * share),)


def _bsm_greeks(
    *,
    spot: FloatArray,
    strike: FloatArray,
    years: FloatArray,
    rate: FloatArray,
    dividend_yield: FloatArray,
    volatility: FloatArray,
    is_call: NDArray[np.bool_],
) -> Greeks:
    side = np.where(is_call, 1.0, -1.0)
    root_years = np.sqrt(years)
    total = np.maximum(volatility * root_years, _LEAST_FLOAT)
    stock_now = spot * np.exp(-dividend_yield * years)
    bond_now = strike * np.exp(-rate * years)
    with np.errstate(over="ignore"):
        moneyness = (np.log(spot / strike) + (rate - dividend_yield) * years) / total
        d = np.stack((moneyness + 0.5 * total, moneyness - 0.5 * total))
        weight = stock_now * pdf(d[0])  # bond_now * pdf(d[1]) is the same number
        gamma = weight / total / (spot * spot)
        decay = 0.5 * weight * volatility / np.maximum(root_years, _LEAST_FLOAT)
    tails = weight * mills(np.abs(d))
    stock, bond = side * np.where((d > 0) == is_call, np.stack((stock_now, bond_now)) - tails, tails)
    return Greeks(
        delta=stock / spot,
        gamma=gamma,
        vega=weight * root_years,
        theta=dividend_yield * stock - rate * bond - decay,
        rho=years * bond,
        epsilon=-years * stock,
    )


def _checked(
    *,
    spot: ArrayLike,
    strike: ArrayLike,
    years: ArrayLike,
    rate: ArrayLike,
    dividend_yield: ArrayLike,
    volatility: ArrayLike,
    is_call: ArrayLike,
) -> dict[str, NDArray[Any]]:
    return {
        "spot": _positive("spot", spot),
        "strike": _positive("strike", strike),
        "years": _not_negative("years", years),
        "rate": _floats(rate),
        "dividend_yield": _floats(dividend_yield),
        "volatility": _not_negative("volatility", volatility),
        "is_call": booleans("is_call", is_call),
    }


def _floats(values: ArrayLike) -> FloatArray:
    return np.asarray(values, dtype=np.float64)


def booleans(name: str, values: ArrayLike) -> NDArray[np.bool_]:
    """The values as booleans; text such as "put" would otherwise count as True."""
    array = np.asarray(values)
    if array.dtype != np.bool_:
        raise InvalidValueError(name=name, value=values, allowed="True or False")
    return array


def _positive(name: str, values: ArrayLike) -> FloatArray:
    array = _floats(values)
    _refuse(name, array, array <= 0, allowed="> 0, or NaN for unknown")
    return array


def _not_negative(name: str, values: ArrayLike) -> FloatArray:
    array = _floats(values)
    _refuse(name, array, array < 0, allowed=">= 0, or NaN for unknown")
    return array


def _refuse(name: str, array: FloatArray, wrong: NDArray[np.bool_], *, allowed: str) -> None:
    if np.any(wrong):
        raise InvalidValueError(name=name, value=float(array[wrong][0]), allowed=allowed)
