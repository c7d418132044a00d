"""Which underlyings move together: correlation of daily returns, and the groups it makes."""

import datetime as dt
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

LEAST_SHARE = 0.8  # of the sessions that two underlyings must have in common, else their correlation is unknown

type Clusters = Mapping[str, tuple[str, ...]]  # ticker -> all that move with it, itself included, by name


def correlations(bars: pd.DataFrame, tickers: Sequence[str], *, session: dt.date, sessions: int) -> pd.DataFrame:
    """Pearson correlation of the daily returns of the last sessions.

    Parameters
    ----------
    bars
        Table `bars`. Returns are of `adj_close` where the table has it, else of the traded close.
    tickers
        Those of the answer; one without bars is known to correlate with nothing but itself.
    session
        The last one looked at: later bars do not change the answer.
    sessions
        How many returns, such as 60.

    Returns
    -------
    DataFrame
        Square, -1 to 1, by ticker; NaN where fewer than 80 % of the returns are known of both, or one never moved.
    """
    price = "adj_close" if "adj_close" in bars.columns else "close"
    own = bars[bars["ticker"].isin(list(tickers)) & (bars["session"] <= pd.Timestamp(session))]
    closes = own.set_index(["session", "ticker"])[price].unstack("ticker").sort_index().tail(sessions + 1)  # noqa: PD010 - a table has one row per key; pivot_table would average twins
    returns = closes.pct_change(fill_method=None)
    least = int(np.ceil(LEAST_SHARE * sessions))
    return returns.corr(min_periods=least).reindex(index=list(tickers), columns=list(tickers))


def clusters(matrix: pd.DataFrame, *, threshold: float) -> Clusters:
    """Groups of underlyings linked, directly or over others, by a correlation of either sign from the threshold on.

    Either sign, because a structure may bet on either side; the overlay does not count on what offsets. Unknown
    correlations link nothing.
    """
    names = sorted(matrix.index)
    ordered = matrix.reindex(index=names, columns=names)
    linked = ordered.abs().round(10).to_numpy() >= threshold
    labels = np.arange(len(names))
    for at in range(len(names)):
        joined = np.isin(labels, labels[linked[at]])
        joined[at] = True
        labels[joined] = labels[joined].min()
    groups = {label: tuple(np.array(names, dtype=object)[labels == label]) for label in set(labels.tolist())}
    return {name: groups[label] for name, label in zip(names, labels.tolist(), strict=True)}
