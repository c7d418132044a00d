"""Federal Reserve Bank of New York: the effective federal funds rate (EFFR), free, no key.

It is published at about 9:00 on the next business day, corrected at 14:30 at the latest, so before our first run.
FRED's DFF is the same rate with Friday's value repeated on Saturday and Sunday.
"""

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched
from options_signals.sources.http import Line, Web, json_object
from options_signals.sources.observations import macro_answer, observed_since, weekday_of

PROVIDER = "New York Fed"
RIGHTS = "Federal Reserve Bank of New York: free use under its terms for rate data, source to be credited."
RATES = "https://markets.newyorkfed.org/api/rates/unsecured/effr/search.json"
SERIES = "DFF"
SECONDS = 20.0


class NewYorkFedSource:
    """The effective federal funds rate."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def macro(self, series: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `macro` of DFF, percent per year, one row per business day."""
        origin = Origin(source=PROVIDER, captured_at=self._web.now(), rights=RIGHTS)
        failures = {name: f"{PROVIDER} does not carry it" for name in series if name != SERIES}
        observations = {SERIES: self._rates(observed_since(first), last)} if SERIES in series else {}
        return macro_answer(series, observations, failures, first=first, last=last, origin=origin)

    def _rates(self, since: dt.date, until: dt.date) -> pd.DataFrame:
        line = Line(PROVIDER, self._web, seconds=SECONDS)
        span = {"startDate": since.isoformat(), "endDate": until.isoformat(), "type": "rate"}
        return line.ask(SERIES, RATES, _rows, params=span)


def _rows(body: bytes) -> pd.DataFrame:
    rates: list[dict[str, object]] = json_object(body)["refRates"]  # type: ignore[assignment]  # or it is nonsense
    rows = [(weekday_of(str(rate["effectiveDate"])), float(str(rate["percentRate"]))) for rate in rates]
    return pd.DataFrame(rows, columns=["observed_on", "value"])
