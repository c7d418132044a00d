"""A vendor of your own: daily bars from its JSON interface, everything else from the public providers.

PYTHONPATH=docs/examples VENDOR_API_KEY=... signals fetch --source python:vendor:sources
"""

import datetime as dt
import json
import os
from collections.abc import Callable, Sequence

import pandas as pd
from options_signals import sessions
from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched, Sources, without_rows
from options_signals.sources.cboe import CboeSource
from options_signals.sources.http import ApiKey, Line, Web, ask_each
from options_signals.tables import BARS, validate

KEY = "VENDOR_API_KEY"


class VendorBars:
    """Answers `bars`, the one question that needs this vendor."""

    def __init__(self, web: Web, key: ApiKey) -> None:
        self._web, self._key = web, key

    def bars(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `bars`: traded prices adjusted for splits, dated by the New York session."""
        now = self._web.now()
        newest = min(last, sessions.newest_closed(now))  # the bar of a session in progress is no daily bar
        line = Line("Vendor", self._web, seconds=300.0, pause_seconds=0.1, key=self._key)

        def ask(ticker: str) -> pd.DataFrame:
            body: list[dict[str, object]] = line.ask(
                ticker,
                f"https://api.vendor.example/daily/{ticker}",
                json.loads,
                params={"from": first.isoformat(), "to": newest.isoformat()},
                headers={"Authorization": f"Bearer {self._key.value}"},
            )
            names = {"date": "session", "o": "open", "h": "high", "l": "low", "c": "close", "v": "volume"}
            return validate(BARS, pd.DataFrame(body, columns=list(names)).rename(columns=names).assign(ticker=ticker))

        tables, failures = ask_each(dict.fromkeys(tickers), ask)
        frame = validate(BARS, pd.concat([BARS.empty(), *tables.values()], ignore_index=True))
        frame = frame[frame["session"].isin(pd.DatetimeIndex(sessions.between(first, newest)))].reset_index(drop=True)
        origin = Origin(source="Vendor", captured_at=now, rights="As my contract says: own use.")
        return Fetched(
            frame=frame, origin=origin, failures=without_rows(tickers, frame, first=first, last=last) | failures
        )


def sources(*, clock: Callable[[], dt.datetime]) -> Sources:
    """What `--source python:vendor:sources` opens."""
    web = Web(clock=clock)
    bars = VendorBars(web, ApiKey(name=KEY, value=os.environ[KEY]))
    return Sources(namespace="vendor", world="market", bars=bars, vol_indices=CboeSource(web))
