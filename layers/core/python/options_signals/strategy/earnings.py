"""Announcements of earnings against the sessions over which a trade is held.

A trade of session t is entered during session t + 1 and left at the close of its last session. The window runs from
the session of the entry to the last one, **both included**: on the first the prices that the trade was decided on are
older than the news and nobody promises a fill at the open, on the last the trade is left only after the reaction.
"""

import datetime as dt
from dataclasses import replace

from options_signals import sessions
from options_signals.settings import Settings
from options_signals.signals import Announcement, Forecast, Signal
from options_signals.strategy.matrix import Cell

_RELEASE = {"pre": " before the open", "post": " after the close", None: ", time unknown"}


def entry_of(session: dt.date) -> dt.date:
    """The session during which a trade of `session` is entered: the next one."""
    return sessions.shift(session, 1)


def time_exit(session: dt.date, settings: Settings) -> dt.date:
    """The session at whose close a trade of `session` is left, unless its plan says otherwise."""
    return sessions.shift(entry_of(session), settings.tickets.exit_sessions)


def held_over(forecast: Forecast, *, until: dt.date) -> Announcement | None:
    """The announcement with a possible reaction in the window of a trade left at the close of `until`, if any."""
    announcement = forecast.announcement
    if announcement is None or announcement.first_reaction > until:
        return None
    return announcement if announcement.last_reaction >= entry_of(forecast.session) else None


def left_before(cell: Cell, forecast: Forecast, settings: Settings) -> Cell:
    """The cell with its exit on the last session before a possible reaction in its window, where that can be.

    Unchanged without such a reaction, and where no full session lies between the entry and that exit: it is still
    held over the announcement then.
    """
    announcement = held_over(forecast, until=time_exit(forecast.session, settings))
    if announcement is None:
        return cell
    last = sessions.shift(announcement.first_reaction, -1)
    return replace(cell, exit_on=last) if last > entry_of(forecast.session) else cell


def bets_on_earnings(signal: Signal) -> bool:
    """Whether the signal's own plan leaves only after a possible reaction: what iv_crush trades."""
    announcement = signal.forecast.announcement if signal.forecast else None
    exit_on = signal.plan.exit_on
    return announcement is not None and exit_on is not None and announcement.first_reaction <= exit_on


def in_words(announcement: Announcement) -> str:
    """Date, time of release and reaction session.

    Examples
    --------
    >>> day, next_day = dt.date(2021, 5, 26), dt.date(2021, 5, 27)
    >>> in_words(Announcement(announced_on=day, release_time="post", first_reaction=next_day, last_reaction=next_day))
    'earnings on 2021-05-26 after the close (reaction 2021-05-27)'
    >>> in_words(Announcement(announced_on=day, release_time=None, first_reaction=day, last_reaction=next_day))
    'earnings on 2021-05-26, time unknown (reaction 2021-05-26 or 2021-05-27)'
    """
    release, reactions = _RELEASE[announcement.release_time], " or ".join(map(str, announcement.reactions))
    return f"earnings on {announcement.announced_on}{release} (reaction {reactions})"
