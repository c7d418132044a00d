"""From a table of earnings announcements to the input columns of one ticker, point in time.

```text
earnings_next_days  earnings_last_days     calendar days to and since the announcement the market waits for, or had
earnings_on_the_day                        1.0 on the day of an announcement, else 0.0
last_eps_actual  last_eps_estimate         USD, of the last announcement
earnings_move_1 ... earnings_move_8        absolute close-to-close move of the last eight reaction sessions, decimals
```

An announcement is behind us once its reaction session has closed: the session after an after-close announcement, the
same session for a before-open one. Where the time of the release is not known it is behind us from the session after
its date on, and its move is unknown: which of two sessions reacted cannot be told.
"""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from options_signals import sessions as calendar
from options_signals.errors import InvalidValueError
from options_signals.features.arrays import FloatArray

QUARTERS = 8
MOVES = tuple(f"earnings_move_{quarter}" for quarter in range(1, QUARTERS + 1))
# Sessions before the serving window that a history of eight announcements may need: they are not spaced evenly.
SESSIONS_BEFORE_WINDOW = 63

STALE_AFTER = 140  # calendar days: nineteen of twenty companies announce the next quarter before that
SAME_ANNOUNCEMENT = 20  # days: two dates this close speak of one announcement, the later known one moves it
# What is decided after a close is traded in the next session, and must be held before the reaction begins.
SESSIONS_TO_REACTION = 2

# A company's ticker before it was renamed, and the last day on which it had that name.
FORMER_NAMES = {"META": ("FB", dt.date(2022, 6, 8))}

Days = npt.NDArray[np.datetime64]
Flags = npt.NDArray[np.bool_]


def reaction_session(announced_on: dt.date, release_time: str | None) -> dt.date | None:
    """The first session whose close follows the announcement; None where the time of the release is not known.

    Parameters
    ----------
    announced_on
        New York date of the announcement; it need not be a session.
    release_time
        `pre`: before the open, `post`: after the close.

    Examples
    --------
    >>> reaction_session(dt.date(2021, 5, 26), "post")
    datetime.date(2021, 5, 27)
    >>> reaction_session(dt.date(2021, 5, 26), "pre")
    datetime.date(2021, 5, 26)

    Raises
    ------
    InvalidValueError
        For another release time, and for a date outside the known calendar.
    """
    return None if release_time is None else _reacts(announced_on, release_time)


def _reacts(announced_on: dt.date, release_time: str) -> dt.date:
    if release_time not in {"pre", "post"}:
        raise InvalidValueError(name="release_time", value=release_time, allowed="pre, post, or unknown")
    if release_time == "pre" and calendar.is_session(announced_on):
        return announced_on
    return calendar.shift(announced_on, 1)


def entry_evening(reaction: dt.date) -> dt.date:
    """The last session after whose close a trade on that reaction session can be decided: the second one before it.

    Examples
    --------
    NVDA reported after the close of Wednesday 2021-05-26. Thursday reacted, Wednesday was the last day to enter:

    >>> entry_evening(dt.date(2021, 5, 27))
    datetime.date(2021, 5, 25)
    """
    return calendar.shift(reaction, -SESSIONS_TO_REACTION)


def under_todays_names(earnings: pd.DataFrame) -> pd.DataFrame:
    """The announcements of a company before it was renamed, under the name it has now."""
    renamed = earnings["ticker"].copy()
    for today, (former, through) in FORMER_NAMES.items():
        renamed[(earnings["ticker"] == former) & (earnings["announced_on"] <= pd.Timestamp(through))] = today
    return earnings.assign(ticker=renamed)


class Ahead(NamedTuple):
    """An announcement to come. Where the time of its release is not known, either of two sessions may react."""

    announced_on: dt.date
    release_time: str | None
    first_reaction: dt.date
    last_reaction: dt.date


def next_announcement(ticker: str, earnings: pd.DataFrame, *, session: dt.date) -> Ahead | None:
    """The next announcement that is not behind us after a session, as it was known then; None where none is known.

    Parameters
    ----------
    ticker
        Today's name, as for `earnings_columns`.
    earnings
        Table `earnings`. Dates that were told after the session are not looked at.
    """
    own = _announcements_of(ticker, earnings)
    ahead = own if own.empty else own[_ahead_at(session, own)]
    if ahead.empty:
        return None
    announced_on, time = ahead["announced_on"].iloc[0].date(), ahead["release_time"].iloc[0]
    known = time if isinstance(time, str) else None
    return Ahead(announced_on, known, _reacts(announced_on, known or "pre"), _reacts(announced_on, known or "post"))


def lately(earnings: pd.DataFrame, session: dt.date) -> pd.DataFrame:
    """What `next_announcement` looks at: dates ahead, and those they may have been moved from. More costs time."""
    return earnings[earnings["announced_on"] >= pd.Timestamp(session - dt.timedelta(days=2 * SAME_ANNOUNCEMENT))]


def _ahead_at(session: dt.date, own: pd.DataFrame) -> Flags:
    announced = own["announced_on"].to_numpy().astype("datetime64[D]")
    history = _History.of(own, announced, np.array([session], dtype="datetime64[D]"))
    return (history.known & ~history.behind)[:, 0]


