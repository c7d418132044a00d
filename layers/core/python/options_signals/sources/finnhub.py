"""Finnhub: what the news says of a company and of the market, earnings dates, closes. With a key; personal use.

News sentiment is a premium service. A key without it is answered 403 there, and the headlines of the same week are
scored instead with VADER (Hutto and Gilbert, ICWSM 2014), at the thresholds its authors give. The origin of the
table says which of the two it was: they are two instruments, and a model must not take one for the other. News of the
market as a whole count as those of the fund that stands for it, `MARKET`.
"""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from options_signals import sessions
from options_signals.errors import NotFoundError, ProviderRefusedError
from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched, without_rows
from options_signals.sources.http import ApiKey, Line, Web, ask_each, json_object
from options_signals.sources.observations import day_of
from options_signals.sources.releases import earnings_known_on
from options_signals.tables import BARS, EARNINGS, SENTIMENT, validate

PROVIDER = "Finnhub"
PREMIUM, HEADLINES = f"{PROVIDER} news sentiment", f"{PROVIDER} headlines scored with VADER"
RIGHTS = "Finnhub: personal use, no redistribution."
API = "https://finnhub.io/api/v1"
QUOTE = {"open": "o", "high": "h", "low": "l", "close": "c", "at": "t"}
RELEASE_TIMES = {"bmo": "pre", "amc": "post"}  # "dmh", during the session, is neither

SECONDS = 65.0  # for each table
PAUSE_SECONDS = 1.0  # a free key may ask 60 times a minute
MARKET = "SPY"
CLOSING = dt.timedelta(minutes=15)  # after the close; a later price is one of trading after hours
WEEK = dt.timedelta(days=7)
POSITIVE, NEGATIVE = 0.05, -0.05  # VADER's compound score, -1..1

Rows = list[dict[str, Any]]


