"""The lognormal distribution of a price, and the drift that makes a rise as likely, against a fall, as one believes."""

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import ArrayLike

from options_signals.errors import InvalidValueError
from options_signals.pricing.black_scholes import black_price
from options_signals.pricing.normal import FloatArray, cdf

MOVE = 0.01  # what counts as a rise or a fall: the labels of the direction model


@dataclass(frozen=True, slots=True, kw_only=True)
class Lognormal:
    """A price whose logarithm is normal.

    Attributes
    ----------
    mean
        Currency per share, above 0.
    total_volatility
        `volatility * sqrt(years)`, decimal, above 0.
    """

    mean: float
    total_volatility: float

    def expected_call(self, strike: ArrayLike) -> FloatArray:
        """Mean of `max(price - strike, 0)`, currency per share, not discounted."""
        return black_price(
            forward=self.mean, strike=strike, discount=1.0, total_volatility=self.total_volatility, is_call=True
        )

    def below(self, price: ArrayLike) -> FloatArray:
        """Probability of ending below a price above 0."""
        moneyness = np.log(np.asarray(price, dtype=np.float64) / self.mean)
        return cdf(moneyness / self.total_volatility + 0.5 * self.total_volatility)


def drift_for(*, p_up: float, total_volatility: float) -> float:
    """Total logarithmic drift of the mean at which P(above +1 %) / (P(above +1 %) + P(below -1 %)) equals `p_up`.

    Parameters
    ----------
    p_up
        Probability of a rise given a move of more than 1 %, above 0 and below 1.
    total_volatility
        `volatility * sqrt(years)` over the same horizon, decimal (20 % over 5 of 252 sessions = 0.028), above 0.

    Returns
    -------
    float
        `ln(mean / price today)` at the horizon, by bisection; 0.01 = the mean is 1 % above today's price.

    Raises
    ------
    InvalidValueError
        For a probability or a volatility outside these limits.
    """
    if not 0.0 < p_up < 1.0:
        raise InvalidValueError(name="p_up", value=p_up, allowed="above 0 and below 1")
    if not total_volatility > 0.0:
        raise InvalidValueError(name="total_volatility", value=total_volatility, allowed="> 0")
    reach = 40.0 * total_volatility + MOVE
    low, high = -reach, reach
    while high - low > 1e-12:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if _log_odds(middle, total_volatility) < log(p_up / (1 - p_up)) else (low, middle)
    return 0.5 * (low + high)


def _log_odds(drift: float, total: float) -> float:
    """Of a rise against a fall. Far out one of the tails is 0, and the odds have the sign of the other."""
    median = drift - 0.5 * total**2
    rise, fall = cdf(np.array([(median - log(1 + MOVE)) / total, (log(1 - MOVE) - median) / total]))
    with np.errstate(divide="ignore"):
        return float(np.log(rise) - np.log(fall))
