"""Is one ticker's data good enough to speak about one session? A verdict with reasons, never an exception."""

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd

from options_signals import sessions
from options_signals.snapshot import Verdict

PRICES = ("open", "high", "low", "close")
ROUNDING = 1.0001  # vendors round the four prices apart from each other; a hundredth of a percent is no fault


def judge(
    ticker: str,
    bars: pd.DataFrame,
    *,
    session: dt.date,
    min_sessions: int,
    index_rows: Mapping[str, pd.DataFrame],
    failure: str | None,
    provider: str,
) -> Verdict:
    """The verdict on one ticker.

    Parameters
    ----------
    bars
        The provider's rows of this ticker, unvalidated but with the columns of `bars`.
    min_sessions
        Sessions that must be there without a gap, up to and including `session`.
    index_rows
        The volatility indices the ticker needs, by name.
    failure
        What the provider said if it could not deliver this ticker.

    Returns
    -------
    Verdict
        `refused` with every reason that applies, `degraded` for oddities a trader should know, else `ok`.
    """
    if failure is not None:
        return Verdict(status="refused", reasons=(f"{provider}: {failure}",))
    if bars.empty:
        return Verdict(status="refused", reasons=(f"{provider} has no bars of {ticker}",))
    wrong = (
        _twins(bars)
        or _stale(bars, session, provider)
        or _incomplete(bars, session, min_sessions)
        or _insane(bars, session)
    )
    refused = (*wrong, *_index_missing(index_rows, session))
    if refused:
        return Verdict(status="refused", reasons=refused)
    odd = _odd(bars, session)
    return Verdict(status="degraded", reasons=odd) if odd else Verdict(status="ok")


def _day(value: object) -> str:
    return pd.Timestamp(value).strftime("%-d %b %Y")  # type: ignore[arg-type]  # a date of either library


def _twins(bars: pd.DataFrame) -> tuple[str, ...]:
    twins = bars.loc[bars["session"].duplicated(), "session"]
    return (f"two bars for {_day(twins.iloc[0])}",) if len(twins) else ()


def _stale(bars: pd.DataFrame, session: dt.date, provider: str) -> tuple[str, ...]:
    last = bars["session"].max()
    if last == pd.Timestamp(session):
        return ()
    return (f"last bar is of {_day(last)}, wanted {_day(session)} ({provider})",)


def _incomplete(bars: pd.DataFrame, session: dt.date, min_sessions: int) -> tuple[str, ...]:
    wanted = pd.DatetimeIndex(sessions.between(sessions.shift(session, 1 - min_sessions), session))
    missing = wanted.difference(pd.DatetimeIndex(bars["session"]))
    if len(missing) == 0:
        return ()
    if bars["session"].min() > wanted[0]:
        had = len(wanted) - len(missing)
        return (f"too short a history: {had} of the {min_sessions} sessions needed",)
    return (f"{len(missing)} missing of {min_sessions} sessions, such as {_day(missing[-1])}",)


def _insane(bars: pd.DataFrame, session: dt.date) -> tuple[str, ...]:
    unknown = bars[list(PRICES)].isna().any(axis="columns")
    not_positive = (bars[list(PRICES)] <= 0).any(axis="columns") | ~np.isfinite(bars[list(PRICES)]).all(axis="columns")
    crossed = (bars["low"] > bars[["open", "close"]].min(axis="columns") * ROUNDING) | (
        bars["high"] * ROUNDING < bars[["open", "close"]].max(axis="columns")
    )
    for broken, words in ((unknown, "a price is missing"), (not_positive, "a price is not positive")):
        if broken.any():
            return (f"{words} on {_day(bars.loc[broken, 'session'].max())}",)
    today = bars["session"] == pd.Timestamp(session)
    if (crossed & today).any():
        return (f"open or close lies outside low and high on {_day(session)}",)
    return ()


def _index_missing(index_rows: Mapping[str, pd.DataFrame], session: dt.date) -> tuple[str, ...]:
    return tuple(
        f"{index} has no value for {_day(session)}{_last_of(rows)}"
        for index, rows in index_rows.items()
        if not (rows["session"] == pd.Timestamp(session)).any()
    )


def _last_of(rows: pd.DataFrame) -> str:
    return "" if rows.empty else f", its last is of {_day(rows['session'].max())}"


def _odd(bars: pd.DataFrame, session: dt.date) -> tuple[str, ...]:
    today = bars.loc[bars["session"] == pd.Timestamp(session)].iloc[0]
    odd = []
    if not today["volume"] > 0:
        odd.append(f"no volume on {_day(session)}")
    if today["high"] == today["low"]:
        odd.append(f"price did not move on {_day(session)}")
    return tuple(odd)
