"""Answers in the documented form of each provider, made by hand."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any

Rows = Sequence[tuple[str, float]]  # date, value

ATOM = 'xmlns="http://www.w3.org/2005/Atom"'
DATA = 'xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices"'
META = 'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"'


def american(day: str) -> str:
    return dt.date.fromisoformat(day).strftime("%m/%d/%Y")


def cboe(rows: Rows) -> str:
    """Open, high and low are 1 below, 2 above and 3 below the close."""
    lines = [f"{american(day)},{v - 1:.6f},{v + 2:.6f},{v - 3:.6f},{v:.6f}" for day, v in rows]
    return "\n".join(["DATE,OPEN,HIGH,LOW,CLOSE", *lines, ""])


def cboe_close_only(index: str, rows: Rows) -> str:
    return "\n".join([f"DATE,{index}", *(f"{american(day)},{value:.6f}" for day, value in rows), ""])


def treasury(rows: Sequence[Mapping[str, str]]) -> str:
    """Each row names its maturities, such as BC_10YEAR, and its day as NEW_DATE."""
    entries = [
        f"<entry><content type='application/xml'><m:properties>{''.join(_cell(*cell) for cell in row.items())}"
        "</m:properties></content></entry>"
        for row in rows
    ]
    return f"<?xml version='1.0' encoding='utf-8'?><feed {ATOM} {DATA} {META}>{''.join(entries)}</feed>"


def _cell(name: str, text: str) -> str:
    return f"<d:{name}>{text}</d:{name}>" if text else f"<d:{name} m:null='true' />"


def nyfed(rows: Rows) -> str:
    rates = [
        {"effectiveDate": day, "type": "EFFR", "percentRate": value, "volumeInBillions": 100} for day, value in rows
    ]
    return json.dumps({"refRates": rates})


def bls(series: Mapping[str, Sequence[tuple[str, str, str]]]) -> str:
    """By series: year, period such as M10, and value as the text BLS writes."""
    results = [
        {"seriesID": name, "data": [{"year": y, "period": p, "value": v, "footnotes": [{}]} for y, p, v in rows]}
        for name, rows in series.items()
    ]
    return json.dumps({"status": "REQUEST_SUCCEEDED", "message": [], "Results": {"series": results}})


def bls_refusal(message: str) -> str:
    return json.dumps({"status": "REQUEST_NOT_PROCESSED", "message": [message], "Results": {}})


def fred(rows: Sequence[tuple[str, str]], *, realtime: Sequence[str] | str = "2022-11-23") -> str:
    """Date and value as text; `realtime` is when each row was recorded."""
    starts = [realtime] * len(rows) if isinstance(realtime, str) else realtime
    observations = [
        {"realtime_start": start, "realtime_end": "9999-12-31", "date": day, "value": value}
        for (day, value), start in zip(rows, starts, strict=True)
    ]
    return json.dumps({"count": len(rows), "offset": 0, "limit": 100000, "observations": observations})


def news(headlines: Sequence[tuple[str, str]]) -> str:
    """Instant and headline."""
    rows = [
        {"datetime": int(dt.datetime.fromisoformat(at).timestamp()), "headline": headline, "related": "AAPL"}
        for at, headline in headlines
    ]
    return json.dumps(rows)


def news_sentiment(*, bullish: float, bearish: float, articles: int, buzz: float) -> str:
    return json.dumps(
        {
            "buzz": {"articlesInLastWeek": articles, "buzz": buzz, "weeklyAverage": 22.5},
            "sentiment": {"bearishPercent": bearish, "bullishPercent": bullish},
            "symbol": "AAPL",
        }
    )


def quote(last: float, at: str) -> str:
    """Open, high, low, last price and the one of the day before; when the last one was."""
    stamp = int(dt.datetime.fromisoformat(at).timestamp())
    return json.dumps({"c": last, "h": last + 2, "l": last - 2, "o": last - 1, "pc": last - 3, "t": stamp})


def announcement(day: str, hour: str, *, symbol: str = "AAPL", **values: float | None) -> dict[str, Any]:
    return {"date": day, "hour": hour, "symbol": symbol, "epsActual": None, "epsEstimate": 1.5, "quarter": 1} | values


def calendar(rows: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"earningsCalendar": list(rows)})


def apewisdom(rows: Sequence[tuple[str, object, object]], *, page: int = 1, pages: int = 1) -> str:
    """Ticker, mentions, mentions of the day before."""
    results = [
        {"rank": rank, "ticker": ticker, "mentions": now, "mentions_24h_ago": before, "upvotes": 1}
        for rank, (ticker, now, before) in enumerate(rows, start=1)
    ]
    return json.dumps({"count": len(rows), "pages": pages, "current_page": page, "results": results})
