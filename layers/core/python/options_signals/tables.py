"""The schema of every table, with units, and one `validate`.

In memory a table is a pandas DataFrame. Dates are midnight `datetime64[s]` without a zone and mean the
New York date; instants are `datetime64[us, UTC]`; numbers are float64; text is `str`. On disk dates are date32.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import infer_dtype

from options_signals.errors import NotFoundError, TableError


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    DATE = "date"
    INSTANT = "instant"
    NUMBER = "number"


ARROW = {
    Kind.TEXT: pa.string(),
    Kind.DATE: pa.date32(),
    Kind.INSTANT: pa.timestamp("us", tz="UTC"),
    Kind.NUMBER: pa.float64(),
}
MEMORY = {
    Kind.TEXT: "str",
    Kind.DATE: "datetime64[s]",
    Kind.INSTANT: "datetime64[us, UTC]",
    Kind.NUMBER: "float64",
}
# What pandas calls the values that a column of the kind takes; "empty" is all unknown.
TAKES = {
    Kind.TEXT: {"string", "empty"},
    Kind.DATE: {"date", "datetime", "datetime64", "string", "empty"},
    Kind.INSTANT: {"datetime", "datetime64", "string", "empty"},
    Kind.NUMBER: {"floating", "integer", "mixed-integer-float", "decimal", "empty"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its kind, its unit, and what values it may hold."""

    name: str
    kind: Kind
    unit: str
    optional: bool = False  # the column may be absent
    nullable: bool = False  # single values may be unknown
    least: float | None = None
    most: float | None = None
    one_of: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A named set of columns, unique and sorted by `key`; an open-ended one carries more number columns."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    open_ended: bool = False

    def schema(self, present: pd.Index) -> pa.Schema:
        """The Arrow schema of a frame with these columns, in the table's own order."""
        known = [pa.field(c.name, ARROW[c.kind]) for c in self.columns if c.name in present]
        names = {c.name for c in self.columns}
        return pa.schema(known + [pa.field(name, pa.float64()) for name in present if name not in names])

    def empty(self) -> pd.DataFrame:
        """No rows, all columns that must be there."""
        return pd.DataFrame({c.name: pd.Series(dtype=MEMORY[c.kind]) for c in self.columns if not c.optional})


def _text(name: str, unit: str, **rules: object) -> Column:
    return Column(name=name, kind=Kind.TEXT, unit=unit, **rules)  # type: ignore[arg-type]  # rules are Column's own


def _date(name: str, unit: str, **rules: object) -> Column:
    return Column(name=name, kind=Kind.DATE, unit=unit, **rules)  # type: ignore[arg-type]


def _instant(name: str, unit: str, **rules: object) -> Column:
    return Column(name=name, kind=Kind.INSTANT, unit=unit, **rules)  # type: ignore[arg-type]


def _number(name: str, unit: str, **rules: object) -> Column:
    return Column(name=name, kind=Kind.NUMBER, unit=unit, **rules)  # type: ignore[arg-type]


