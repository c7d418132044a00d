"""ApeWisdom: how often a ticker is mentioned on Reddit, today and the day before. Free, no key."""

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from options_signals import sessions
from options_signals.errors import TableError
from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched, without_rows
from options_signals.sources.http import Line, Web, json_object
from options_signals.tables import SENTIMENT, validate

PROVIDER = "ApeWisdom"
RIGHTS = "ApeWisdom: personal use, source to be credited."
PAGES = "https://apewisdom.io/api/v1.0/filter/all-stocks/page/{page}"
SECONDS = 40.0
PAUSE_SECONDS = 1.0
MOST_PAGES = 20  # a page ranks a hundred; further down a ticker is mentioned once or twice


class ApeWisdomSource:
    """Reddit mentions."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def sentiment(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `sentiment` as of now: Reddit's two columns; what news says stays unknown.

        A ticker that is not ranked has no row: how seldom it was mentioned is unknown. One that was not ranked the
        day before has an unknown count of that day, for which the provider writes 0; it did not come from nowhere.
        """
        now = self._web.now()
        today = now.astimezone(sessions.NEW_YORK).date()
        if not first <= today <= last:  # today's talk is not spread over other days
            failures = without_rows(tickers, SENTIMENT.empty(), first=first, last=last)
            return Fetched(frame=SENTIMENT.empty(), origin=_origin(now), failures=failures)
        ranked = self._ranked(set(tickers))
        tables = [SENTIMENT.empty()]
        failures = {ticker: f"{PROVIDER} does not rank it" for ticker in tickers if ticker not in ranked}
        for ticker in ranked.keys() & set(tickers):
            try:
                tables.append(_row(ticker, ranked[ticker], now))
            except TableError as error:
                failures[ticker] = str(error)
        return Fetched(
            frame=validate(SENTIMENT, pd.concat(tables, ignore_index=True)),
            origin=_origin(now),
            failures=failures,
        )

    def _ranked(self, wanted: set[str]) -> dict[str, tuple[float, float]]:
        """Mentions by ticker, from as many pages as it takes; of one that slips to the next page the first count."""
        ranked: dict[str, tuple[float, float]] = {}
        for page in self._pages():
            ranked = page | ranked
            if wanted <= ranked.keys():
                break
        return ranked

    def _pages(self) -> Iterator[dict[str, tuple[float, float]]]:
        line = Line(PROVIDER, self._web, seconds=SECONDS, pause_seconds=PAUSE_SECONDS)
        page, pages = 1, 1
        while page <= min(pages, MOST_PAGES):
            pages, mentions = line.ask(f"page {page}", PAGES.format(page=page), _mentions)
            page += 1
            yield mentions


def _origin(now: dt.datetime) -> Origin:
    return Origin(source=PROVIDER, captured_at=now, rights=RIGHTS)


def _mentions(body: bytes) -> tuple[int, dict[str, tuple[float, float]]]:
    """How many pages there are, and mentions of today and of the day before by ticker."""
    answer: dict[str, Any] = json_object(body)
    rows = answer["results"]
    return int(answer["pages"]), {
        row["ticker"]: (float(row["mentions"]), float(row["mentions_24h_ago"] or 0) or np.nan) for row in rows
    }


def _row(ticker: str, mentions: tuple[float, float], now: dt.datetime) -> pd.DataFrame:
    row = {"ticker": ticker, "captured_at": now}
    row |= dict(zip(("reddit_mentions", "reddit_mentions_24h_ago"), mentions, strict=True))
    return validate(SENTIMENT, pd.DataFrame([row], columns=[column.name for column in SENTIMENT.columns]))
