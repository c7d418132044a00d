"""A folder of market data: how a user brings own vendor data, and how history is replayed.

```text
prices/<TICKER>.parquet      date, open, high, low, close, volume, and adj_close where there is one
universe/<FILE>.parquet      symbol, date, open, high, low, close, volume; see UNIVERSE
vol_indices/<INDEX>.parquet  date, open, high, low, close
macro/<SERIES>.parquet       date, value, and available_on where the vendor knows it
earnings/<FILE>.parquet      symbol, date, release_time, and eps_estimate, eps_actual, known_on where there are such;
                             see EARNINGS_FILES; without known_on a date counts as known ten sessions ahead
```

A `.csv` file of the same columns does as well; dates there are 2022-11-23. Prices are traded ones, adjusted for
splits and not for dividends. A file that breaks these rules costs the ticker, index or series it is about, and
says which row and column is wrong.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from options_signals import sessions
from options_signals.errors import CorruptError, FolderError, InvalidValueError, Permanent, TableError
from options_signals.features.announcements import FORMER_NAMES
from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched, without_rows
from options_signals.sources.releases import available_on, earnings_expected_from
from options_signals.tables import BARS, EARNINGS, MACRO, VOL_INDICES, Kind, Table, validate

FOLDERS = ("prices", "universe", "vol_indices", "macro", "earnings", "options")
SUFFIXES = (".parquet", ".csv")
# Searched in this order for a ticker without a file in prices/; the first that has it serves all of its bars, for
# two vendors adjust the same split on different days. Files whose prices are adjusted for dividends are never read.
UNIVERSE = ("etfs_raw", "sp500_daily", "large_caps_ibkr")
# Both are read; where both have a date of a ticker, the first is believed.
EARNINGS_FILES = ("earnings_history", "earnings_dates")
UNREAD_OF_EARNINGS = {"fiscal_quarter", "eps_surprise", "source"}
RIGHTS = {
    BARS.name: "As granted by the vendor of the files: own use, no redistribution.",
    VOL_INDICES.name: "Cboe indices, copyright Cboe: own use, no redistribution.",
    EARNINGS.name: "As granted by the vendor of the files: own use, no redistribution.",
    MACRO.name: "FRED series of the Federal Reserve and BLS, to be credited; VIXCLS copyright Cboe, own use only.",
}
LAYOUT = "It needs prices/<TICKER>.parquet or .csv, and vol_indices/<INDEX>.parquet or .csv."

# How the cells of a column are read, and what a cell may hold.
PARSERS: dict[Kind, tuple[Callable[[pd.Series], pd.Series], str]] = {
    Kind.TEXT: (lambda cells: cells, "text"),
    Kind.DATE: (lambda cells: pd.to_datetime(cells, errors="coerce", format="ISO8601"), "a date such as 2022-11-23"),
    Kind.NUMBER: (lambda cells: pd.to_numeric(cells, errors="coerce"), "a number such as 389.63"),
}


class FilesSource:
    """Bars, volatility indices, macro series and announcements of earnings from a folder.

    Parameters
    ----------
    folder
        Laid out as this module says.

    Raises
    ------
    FolderError
        If it is no folder, holds none of the data, or cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not any((folder / name).is_dir() for name in FOLDERS):
            detail = "no such data in it" if folder.is_dir() else "no such folder"
            raise FolderError(path=str(folder), action="read market data from", detail=detail, remedy=LAYOUT)

    @cached_property
    def digest(self) -> str:
        """Twelve hex digits that name the contents: equal files, equal digest, wherever and whenever they lie."""
        contents = hashlib.sha256()
        for name in FOLDERS:
            for path in sorted((self.folder / name).glob("*")):
                if path.suffix in SUFFIXES:
                    contents.update(f"{name}/{path.name}\n".encode() + hashlib.sha256(_bytes(path)).digest())
        return contents.hexdigest()[:12]

    def bars(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `bars`; `adj_close` is unknown for tickers whose file has none."""
        wanted = list(dict.fromkeys(tickers))
        named, failures = self._named(BARS, "prices", wanted)
        frames = list(named.values())
        rest = [ticker for ticker in wanted if ticker not in failures and ticker not in named]
        for name in UNIVERSE:
            if rest and (path := _one_file(self.folder / "universe", name)):
                many, broken = _universe(path, rest)
                frames, failures = [*frames, many], failures | broken
                done = {*many["ticker"].unique(), *broken}
                rest = [ticker for ticker in rest if ticker not in done]
        failures |= dict.fromkeys(rest, f"no file prices/<TICKER>, and not in universe/ {', '.join(UNIVERSE)}")
        return self._answer(BARS, frames, wanted, failures, first=first, last=last)

    def vol_indices(self, indices: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `vol_indices`; values that some files carry for exchange holidays are left out."""
        return self._from_folder(VOL_INDICES, "vol_indices", indices, first=first, last=last)

    def macro(self, series: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `macro`; `available_on` is the file's own, or else by the rules of `releases`."""
        return self._from_folder(MACRO, "macro", series, first=first, last=last)

    def earnings(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `earnings`, under the names the companies had then; TableError or CorruptError for a broken file."""
        wanted = list(dict.fromkeys(tickers))
        names = [*wanted, *(FORMER_NAMES[ticker][0] for ticker in wanted if ticker in FORMER_NAMES)]
        paths = [path for name in EARNINGS_FILES if (path := _one_file(self.folder / "earnings", name))]
        frames = [EARNINGS.empty(), *(_announcements(path, names) for path in paths)]
        known = pd.concat(frames, ignore_index=True).drop_duplicates(list(EARNINGS.key))
        return self._answer(EARNINGS, [known], wanted, {}, first=first, last=last)

    def _from_folder(
        self, table: Table, folder: str, names: Sequence[str], *, first: dt.date, last: dt.date
    ) -> Fetched:
        wanted = list(dict.fromkeys(names))
        frames, failures = self._named(table, folder, wanted)
        absent = [name for name in wanted if name not in frames and name not in failures]
        failures |= {name: f"no file {folder}/{name}.parquet or .csv" for name in absent}
        return self._answer(table, list(frames.values()), wanted, failures, first=first, last=last)

    def _named(self, table: Table, folder: str, names: Sequence[str]) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
        """The whole table of each name that has a file, and what is wrong with the files that are wrong."""
        frames, failures = {}, {}
        for name in names:
            try:
                if path := _one_file(self.folder / folder, name):
                    frame = _read(path, table).assign(**{table.key[0]: name})
                    frames[name] = _checked(table, path, _with_release_dates(name, frame) if table is MACRO else frame)
            except Permanent as error:
                failures[name] = str(error)
        return frames, failures

    def _answer(
        self,
        table: Table,
        frames: Sequence[pd.DataFrame],
        wanted: Sequence[str],
        failures: dict[str, str],
        *,
        first: dt.date,
        last: dt.date,
    ) -> Fetched:
        day = table.key[-1]
        whole = pd.concat([table.empty(), *frames], ignore_index=True)
        frame = validate(table, _in_span(whole, day, first=first, last=last))
        return Fetched(
            frame=frame,
            origin=Origin(
                source=f"files:{self.digest}",
                captured_at=_captured_at(frame["known_on" if table is EARNINGS else day], last),
                rights=RIGHTS[table.name],
            ),
            failures=without_rows(wanted, frame, first=first, last=last) | failures,
        )


def _captured_at(days: pd.Series, last: dt.date) -> dt.datetime:
    """The close of the newest session in the table.

    The files' own times say when somebody copied them, and would make the same data replay differently elsewhere;
    the newest row says how old the data certainly is.
    """
    newest = days.max().date() if len(days) else last
    session = newest if sessions.is_session(newest) else sessions.shift(newest, -1)
    return sessions.close_of(session).astimezone(dt.UTC)


def _in_span(frame: pd.DataFrame, day: str, *, first: dt.date, last: dt.date) -> pd.DataFrame:
    inside = frame[day].between(pd.Timestamp(first), pd.Timestamp(last))
    if day == "session":
        inside &= np.isin(frame[day].to_numpy().astype("datetime64[D]"), sessions.all_sessions())
    return frame[inside]


def _universe(path: Path, tickers: Sequence[str]) -> tuple[pd.DataFrame, dict[str, str]]:
    """The bars of these tickers out of a file of many, and what is wrong with those that are wrong."""
    try:
        many = _read(path, BARS, tickers=tickers)
    except Permanent as error:
        return BARS.empty(), dict.fromkeys(tickers, str(error))
    try:
        return _checked(BARS, path, many), {}
    except TableError:
        return _one_by_one(path, many)


def _announcements(path: Path, tickers: Sequence[str]) -> pd.DataFrame:
    """The announcements of these tickers out of a file of many; a column that it lacks is unknown throughout."""
    rows = _read(path, EARNINGS, tickers=tickers).drop(columns=list(UNREAD_OF_EARNINGS), errors="ignore")
    lacking = [name for name in ("eps_estimate", "eps_actual", "known_on") if name not in rows]
    known = _checked(EARNINGS, path, rows.join(EARNINGS.empty()[lacking].reindex(rows.index)))
    return known.assign(known_on=known["known_on"].fillna(earnings_expected_from(known["announced_on"])))


def _one_by_one(path: Path, many: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    sound, failures = [BARS.empty()], {}
    for ticker, frame in many.groupby("ticker", sort=False):
        try:
            sound.append(_checked(BARS, path, frame))
        except TableError as error:
            failures[str(ticker)] = str(error)
    return pd.concat(sound, ignore_index=True), failures


def _one_file(folder: Path, name: str) -> Path | None:
    found = [path for suffix in SUFFIXES if (path := folder / f"{name}{suffix}").is_file()]
    if len(found) > 1:
        raise InvalidValueError(
            name=f"{folder.name}/{name}",
            value=[path.name for path in found],
            allowed="one file",
            remedy="Remove one of them.",
        )
    return found[0] if found else None


def _read(path: Path, table: Table, *, tickers: Sequence[str] | None = None) -> pd.DataFrame:
    """The file's rows under the table's column names, dates and numbers parsed; of these tickers only."""
    names = {"symbol": table.key[0], "date": table.key[1]}
    try:
        if path.suffix == ".csv":
            # Only an empty cell is unknown: NA is a ticker.
            raw = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
            raw = raw if tickers is None else raw[raw["symbol"].isin(tickers)]
        else:
            chosen = None if tickers is None else [("symbol", "in", tickers)]
            raw = pq.read_table(path, filters=chosen, partitioning=None).to_pandas(date_as_object=False)
    except (ValueError, KeyError, pa.ArrowException) as error:
        columns = [_in_file(table, column.name) for column in table.columns if not column.optional]
        raise CorruptError(
            what=f"{path.parent.name}/{path.name}",
            expected=f"a {path.suffix[1:]} table with the columns {', '.join(columns[tickers is None :])}",
            found=f"{type(error).__name__}: {str(error).splitlines()[0]}",
            remedy="Export it again.",
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    parsers = {_in_file(table, column.name): PARSERS[column.kind] for column in table.columns}
    parsed = {name: _parsed(path, raw[name], *parsers[name]) for name in raw if name in parsers}
    return raw.assign(**parsed).rename(columns=names)


def _parsed(path: Path, cells: pd.Series, parse: Callable[[pd.Series], pd.Series], allowed: str) -> pd.Series:
    """The cells as dates or numbers; an empty cell is unknown, anything else must parse."""
    values = parse(cells)
    wrong = np.flatnonzero((values.isna() & cells.notna()).to_numpy())
    if wrong.size:
        at = int(wrong[0])
        row = f"{cells.index[at] + 2} of the file" if path.suffix == ".csv" else f"{cells.index[at]}"
        raise TableError(
            table=f"{path.parent.name}/{path.name}",
            column=str(cells.name),
            row=row,
            value=cells.iloc[at],
            allowed=allowed,
        )
    return values


def _checked(table: Table, path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """The validated table; what is wrong is told in the file's own words."""
    try:
        return validate(table, frame)
    except TableError as error:
        raise TableError(
            table=f"{path.parent.name}/{path.name}",
            column=", ".join(_in_file(table, column) for column in error.column.split(", ")),
            row=error.row,
            value=error.value,
            allowed=error.allowed,
        ) from error


def _with_release_dates(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    if "available_on" in frame or "observed_on" not in frame:
        return frame
    return frame.assign(available_on=available_on(name, frame["observed_on"]))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> FolderError:
    return FolderError(
        path=str(path), action="read", detail=error.strerror or str(error), remedy="Make the file readable."
    )


def _in_file(table: Table, column: str) -> str:
    """What the files call a column."""
    return {table.key[0]: "symbol", table.key[1]: "date"}.get(column, column)
