"""A stand-in for Yahoo's hosts on 127.0.0.1, and bodies in the form of its endpoints."""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pandas as pd
import requests
from options_signals import sessions
from options_signals.sources.yahoo import YahooSource
from requests.adapters import HTTPAdapter

Answer = tuple[int, str]
# A list of answers is given one by one, the last for ever; a function sees the query.
Answers = str | Answer | list[Answer] | Callable[[Mapping[str, str]], str | Answer]
Row = tuple[str, float | None, float | None, float | None, float | None, float | None]  # date, OHLC, volume

UNKNOWN = json.dumps(
    {"chart": {"result": None, "error": {"code": "Not Found", "description": "No data found, symbol may be delisted"}}}
)
NO_OPTIONS = json.dumps({"optionChain": {"result": [], "error": None}})
NO_SUMMARY = json.dumps(
    {"quoteSummary": {"result": None, "error": {"code": "Not Found", "description": "No fundamentals data found"}}}
)
# The ends of the paths -> what is answered of a symbol that is not listed.
ENDPOINTS = {"chart": UNKNOWN, "options": NO_OPTIONS, "quoteSummary": NO_SUMMARY}


def bar(day: str, close: float) -> Row:
    """A plain bar around its close."""
    return day, close - 1, close + 2, close - 2, close, 1_000_000.0


def at_the_open(day: str) -> int:
    """09:30 in New York, as Yahoo stamps finished daily bars."""
    return instant(f"{day}T09:30:00")


def at_midnight_utc(day: str) -> int:
    return int(dt.datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp())


def instant(text: str) -> int:
    """Of a time in New York, as in 2022-11-23T16:00:00."""
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=sessions.NEW_YORK).timestamp())


def chart(
    rows: Sequence[Row],
    *,
    stamps: Sequence[int] | None = None,
    currency: str = "USD",
    instrument: str = "EQUITY",
    dividends: Mapping[str, float] | None = None,
) -> str:
    """A chart body; `adjclose` is half the close."""
    _, opens, highs, lows, closes, volumes = zip(*rows, strict=True)
    paid = {str(at_the_open(day)): {"amount": one, "date": at_the_open(day)} for day, one in (dividends or {}).items()}
    result = {
        "meta": {"currency": currency, "instrumentType": instrument, "exchangeTimezoneName": "America/New_York"},
        "timestamp": list(stamps or [at_the_open(row[0]) for row in rows]),
        "events": {"dividends": paid},
        "indicators": {
            "quote": [{"open": opens, "high": highs, "low": lows, "close": closes, "volume": volumes}],
            "adjclose": [{"adjclose": [None if close is None else close / 2 for close in closes]}],
        },
    }
    return json.dumps({"chart": {"result": [result], "error": None}})


def contract(symbol: str, **values: Any) -> dict[str, Any]:
    """A contract by its OCC symbol, quoted at 2.00 to 2.10."""
    day = dt.datetime.strptime(symbol[-15:-9], "%y%m%d").replace(tzinfo=dt.UTC)
    return {
        "contractSymbol": symbol,
        "strike": int(symbol[-8:]) / 1000,
        "currency": "USD",
        "contractSize": "REGULAR",
        "expiration": int(day.timestamp()),
        "bid": 2.0,
        "ask": 2.1,
        "lastPrice": 2.05,
        "openInterest": 500,
        "impliedVolatility": 0.25,
    } | values


def options(
    contracts: Sequence[Mapping[str, Any]],
    *,
    expirations: Sequence[str],
    spot: float = 100.0,
    at: str = "2022-11-23T16:00:01",
    **quote: Any,
) -> str:
    """An options body: all expiries there are, and the contracts of one."""
    sides = {"calls": [one for one in contracts if one["contractSymbol"][-9] == "C"]}
    sides |= {"puts": [one for one in contracts if one["contractSymbol"][-9] == "P"]}
    asked = contracts[0]["expiration"] if contracts else 0
    result = {
        "underlyingSymbol": "XYZ",
        "expirationDates": [at_midnight_utc(day) for day in expirations],
        "quote": {"currency": "USD", "regularMarketPrice": spot, "regularMarketTime": instant(at), **quote},
        "options": [{"expirationDate": asked, **sides}],
    }
    return json.dumps({"optionChain": {"result": [result], "error": None}})


