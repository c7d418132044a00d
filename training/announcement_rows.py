"""From tables to one row per announcement: what was known on the last evening to trade on it, and how far it moved.

That evening is the second one before the reaction session (`announcements.entry_evening`): a signal comes after the
close, is entered in the next session, and must be held before the reaction begins. The move is that of the reaction
session, close to close, absolute, decimal (0.05 = 5 %).

Prices are those traded, which every source knows: what options pay for is a move of these. The rare dividend of a
reaction session is part of its move.
"""

import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from options_signals import sessions
from options_signals.errors import InvalidValueError
from options_signals.features.announcements import (
    SAME_ANNOUNCEMENT,
    entry_evening,
    reaction_session,
    under_todays_names,
)
from options_signals.features.inputs import Columns, columns_for, feature_table
from options_signals.models.moves import INDEX

from training.dataset import positions_of

INDEX_TICKER = "SPY"  # of which the index speaks


def announcement_rows(
    tickers: Sequence[str],
    features: Sequence[str],
    *,
    bars: pd.DataFrame,
    vol_indices: pd.DataFrame,
    earnings: pd.DataFrame,
) -> pd.DataFrame:
    """One row per announcement whose reaction session is known and has a price.

    Parameters
    ----------
    tickers
        Today's names: META, whose announcements until June 2022 are those of FB.
    features
        Names of the catalog.
    bars
        Of the tickers and of SPY.
    vol_indices
        VIX.
    earnings
        Announcements. A row without a time of release teaches nothing: which session reacted cannot be told. Nor
        does one of two dates within 20 days: one of them is wrong.

    Returns
    -------
    DataFrame
        `ticker`, `announced_on`, `session` (the evening of entry), `position` (its number), `reaction`, `move`, and
        the features at the close of `session`; in the order of the sessions.

    Raises
    ------
    InvalidValueError
        Without bars of SPY, or without any announcement to learn from.
    """
    by_ticker = dict(iter(bars.drop(columns="adj_close", errors="ignore").groupby("ticker")))
    if INDEX_TICKER not in by_ticker:
        raise InvalidValueError(name="bars", value="none of SPY", allowed="those of SPY beside the companies'")
    by_company = dict(iter(with_reactions(under_todays_names(earnings)).groupby("ticker")))
    parts = []
    for ticker in (each for each in tickers if each in by_ticker and each in by_company):
        columns = columns_for(
            ticker,
            bars=pd.concat([by_ticker[ticker], by_ticker[INDEX_TICKER]]),
            vol_indices=vol_indices,
            earnings=earnings,
            proxies={ticker: INDEX},
        )
        parts.append(rows_of(columns, features, by_company[ticker]))
    if not parts:
        raise InvalidValueError(
            name="announcements", value=0, allowed="at least one of known time and of a ticker with bars"
        )
    rows = pd.concat(parts, ignore_index=True).sort_values(["session", "ticker"], ignore_index=True)
    return rows.assign(position=positions_of(pd.DatetimeIndex(rows["session"])))


def with_reactions(earnings: pd.DataFrame) -> pd.DataFrame:
    """The announcements whose reaction session is known: `ticker`, `announced_on`, and three sessions.

    `session` is the evening of entry, `before` the last close before the reaction, `reaction` the session itself.
    """
    timed = _alone(earnings).dropna(subset="release_time")
    reactions = [
        reaction_session(day, time)
        for day, time in zip(timed["announced_on"].dt.date, timed["release_time"], strict=True)
    ]
    known = [reaction for reaction in reactions if reaction is not None]
    return timed[["ticker", "announced_on"]].assign(
        session=_dates([entry_evening(reaction) for reaction in known]),
        before=_dates([sessions.shift(reaction, -1) for reaction in known]),
        reaction=_dates(known),
    )


def rows_of(columns: Columns, features: Sequence[str], announcements: pd.DataFrame) -> pd.DataFrame:
    """The announcements of one company, from `with_reactions`, with move and features; none without both prices."""
    close = pd.Series(columns.arrays["close"], index=columns.sessions)
    after, before = (close.reindex(announcements[name]).to_numpy() for name in ("reaction", "before"))
    known = announcements.assign(move=abs(after / before - 1.0)).dropna(subset="move").drop(columns="before")
    return known.merge(feature_table(columns, features), on=["ticker", "session"], validate="many_to_one")


def _dates(days: Sequence[dt.date]) -> npt.NDArray[np.datetime64]:
    return np.array(days, dtype="datetime64[s]")


def _alone(earnings: pd.DataFrame) -> pd.DataFrame:
    """The announcements without another date of the same company within 20 days."""
    ordered = earnings.sort_values(["ticker", "announced_on"], ignore_index=True)
    gap = ordered.groupby("ticker")["announced_on"].diff().dt.days
    twin = (gap <= SAME_ANNOUNCEMENT).to_numpy()
    alone: pd.DataFrame = ordered[~(twin | np.append(twin[1:], False))]
    return alone
