"""Is one ticker's data good enough to speak about one session? A verdict with reasons, never an exception."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from options_signals import sessions
from options_signals.features.announcements import FORMER_NAMES
from options_signals.snapshot import Verdict

FloatArray = npt.NDArray[np.float64]

ROUNDING = 1.0001  # vendors round the four prices apart from each other; a hundredth of a percent is no fault
# A 2:1 split lies outside. So did 9 sessions of 501 large companies in 5 years, five of them on 9 March 2020.
LARGEST_USUAL_MOVE = 1 / 0.6
SAME_PRICE = 0.005  # two deliveries of one close may lie this far apart, as a share of it
SPLIT_AND_A_DAYS_MOVE = 0.03  # how far a price may lie from its split on the day itself; none of those 9 lay so near
LONG_AGO = 5  # sessions without a bar after which a ticker is hardly just late


def judge(
    ticker: str,
    bars: pd.DataFrame,
    *,
    session: dt.date,
    min_sessions: int,
    failure: str | None,
    provider: str,
    earlier: pd.DataFrame,
) -> Verdict:
    """The verdict on one ticker's bars; `with_index` says what its volatility index adds to it.

    Parameters
    ----------
    bars
        The provider's rows of this ticker, with the columns and kinds of table `bars`; nothing more is assumed.
    min_sessions
        Sessions that must be there without a gap, up to and including `session`.
    failure
        What the provider said if it could not deliver this ticker.
    earlier
        The rows of this ticker as an earlier session's snapshot holds them; none where there is no such snapshot.

    Returns
    -------
    Verdict
        `refused` with the first fault of its bars, `degraded` with every oddity a trader should know, else `ok`.
        A half day is a session like any other. A bar after the session is a fault and is not dropped: whoever
        delivers tomorrow's bar may have adjusted today's with it.
    """
    renamed = _renamed(ticker)
    if failure is not None:
        return Verdict(status="refused", reasons=(f"{provider}: {failure}", *renamed))
    if bars.empty:
        return Verdict(status="refused", reasons=(f"{provider} has no bars of {ticker}", *renamed))
    history = _History.of(bars)
    day = np.datetime64(session)
    fault = (
        _twins(history)
        or _of_another_day(history, day, provider)
        or _incomplete(history, session, min_sessions)
        or _insane(history)
        or _crossed(history)
        or _repeated(history)
        or _unseen_split(history)
        or _another_instrument(history, _History.of(earlier))
    )
    if fault:
        return Verdict(status="refused", reasons=(fault, *renamed))
    oddities = (_without_volume(history), _unmoved(history), _jump(history), _restated(history, _History.of(earlier)))
    odd = tuple(reason for reason in oddities if reason)
    return Verdict(status="degraded", reasons=odd) if odd else Verdict(status="ok")


def with_index(
    verdict: Verdict, index: str, rows: pd.DataFrame, *, session: dt.date, failure: str | None = None
) -> Verdict:
    """The verdict on a ticker that needs this volatility index; none ever stands in for another.

    Parameters
    ----------
    rows
        Of the index, with the columns of table `vol_indices`.
    failure
        What the provider said if it could not deliver the index.
    """
    fault = _index_fault(index, _History.of(rows), np.datetime64(session))
    return refused_for(verdict, _with_failure(fault, failure)) if fault else verdict


def refused_for(verdict: Verdict, reason: str) -> Verdict:
    """Refused for this too; oddities of a ticker that is refused are not told."""
    before = verdict.reasons if verdict.status == "refused" else ()
    return Verdict(status="refused", reasons=(*before, reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """Rows by ascending day; unknown numbers are NaN, also where a whole column is not there."""

    days: npt.NDArray[np.datetime64]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    adj_close: FloatArray
    volume: FloatArray

    @classmethod
    def of(cls, rows: pd.DataFrame) -> "_History":
        days = rows["session"].to_numpy().astype("datetime64[D]")
        order = np.argsort(days)
        unknown = np.full(len(days), np.nan)
        names = ("open", "high", "low", "close", "adj_close", "volume")
        columns = {name: rows[name].to_numpy()[order] if name in rows else unknown for name in names}
        return cls(days=days[order], **columns)

    @property
    def prices(self) -> FloatArray:
        """Open, high, low and close: four values a day."""
        return np.column_stack([self.open, self.high, self.low, self.close])

    @property
    def is_adjusted(self) -> bool:
        """Whether total-return prices are there; models made with them cannot do without them on some days."""
        return not np.isnan(self.adj_close).all()


def _said(day: object) -> str:
    return pd.Timestamp(day).strftime("%-d %b %Y")  # type: ignore[arg-type]  # a date of either library


def _twins(history: _History) -> str:
    twins = history.days[1:][history.days[1:] == history.days[:-1]]
    return f"two bars for {_said(twins[-1])}" if len(twins) else ""


def _of_another_day(history: _History, day: np.datetime64, provider: str) -> str:
    last = history.days[-1]
    if last == day:
        return ""
    if last > day:
        return f"a bar of {_said(last)} lies after the session of {_said(day)} ({provider})"
    late = f"last bar is of {_said(last)}, wanted {_said(day)} ({provider})"
    missed = len(sessions.between(last.astype(object), day.astype(object))) - 1
    return f"{late}; delisted, halted or renamed?" if missed > LONG_AGO else late


def _incomplete(history: _History, session: dt.date, min_sessions: int) -> str:
    first = sessions.shift(session, 1 - min_sessions)
    wanted = np.array(sessions.between(first, session), dtype="datetime64[D]")
    missing = np.setdiff1d(wanted, history.days)
    if len(missing) == 0:
        return ""
    if history.days[0] > wanted[0]:
        return f"too short a history: {len(wanted) - len(missing)} of the {min_sessions} sessions needed"
    return f"{len(missing)} missing of {min_sessions} sessions, such as {_said(missing[-1])}"


def _insane(history: _History) -> str:
    """The first of these faults, on its latest day."""
    prices = np.column_stack([history.prices, history.adj_close]) if history.is_adjusted else history.prices
    faults = {
        "a price is missing": np.isnan(prices).any(axis=1),
        "a price is not a positive number": ~((prices > 0) & np.isfinite(prices)).all(axis=1),
        "the volume is impossible": (history.volume < 0) | np.isinf(history.volume),
    }
    return next((f"{words} on {_said(history.days[at][-1])}" for words, at in faults.items() if at.any()), "")


def _crossed(history: _History) -> str:
    """Asked of the last bar only: older ones of honest vendors cross now and then, and hurt nobody."""
    ends = (history.open[-1], history.close[-1])
    if history.low[-1] > min(ends) * ROUNDING or history.high[-1] * ROUNDING < max(ends):
        return f"open or close lies outside low and high on {_said(history.days[-1])}"
    return ""


def _repeated(history: _History) -> str:
    """A vendor without today's bar may repeat the last one, or fill in its close: stale prices under a new date."""
    before, today = (_said(day) for day in history.days[-2:])
    if _is_copy(history):
        return f"the bar of {today} repeats that of {before}"
    if (history.prices[-1] == history.close[-2]).all() and not history.volume[-1] > 0:
        return f"nothing traded on {today}: its bar repeats the close of {before}"
    return ""


