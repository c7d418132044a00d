"""Asking a provider over HTTP: at its pace, for a limited time, and with one error for each way it can fail.

```text
timeout, reset, 5xx, HTML, truncated, in another form   ProviderUnavailableError, asked again
429                                                     ProviderThrottledError, asked again after Retry-After
401, 403                                                ProviderRefusedError, names the key
other 4xx                                               NotFoundError: this one item is not there
```

A key is never part of a message: what the libraries say of a failed request shows its whole URL, so only the kind of
the failure is passed on.
"""

import datetime as dt
import json
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import partial
from xml.etree.ElementTree import ParseError

import requests
import urllib3
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from options_signals.errors import (
    NotFoundError,
    Permanent,
    ProviderRefusedError,
    ProviderThrottledError,
    ProviderUnavailableError,
    Retryable,
)

TIMEOUT_SECONDS = 10.0  # to connect, and between two parts of an answer
ATTEMPTS = 3
PATIENCE = 3  # items in a row without an answer before the provider counts as down
CHUNK_BYTES = 65536
USER_AGENT = "options-signals"
BACKOFF = wait_random_exponential(multiplier=1, max=20)
# What reading an answer raises when it is not of the documented form.
NONSENSE = (ValueError, LookupError, TypeError, AttributeError, ParseError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key and the environment variable it came from; only the name ever shows."""

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The way out: what a source needs of the world, so that tests can put their own in.

    `clock` answers what time it is, with a zone; `monotonic` and `sleep` count seconds.
    """

    clock: Callable[[], dt.datetime]
    session: requests.Session = field(default_factory=requests.Session)
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    def now(self) -> dt.datetime:
        """The instant, in UTC."""
        return self.clock().astimezone(dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    retry_after: str | None
    body: bytes


class Line:
    """The requests of one fetch to one provider; a new fetch opens a new one and so begins with fresh patience.

    Parameters
    ----------
    provider
        Its name in errors.
    seconds
        How long the whole fetch may take, waiting included. An answer under way may end one timeout later.
    pause_seconds
        Least time between the starts of two requests.
    key
        What a refusal is about.
    """

    def __init__(
        self, provider: str, web: Web, *, seconds: float, pause_seconds: float = 0.0, key: ApiKey | None = None
    ) -> None:
        self._provider, self._web, self._seconds = provider, web, seconds
        self._pause_seconds, self._key = pause_seconds, key
        self._until = web.monotonic() + seconds
        self._next_at = web.monotonic()
        self._unanswered = 0
        if key is not None:  # its debug lines carry whole URLs, and FRED takes its key nowhere else
            logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

    def ask[T](
        self,
        what: str,
        url: str,
        parse: Callable[[bytes], T],
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> T:
        """What `parse` makes of the answer; with a body, sent as JSON, it is a POST.

        Parameters
        ----------
        what
            Names the item in errors, such as `VIX`.
        parse
            Reads the answer's bytes; whatever it raises of `NONSENSE` means the provider answers nonsense.

        Raises
        ------
        ProviderUnavailableError, ProviderThrottledError
            After three attempts, or when the time is over, or at once when it failed three times in a row before.
        ProviderRefusedError, NotFoundError
            See the top of this module.
        """
        request = partial(
            self._web.session.request,
            "GET" if body is None else "POST",
            url,
            params=params,
            json=body,
            headers={"User-Agent": USER_AGENT, **(headers or {})},
        )
        self._require_time(what)
        if self._unanswered >= PATIENCE:
            raise self._unavailable(what, f"not asked, the {PATIENCE} before it were not answered")
        try:
            answer = self._patiently(lambda: self._parsed(what, parse, self._answer(what, request).body))
        except Retryable:
            self._unanswered += 1
            raise
        except Permanent:
            self._unanswered = 0
            raise
        self._unanswered = 0
        return answer

    def _patiently[T](self, ask: Callable[[], T]) -> T:
        again = Retrying(
            retry=retry_if_exception_type(Retryable),
            wait=_wait,
            stop=lambda state: state.attempt_number >= ATTEMPTS or state.upcoming_sleep >= self._left(),
            sleep=self._web.sleep,
            reraise=True,
        )
        return again(ask)

    def _answer(self, what: str, request: Callable[..., requests.Response]) -> _Answer:
        self._keep_pace()
        self._require_time(what)
        answer = self._sent(what, request)
        self._judge(what, answer)
        return answer

    def _require_time(self, what: str) -> None:
        if self._left() <= 0:
            raise self._unavailable(what, f"not asked, its {self._seconds:g} s are over")

    def _keep_pace(self) -> None:
        early = self._next_at - self._web.monotonic()
        if early > 0:
            self._web.sleep(early)
        self._next_at = self._web.monotonic() + self._pause_seconds

    def _sent(self, what: str, request: Callable[..., requests.Response]) -> _Answer:
        try:
            with request(
                stream=True,
                timeout=min(TIMEOUT_SECONDS, self._left()),
                allow_redirects=self._key is None,  # a key goes to no other host
            ) as response:
                return _Answer(
                    status=response.status_code,
                    retry_after=response.headers.get("Retry-After"),
                    body=self._read(response),
                )
        except (requests.RequestException, urllib3.exceptions.HTTPError, TimeoutError) as error:
            kind = type(error).__name__
        raise self._unavailable(what, kind)  # out here, or the error would carry the other one with its URL

    def _read(self, response: requests.Response) -> bytes:
        parts = []
        while part := response.raw.read1(CHUNK_BYTES, decode_content=True):
            parts.append(part)
            if self._left() <= 0:
                raise TimeoutError
        return b"".join(parts)

    def _judge(self, what: str, answer: _Answer) -> None:
        status = answer.status
        if status == 429:
            raise ProviderThrottledError(
                provider=self._provider, wait_seconds=_seconds(answer.retry_after, self._web.now())
            )
        # FRED answers an unknown key with 400 and names the parameter.
        if status in {401, 403} or (status == 400 and b"api_key" in answer.body):
            raise ProviderRefusedError(
                provider=self._provider, status=status, key=None if self._key is None else self._key.name
            )
        if 400 <= status < 500:
            raise NotFoundError(
                what=what, where=self._provider, remedy=f"It answers HTTP {status}: check the name, or drop it."
            )
        if status != 200:
            raise self._unavailable(what, f"HTTP {status}")

    def _parsed[T](self, what: str, parse: Callable[[bytes], T], body: bytes) -> T:
        try:
            return parse(body)
        except NONSENSE as error:
            form = (
                "HTML instead of data" if _is_page(body) else f"{type(error).__name__}: {str(error).partition('\n')[0]}"
            )
            raise self._unavailable(what, form) from error

    def _unavailable(self, what: str, why: str) -> ProviderUnavailableError:
        return ProviderUnavailableError(provider=self._provider, detail=f"{what}: {why}")

    def _left(self) -> float:
        return self._until - self._web.monotonic()


def ask_each[T](names: Iterable[str], ask: Callable[[str], T]) -> tuple[dict[str, T], dict[str, str]]:
    """The answers by name, and why each other name has none. A name that fails costs itself only.

    Raises
    ------
    Retryable
        Where the provider answered for none of them.
    ProviderRefusedError
        At the first refusal: the next would be refused too.
    """
    answers: dict[str, T] = {}
    failures: dict[str, str] = {}
    down: Retryable | None = None
    for name in names:
        try:
            answers[name] = ask(name)
        except ProviderRefusedError:
            raise
        except Permanent as error:
            failures[name] = str(error)
        except Retryable as error:
            failures[name], down = str(error), down or error
    if down is not None and not answers:
        raise down
    return answers, failures


def json_object(body: bytes) -> dict[str, object]:
    """The JSON object in an answer; ValueError for anything else."""
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError(f"{type(value).__name__} instead of a JSON object")  # noqa: TRY004 - the answer is wrong, not our code
    return value


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    wished = getattr(error, "wait_seconds", None)
    return BACKOFF(state) if wished is None else float(wished)


def _seconds(retry_after: str | None, now: dt.datetime) -> float | None:
    """Retry-After is a number of seconds or a date; anything else says nothing."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _is_page(body: bytes) -> bool:
    start = body[:200].lstrip().lower()
    return start.startswith((b"<!doctype html", b"<html"))
