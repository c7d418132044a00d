"""Bureau of Labor Statistics: unemployment and consumer prices. Public domain; a key lifts the daily limits.

Without a key 25 requests a day and 10 years at once, with one 500 and 20. Values are the current vintage: the
seasonal factors of the last five years change each February, by hundredths of a percent. They count as known from
the day of their first release on, by the calendar in `releases`.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pandas as pd

from options_signals.errors import ProviderRefusedError, ProviderThrottledError, ProviderUnavailableError
from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched
from options_signals.sources.http import ApiKey, Line, Web, json_object
from options_signals.sources.observations import macro_answer, observed_since
from options_signals.tables import MACRO

PROVIDER = "BLS"
RIGHTS = "US Bureau of Labor Statistics: public domain, source to be credited."
API = "https://api.bls.gov/publicAPI/{version}/timeseries/data/"
SERIES = {"UNRATE": "LNS14000000", "CPIAUCSL": "CUSR0000SA0"}  # both seasonally adjusted
UNKNOWN = "-"  # no survey that month
YEARS_MEAN = "M13"
SECONDS = 25.0


class BlsSource:
    """Monthly series; with a key by the second version of the interface."""

    def __init__(self, web: Web, *, key: ApiKey | None = None) -> None:
        self._web, self._key = web, key

    def macro(self, series: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `macro` of UNRATE (percent) and CPIAUCSL (1982-84 = 100), dated by the first of the month."""
        origin = Origin(source=PROVIDER, captured_at=self._web.now(), rights=RIGHTS)
        carried = [name for name in dict.fromkeys(series) if name in SERIES]
        failures = {name: f"{PROVIDER} does not carry it" for name in series if name not in SERIES}
        rows = self._months(carried, observed_since(first).year, last.year) if carried else MACRO.empty()
        observations = {name: rows.loc[rows["series"] == SERIES[name], ["observed_on", "value"]] for name in carried}
        return macro_answer(series, observations, failures, first=first, last=last, origin=origin)

    def _months(self, names: Sequence[str], first_year: int, last_year: int) -> pd.DataFrame:
        line = Line(PROVIDER, self._web, seconds=SECONDS, key=self._key)
        years = 10 if self._key is None else 20
        spans = [(year, min(year + years - 1, last_year)) for year in range(first_year, last_year + 1, years)]
        return pd.concat([self._span(line, names, *span) for span in spans], ignore_index=True)

    def _span(self, line: Line, names: Sequence[str], first_year: int, last_year: int) -> pd.DataFrame:
        body = {
            "seriesid": [SERIES[name] for name in names],
            "startyear": str(first_year),
            "endyear": str(last_year),
        }
        if self._key is None:
            return line.ask(f"{first_year} to {last_year}", API.format(version="v1"), self._rows, body=body)
        body["registrationkey"] = self._key.value
        return line.ask(f"{first_year} to {last_year}", API.format(version="v2"), self._rows, body=body)

    def _rows(self, body: bytes) -> pd.DataFrame:
        answer: dict[str, Any] = json_object(body)
        if answer["status"] != "REQUEST_SUCCEEDED":
            raise self._refusal(" ".join(answer["message"]).lower())
        rows = [
            (series["seriesID"], _month(row["year"], row["period"]), float(row["value"]))
            for series in answer["Results"]["series"]
            for row in series["data"]
            if row["value"] != UNKNOWN and row["period"] != YEARS_MEAN
        ]
        return pd.DataFrame(rows, columns=["series", "observed_on", "value"])

    def _refusal(self, message: str) -> ProviderThrottledError | ProviderRefusedError | ProviderUnavailableError:
        """What BLS says with status 200. Its words are not passed on: they repeat the key."""
        if "threshold" in message:
            return ProviderThrottledError(provider=PROVIDER, wait_seconds=None)
        if self._key is not None and "key" in message:
            return ProviderRefusedError(provider=PROVIDER, status=200, key=self._key.name)
        return ProviderUnavailableError(provider=PROVIDER, detail="it processed no request")


def _month(year: str, period: str) -> dt.date:
    """The first day of the month that BLS calls 2022, M10."""
    return dt.date.fromisoformat(f"{year}-{period.removeprefix('M')}-01")