BARS = Table(
    name="bars",
    key=("ticker", "session"),
    columns=(
        _text("ticker", "symbol"),
        _date("session", "New York date"),
        *(_number(name, "USD, traded, split-adjusted", nullable=True) for name in ("open", "high", "low", "close")),
        _number("adj_close", "USD, total return; its level is arbitrary", optional=True, nullable=True),
        _number("volume", "shares", nullable=True),
    ),
)
DIVIDENDS = Table(
    name="dividends",
    key=("ticker", "ex_date"),
    columns=(
        _text("ticker", "symbol"),
        _date("ex_date", "first date without the dividend"),
        _number("amount", "USD per share", least=0.0),
        _date("known_on", "first date on which the public could know it", nullable=True),
    ),
)
VOL_INDICES = Table(
    name="vol_indices",
    key=("index", "session"),
    columns=(
        _text("index", "VIX, VXN, RVX, VXD, VIX3M, VIX9D, VVIX"),
        _date("session", "New York date"),
        *(_number(name, "index points = annualised percent", nullable=True) for name in ("open", "high", "low")),
        _number("close", "index points = annualised percent", least=0.0),
    ),
)
MACRO = Table(
    name="macro",
    key=("series", "observed_on", "available_on"),
    columns=(
        _text("series", "FRED's name of the series"),
        _date("observed_on", "the day or month the value speaks of"),
        _number("value", "unit of the series; rates in percent"),
        _date("available_on", "first date on which the public could know it"),
    ),
)
SENTIMENT = Table(
    name="sentiment",
    key=("ticker", "captured_at"),
    columns=(
        _text("ticker", "symbol"),
        _instant("captured_at", "UTC"),
        _number("bullish_share", "0..1", nullable=True, least=0.0, most=1.0),
        _number("bearish_share", "0..1", nullable=True, least=0.0, most=1.0),
        _number(
            "sector_bullish_share",
            "0..1, mean of the company's sector",
            optional=True,
            nullable=True,
            least=0.0,
            most=1.0,
        ),
        _number("articles", "count", nullable=True, least=0.0),
        _number("buzz", "0..1", nullable=True, least=0.0, most=1.0),
        _number("reddit_mentions", "count in 24 hours", nullable=True, least=0.0),
        _number("reddit_mentions_24h_ago", "count in the 24 hours before", nullable=True, least=0.0),
    ),
)
EARNINGS = Table(
    name="earnings",
    key=("ticker", "announced_on"),
    columns=(
        _text("ticker", "symbol"),
        _date("announced_on", "New York date of the announcement"),
        _text("release_time", "pre, post", nullable=True, one_of=("pre", "post")),
        _number("eps_estimate", "USD", nullable=True),
        _number("eps_actual", "USD", nullable=True),
        _date("known_on", "first date on which the public could know the date", nullable=True),
    ),
)
CHAIN = Table(
    name="chain",
    key=("contract",),
    columns=(
        _text("contract", "OCC symbol"),
        _text("underlying", "symbol"),
        _instant("captured_at", "UTC"),
        _number("spot", "USD", least=0.0),
        _date("expiration", "last trading date"),
        _text("right", "call, put", one_of=("call", "put")),
        _number("strike", "USD", least=0.0),
        _number("bid", "USD per share", nullable=True),
        _number("ask", "USD per share", nullable=True),
        _number("last", "USD per share", nullable=True),
        _number("volume", "contracts", nullable=True),
        _number("open_interest", "contracts", nullable=True),
        _number("implied_vol", "decimal per year, the vendor's", nullable=True),
    ),
)
IV_HISTORY = Table(
    name="iv_history",
    key=("underlying", "session"),
    columns=(
        _text("underlying", "symbol"),
        _date("session", "New York date"),
        _number("spot", "USD", least=0.0),
        _number("atm_iv_30d", "decimal per year", nullable=True, least=0.0),
        _number("atm_iv_90d", "decimal per year", nullable=True, least=0.0),
        _number("skew_25d_30d", "decimal per year, put less call", nullable=True),
        _number("term_slope", "decimal per year, 90 less 30 days", nullable=True),
        _number("implied_earnings_move", "decimal, one standard deviation", nullable=True, least=0.0),
    ),
)
FEATURES = Table(
    name="features",
    key=("ticker", "session"),
    columns=(_text("ticker", "symbol"), _date("session", "New York date")),
    open_ended=True,
)

TABLES = {
    table.name: table
    for table in (BARS, DIVIDENDS, VOL_INDICES, MACRO, SENTIMENT, EARNINGS, CHAIN, IV_HISTORY, FEATURES)
}


def table_named(name: str) -> Table:
    """The table of that name, or NotFoundError with the names there are."""
    if name not in TABLES:
        raise NotFoundError(what=f"table {name}", where="tables.py", remedy=f"There are {', '.join(TABLES)}.")
    return TABLES[name]


