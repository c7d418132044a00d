"""Announcements of earnings that have another date than an earlier evening knew: what is open may be held over one."""

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd

from options_signals import snapshot
from options_signals.errors import CorruptError, NotFoundError
from options_signals.features.announcements import SAME_ANNOUNCEMENT, Ahead, lately, next_announcement
from options_signals.jobs.messages import Run
from options_signals.lake import ObjectStore
from options_signals.tables import EARNINGS


def moved_earnings(
    earnings: pd.DataFrame,
    tickers: Sequence[str],
    session: dt.date,
    *,
    earlier: Sequence[Run],
    store: ObjectStore,
) -> Mapping[str, str]:
    """By ticker how its next date differs from the one that the newest earlier snapshot with a calendar knew.

    A date that has passed by then is no news, nor is one that was unknown before, nor a time of release that is known
    now. Of a date that is today's only another one within 20 days is: the next quarter's says that it came true.

    Parameters
    ----------
    earnings
        Table `earnings` of the session.
    """
    known = _known_before(store, earlier)
    if known is None:
        return {}
    told, before = known[0], lately(known[1], known[0])
    now = lately(earnings, session)
    then_told, now_told = (frame.groupby("ticker")["announced_on"].agg(frozenset) for frame in (before, now))
    both = {
        ticker: (next_announcement(ticker, before, session=told), next_announcement(ticker, now, session=session))
        for ticker in tickers
        if then_told.get(ticker) != now_told.get(ticker)
    }
    return {
        ticker: _in_words(old, new)
        for ticker, (old, new) in both.items()
        if old and old.last_reaction > session and _is_another(old, new, session)
    }


def _is_another(old: Ahead, new: Ahead | None, session: dt.date) -> bool:
    if old.announced_on > session:
        return new is None or new.announced_on != old.announced_on
    return new is not None and 0 < (new.announced_on - old.announced_on).days <= SAME_ANNOUNCEMENT


def _in_words(old: Ahead, new: Ahead | None) -> str:
    return f"from {old.announced_on} to {new.announced_on}" if new else f"{old.announced_on} is no longer told"


def _known_before(store: ObjectStore, earlier: Sequence[Run]) -> tuple[dt.date, pd.DataFrame] | None:
    """The session and the calendar of the newest earlier snapshot that has one and can be read."""
    for run in earlier:
        try:
            ref = snapshot.read_manifest(store, run.namespace, run.session, run.attempt).tables.get(EARNINGS.name)
            if ref:
                return run.session, snapshot.read_table(store, EARNINGS.name, ref)
        except (CorruptError, NotFoundError):  # told where its prices are compared
            continue
    return None