def chain_answers(chain: pd.DataFrame) -> Callable[[Mapping[str, str]], str]:
    """Options bodies of table `chain`, of one underlying: the nearest expiry, or the one asked for."""
    days = sorted(chain["expiration"].dt.strftime("%Y-%m-%d").unique())
    local = chain["captured_at"].max().tz_convert(sessions.NEW_YORK)
    bodies = {
        at_midnight_utc(day): options(
            [*_contracts(chain[chain["expiration"] == pd.Timestamp(day)])],
            expirations=days,
            spot=float(chain["spot"].iloc[0]),
            at=f"{local:%Y-%m-%dT%H:%M:%S}",
        )
        for day in days
    }
    return lambda query: bodies[int(query.get("date", at_midnight_utc(days[0])))]


def _contracts(rows: pd.DataFrame) -> Iterable[dict[str, Any]]:
    names = {"bid": "bid", "ask": "ask", "last": "lastPrice", "open_interest": "openInterest", "volume": "volume"}
    for row in rows.to_dict("records"):
        yield contract(row["contract"], strike=row["strike"], **{theirs: row[ours] for ours, theirs in names.items()})


def summary(
    earnings: Sequence[str] = (),
    *,
    calls: Sequence[str] = (),
    estimate: bool = False,
    ex_date: str | None = None,
    quarters: Mapping[str, tuple[float, float]] | None = None,
) -> str:
    """A summary body: times in New York, earnings per share (actual, estimate) by the end of the quarter."""
    coming = {"earningsDate": [instant(at) for at in earnings], "earningsCallDate": [instant(at) for at in calls]}
    events: dict[str, Any] = {"earnings": coming | {"isEarningsDateEstimate": estimate, "earningsAverage": 1.5}}
    if ex_date:
        events["exDividendDate"] = at_midnight_utc(ex_date)
    history = [
        {"quarter": at_midnight_utc(day), "epsActual": {"raw": actual, "fmt": ""}, "epsEstimate": estimated}
        for day, (actual, estimated) in (quarters or {}).items()
    ]
    result = {"calendarEvents": events, "earningsHistory": {"history": history}}
    return json.dumps({"quoteSummary": {"result": [result], "error": None}})


class _ToThisMachine(HTTPAdapter):
    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = f"http://127.0.0.1:{self.port}/{parts.netloc}{parts.path}?{parts.query}"
        return super().send(request, *args, **kwargs)


class FakeYahoo:
    """What Yahoo was asked, by symbol, and a clock that sleeping moves."""

    def __init__(self, port: int, asked: list[str], slept: list[float]) -> None:
        self.port, self.asked, self.slept = port, asked, slept
        self.seconds = 0.0

    def source(self, cache_folder: Path, *, now: str) -> YahooSource:
        session = requests.Session()
        session.mount("https://", _ToThisMachine(self.port))
        return YahooSource(
            clock=lambda: dt.datetime.fromisoformat(now),
            cache_folder=cache_folder,
            session=session,
            sleep=self._sleep,
            monotonic=lambda: self.seconds,
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


@contextmanager
def serving(
    charts: Mapping[str, Answers] | None = None,
    *,
    options: Mapping[str, Answers] | None = None,
    summaries: Mapping[str, Answers] | None = None,
) -> Iterator[FakeYahoo]:
    """A server whose answers are these; symbols that are not listed are unknown."""
    given = {"chart": charts or {}, "options": options or {}, "quoteSummary": summaries or {}}
    queues = {(end, symbol): _queue(answer) for end, answers in given.items() for symbol, answer in answers.items()}
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            _, end, symbol = unquote(parts.path).rsplit("/", 2)
            status, body = 200, "crumb"
            if end in ENDPOINTS:
                asked.append(symbol)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                queue = queues.get((end, symbol), [(404, ENDPOINTS[end])])
                answer = queue.pop(0) if len(queue) > 1 else queue[0]
                answer = answer(query) if callable(answer) else answer
                status, body = (200, answer) if isinstance(answer, str) else answer
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *args: object) -> None:
            """Say nothing: the tests' own output matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield FakeYahoo(server.server_port, asked, [])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _queue(answer: Answers) -> list[Any]:
    return list(answer) if isinstance(answer, list) else [answer]
