"""The summary endpoint: when a company reports next, when it last did, and its next ex-date."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from options_signals import sessions
from options_signals.sources.yahoo_web.charts import new_york_dates
from options_signals.sources.yahoo_web.line import YahooLine, only_result

SUMMARY = "https://query2.finance.yahoo.com/v10/finance/quoteSummary"
OPEN, CLOSE = dt.time(9, 30), dt.time(16, 0)
CALL_WITHIN = dt.timedelta(hours=18)  # of the release: the same day, or the next morning
REPORTED_WITHIN = dt.timedelta(days=100)  # of the end of its quarter


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """An announcement of earnings; the time and what is not told of the earnings are unknown."""

    announced_on: dt.date
    release_time: str | None
    eps_estimate: float
    eps_actual: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """What the summary says of one company."""

    announcements: tuple[Announced, ...]
    ex_date: dt.date | None


def calendar_of(line: YahooLine, ticker: str, today: dt.date) -> Calendar:
    """The calendar of one company as it stands today; NotFoundError for a fund, of which Yahoo has none."""
    symbol = ticker.replace(".", "-")
    return line.ask(
        ticker,
        f"{SUMMARY}/{symbol}",
        lambda body: _read(only_result(body, "quoteSummary", f"calendar of {symbol}"), today),
        params={"modules": "calendarEvents,earningsHistory", "formatted": "false"},
    )


def _read(result: Mapping[str, Any], today: dt.date) -> Calendar:
    events = result["calendarEvents"]
    history = result.get("earningsHistory", {}).get("history", [])
    earnings = events["earnings"]
    return Calendar(
        announcements=(*_last(earnings, history), *_next(earnings, today)),
        ex_date=_date(events["exDividendDate"]) if events.get("exDividendDate") else None,
    )


def _next(earnings: Mapping[str, Any], today: dt.date) -> tuple[Announced, ...]:
    """The date to come; of a range, which is Yahoo's own estimate, the first day it may still be."""
    stamps = sorted(earnings.get("earningsDate", []))
    if not stamps:
        return ()
    certain = len(stamps) == 1 and earnings.get("isEarningsDateEstimate") is False
    return (
        Announced(
            announced_on=min(max(_date(stamps[0]), today), _date(stamps[-1])),
            release_time=_release_time(stamps[0], earnings.get("earningsCallDate", [])) if certain else None,
            eps_estimate=_number(earnings.get("earningsAverage")),
            eps_actual=np.nan,
        ),
    )


def _release_time(stamp: int, calls: list[int]) -> str | None:
    """Before the open or after the close, where a call soon after it confirms the time."""
    at = _instant(stamp)
    if not any(dt.timedelta(0) <= _instant(call) - at <= CALL_WITHIN for call in calls):
        return None
    time = at.astimezone(sessions.NEW_YORK).time()
    return "pre" if time < OPEN else "post" if time >= CLOSE else None


def _last(earnings: Mapping[str, Any], history: list[Mapping[str, Any]]) -> tuple[Announced, ...]:
    """The last announcement, on the day of the call about it: results may have come the evening before."""
    coming = min(earnings.get("earningsDate", []), default=None)
    calls = [call for call in earnings.get("earningsCallDate", []) if coming is None or _date(call) < _date(coming)]
    if not calls or not history:
        return ()
    called, quarter = max(calls), max(history, key=lambda row: _number(row["quarter"]))
    if not dt.timedelta(0) < _instant(called) - _instant(int(_number(quarter["quarter"]))) <= REPORTED_WITHIN:
        return ()
    return (
        Announced(
            announced_on=_date(called),
            release_time=None,
            eps_estimate=_number(quarter.get("epsEstimate")),
            eps_actual=_number(quarter.get("epsActual")),
        ),
    )


def _number(value: Any) -> float:
    """Yahoo writes 1.53, or {"raw": 1.53, "fmt": "1.53"}, or an empty object for what it does not know."""
    raw = value.get("raw") if isinstance(value, Mapping) else value
    return np.nan if raw is None else float(raw)


def _date(stamp: int) -> dt.date:
    day: dt.date = new_york_dates([stamp])[0].date()
    return day


def _instant(stamp: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(stamp, dt.UTC)