def earnings_columns(
    ticker: str, sessions: pd.DatetimeIndex, close: FloatArray, earnings: pd.DataFrame
) -> dict[str, FloatArray]:
    """The columns of this module at each session, from rows that were known by then; no columns without any row.

    Parameters
    ----------
    ticker
        Today's name; announcements under a former one are its own.
    close
        On the model's price basis, one value a session; moves are taken from it.
    earnings
        Table `earnings`. A row without `known_on` counts as known on its date.

    Returns
    -------
    dict of float64 arrays
        NaN where nothing is known, and everywhere once the last announcement is older than 140 days: then the table
        has lost the company, and its silence says nothing.
    """
    own = _announcements_of(ticker, earnings)
    if own.empty:
        return {}
    days = sessions.to_numpy().astype("datetime64[D]")
    announced = own["announced_on"].to_numpy().astype("datetime64[D]")
    history = _History.of(own, announced, days)
    since = history.newest(history.behind, (days - announced[:, None]).astype(np.float64))
    fresh = since <= STALE_AFTER
    ahead = history.known & ~history.behind
    columns = {
        "earnings_next_days": _soonest(ahead, (announced[:, None] - days).astype(np.float64)),
        "earnings_last_days": since,
        "earnings_on_the_day": (history.known & (announced[:, None] == days)).any(axis=0).astype(np.float64),
        "last_eps_actual": history.newest(history.behind, _across(own["eps_actual"], days)),
        "last_eps_estimate": history.newest(history.behind, _across(own["eps_estimate"], days)),
    }
    moves = _moves(own, days, close)[:, None] * np.ones(len(days))
    columns |= {name: history.newest(history.behind, moves, back=back) for back, name in enumerate(MOVES)}
    expected = ~np.isnan(columns["earnings_next_days"])
    return {
        name: np.where(fresh | (expected & (name in {"earnings_next_days", "earnings_on_the_day"})), values, np.nan)
        for name, values in columns.items()
    }


@dataclass(frozen=True, slots=True)
class _History:
    """What was known of each announcement (rows, by ascending date) at each session (columns)."""

    known: Flags
    behind: Flags

    @classmethod
    def of(cls, own: pd.DataFrame, announced: Days, days: Days) -> "_History":
        known_on = own["known_on"].fillna(own["announced_on"]).to_numpy().astype("datetime64[D]")
        replaced_on = _replaced_on(announced, known_on, own["release_time"].notna().to_numpy())
        known = (known_on[:, None] <= days) & (days < replaced_on[:, None])
        return cls(known, known & (_behind_from(own)[:, None] <= days))

    def newest(self, chosen: Flags, values: FloatArray, *, back: int = 0) -> FloatArray:
        """At each session the value of the newest chosen announcement, or of the one so many before it."""
        age = chosen[::-1].cumsum(axis=0)[::-1]
        at = chosen & (age == back + 1)
        return np.where(at.any(axis=0), np.where(at, values, 0.0).sum(axis=0), np.nan)


def _announcements_of(ticker: str, earnings: pd.DataFrame) -> pd.DataFrame:
    own = earnings["ticker"] == ticker
    if ticker in FORMER_NAMES:
        former, through = FORMER_NAMES[ticker]
        own |= (earnings["ticker"] == former) & (earnings["announced_on"] <= pd.Timestamp(through))
    return earnings[own].drop_duplicates("announced_on").sort_values("announced_on", ignore_index=True)


def _replaced_on(announced: Days, known_on: Days, timed: Flags) -> Days:
    """From when on each date was no longer the announcement's, because another was known; for ever if never.

    A date without a time of release does not replace one that has it.
    """
    gap = np.abs(announced[:, None] - announced)
    later = (known_on > known_on[:, None]) | ((known_on == known_on[:, None]) & (announced > announced[:, None]))
    replaces = (gap <= np.timedelta64(SAME_ANNOUNCEMENT, "D")) & later & (timed | ~timed[:, None])
    outranked = (gap <= np.timedelta64(SAME_ANNOUNCEMENT, "D")) & later.T & ~timed[:, None] & timed
    never = np.datetime64("2262-01-01")
    when = np.where(replaces, known_on, never).min(axis=1)
    return np.where(outranked.any(axis=1), known_on, when)


def _behind_from(own: pd.DataFrame) -> Days:
    """The session from whose close on each announcement is behind us."""
    reactions = [
        _reaction(day, time) or calendar.shift(day, 1)
        for day, time in zip(own["announced_on"].dt.date, own["release_time"], strict=True)
    ]
    return np.array(reactions, dtype="datetime64[D]")


def _moves(own: pd.DataFrame, days: Days, close: FloatArray) -> FloatArray:
    """The absolute move of each reaction session; NaN where it, or the session before it, has no price."""
    moves = np.full(len(own), np.nan)
    for row, (day, time) in enumerate(zip(own["announced_on"].dt.date, own["release_time"], strict=True)):
        reacted = _reaction(day, time)
        if reacted is not None:
            after, before = (
                _price_on(np.datetime64(one), days, close) for one in (reacted, calendar.shift(reacted, -1))
            )
            moves[row] = abs(after / before - 1.0)
    return moves


def _reaction(announced_on: dt.date, release_time: object) -> dt.date | None:
    return reaction_session(announced_on, release_time if isinstance(release_time, str) else None)


def _price_on(day: np.datetime64, days: Days, close: FloatArray) -> float:
    at = int(np.searchsorted(days, day))
    return float(close[at]) if at < len(days) and days[at] == day else np.nan


def _soonest(chosen: Flags, values: FloatArray) -> FloatArray:
    smallest = np.where(chosen, values, np.inf).min(axis=0)
    return np.where(np.isinf(smallest), np.nan, smallest)


def _across(values: pd.Series, days: Days) -> FloatArray:
    return values.to_numpy(dtype=np.float64)[:, None] * np.ones(len(days))
