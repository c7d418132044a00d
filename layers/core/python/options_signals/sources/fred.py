"""FRED, the Federal Reserve Bank of St. Louis: every series in one place, with a key and under its own terms.

Off unless asked for: its terms restrict storing what it delivers and using it to train models; docs/data.md says
more. The public-domain providers deliver the same ten series.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pandas as pd

from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched
from options_signals.sources.http import ApiKey, Line, Web, ask_each, json_object
from options_signals.sources.observations import day_of, macro_answer, observed_since, weekday_of
from options_signals.sources.releases import MONTHLY

PROVIDER = "FRED"
RIGHTS = "FRED, Federal Reserve Bank of St. Louis: under its terms, which restrict storage and training of models."
API = "https://api.stlouisfed.org/fred/series/observations"
SERIES = ("DFF", "DGS2", "DGS10", "DGS3MO", "VIXCLS", "T10Y2Y", "T10YIE", "DFII10", "UNRATE", "CPIAUCSL")
EVERY_DAY = "DFF"  # the only one with values on weekends
UNKNOWN = "."
# The widest span there is: a narrower one would cut the dates of release off at its ends.
ALL_VINTAGES = {"realtime_start": "1776-07-04", "realtime_end": "9999-12-31"}
SECONDS = 60.0
PAUSE_SECONDS = 0.6  # 120 requests a minute are allowed


class FredSource:
    """All ten series.

    Parameters
    ----------
    vintages
        Whether monthly series come with every revision, each known from the day FRED recorded it. Daily ones never
        do: they are not revised, and have more vintages than FRED delivers at once.
    """

    def __init__(self, web: Web, *, key: ApiKey, vintages: bool = False) -> None:
        self._web, self._key, self._vintages = web, key, vintages

    def macro(self, series: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `macro`; without vintages `available_on` is as in `releases`."""
        origin = Origin(source=PROVIDER, captured_at=self._web.now(), rights=RIGHTS)
        line = Line(PROVIDER, self._web, seconds=SECONDS, pause_seconds=PAUSE_SECONDS, key=self._key)
        carried = [name for name in dict.fromkeys(series) if name in SERIES]
        absent = {name: f"{PROVIDER} is not asked for it" for name in series if name not in SERIES}
        observations, failures = ask_each(
            carried, lambda name: self._observations(line, name, observed_since(first), last)
        )
        return macro_answer(series, observations, absent | failures, first=first, last=last, origin=origin)

    def _observations(self, line: Line, name: str, since: dt.date, until: dt.date) -> pd.DataFrame:
        with_vintages = self._vintages and name in MONTHLY
        params = {
            "series_id": name,
            "api_key": self._key.value,
            "file_type": "json",
            "observation_start": since.isoformat(),
            "observation_end": until.isoformat(),
        }
        rows = line.ask(
            name,
            API,
            lambda body: _rows(body, every_day=name == EVERY_DAY or name in MONTHLY),
            params=params | (ALL_VINTAGES if with_vintages else {}),
        )
        return rows if with_vintages else rows.drop(columns="available_on")


def _rows(body: bytes, *, every_day: bool) -> pd.DataFrame:
    day = day_of if every_day else weekday_of
    observations: list[dict[str, Any]] = json_object(body)["observations"]  # type: ignore[assignment]  # or nonsense
    rows = [
        (day(row["date"]), float(row["value"]), day_of(row["realtime_start"]))
        for row in observations
        if row["value"] != UNKNOWN
    ]
    return pd.DataFrame(rows, columns=["observed_on", "value", "available_on"])
