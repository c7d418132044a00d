"""Cboe: the published history of its volatility indices, one CSV file each; the primary source of them.

The files are rewritten after each session and go back to the first day, so a fetch holds one vintage of the whole
index. They carry values on some days on which the exchange was closed, which are left out.
"""

import datetime as dt
from collections.abc import Sequence
from io import StringIO

import numpy as np
import pandas as pd

from options_signals import sessions
from options_signals.errors import TableError
from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched, without_rows
from options_signals.sources.http import Line, Web, ask_each
from options_signals.sources.observations import macro_answer, observed_since, require_weekday
from options_signals.tables import VOL_INDICES, validate

PROVIDER = "Cboe"
RIGHTS = "Cboe indices, copyright Cboe: own use, no redistribution."
FILES = "https://cdn.cboe.com/api/global/us_indices/daily_prices"
INDICES = ("VIX", "VIX3M", "VIX9D", "VXN", "RVX", "VXD", "VVIX")
MACRO_SERIES = {"VIXCLS": "VIX"}

SECONDS = 25.0
PAUSE_SECONDS = 0.2
SETTLES_AFTER = dt.timedelta(minutes=20)  # VIX is computed until 15 minutes after the exchange closes
PRICES = ["open", "high", "low", "close"]


class CboeSource:
    """Volatility indices, and VIX as the macroeconomic series VIXCLS."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def vol_indices(self, indices: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `vol_indices`; only the close of VVIX is published."""
        captured_at = self._web.now()
        newest = min(last, sessions.newest_closed(captured_at - SETTLES_AFTER))
        files, failures = self._files(indices)
        frames = [VOL_INDICES.empty()]
        for index, rows in files.items():
            try:
                frames.append(_as_table(index, rows, first=first, last=newest))
            except TableError as error:
                failures[index] = str(error)
        frame = validate(VOL_INDICES, pd.concat(frames, ignore_index=True))
        return Fetched(
            frame=frame,
            origin=_origin(captured_at),
            failures=without_rows(indices, frame, first=first, last=last) | failures,
        )

    def macro(self, series: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `macro` of VIXCLS, known on the next business day: that is when the Federal Reserve publishes it."""
        captured_at = self._web.now()
        carried = {name: MACRO_SERIES[name] for name in series if name in MACRO_SERIES}
        since = observed_since(first)
        indices = self.vol_indices(list(carried.values()), first=since, last=last)
        observations = {
            name: indices.frame.loc[indices.frame["index"] == index, ["session", "close"]].set_axis(
                ["observed_on", "value"], axis=1
            )
            for name, index in carried.items()
        }
        failures = {name: f"{PROVIDER} does not carry it" for name in series if name not in carried}
        failures |= {name: indices.failures[index] for name, index in carried.items() if index in indices.failures}
        return macro_answer(series, observations, failures, first=first, last=last, origin=_origin(captured_at))

    def _files(self, indices: Sequence[str]) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
        line = Line(PROVIDER, self._web, seconds=SECONDS, pause_seconds=PAUSE_SECONDS)
        carried = [index for index in dict.fromkeys(indices) if index in INDICES]
        absent = {index: f"{PROVIDER} does not carry it" for index in indices if index not in INDICES}
        files, failures = ask_each(carried, lambda index: line.ask(index, f"{FILES}/{index}_History.csv", _rows))
        return files, absent | failures


def _origin(captured_at: dt.datetime) -> Origin:
    return Origin(source=PROVIDER, captured_at=captured_at, rights=RIGHTS)


def _rows(body: bytes) -> pd.DataFrame:
    """`session` and the four prices. A few lines of words may stand above the names of the columns."""
    lines = body.decode("utf-8-sig").splitlines()
    head = next((at for at, line in enumerate(lines) if line.upper().startswith("DATE,")), None)
    if head is None:
        raise ValueError("no line with the names of the columns")
    raw = pd.read_csv(StringIO("\n".join(lines[head:])), dtype="str")
    raw.columns = raw.columns.str.strip().str.lower()
    if len(raw.columns) == 2:  # DATE and the index itself
        raw.columns = pd.Index(["date", "close"])
    days = pd.to_datetime(raw["date"], format="%m/%d/%Y")
    for day in days:
        require_weekday(day.date())
    return pd.DataFrame({"session": days} | {name: _points(raw, name) for name in PRICES})


def _points(raw: pd.DataFrame, name: str) -> pd.Series:
    """Index points; where Cboe knows none it leaves the cell empty or writes 0, which no such index can be."""
    if name not in raw and name != "close":
        return pd.Series(np.nan, index=raw.index)
    values = pd.to_numeric(raw[name]).astype("float64")
    return values.where(values > 0)


def _as_table(index: str, rows: pd.DataFrame, *, first: dt.date, last: dt.date) -> pd.DataFrame:
    days = rows["session"].to_numpy().astype("datetime64[D]")
    wanted = np.isin(days, np.array(sessions.between(first, last), dtype="datetime64[D]"))
    known = rows[wanted].dropna(subset=["close"]).drop_duplicates()
    return validate(VOL_INDICES, known.assign(index=index))