def _is_copy(history: _History) -> bool:
    """Whether the last two days have the same four prices; where nothing moved, that may be chance."""
    moved = history.high[-1] > history.low[-1]
    return bool(moved and (history.prices[-2:] == history.prices[-1]).all() and len(history.days) > 1)


def _index_fault(index: str, history: _History, day: np.datetime64) -> str:
    known = history.days[history.close > 0]
    if len(known) == 0:
        return f"{index} has no value for {_said(day)}"
    if known[-1] != day:
        return f"{index} has no value for {_said(day)}, its last is of {_said(known[-1])}"
    return f"{index} of {_said(day)} repeats {_said(history.days[-2])}" if _is_copy(history) else ""


def _without_volume(history: _History) -> str:
    return "" if history.volume[-1] > 0 else f"no volume on {_said(history.days[-1])}"


def _unmoved(history: _History) -> str:
    return f"price did not move on {_said(history.days[-1])}" if history.high[-1] == history.low[-1] else ""


def _jump(history: _History) -> str:
    """The latest move so large that the prices before and after it may be on different bases."""
    at, factor = _latest_jump(history)
    if not at:
        return ""
    return (
        f"price moved by {100 / factor - 100:+.0f} % on {_said(history.days[at])}: a split that the prices do not show?"
    )


