"""Macroeconomic series of the simulated market: a policy cycle, a curve around it, prices and jobs."""

from functools import lru_cache

import numpy as np
import pandas as pd

from options_signals.sources.releases import available_on
from options_signals.sources.simulation.indices import index_bars
from options_signals.sources.simulation.market import FloatArray, days, reverting, shocks, stream


@lru_cache(maxsize=4)
def macro_table(seed: int) -> pd.DataFrame:
    """Table `macro` of all ten series, unsorted."""
    return pd.concat([_dated(name, values) for name, values in _series(seed).items()], ignore_index=True)


def _series(seed: int) -> dict[str, pd.Series]:
    """Each series by the day or month it speaks of."""
    dates = pd.DatetimeIndex(days().astype("datetime64[s]"))
    short, slope, inflation, basis = shocks(seed, "macro", 4)
    fed_funds = policy_rate(seed)
    two = np.maximum(fed_funds + 0.35 + 0.45 * reverting(short, 0.995), 0.05)
    ten = np.maximum(0.5 * two + 1.6 + 0.6 * reverting(slope, 0.998), 0.3)
    breakeven = np.round(2.2 + 0.3 * reverting(inflation, 0.995), 2)
    two, ten = np.round(two, 2), np.round(ten, 2)
    daily = {
        "DFF": fed_funds,
        "DGS3MO": np.round(np.maximum(fed_funds + 0.05 + 0.06 * reverting(basis, 0.95), 0.01), 2),
        "DGS2": two,
        "DGS10": ten,
        "T10Y2Y": np.round(ten - two, 2),
        "T10YIE": breakeven,
        "DFII10": np.round(ten - breakeven, 2),
        "VIXCLS": index_bars("VIX", seed=seed)["close"],
    }
    return {name: pd.Series(values, index=dates) for name, values in daily.items()} | _monthly(seed, dates)


@lru_cache(maxsize=4)
def policy_rate(seed: int) -> FloatArray:
    """A rate in percent that a committee moves by quarter points, eight times a year, in long campaigns."""
    dates = pd.DatetimeIndex(days())
    meets = pd.Series(1, index=dates).groupby([dates.year, dates.month]).cumcount().to_numpy() == 12
    meets &= ~dates.month.isin([2, 5, 8, 10])
    campaign = reverting(shocks(seed, "policy", 1)[0], 0.996)
    rate, rates = 2.0, []
    for decides, lean in zip(meets.tolist(), campaign.tolist(), strict=True):
        if decides and abs(lean) > 0.5:
            rate = min(max(rate + (0.25 if lean > 0 else -0.25), 0.08), 6.08)
        rates.append(rate)
    fixing = 0.01 * np.sign(shocks(seed, "fixing", 1)[0])
    return np.asarray(np.round(np.array(rates) + fixing, 2))


def _monthly(seed: int, dates: pd.DatetimeIndex) -> dict[str, pd.Series]:
    months = pd.DatetimeIndex(dates.to_period("M").unique().to_timestamp().astype("datetime64[s]"))
    prices, jobs = stream(seed, "monthly").standard_normal((2, len(months)))
    growth = 0.0021 + 0.0012 * reverting(prices, 0.85)
    return {
        "UNRATE": pd.Series(np.round(np.clip(5.0 + 1.1 * reverting(jobs, 0.97), 2.5, 14.0), 1), index=months),
        "CPIAUCSL": pd.Series(np.round(203.4 * np.exp(np.cumsum(growth)), 3), index=months),
    }


def _dated(name: str, values: pd.Series) -> pd.DataFrame:
    observed = pd.Series(values.index)
    return pd.DataFrame(
        {
            "series": name,
            "observed_on": observed,
            "value": values.to_numpy(),
            "available_on": available_on(name, observed),
        }
    )