def validate(table: Table, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with the table's own column order and types, sorted by key.

    Only the form is judged here: names, kinds, limits, unknown values where none may be, one row per key.
    Whether the numbers make sense for a session is the quality verdict's question. Nothing is converted that
    could mean something else: text is no number, a number no date, an instant needs its zone.

    Raises
    ------
    TableError
        Naming table, column, row and value of the first breach.
    """
    _refuse_strangers(table, frame)
    known = [column for column in table.columns if _is_there(table, column, frame)]
    own = [_checked(table, column, frame) for column in known]
    checked = pd.concat([*own, *_checked_extra(table, frame)], axis="columns")
    ordered = checked.sort_values(list(table.key), ignore_index=True)
    _refuse_twins(table, ordered)
    return ordered


def _extra(table: Table, frame: pd.DataFrame) -> list[str]:
    names = {column.name for column in table.columns}
    return [name for name in frame.columns if name not in names]


def _checked_extra(table: Table, frame: pd.DataFrame) -> list[pd.DataFrame | pd.Series]:
    """The columns beyond the table's own, numbers all: at once where nothing is to say, which is some hundred times."""
    names = _extra(table, frame)
    block = frame[names]
    if names and (block.dtypes == np.float64).all() and not np.isinf(block.to_numpy()).any():
        return [block]
    return [_checked(table, Column(name=name, kind=Kind.NUMBER, unit="", nullable=True), frame) for name in names]


def _refuse_strangers(table: Table, frame: pd.DataFrame) -> None:
    twins = frame.columns[frame.columns.duplicated()]
    if len(twins):
        raise _breach(table, str(twins[0]), value="two columns of that name", allowed="one")
    extra = _extra(table, frame)
    if extra and not table.open_ended:
        names = ", ".join(column.name for column in table.columns)
        raise _breach(table, str(extra[0]), value="an unknown column", allowed=names)


def _is_there(table: Table, column: Column, frame: pd.DataFrame) -> bool:
    if column.name not in frame.columns and not column.optional:
        raise _breach(table, column.name, value="no such column", allowed=f"{column.kind} ({column.unit})")
    return column.name in frame.columns


def _checked(table: Table, column: Column, frame: pd.DataFrame) -> pd.Series:
    values = _as_kind(table, column, frame)
    for rule, broken in _breaches(column, values):
        _refuse_any(table, column, frame, broken, allowed=rule)
    return values


def _breaches(column: Column, values: pd.Series) -> list[tuple[str, pd.Series]]:
    rules: list[tuple[str, Callable[[], pd.Series]]] = []
    if not column.nullable:
        rules.append((f"a known {column.kind}", values.isna))
    if column.kind is Kind.TEXT:
        rules.append(("some text", lambda: values == ""))
    if column.kind is Kind.NUMBER:
        rules.append(("a finite number", lambda: values.abs() == np.inf))
    if column.least is not None:
        rules.append((f">= {column.least:g}", lambda: values < column.least))
    if column.most is not None:
        rules.append((f"<= {column.most:g}", lambda: values > column.most))
    if column.one_of is not None:
        allowed = list(column.one_of)
        rules.append((", ".join(allowed), lambda: values.notna() & ~values.isin(allowed)))
    return [(text, rule()) for text, rule in rules]


def _as_kind(table: Table, column: Column, frame: pd.DataFrame) -> pd.Series:
    values = frame[column.name]
    allowed = f"{column.kind} ({column.unit})"
    if infer_dtype(values, skipna=True) not in TAKES[column.kind]:
        strange = values.notna() & values.map(lambda value: infer_dtype([value]) not in TAKES[column.kind])
        _refuse_any(table, column, frame, strange, allowed=allowed)
    try:
        if column.kind is Kind.DATE:
            return _as_dates(table, column, frame)
        if column.kind is Kind.INSTANT:
            return _as_instants(table, column, frame)
        return values.astype(MEMORY[column.kind])  # type: ignore[call-overload, no-any-return]  # the stubs know literals only
    except (ValueError, TypeError) as error:
        raise _breach(table, column.name, value=str(error).splitlines()[0], allowed=allowed) from error


def _as_dates(table: Table, column: Column, frame: pd.DataFrame) -> pd.Series:
    dates = pd.to_datetime(frame[column.name], format="ISO8601")
    timed = (dates != dates.dt.normalize()) | (dates.dt.tz is not None)
    _refuse_any(table, column, frame, dates.notna() & timed, allowed="a date without time or zone")
    return dates.astype("datetime64[s]")


def _as_instants(table: Table, column: Column, frame: pd.DataFrame) -> pd.Series:
    instants = pd.to_datetime(frame[column.name], format="ISO8601")
    if instants.dt.tz is None:
        _refuse_any(table, column, frame, instants.notna(), allowed="a time with its zone")
    return pd.to_datetime(instants, utc=True).astype("datetime64[us, UTC]")


def _refuse_any(table: Table, column: Column, frame: pd.DataFrame, broken: pd.Series, *, allowed: str) -> None:
    if broken.any():
        at = int(np.flatnonzero(broken.to_numpy())[0])
        value = frame[column.name].iloc[[at]].tolist()[0]
        raise _breach(table, column.name, row=f"{at} ({_key_of(table, frame, at)})", value=value, allowed=allowed)


def _refuse_twins(table: Table, frame: pd.DataFrame) -> None:
    twins = frame.duplicated(list(table.key))
    if twins.any():
        at = int(np.flatnonzero(twins.to_numpy())[0])
        raise _breach(table, ", ".join(table.key), value=_key_of(table, frame, at), allowed="one row per key")


def _key_of(table: Table, frame: pd.DataFrame, at: int) -> str:
    parts = [str(frame[key].iloc[at]).removesuffix(" 00:00:00") for key in table.key if key in frame.columns]
    return " ".join(parts)


def _breach(table: Table, column: str, *, row: str | None = None, value: object, allowed: str) -> TableError:
    return TableError(table=table.name, column=column, row=row, value=value, allowed=allowed)