class FinnhubSource:
    """News sentiment, the earnings calendar, and closes of today.

    All methods raise ProviderRefusedError for a key that Finnhub does not know.
    """

    def __init__(self, web: Web, *, key: ApiKey) -> None:
        self._web, self._key = web, key

    def sentiment(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `sentiment` as of now: articles of the last seven days; Reddit's columns stay unknown.

        `buzz` is Finnhub's ratio of this week's articles to a usual week's, at most 1; from headlines it is unknown.
        """
        now = self._web.now()
        today = now.astimezone(sessions.NEW_YORK).date()
        asked = tickers if first <= today <= last else ()  # today's news is not spread over other days
        news = _News(self._ask(self._line()), now)
        rows, failures = ask_each(dict.fromkeys(asked), news.of)
        frame = validate(SENTIMENT, pd.concat([SENTIMENT.empty(), *rows.values()], ignore_index=True))
        return Fetched(
            frame=frame,
            origin=Origin(source=news.instrument, captured_at=now, rights=RIGHTS),
            failures=without_rows(tickers, frame, first=first, last=last) | failures,
        )

    def earnings(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `earnings`: announcements from the first to the last day, those to come included."""
        now = self._web.now()
        today = now.astimezone(sessions.NEW_YORK).date()
        ask, span = self._ask(self._line()), {"from": first.isoformat(), "to": last.isoformat()}

        def announcements(ticker: str) -> pd.DataFrame:
            rows: Rows = ask(ticker, "calendar/earnings", _calendar, {"symbol": ticker, **span})
            table = _earnings_table([row for row in rows if row["symbol"] == ticker], known_by=today)
            return table[table["announced_on"].between(pd.Timestamp(first), pd.Timestamp(last))]

        tables, failures = ask_each(dict.fromkeys(tickers), announcements)
        frame = validate(EARNINGS, pd.concat([EARNINGS.empty(), *tables.values()], ignore_index=True))
        return Fetched(
            frame=frame,
            origin=Origin(source=PROVIDER, captured_at=now, rights=RIGHTS),
            failures=without_rows(tickers, frame, first=first, last=last) | failures,
        )

    def bars(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `bars` of the newest session alone, to compare with others: its last price as the close, no volume.

        The price counts where its own time lies at the close of a session asked for, or up to 15 minutes after it.
        """
        now, ask = self._web.now(), self._ask(self._line())

        def close(ticker: str) -> pd.DataFrame:
            return _bar(ticker, ask(ticker, "quote", _quote, {"symbol": ticker}))

        tables, failures = ask_each(dict.fromkeys(tickers), close)
        frame = validate(BARS, pd.concat([BARS.empty(), *tables.values()], ignore_index=True))
        frame = frame[frame["session"].between(pd.Timestamp(first), pd.Timestamp(last))].reset_index(drop=True)
        return Fetched(
            frame=frame,
            origin=Origin(source=PROVIDER, captured_at=now, rights=RIGHTS),
            failures=without_rows(tickers, frame, first=first, last=last) | failures,
        )

    def _line(self) -> Line:
        return Line(PROVIDER, self._web, seconds=SECONDS, pause_seconds=PAUSE_SECONDS, key=self._key)

    def _ask(self, line: Line) -> Callable[..., Any]:
        """Ask for an item at an endpoint; the key goes into a header."""
        headers = {"X-Finnhub-Token": self._key.value}
        return lambda what, endpoint, parse, params: line.ask(
            what, f"{API}/{endpoint}", parse, params=params, headers=headers
        )


class _News:
    """The news of one capture; it remembers when the key does not reach the premium service."""

    def __init__(self, ask: Callable[..., Any], now: dt.datetime) -> None:
        self._ask, self._now = ask, now
        self.instrument = PREMIUM

    def of(self, ticker: str) -> pd.DataFrame:
        """One row of table `sentiment`."""
        row = {"ticker": ticker, "captured_at": self._now} | self._measured(ticker)
        return validate(SENTIMENT, pd.DataFrame([row], columns=[column.name for column in SENTIMENT.columns]))

    def _measured(self, ticker: str) -> dict[str, float]:
        if self.instrument == PREMIUM:
            try:
                return dict(self._ask(ticker, "news-sentiment", _judged, {"symbol": ticker}))
            except ProviderRefusedError as error:
                if error.status != 403:
                    raise
                self.instrument = HEADLINES
        today = self._now.astimezone(sessions.NEW_YORK).date()
        span = {"from": (today - WEEK).isoformat(), "to": today.isoformat()}
        if ticker == MARKET:
            return _scored(self._ask(ticker, "news", self._headlines, {"category": "general"}))
        return _scored(self._ask(ticker, "company-news", self._headlines, {"symbol": ticker, **span}))

    def _headlines(self, body: bytes) -> list[str]:
        """The week's headlines, each once."""
        since, now = (self._now - WEEK).timestamp(), self._now.timestamp()
        articles = json.loads(body)
        return list(dict.fromkeys(row["headline"] for row in articles if since <= row["datetime"] <= now))


def _quote(body: bytes) -> dict[str, float]:
    """Open, high, low, the last price, and when that was."""
    answer: dict[str, Any] = json_object(body)
    if not answer["t"]:
        raise NotFoundError(what="price of this ticker", where=PROVIDER, remedy="Check the ticker, or drop it.")
    return {name: float(answer[key]) for name, key in QUOTE.items()}


def _bar(ticker: str, quote: dict[str, float]) -> pd.DataFrame:
    at = dt.datetime.fromtimestamp(quote.pop("at"), dt.UTC)
    session = at.astimezone(sessions.NEW_YORK).date()
    if not sessions.is_session(session) or not dt.timedelta(0) <= at - sessions.close_of(session) <= CLOSING:
        raise NotFoundError(
            what=f"close of {ticker}", where=PROVIDER, remedy=f"Its last price is of {at:%Y-%m-%d %H:%M} UTC."
        )
    return validate(BARS, pd.DataFrame([{"ticker": ticker, "session": session, "volume": np.nan, **quote}]))


def _judged(body: bytes) -> dict[str, float]:
    answer: dict[str, Any] = json_object(body)
    if not answer["sentiment"]:
        raise NotFoundError(what="news sentiment of this ticker", where=PROVIDER, remedy="Its columns stay unknown.")
    return {
        "bullish_share": answer["sentiment"]["bullishPercent"],
        "bearish_share": answer["sentiment"]["bearishPercent"],
        "sector_bullish_share": answer.get("sectorAverageBullishPercent"),
        "articles": answer["buzz"]["articlesInLastWeek"],
        "buzz": min(answer["buzz"]["buzz"], 1.0),
    }


def _scored(headlines: Sequence[str]) -> dict[str, float]:
    """Shares of headlines that read well and badly; unknown without any."""
    analyzer = SentimentIntensityAnalyzer()
    scores = np.array([analyzer.polarity_scores(headline)["compound"] for headline in headlines])
    if len(scores) == 0:
        return {"articles": 0.0}
    return {
        "bullish_share": float((scores >= POSITIVE).mean()),
        "bearish_share": float((scores <= NEGATIVE).mean()),
        "articles": float(len(scores)),
    }


def _calendar(body: bytes) -> Rows:
    rows: Rows = json_object(body)["earningsCalendar"]  # type: ignore[assignment]  # or it is nonsense
    return [{**row, "date": day_of(row["date"])} for row in rows]


def _earnings_table(rows: Rows, *, known_by: dt.date) -> pd.DataFrame:
    columns = [column.name for column in EARNINGS.columns]
    table = [
        {
            "ticker": row["symbol"],
            "announced_on": row["date"],
            "release_time": RELEASE_TIMES.get(row["hour"]),
            "eps_estimate": row["epsEstimate"],
            "eps_actual": row["epsActual"],
            "known_on": earnings_known_on(row["date"], known_by),
        }
        for row in rows
    ]
    return validate(EARNINGS, pd.DataFrame(table, columns=columns).drop_duplicates())
