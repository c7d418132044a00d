"""US Treasury: daily par yields, nominal and real, as an XML feed by calendar year. Public domain, no key.

Treasury publishes the yields of a day in its evening, taken from quotes of about 15:30, at no promised minute; the
first run of a session is at 16:45. So a value counts as known on the next business day, as it does in the history
that models are trained on.
"""

import datetime as dt
from collections.abc import Sequence
from xml.etree import ElementTree as ET

import pandas as pd

from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched
from options_signals.sources.http import Line, Web, ask_each
from options_signals.sources.observations import macro_answer, observed_since, weekday_of

PROVIDER = "US Treasury"
RIGHTS = "US Treasury: public domain."
FEED = "https://home.treasury.gov/resource-center/data-chart-center/interest-rates/pages/xml"
NOMINAL, REAL = "daily_treasury_yield_curve", "daily_treasury_real_yield_curve"
# FRED's name -> the curve and the maturity on it.
YIELDS = {
    "DGS3MO": (NOMINAL, "BC_3MONTH"),
    "DGS2": (NOMINAL, "BC_2YEAR"),
    "DGS10": (NOMINAL, "BC_10YEAR"),
    "DFII10": (REAL, "TC_10YEAR"),
}
# FRED's name -> the yield and what is taken from it.
DIFFERENCES = {"T10Y2Y": ("DGS10", "DGS2"), "T10YIE": ("DGS10", "DFII10")}

SECONDS = 70.0  # it takes some seconds to write a year of its feed
PAUSE_SECONDS = 0.5
ATOM = "{http://www.w3.org/2005/Atom}"
META = "{http://schemas.microsoft.com/ado/2007/08/dataservices/metadata}"
DATA = "{http://schemas.microsoft.com/ado/2007/08/dataservices}"


class TreasurySource:
    """Yields, and the two differences of them that have names of their own."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def macro(self, series: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `macro` of the series in `YIELDS` and `DIFFERENCES`, percent per year."""
        origin = Origin(source=PROVIDER, captured_at=self._web.now(), rights=RIGHTS)
        carried = [name for name in series if name in YIELDS or name in DIFFERENCES]
        parts = {name: DIFFERENCES.get(name, (name,)) for name in carried}
        needed = {part for name in carried for part in parts[name]}
        curves, down = self._curves({YIELDS[part][0] for part in needed}, observed_since(first).year, last.year)
        yields = {part: _column(curves, *YIELDS[part]) for part in needed if YIELDS[part][0] in curves}
        observations = {name: _observations(name, yields) for name in carried if yields.keys() >= set(parts[name])}
        failures = {name: f"{PROVIDER} does not carry it" for name in series if name not in carried}
        failures |= {name: " ".join(down.values()) for name in carried if name not in observations}
        return macro_answer(series, observations, failures, first=first, last=last, origin=origin)

    def _curves(
        self, curves: set[str], first_year: int, last_year: int
    ) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
        """Each curve's rows, or why there are none. A missing year would be a hole, so it costs the whole curve."""
        line = Line(PROVIDER, self._web, seconds=SECONDS, pause_seconds=PAUSE_SECONDS)
        years = range(first_year, last_year + 1)
        return ask_each(sorted(curves), lambda curve: pd.concat([_year(line, curve, year) for year in years]))


def _year(line: Line, curve: str, year: int) -> pd.DataFrame:
    params = {"data": curve, "field_tdr_date_value": str(year)}
    return line.ask(f"{curve} of {year}", FEED, _rows, params=params)


def _rows(body: bytes) -> pd.DataFrame:
    """`observed_on` and one column per maturity; a maturity without a quote is NaN, as is a day without any."""
    root = ET.fromstring(body)  # noqa: S314 - expat resolves no external entities and bounds the internal ones
    if root.tag != f"{ATOM}feed":
        raise ValueError("no Atom feed")
    rows = [
        {"observed_on": weekday_of(entry.findtext(f"{DATA}NEW_DATE", ""))}
        | {name: float(entry.findtext(DATA + name) or "nan") for _, name in YIELDS.values()}
        for entry in root.iter(f"{META}properties")
    ]
    return pd.DataFrame(rows, columns=["observed_on", *(name for _, name in YIELDS.values())])


def _column(curves: dict[str, pd.DataFrame], curve: str, maturity: str) -> pd.DataFrame:
    return curves[curve][["observed_on", maturity]].set_axis(["observed_on", "value"], axis=1)


def _observations(name: str, yields: dict[str, pd.DataFrame]) -> pd.DataFrame:
    if name not in DIFFERENCES:
        return yields[name]
    longer, taken = (yields[part] for part in DIFFERENCES[name])
    both = longer.merge(taken, on="observed_on", suffixes=("", "_taken"))
    value = (both["value"] - both["value_taken"]).round(2)  # yields are published to the hundredth
    return pd.DataFrame({"observed_on": both["observed_on"], "value": value})
