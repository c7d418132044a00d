"""The chart endpoint: daily bars, and the dividends beside them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from options_signals import sessions
from options_signals.errors import InvalidValueError
from options_signals.sources.yahoo_web.line import YahooLine, only_result
from options_signals.tables import BARS, VOL_INDICES, Table, validate

CHART = "https://query2.finance.yahoo.com/v8/finance/chart"
FUNDS = ("ETF", "MUTUALFUND")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What an answer holds.

    Attributes
    ----------
    rows
        `session`, the four prices, `volume` and perhaps `adj_close`, one row per stamp.
    dividends
        Amount by ex-date, ascending; USD per share of today's, as Yahoo adjusts them for splits.
    """

    currency: str
    is_fund: bool
    rows: pd.DataFrame
    dividends: Mapping[dt.date, float]


def chart_of(line: YahooLine, symbol: str, *, first: dt.date, last: dt.date) -> Chart:
    """The chart of these New York dates, both included."""

    def read(body: Mapping[str, Any]) -> Chart:
        result = only_result(body, "chart", f"chart of {symbol}")
        meta = result["meta"]
        return Chart(
            currency=meta["currency"],
            is_fund=meta.get("instrumentType") in FUNDS,
            rows=_rows(result),
            dividends=_dividends(result),
        )

    span = {"period1": str(_midnight(first)), "period2": str(_midnight(last + dt.timedelta(days=1)))}
    return line.ask(symbol, f"{CHART}/{symbol}", read, params={**span, "interval": "1d", "events": "div,splits"})


def table_of(table: Table, name: str, chart: Chart, *, first: dt.date, last: dt.date) -> pd.DataFrame:
    """The sessions asked for; two bars of one session must agree, and the later one has the full volume."""
    if table is BARS:
        require_dollars(name, chart.currency)
    rows = chart.rows.assign(**{table.key[0]: name})
    days = rows["session"].to_numpy().astype("datetime64[D]")
    wanted = np.isin(days, np.array(sessions.between(first, last), dtype="datetime64[D]"))
    names = [column.name for column in table.columns if column.name in rows]
    kept = rows.loc[wanted, names].drop_duplicates([name for name in names if name != "volume"], keep="last")
    unknown = kept["close"].isna() & (table is VOL_INDICES)
    return validate(table, kept[~unknown])


def require_dollars(ticker: str, currency: str | None) -> None:
    """InvalidValueError for any other currency."""
    if currency != "USD":
        raise InvalidValueError(
            name=f"currency of {ticker}",
            value=currency,
            allowed="USD",
            remedy="Drop the ticker: prices, strikes and risk are in dollars.",
        )


def new_york_dates(stamps: Sequence[int]) -> pd.Series:
    """The date each stamp speaks of: midnight in UTC means that date itself, any other time an instant."""
    utc = pd.Series(pd.to_datetime(np.asarray(stamps, dtype="int64"), unit="s", utc=True))
    local = utc.dt.tz_convert(sessions.NEW_YORK)
    at_midnight = utc == utc.dt.normalize()
    return local.dt.tz_localize(None).where(~at_midnight, utc.dt.tz_localize(None)).dt.normalize()


def _midnight(day: dt.date) -> int:
    return int(dt.datetime.combine(day, dt.time(), sessions.NEW_YORK).timestamp())


def _rows(result: Mapping[str, Any]) -> pd.DataFrame:
    """The body's columns, one row per stamp; no rows where it holds no stamps."""
    quote = result["indicators"]["quote"][0] if result.get("timestamp") else {}
    columns = {name: quote.get(name, []) for name in ("open", "high", "low", "close", "volume")}
    if "adjclose" in result["indicators"]:
        columns["adj_close"] = result["indicators"]["adjclose"][0].get("adjclose", [])
    rows = pd.DataFrame(columns, dtype="float64")
    return rows.assign(session=new_york_dates(result.get("timestamp", [])))


def _dividends(result: Mapping[str, Any]) -> dict[dt.date, float]:
    paid = (result.get("events") or {}).get("dividends", {}).values()
    days = new_york_dates([event["date"] for event in paid]).dt.date
    return dict(sorted(zip(days, (float(event["amount"]) for event in paid), strict=True)))
