"""Yahoo Finance: daily bars and volatility indices, free, for personal use.

The library yfinance carries the session: the browser's handshake, cookies, crumb and consent. Its answers are read
here, because its own `history` turns an unknown volume into 0, drops one of two contradicting bars, keeps failed
answers in memory and asks twice for each ticker.

Nothing is written outside the cache folder, so a read-only file system does.
"""

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yfinance
from requests import Session
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay, wait_random_exponential
from yfinance.data import YfData
from yfinance.exceptions import YFException, YFRateLimitError

from options_signals import sessions
from options_signals.errors import (
    FolderError,
    InvalidValueError,
    NotFoundError,
    Permanent,
    ProviderThrottledError,
    ProviderUnavailableError,
    Retryable,
)
from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched, without_rows
from options_signals.tables import BARS, VOL_INDICES, Table, validate

PROVIDER = "Yahoo Finance"
RIGHTS = {
    BARS.name: "Yahoo Finance: personal use, no redistribution.",
    VOL_INDICES.name: "Yahoo Finance and Cboe (copyright): personal use, no redistribution.",
}
CHART = "https://query2.finance.yahoo.com/v8/finance/chart"
INDICES = {name: f"^{name}" for name in ("VIX", "VIX9D", "VIX3M", "VXN", "VXD", "VVIX")}

TIMEOUT_SECONDS = 10
ATTEMPTS = 3
LONGEST_SECONDS = 60.0  # of all attempts for one ticker; a dead line costs half a minute for each cookie alone
PATIENCE = 3  # tickers in a row that Yahoo does not answer before it counts as down
# Yahoo's quotes are 15 minutes old, and VIX is computed until 15 minutes after the exchange closes.
SETTLES_AFTER = dt.timedelta(minutes=20)
# What the library's own parsing raises when a page of cookies or consent is not as it knows it.
NONSENSE = (OSError, ValueError, LookupError, TypeError, YFException)


