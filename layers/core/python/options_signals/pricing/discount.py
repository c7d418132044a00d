"""Discount rates from the Treasury yields of the macro table; old yields are refused, never used silently."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from options_signals.errors import NotFoundError, StaleRatesError
from options_signals.pricing.normal import FloatArray

if TYPE_CHECKING:
    import pandas as pd

MATURITIES = {"DGS3MO": 0.25, "DGS2": 2.0, "DGS10": 10.0}  # FRED series: years
MAX_AGE_DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class RateCurve:
    """Continuously compounded rates by maturity, linear between the given ones and flat outside.

    Treasury yields are par yields of coupon bonds; up to two years, where options live, they differ from zero
    rates by a few hundredths of a percentage point.
    """

    as_of: date
    """Day of the oldest yield in it."""
    years: tuple[float, ...]
    rates: tuple[float, ...]
    """Decimals per year (0.0392 = 3.92 %)."""

    def rate(self, years: ArrayLike) -> FloatArray:
        """Rate for each maturity, decimal per year, continuously compounded; NaN for NaN."""
        return np.interp(np.asarray(years, dtype=np.float64), self.years, self.rates)

    def discount(self, years: ArrayLike) -> FloatArray:
        """Value today of 1.00 paid after `years` calendar years (0.99); 1 at expiry, NaN for NaN."""
        return np.exp(-self.rate(years) * np.asarray(years, dtype=np.float64))


def flat_curve(*, rate: float, as_of: date) -> RateCurve:
    """A curve with one given rate (decimal per year, continuously compounded) for all maturities."""
    return RateCurve(as_of=as_of, years=(0.0,), rates=(rate,))


def rate_curve(macro: "pd.DataFrame", *, wanted: date, max_age_days: int = MAX_AGE_DAYS) -> RateCurve:
    """Curve of the newest 3-month, 2-year and 10-year Treasury yields that were public on the day wanted.

    Parameters
    ----------
    macro
        The macro table: columns series, observed_on, value (percent, DGS3MO, DGS2, DGS10), available_on.
    wanted
        Day to discount from. Rows that became available later are not looked at.
    max_age_days
        Oldest allowed observation, calendar days before `wanted`; a week covers the longest holidays.

    Returns
    -------
    RateCurve
        Yields compound twice a year in the table and continuously in the curve: `2 ln(1 + y / 2)`.

    Raises
    ------
    StaleRatesError
        If the newest public observation of a series is older than allowed.
    NotFoundError
        If a series has no public observation at all.
    """
    known = macro[(macro["available_on"] <= np.datetime64(wanted)) & macro["value"].notna()]
    newest = {series: _newest(known, series, wanted=wanted) for series in MATURITIES}
    for series, (observed_on, _) in newest.items():
        if wanted - observed_on > timedelta(days=max_age_days):
            raise StaleRatesError(series=series, as_of=observed_on, wanted=wanted, limit_days=max_age_days)
    return RateCurve(
        as_of=min(observed_on for observed_on, _ in newest.values()),
        years=tuple(MATURITIES.values()),
        rates=tuple(2 * float(np.log1p(percent / 200)) for _, percent in newest.values()),
    )


def _newest(known: "pd.DataFrame", series: str, *, wanted: date) -> tuple[date, float]:
    rows = known[known["series"] == series]
    if rows.empty:
        raise NotFoundError(
            what=f"{series} known on {wanted}",
            where="the macro table",
            remedy="Fetch the Treasury yields up to that day, or give a rate.",
        )
    row = rows.sort_values(["observed_on", "available_on"]).iloc[-1]
    return row["observed_on"].date(), float(row["value"])
