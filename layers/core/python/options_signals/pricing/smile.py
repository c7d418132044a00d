"""The smile of one expiry: total variance over log-moneyness, smooth, and without arbitrage between its strikes.

The curve is Gatheral's SVI, written with five numbers a trader can read: the least total variance, the two slopes
its wings approach, where it turns and how sharply,

    w(k) = least + (right - left) / 2 z + (left + right) / 2 r - sqrt(left right) width
    z = k - centre,  r = sqrt(z^2 + width^2),  k = ln(strike / forward)

because in these numbers two conditions hold by construction: the variance is positive, and no wing is steeper than
Lee's bound of 2, beyond which the underlying would have no mean. The third, that the density is nowhere negative
(Durrleman's function is not), is a penalty in the fit and checked after it.

Five numbers miss liquid quotes by more than their spread, and cannot follow the humps that an announcement gives a
near expiry. So what they leave is fitted by thirteen small bumps, half a standard deviation wide, held back by a
ridge; they die out beyond the quotes, and are halved until the density is nowhere negative.

Sources: Gatheral, A parsimonious arbitrage-free implied volatility parameterization, 2004; Gatheral and Jacquier,
Arbitrage-free SVI volatility surfaces, 2014; Lee, The moment formula for implied volatility at extreme strikes, 2004;
Press et al., Numerical Recipes, on the Levenberg-Marquardt method.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from options_signals.errors import InvalidValueError
from options_signals.pricing.black_scholes import black_price
from options_signals.pricing.normal import FloatArray, cdf, pdf

LEE = 2.0  # steepest wing
LEAST_QUOTES = 5  # as many as there are numbers to find
LEAST_ERROR = 1e-3  # volatility; or one penny-wide quote would rule the rest
NEAR = 1.5  # standard deviations: where strikes are traded, and where a miss counts
FAR = 6.0  # standard deviations up to which the density is checked

BUMP = 0.5  # standard deviations between two bumps, and their width
BUMPS_AT = np.arange(-3.0, 3.01, BUMP)
BUMP_HEIGHT = 0.01  # volatility that a bump may well have; more is held back

_GRID = np.linspace(-FAR, FAR, 97)
_OUTLIER = 3.0  # half-spreads; from here on a quote loses weight (Cauchy's)
_PENALTIES = (10.0, 100.0, 1000.0)
_MARGIN = 0.01  # of the lognormal density, that the penalty asks for so that the bumps have room
_LEAST_SHARE = 1e-3  # of the variance at the money, that the least is never below: bumps may not dig through it
# log least, two logits of the slopes, centre, log width: beyond any market, so that no step overflows
_LOWEST, _HIGHEST = np.array([-25.0, -12.0, -12.0, -3.0, -9.0]), np.array([5.0, 12.0, 12.0, 3.0, 3.0])
_MOST_STEPS, _SETTLED, _STEP = 60, 1e-4, 1e-6


class Variance(NamedTuple):
    """Total variance `volatility^2 * years` at some log-moneyness, with its first and second derivative."""

    value: FloatArray
    slope: FloatArray
    bend: FloatArray


class Curve(NamedTuple):
    """Total variance over log-moneyness: the five numbers, and the bumps upon them."""

    least: float
    left: float
    right: float
    centre: float
    width: float
    bumps: tuple[float, ...] = ()
    """Total variance that each bump adds at its top."""
    deviation: float = 1.0
    """One standard deviation, in log-moneyness: the unit of the bumps' places and width."""

    def at(self, log_moneyness: ArrayLike) -> Variance:
        """Total variance and its derivatives at `ln(strike / forward)`, any shape."""
        k = np.asarray(log_moneyness, dtype=np.float64)
        z = k - self.centre
        r = np.sqrt(z * z + self.width**2)
        tilt, lift = 0.5 * (self.right - self.left), 0.5 * (self.left + self.right)
        floor = self.least - np.sqrt(self.left * self.right) * self.width
        smooth = Variance(floor + tilt * z + lift * r, tilt + lift * z / r, lift * self.width**2 / r**3)
        return self._with_bumps(smooth, k) if self.bumps else smooth

    def _with_bumps(self, smooth: Variance, k: FloatArray) -> Variance:
        unit = self.deviation * BUMP
        u = (k[..., None] - self.deviation * BUMPS_AT) / unit
        bell = np.exp(-0.5 * u * u) * np.array(self.bumps)
        return Variance(
            smooth.value + bell.sum(axis=-1),
            smooth.slope - (u * bell).sum(axis=-1) / unit,
            smooth.bend + ((u * u - 1) * bell).sum(axis=-1) / unit**2,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Smile:
    """The fitted smile of one expiry; also the distribution of the underlying at expiry that its prices imply.

    Attributes
    ----------
    years, forward, discount
        Of the expiry: calendar years, currency per share, value today of 1.00 then.
    quotes
        How many quotes it was fitted to.
    error
        Root mean square difference to their volatilities within 1.5 standard deviations of the money, or to
        the nearest one, decimal per year (0.002 = 0.2 points).
    least_density
        The least density within six standard deviations, over the lognormal one of the same volatility; a flat smile
        has 1 everywhere. Below 0 some butterfly of options would have a negative price.
    """

    years: float
    forward: float
    discount: float
    curve: Curve
    quotes: int
    error: float
    least_density: float

    @property
    def mean(self) -> float:
        """The distribution's mean: the forward."""
        return self.forward

    @property
    def at_the_money(self) -> float:
        """Volatility at the forward, decimal per year."""
        return float(self.volatility(self.forward))

    def volatility(self, strike: ArrayLike) -> FloatArray:
        """Implied volatility at a strike, decimal per year; beyond the last quote the wing goes on with its slope."""
        return np.sqrt(self.curve.at(self._moneyness(strike)).value / self.years)

    def price(self, strike: ArrayLike, *, is_call: ArrayLike) -> FloatArray:
        """Value today of an option, currency per share."""
        total = np.sqrt(self.curve.at(self._moneyness(strike)).value)
        return black_price(
            forward=self.forward, strike=strike, discount=self.discount, total_volatility=total, is_call=is_call
        )

    def expected_call(self, strike: ArrayLike) -> FloatArray:
        """Mean of `max(underlying at expiry - strike, 0)`, currency per share, not discounted."""
        return self.price(strike, is_call=True) / self.discount

    def below(self, price: ArrayLike) -> FloatArray:
        """Probability that the underlying ends below a price above 0: the slope of put prices over strikes.

        Source: Breeden and Litzenberger, Prices of state-contingent claims implicit in option prices, 1978.
        """
        k = self._moneyness(price)
        variance = self.curve.at(k)
        total = np.sqrt(variance.value)
        d2 = -k / total - 0.5 * total
        return np.asarray(cdf(-d2) + pdf(d2) * variance.slope / (2 * total))

    def _moneyness(self, strike: ArrayLike) -> FloatArray:
        return np.log(np.asarray(strike, dtype=np.float64) / self.forward)


def fit_smile(
    *, strike: ArrayLike, volatility: ArrayLike, error: ArrayLike, years: float, forward: float, discount: float
) -> Smile:
    """The smile nearest to the implied volatilities of one expiry's out-of-the-money quotes.

    Parameters
    ----------
    strike, volatility, error : 1-D arrays of one length
        Strikes (currency per share), implied volatilities of the mid quotes, and half the width of the volatilities
        between bid and ask (decimals per year). A quote counts by the inverse square of `error`, and less the
        farther it lies from the money; one that is several half-spreads off loses weight in a second pass, so that
        a stale one bends nothing.
    years, forward, discount
        Of the expiry, each above 0.

    Raises
    ------
    InvalidValueError
        For fewer than five quotes, or numbers that are not finite or not positive.
    """
    strikes, vols, errors = (np.asarray(values, dtype=np.float64) for values in (strike, volatility, error))
    if strikes.size < LEAST_QUOTES:
        raise InvalidValueError(name="number of quotes", value=strikes.size, allowed=f"at least {LEAST_QUOTES}")
    for name, values in {"strike": strikes, "volatility": vols, "error": errors}.items():
        _refuse_unless_positive(name, values)
    _refuse_unless_positive("years, forward or discount", np.array([years, forward, discount]))
    k = np.log(strikes / forward)
    deviations = k / (vols[np.argmin(np.abs(k))] * np.sqrt(years))
    quotes = _Quotes(k, vols, np.hypot(errors, LEAST_ERROR * (1 + deviations**2)), years)
    curve = _fitted(quotes, _start(quotes))
    quotes = quotes._replace(errors=quotes.errors * np.sqrt(1 + (quotes.misses(curve) / _OUTLIER) ** 2))
    curve = _with_bumps(quotes, _without_arbitrage(quotes, curve))
    near = np.abs(deviations) <= max(NEAR, np.abs(deviations).min())
    rest = (np.sqrt(curve.at(k).value / years) - vols)[near]
    return Smile(
        years=years,
        forward=forward,
        discount=discount,
        curve=curve,
        quotes=strikes.size,
        error=float(np.sqrt(np.mean(rest**2))),
        least_density=_least_density(curve),
    )


def durrleman(curve: Curve, log_moneyness: FloatArray) -> FloatArray:
    """Density over the lognormal one of the same volatility; negative where a butterfly has a negative price.

    Source: Gatheral and Jacquier, 2014, equation 2.1.
    """
    w = curve.at(log_moneyness)
    centre = 1 - 0.5 * log_moneyness * w.slope / w.value
    return centre * centre - 0.25 * w.slope**2 * (1 / w.value + 0.25) + 0.5 * w.bend


def calendar_gap(near: Smile, far: Smile) -> float:
    """The least growth of total variance from one expiry to a later one, within 1.5 standard deviations of the money.

    Negative: a calendar spread has a negative price somewhere, and the two expiries contradict each other.
    Source: Gatheral and Jacquier, 2014, lemma 2.1.
    """
    k = np.linspace(-NEAR, NEAR, 31) * np.sqrt(near.curve.at(0.0).value)
    return float((far.curve.at(k).value - near.curve.at(k).value).min())


class _Quotes(NamedTuple):
    k: FloatArray
    vols: FloatArray
    errors: FloatArray
    years: float

    def misses(self, curve: Curve) -> FloatArray:
        """How far the curve is off, in errors."""
        return (np.sqrt(curve.at(self.k).value / self.years) - self.vols) / self.errors


def _refuse_unless_positive(name: str, values: FloatArray) -> None:
    wrong = ~(np.isfinite(values) & (values > 0))
    if wrong.any():
        raise InvalidValueError(name=name, value=float(values[wrong][0]), allowed="finite and > 0")


def _least_density(curve: Curve) -> float:
    return float(_density(curve).min())


def _density(curve: Curve) -> FloatArray:
    k = _GRID * np.sqrt(float(curve.at(0.0).value))
    return np.where(curve.at(k).value > 0.5 * curve.least, durrleman(curve, k), -np.inf)


def _start(quotes: _Quotes) -> FloatArray:
    at_money = _at_money(quotes)
    slopes = np.clip([at_money * 2, at_money], 1e-3, 0.5 * LEE)
    return np.array([np.log(0.7 * at_money), *np.log(slopes / (LEE - slopes)), 0.0, 0.5 * np.log(at_money)])


def _at_money(quotes: _Quotes) -> float:
    """Total variance of the quote nearest to the money."""
    return float(quotes.vols[np.argmin(np.abs(quotes.k))] ** 2 * quotes.years)


def _curve(x: FloatArray) -> Curve:
    left, right = LEE / (1 + np.exp(-x[1:3]))
    return Curve(float(np.exp(x[0])), float(left), float(right), float(x[3]), float(np.exp(x[4])))


def _numbers(curve: Curve) -> FloatArray:
    slopes = np.array([curve.left, curve.right])
    return np.array([np.log(curve.least), *np.log(slopes / (LEE - slopes)), curve.centre, np.log(curve.width)])


def _fitted(quotes: _Quotes, start: FloatArray, penalty: float = 0.0) -> Curve:
    root = np.sqrt(quotes.k.size)
    lowest = np.maximum([np.log(_LEAST_SHARE * _at_money(quotes)), *_LOWEST[1:]], _LOWEST)

    def misses(x: FloatArray) -> FloatArray:
        curve = _curve(x)
        arbitrage = penalty * np.minimum(_density(curve) - _MARGIN, 0.0) if penalty else np.empty(0)
        return np.concatenate([quotes.misses(curve) / root, arbitrage])

    return _curve(_least_squares(misses, start, lowest=lowest))


def _without_arbitrage(quotes: _Quotes, start: Curve) -> Curve:
    """Fit freely first: where the free fit has no arbitrage, which is the rule, the penalty costs nothing."""
    curve = _fitted(quotes, _numbers(start))
    for penalty in _PENALTIES:
        if _least_density(curve) >= 0.5 * _MARGIN:
            break
        curve = _fitted(quotes, _numbers(curve), penalty)
    return curve


def _with_bumps(quotes: _Quotes, curve: Curve) -> Curve:
    """Ridge regression of what the five numbers leave."""
    deviation = float(np.sqrt(curve.at(0.0).value))
    to_variance = 2 * np.sqrt(curve.at(quotes.k).value * quotes.years)
    bells = np.exp(-0.5 * ((quotes.k[:, None] / deviation - BUMPS_AT) / BUMP) ** 2)
    design = bells / (to_variance * quotes.errors)[:, None]
    ridge = np.eye(BUMPS_AT.size) / (2 * deviation * np.sqrt(quotes.years) * BUMP_HEIGHT) ** 2
    bumps = np.linalg.solve(design.T @ design + ridge, -design.T @ quotes.misses(curve))
    for share in (1.0, 0.5, 0.25):
        bumped = curve._replace(bumps=tuple((share * bumps).tolist()), deviation=deviation)
        if bumped.at(0.0).value > 0 and _least_density(bumped) >= 0:
            return bumped
    return curve


def _least_squares(misses: Callable[[FloatArray], FloatArray], x: FloatArray, *, lowest: FloatArray) -> FloatArray:
    """Levenberg-Marquardt with forward differences."""
    rest, damping = misses(x), 1e-2
    for _ in range(_MOST_STEPS):
        jacobian = np.stack([(misses(x + step) - rest) / _STEP for step in _STEP * np.eye(x.size)], axis=1)
        square = jacobian.T @ jacobian
        step = np.linalg.solve(square + np.diag(damping * np.diag(square) + 1e-12), -jacobian.T @ rest)
        moved = np.clip(x + step, lowest, _HIGHEST)
        there = misses(moved)
        before, after = rest @ rest, there @ there
        damping = np.clip(damping * (0.2 if after < before else 8.0), 1e-12, 1e12)
        if after < before:
            x, rest = moved, there
        if abs(before - after) <= _SETTLED * before:
            break
    return x