class YahooSource:
    """Bars and volatility indices from Yahoo Finance.

    Parameters
    ----------
    clock
        Answers what time it is, with a zone: bars of a session that has not settled by then are left out.
    cache_folder
        Where cookies are kept between runs.
    session
        Replaces the library's own browser-like session.
    sleep
        How to wait: between two requests, and before trying again.
    pause_seconds
        Time between two requests.

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
        pause_seconds: float = 0.25,
    ) -> None:
        _keep_cookies_in(cache_folder)
        self._clock, self._sleep, self._pause_seconds = clock, sleep, pause_seconds
        self._client = YfData(session=session)

    def bars(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `bars`; a share class is written BRK.B here and BRK-B there."""
        symbols = {ticker: ticker.replace(".", "-") for ticker in tickers}
        return self._fetched(BARS, symbols, first=first, last=last)

    def vol_indices(self, indices: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `vol_indices`; RVX is not carried."""
        symbols = {index: INDICES[index] for index in indices if index in INDICES}
        absent = {index: "Yahoo does not carry it" for index in indices if index not in INDICES}
        fetched = self._fetched(VOL_INDICES, symbols, first=first, last=last)
        return Fetched(frame=fetched.frame, origin=fetched.origin, failures={**absent, **fetched.failures})

    def _fetched(self, table: Table, symbols: Mapping[str, str], *, first: dt.date, last: dt.date) -> Fetched:
        captured_at = self._clock().astimezone(dt.UTC)
        newest = min(last, sessions.newest_closed(captured_at - SETTLES_AFTER))
        frames: list[pd.DataFrame] = []
        failures: dict[str, str] = {}
        unanswered = 0
        for name, symbol in symbols.items():
            try:
                frames.append(self._patiently(table, name, symbol, first=first, last=newest))
                unanswered = 0
            except Permanent as error:
                failures[name] = str(error)
                unanswered = 0
            except ProviderUnavailableError as error:
                failures[name] = error.detail
                unanswered += 1
                if unanswered == min(PATIENCE, len(symbols)):
                    raise
        frame = validate(table, pd.concat(frames, ignore_index=True)) if frames else table.empty()
        return Fetched(
            frame=frame,
            origin=Origin(source=PROVIDER, captured_at=captured_at, rights=RIGHTS[table.name]),
            failures=without_rows(list(symbols), frame, first=first, last=last) | failures,
        )

    def _patiently(self, table: Table, name: str, symbol: str, *, first: dt.date, last: dt.date) -> pd.DataFrame:
        again = Retrying(
            retry=retry_if_exception_type(Retryable),
            wait=wait_random_exponential(multiplier=1, max=20),
            stop=stop_after_attempt(ATTEMPTS) | stop_after_delay(LONGEST_SECONDS),
            sleep=self._sleep,
            reraise=True,
        )
        return again(self._once, table, name, symbol, first=first, last=last)

    def _once(self, table: Table, name: str, symbol: str, *, first: dt.date, last: dt.date) -> pd.DataFrame:
        self._sleep(self._pause_seconds)
        try:
            result = self._chart(symbol, first=first, last=last)
            frame = _rows(result).assign(**{table.key[0]: name})
        except YFRateLimitError as error:
            raise ProviderThrottledError(provider=PROVIDER, wait_seconds=None) from error
        except NONSENSE as error:
            detail = f"{symbol}: {type(error).__name__}: {str(error).split('. ')[0]}"
            raise ProviderUnavailableError(provider=PROVIDER, detail=detail) from error
        if table is BARS:
            _require_dollars(name, result)
        return _as_table(table, frame, first=first, last=last)

    def _chart(self, symbol: str, *, first: dt.date, last: dt.date) -> dict[str, Any]:
        """The one result in the body of the chart endpoint."""
        response = self._client.get(
            f"{CHART}/{symbol}",
            params={
                "period1": _midnight(first),
                "period2": _midnight(last + dt.timedelta(days=1)),
                "interval": "1d",
                "events": "div,splits",
            },
            timeout=TIMEOUT_SECONDS,
        )
        if response.status_code in {401, 403} or response.status_code >= 500:
            detail = f"{symbol}: HTTP {response.status_code}"
            raise ProviderUnavailableError(provider=PROVIDER, detail=detail)
        chart = response.json()["chart"]
        if chart["error"]:
            raise NotFoundError(
                what=f"chart of {symbol}",
                where=PROVIDER,
                remedy=f"Yahoo says: {chart['error']['description']}. Check the ticker, or drop it.",
            )
        return dict(chart["result"][0])


def _keep_cookies_in(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(
            path=str(folder),
            action="make the cache folder",
            detail=error.strerror or str(error),
            remedy="Choose one that can be written to.",
        ) from error
    yfinance.set_tz_cache_location(str(folder))


def _midnight(day: dt.date) -> int:
    return int(dt.datetime.combine(day, dt.time(), sessions.NEW_YORK).timestamp())


def _rows(result: Mapping[str, Any]) -> pd.DataFrame:
    """The body's columns, one row per stamp; no rows where it holds no stamps."""
    quote = result["indicators"]["quote"][0] if result.get("timestamp") else {}
    columns = {name: quote.get(name, []) for name in ("open", "high", "low", "close", "volume")}
    if "adjclose" in result["indicators"]:
        columns["adj_close"] = result["indicators"]["adjclose"][0].get("adjclose", [])
    rows = pd.DataFrame(columns, dtype="float64")
    return rows.assign(session=_new_york_dates(result.get("timestamp", [])))


def _new_york_dates(stamps: Sequence[int]) -> pd.Series:
    """The session each stamp speaks of: midnight in UTC means that date itself, any other time an instant."""
    utc = pd.Series(pd.to_datetime(np.asarray(stamps, dtype="int64"), unit="s", utc=True))
    local = utc.dt.tz_convert(sessions.NEW_YORK)
    at_midnight = utc == utc.dt.normalize()
    return local.dt.tz_localize(None).where(~at_midnight, utc.dt.tz_localize(None)).dt.normalize()


def _require_dollars(ticker: str, result: Mapping[str, Any]) -> None:
    currency = result["meta"]["currency"]
    if currency != "USD":
        raise InvalidValueError(
            name=f"currency of {ticker}",
            value=currency,
            allowed="USD",
            remedy="Drop the ticker: prices, strikes and risk are in dollars.",
        )


def _as_table(table: Table, rows: pd.DataFrame, *, first: dt.date, last: dt.date) -> pd.DataFrame:
    """The sessions asked for; two bars of one session must agree, and the later one has the full volume."""
    days = rows["session"].to_numpy().astype("datetime64[D]")
    wanted = np.isin(days, np.array(sessions.between(first, last), dtype="datetime64[D]"))
    names = [column.name for column in table.columns if column.name in rows]
    kept = rows.loc[wanted, names].drop_duplicates([name for name in names if name != "volume"], keep="last")
    unknown = kept["close"].isna() & (table is VOL_INDICES)
    return validate(table, kept[~unknown])
