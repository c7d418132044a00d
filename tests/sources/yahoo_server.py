"""A stand-in for Yahoo's hosts on 127.0.0.1, and bodies in the form of its chart endpoint."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from options_signals import sessions
from options_signals.sources.yahoo import YahooSource
from requests.adapters import HTTPAdapter

Answer = tuple[int, str]
Row = tuple[str, float | None, float | None, float | None, float | None, float | None]  # date, OHLC, volume

UNKNOWN = json.dumps(
    {"chart": {"result": None, "error": {"code": "Not Found", "description": "No data found, symbol may be delisted"}}}
)


def bar(day: str, close: float) -> Row:
    """A plain bar around its close."""
    return day, close - 1, close + 2, close - 2, close, 1_000_000.0


def at_the_open(day: str) -> int:
    """09:30 in New York, as Yahoo stamps finished daily bars."""
    return int(dt.datetime.combine(dt.date.fromisoformat(day), dt.time(9, 30), sessions.NEW_YORK).timestamp())


def at_midnight_utc(day: str) -> int:
    return int(dt.datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp())


def chart(rows: Sequence[Row], *, stamps: Sequence[int] | None = None, currency: str = "USD") -> str:
    """A chart body; `adjclose` is half the close."""
    _, opens, highs, lows, closes, volumes = zip(*rows, strict=True)
    result = {
        "meta": {"currency": currency, "exchangeTimezoneName": "America/New_York"},
        "timestamp": list(stamps or [at_the_open(row[0]) for row in rows]),
        "indicators": {
            "quote": [{"open": opens, "high": highs, "low": lows, "close": closes, "volume": volumes}],
            "adjclose": [{"adjclose": [None if close is None else close / 2 for close in closes]}],
        },
    }
    return json.dumps({"chart": {"result": [result], "error": None}})


class _ToThisMachine(HTTPAdapter):
    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = f"http://127.0.0.1:{self.port}/{parts.netloc}{parts.path}?{parts.query}"
        return super().send(request, *args, **kwargs)


class FakeYahoo:
    """Answers charts by symbol; a list of answers is given one by one, the last for ever."""

    def __init__(self, port: int, asked: list[str], slept: list[float]) -> None:
        self.port, self.asked, self.slept = port, asked, slept

    def source(self, cache_folder: Path, *, now: str) -> YahooSource:
        session = requests.Session()
        session.mount("https://", _ToThisMachine(self.port))
        return YahooSource(
            clock=lambda: dt.datetime.fromisoformat(now),
            cache_folder=cache_folder,
            session=session,
            sleep=self.slept.append,
        )


@contextmanager
def serving(answers: Mapping[str, str | Answer | list[Answer]]) -> Iterator[FakeYahoo]:
    """A server whose charts are these; symbols that are not listed are unknown."""
    queues = {symbol: _queue(answer) for symbol, answer in answers.items()}
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            status, body = 200, "crumb"
            if "/v8/finance/chart/" in path:
                symbol = path.rsplit("/", 1)[-1]
                asked.append(symbol)
                queue = queues.get(symbol, [(404, UNKNOWN)])
                status, body = queue.pop(0) if len(queue) > 1 else queue[0]
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


def _queue(answer: str | Answer | list[Answer]) -> list[Answer]:
    if isinstance(answer, str):
        return [(200, answer)]
    return list(answer) if isinstance(answer, list) else [answer]
