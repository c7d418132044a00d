"""Yahoo Finance: bars, volatility indices, option chains, earnings dates and dividends; free, for personal use.

The library yfinance carries the session: the browser's handshake, cookies, crumb and consent. Its answers are read
in `yahoo_web`, because the library's own `history` turns an unknown volume into 0, drops one of two contradicting
bars, keeps failed answers in memory and asks twice for each ticker.

Yahoo has no request for the daily bars of several tickers: each ticker is asked for on its own, four a second.
Nothing is written outside the cache folder, so a read-only file system does.
"""

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
from requests import Session

from options_signals import sessions
from options_signals.errors import InvalidValueError, NotFoundError, Permanent, ProviderUnavailableError
from options_signals.snapshot import Origin
from options_signals.sources.base import REPORTS_NOTHING, Fetched, without_rows
from options_signals.sources.http import ask_each
from options_signals.sources.releases import earnings_known_on
from options_signals.sources.yahoo_web.calendar import Calendar, calendar_of
from options_signals.sources.yahoo_web.charts import chart_of, table_of
from options_signals.sources.yahoo_web.line import PROVIDER, YahooLine, YahooWeb
from options_signals.sources.yahoo_web.options import chain_of
from options_signals.tables import BARS, CHAIN, DIVIDENDS, EARNINGS, VOL_INDICES, Table, validate

RIGHTS = "Yahoo Finance: personal use, no redistribution."
RIGHTS_IN_INDICES = "Yahoo Finance and Cboe (copyright): personal use, no redistribution."
INDICES = {name: f"^{name}" for name in ("VIX", "VIX9D", "VIX3M", "VXN", "VXD", "VVIX")}

# Longest time for each question, waiting included.
BARS_SECONDS, INDICES_SECONDS, CHAIN_SECONDS, EARNINGS_SECONDS, DIVIDENDS_SECONDS = 90.0, 20.0, 200.0, 40.0, 60.0
PAUSE_SECONDS = 0.25
# Yahoo's quotes are 15 minutes old, and VIX is computed until 15 minutes after the exchange closes.
SETTLES_AFTER = dt.timedelta(minutes=20)
A_YEAR = dt.timedelta(days=370)  # whoever pays dividends pays one within it


