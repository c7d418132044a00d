"""A stand-in for every provider's host on 127.0.0.1, with one of the many ways a line can fail."""

import datetime as dt
import json
import socket
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import requests
from options_signals.sources.http import Web
from requests.adapters import HTTPAdapter

AFTER_CLOSE = "2022-11-23T16:45:00-05:00"
HTML = "<!DOCTYPE html>\n<html><body>Access to this page is for humans</body></html>"


@dataclass(frozen=True)
class Reply:
    """One answer; `cut` promises more bytes than it sends, `drip_seconds` sends one byte at a time."""

    body: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    reset: bool = False
    late_seconds: float = 0.0
    drip_seconds: float = 0.0


@dataclass(frozen=True)
class Request:
    """What was asked, as the provider sees it."""

    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


Replies = str | Reply | Sequence[Reply] | Callable[[Request], str | Reply]


class _ToThisMachine(HTTPAdapter):
    def __init__(self, port: int) -> None:
        self.port = port
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = f"http://127.0.0.1:{self.port}/{parts.netloc}{parts.path}?{parts.query}"
        return super().send(request, *args, **kwargs)


class Outside:
    """The providers, what they were asked, and a clock that sleeping moves."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[Request] = []
        self.slept: list[float] = []
        self.seconds = 0.0

    def web(self, *, now: str = AFTER_CLOSE, real_time: bool = False) -> Web:
        session = requests.Session()
        session.mount("https://", _ToThisMachine(self.port))
        return Web(
            clock=lambda: dt.datetime.fromisoformat(now),
            session=session,
            sleep=self._sleep,
            monotonic=time.monotonic if real_time else lambda: self.seconds,
        )

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds


class _Providers(ThreadingHTTPServer):
    def __init__(self, replies: Mapping[str, Replies]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.queues = {path: _queue(reply) for path, reply in replies.items()}
        self.outside = Outside(self.server_port)

    def reply_to(self, request: Request) -> Reply:
        self.outside.asked.append(request)
        queue = next((queue for end, queue in self.queues.items() if request.path.endswith(end)), [Reply(status=404)])
        reply = queue.pop(0) if len(queue) > 1 else queue[0]
        answer = reply if isinstance(reply, Reply | str) else reply(request)
        return Reply(answer) if isinstance(answer, str) else answer

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever asked may have gone, and a test that expects an answer will miss it."""


def _queue(reply: Replies) -> list[Any]:
    return list(reply) if isinstance(reply, list | tuple) else [reply]


class _Handler(BaseHTTPRequestHandler):
    server: _Providers

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answer(self, body: Any) -> None:
        parts = urlsplit(self.path)
        _, host, path = unquote(parts.path).split("/", 2)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        reply = self.server.reply_to(Request(host=host, path=path, query=query, headers=dict(self.headers), body=body))
        time.sleep(reply.late_seconds)
        self._reset() if reply.reset else self._send(reply)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _send(self, reply: Reply) -> None:
        body = reply.body.encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + 100 * reply.cut))
        self.end_headers()
        size = 1 if reply.drip_seconds else len(body) or 1
        for at in range(0, len(body), size):
            self.wfile.write(body[at : at + size])
            time.sleep(reply.drip_seconds)

    def log_message(self, *args: object) -> None:
        """Say nothing: the tests' own output matters."""


@contextmanager
def serving(replies: Mapping[str, Replies]) -> Iterator[Outside]:
    """Providers whose answers are these, by the end of the path; a list is given one by one, the last for ever."""
    server = _Providers(replies)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.outside
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
