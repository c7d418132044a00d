"""An option chain out of one file: our own table, or a vendor's columns under the names vendors use."""

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

from options_signals import sessions
from options_signals.errors import InvalidValueError, NotFoundError, TableError
from options_signals.tables import CHAIN, Kind, validate

NAMES = {"contract_symbol": "contract", "option_type": "right", "quote_time_utc": "captured_at"}


def read_chain(path: Path, *, underlying: str | None = None, session: dt.date | None = None) -> pd.DataFrame:
    """Table `chain` of one underlying on one day.

    Parameters
    ----------
    path
        Parquet or CSV. Needed: underlying, spot, expiration, strike, right (or option_type), bid, ask, and
        captured_at (or quote_time_utc, or quote_date, which then means the close of that day). What else the table
        knows is taken where it is there and unknown where it is not; other columns are left out.
    underlying, session
        Which one, where the file holds several; a session is a New York date.

    Raises
    ------
    NotFoundError
        Without the file.
    InvalidValueError
        Where the file holds several underlyings or days and none was chosen, or not the chosen one.
    TableError
        Naming the column, row and value that are wrong.
    """
    if not path.exists():
        raise NotFoundError(what=f"chain file {path}", where="the file system", remedy="Correct the path.")
    frame = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    frame = _with_capture(frame.rename(columns=NAMES))
    frame = _chosen("underlying", frame, frame["underlying"].astype(str), underlying)
    frame = _chosen("session", frame, _new_york_dates(frame), session.isoformat() if session else None)
    return validate(CHAIN, _with_table_columns(frame))


def _with_capture(frame: pd.DataFrame) -> pd.DataFrame:
    if "underlying" not in frame:
        raise _absent("underlying")
    if "captured_at" in frame:
        return frame.assign(captured_at=pd.to_datetime(frame["captured_at"], utc=True))
    if "quote_date" not in frame:
        raise _absent("captured_at")
    days = pd.to_datetime(frame["quote_date"])
    closes = {day: pd.Timestamp(sessions.close_of(day.date())).tz_convert("UTC") for day in days.unique()}
    return frame.assign(captured_at=days.map(closes))


def _new_york_dates(frame: pd.DataFrame) -> pd.Series:
    days: pd.Series = frame["captured_at"].dt.tz_convert(sessions.NEW_YORK).dt.strftime("%Y-%m-%d")
    return days


def _chosen(name: str, frame: pd.DataFrame, values: pd.Series, wanted: str | None) -> pd.DataFrame:
    there = sorted(values.unique())
    if wanted is None and len(there) == 1:
        return frame
    if wanted not in there:
        raise InvalidValueError(name=name, value=wanted, allowed=_told(there), remedy=f"Give --{name}.")
    return frame[values == wanted]


def _told(there: list[str]) -> str:
    """All of a few; of a year of sessions the first, the last, and how many."""
    if len(there) > 20:
        return f"one of the {len(there)} in the file, {there[0]} to {there[-1]}"
    return ", ".join(there) or "nothing: the file is empty"


def _with_table_columns(frame: pd.DataFrame) -> pd.DataFrame:
    if "contract" not in frame:
        frame = frame.assign(contract=_occ_symbols(frame))
    unknown = {c.name: np.nan for c in CHAIN.columns if c.nullable and c.kind is Kind.NUMBER and c.name not in frame}
    return frame.assign(**unknown)[[c.name for c in CHAIN.columns if c.name in frame or c.name in unknown]]


def _occ_symbols(frame: pd.DataFrame) -> list[str]:
    """Root, date, right and thousandths of the strike, as the clearing house writes them."""
    return [
        f"{root}{pd.Timestamp(day):%y%m%d}{str(right)[0].upper()}{round(1000 * strike):08d}"
        for root, day, right, strike in zip(
            frame["underlying"], frame["expiration"], frame["right"], frame["strike"], strict=True
        )
    ]


def _absent(column: str) -> TableError:
    kind = next(f"{c.kind} ({c.unit})" for c in CHAIN.columns if c.name == column)
    return TableError(table="chain", column=column, row=None, value="no such column", allowed=kind)