def _unseen_split(history: _History) -> str:
    """The same where the move is that of a split, give or take a day's: everything before it is on another basis."""
    at, factor = _latest_jump(history)
    split = _as_split(factor, SPLIT_AND_A_DAYS_MOVE) if at else ""
    return f"moved as in a {split} on {_said(history.days[at])} that the prices before do not show" if split else ""


def _latest_jump(history: _History) -> tuple[int, float]:
    """Place of the day after the latest unusual move, and the price before over that after; place 0 for none."""
    closes = history.adj_close if history.is_adjusted else history.close
    factor = closes[:-1] / closes[1:]
    jumps = np.flatnonzero((factor > LARGEST_USUAL_MOVE) | (factor < 1 / LARGEST_USUAL_MOVE))
    return (int(jumps[-1]) + 1, float(factor[jumps[-1]])) if len(jumps) else (0, 1.0)


def _as_split(factor: float, tolerance: float) -> str:
    """The split that divides prices by about this factor: "100-for-1 split", "1-for-8 reverse split", or none."""
    parts = factor if factor > 1.0 else 1.0 / factor
    whole = round(parts)
    if whole < 2 or abs(parts / whole - 1.0) > tolerance:
        return ""
    return f"{whole}-for-1 split" if factor > 1.0 else f"1-for-{whole} reverse split"


def _factors(history: _History, earlier: _History) -> tuple[npt.NDArray[np.datetime64], FloatArray]:
    """The days of both, and the close as stored before over the close as delivered now."""
    days, now, before = np.intersect1d(history.days, earlier.days, return_indices=True)
    return days, earlier.close[before] / history.close[now]


def _differ(factors: FloatArray) -> npt.NDArray[np.bool_]:
    return abs(factors - 1.0) > SAME_PRICE


def _another_instrument(history: _History, earlier: _History) -> str:
    """Most prices differ, and not by one factor: a ticker may be given to another company, or mixed up."""
    days, factors = _factors(history, earlier)
    differ = _differ(factors)
    if 2 * differ.sum() <= len(days) or not _differ(factors / np.median(factors)).any():
        return ""
    return (
        f"{differ.sum()} of {len(days)} closes differ from those stored before, such as {_said(days[differ][-1])}: "
        "another instrument under the same ticker, or prices on two bases"
    )


def _restated(history: _History, earlier: _History) -> str:
    """What the provider says differently of days that are over: one factor for all of them, or single closes."""
    days, factors = _factors(history, earlier)
    differ = _differ(factors)
    if not differ.any():
        return ""
    if differ.all() and not _differ(factors / np.median(factors)).any():
        split = _as_split(float(np.median(factors)), SAME_PRICE) or f"rescaling by {np.median(factors):.4f}"
        return f"{split} since {_said(days[-1])}: all prices are restated, those told earlier were on the old basis"
    last, factor = days[differ][-1], factors[differ][-1]
    now = history.close[np.searchsorted(history.days, last)]
    return (
        f"restated: {differ.sum()} of {len(days)} closes, such as {_said(last)}, was {now * factor:.2f}, is {now:.2f}"
    )


def _with_failure(fault: str, failure: str | None) -> str:
    return f"{fault} ({failure})" if failure else fault


def _renamed(ticker: str) -> tuple[str, ...]:
    """Where a refused ticker is a company's former name, today's."""
    new = {former: (name, last) for name, (former, last) in FORMER_NAMES.items()}
    if ticker not in new:
        return ()
    name, last = new[ticker]
    return (f"{last:%-d %b %Y} was the last day of the ticker {ticker}; the company trades as {name}",)