class YahooSource:
    """What Yahoo Finance delivers.

    Bars and indices raise the error of the third name in a row without an answer, of a throttling, or of the time being
    over: a later slot tries again. In the other tables such names are failures, and those answered before them stay.

    Parameters
    ----------
    clock
        Answers what time it is, with a zone: bars of a session that has not settled by then are left out.
    cache_folder
        Where cookies are kept between runs.
    session
        Replaces the library's own browser-like session.
    sleep, monotonic
        How to wait: between two requests, and before trying again; and how to count seconds.

    Raises
    ------
    FolderError
        If the cache folder cannot be made.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], dt.datetime],
        cache_folder: Path,
        session: Session | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._funds: set[str] = set()  # as their charts say; of none Yahoo has a calendar, and asking costs new cookies
        self._web = YahooWeb(
            cache_folder=cache_folder, session=session, sleep=sleep, monotonic=monotonic, pause_seconds=PAUSE_SECONDS
        )

    def bars(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `bars`; a share class is written BRK.B here and BRK-B there."""
        symbols = {ticker: ticker.replace(".", "-") for ticker in tickers}
        return self._charts(BARS, symbols, YahooLine(self._web, seconds=BARS_SECONDS), first=first, last=last)

    def vol_indices(self, indices: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `vol_indices`; RVX is not carried."""
        symbols = {index: INDICES[index] for index in indices if index in INDICES}
        absent = {index: "Yahoo does not carry it" for index in indices if index not in INDICES}
        line = YahooLine(self._web, seconds=INDICES_SECONDS)
        fetched = self._charts(VOL_INDICES, symbols, line, first=first, last=last)
        return Fetched(frame=fetched.frame, origin=fetched.origin, failures={**absent, **fetched.failures})

    def chain(self, underlyings: Sequence[str], *, session: dt.date) -> Fetched:
        """Table `chain` of the newest session, once it has settled; at most twelve requests a ticker.

        The first brings the list of expiries; then those next to 90 days, the last one of each week within 50 days,
        and others within 50 days from the nearest on. `captured_at` and `spot` are time and price of the underlying
        in the same answer. Left out are contracts on anything but 100 shares, and those told twice with different
        quotes. An implied volatility is unknown without a two-sided quote, and open interest where Yahoo writes 0 for
        a whole expiry. A ticker of which one expiry cannot be had has none: another would stand in for it.

        Raises
        ------
        InvalidValueError
            For any other session: Yahoo tells quotes of now only.
        """
        now = self._now()
        newest = sessions.newest_closed(now - SETTLES_AFTER)
        if session != newest:
            raise InvalidValueError(
                name="session of the option chains",
                value=session.isoformat(),
                allowed=f"{newest}, the newest that has settled",
                remedy="Yahoo tells quotes of now only: take chains of other days from a file.",
            )
        line = YahooLine(self._web, seconds=CHAIN_SECONDS)
        chains, failures = ask_each(dict.fromkeys(underlyings), lambda ticker: chain_of(line, ticker, session))
        frame = validate(CHAIN, pd.concat([CHAIN.empty(), *chains.values()], ignore_index=True))
        return Fetched(frame=frame, origin=_origin(now), failures=failures)

    def earnings(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `earnings`: of each company the last announcement and the next, where they lie in these dates.

        Yahoo estimates dates that are not named yet, as a range: the first day that it may still be is told
        then, and no time of release.
        `release_time` is told where a call soon after the release confirms it. The last announcement is dated by the
        call about it, without a time: its results came that morning or the evening before.
        """
        now, today = self._now(), self._today()
        line = YahooLine(self._web, seconds=EARNINGS_SECONDS)

        def announcements(ticker: str) -> pd.DataFrame:
            table = _earnings_table(ticker, self._calendar(line, ticker), known_by=today)
            return table[table["announced_on"].between(pd.Timestamp(first), pd.Timestamp(last))]

        tables, failures = ask_each(dict.fromkeys(tickers), announcements)
        return _together(EARNINGS, tables, failures, tickers, first=first, last=last, origin=_origin(now))

    def dividends(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `dividends`: those paid, and the next one where its ex-date is announced.

        Yahoo tells no amount of a dividend to come: it stands with that of the last one paid, and the origin says so.
        Of funds Yahoo has no calendar, and so nothing that is to come. `known_on` is unknown of those paid.
        """
        now, today = self._now(), self._today()
        line = YahooLine(self._web, seconds=DIVIDENDS_SECONDS)

        def dividends(ticker: str) -> pd.DataFrame:
            coming = self._next_ex_date(line, ticker)
            chart = chart_of(line, ticker.replace(".", "-"), first=min(first, today - A_YEAR), last=min(last, today))
            table = _dividends_table(ticker, chart.dividends, coming, known_by=today)
            return table[table["ex_date"].between(pd.Timestamp(first), pd.Timestamp(last))]

        tables, failures = ask_each(dict.fromkeys(tickers), dividends)
        origin = _origin(now, source=f"{PROVIDER}, those to come as last paid")
        return _together(DIVIDENDS, tables, failures, tickers, first=first, last=last, origin=origin)

    def _charts(
        self, table: Table, symbols: Mapping[str, str], line: YahooLine, *, first: dt.date, last: dt.date
    ) -> Fetched:
        now = self._now()
        newest = min(last, sessions.newest_closed(now - SETTLES_AFTER))
        tables: dict[str, pd.DataFrame] = {}
        failures: dict[str, str] = {}
        for name, symbol in symbols.items():
            try:
                chart = chart_of(line, symbol, first=first, last=newest)
                tables[name] = table_of(table, name, chart, first=first, last=newest)
                self._funds |= {name} if chart.is_fund else set()
            except Permanent as error:
                failures[name] = str(error)
            except ProviderUnavailableError as error:
                failures[name] = error.detail
                if line.is_over(len(symbols)):
                    raise
        origin = _origin(now, rights=RIGHTS if table is BARS else RIGHTS_IN_INDICES)
        return _together(table, tables, failures, list(symbols), first=first, last=last, origin=origin)

    def _calendar(self, line: YahooLine, ticker: str) -> Calendar:
        if ticker in self._funds:
            raise NotFoundError(what=f"calendar of {ticker}", where=PROVIDER, remedy=REPORTS_NOTHING)
        return calendar_of(line, ticker, self._today())

    def _next_ex_date(self, line: YahooLine, ticker: str) -> dt.date | None:
        try:
            return self._calendar(line, ticker).ex_date
        except NotFoundError:
            return None

    def _now(self) -> dt.datetime:
        return self._clock().astimezone(dt.UTC)

    def _today(self) -> dt.date:
        return self._clock().astimezone(sessions.NEW_YORK).date()


def _origin(now: dt.datetime, *, source: str = PROVIDER, rights: str = RIGHTS) -> Origin:
    return Origin(source=source, captured_at=now, rights=rights)


def _together(
    table: Table,
    tables: Mapping[str, pd.DataFrame],
    failures: Mapping[str, str],
    names: Sequence[str],
    *,
    first: dt.date,
    last: dt.date,
    origin: Origin,
) -> Fetched:
    frame = validate(table, pd.concat(list(tables.values()), ignore_index=True)) if tables else table.empty()
    silent = without_rows(names, frame, first=first, last=last)
    return Fetched(frame=frame, origin=origin, failures={**silent, **failures})


def _earnings_table(ticker: str, calendar: Calendar, *, known_by: dt.date) -> pd.DataFrame:
    rows = [
        {
            "ticker": ticker,
            "announced_on": one.announced_on,
            "release_time": one.release_time,
            "eps_estimate": one.eps_estimate,
            "eps_actual": one.eps_actual,
            "known_on": earnings_known_on(one.announced_on, known_by),
        }
        for one in calendar.announcements
    ]
    return validate(EARNINGS, pd.DataFrame(rows, columns=[column.name for column in EARNINGS.columns]))


def _dividends_table(
    ticker: str, paid: Mapping[dt.date, float], coming: dt.date | None, *, known_by: dt.date
) -> pd.DataFrame:
    rows = [{"ticker": ticker, "ex_date": day, "amount": amount, "known_on": None} for day, amount in paid.items()]
    if coming is not None and coming > known_by:
        if not paid:
            raise NotFoundError(
                what=f"amount of the dividend of {ticker} on {coming}", where=PROVIDER, remedy="Look it up yourself."
            )
        rows.append({"ticker": ticker, "ex_date": coming, "amount": [*paid.values()][-1], "known_on": known_by})
    return validate(DIVIDENDS, pd.DataFrame(rows, columns=[column.name for column in DIVIDENDS.columns]))
