"""The way to Yahoo's hosts: the library's session, at our pace, for a limited time, with one error for each fault.

The library waits half a minute for each cookie and each page of consent. Here no request of it outlasts the fetch.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yfinance
from requests import Session
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential
from yfinance.data import YfData, new_session
from yfinance.exceptions import YFException, YFRateLimitError

from options_signals.errors import (
    FolderError,
    NotFoundError,
    Permanent,
    ProviderThrottledError,
    ProviderUnavailableError,
    Retryable,
)

PROVIDER = "Yahoo Finance"
TIMEOUT_SECONDS = 10.0
LEAST_TIMEOUT_SECONDS = 0.05
ATTEMPTS = 3
PATIENCE = 3  # items in a row that Yahoo does not answer before it counts as down
# What the library's own parsing raises when a page of cookies or consent is not as it knows it.
NONSENSE = (OSError, ValueError, LookupError, TypeError, AttributeError, YFException)


class YahooWeb:
    """Yahoo's hosts. Cookies are kept in the cache folder, and nothing is written outside it."""

    def __init__(
        self,
        *,
        cache_folder: Path,
        session: Session | None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        pause_seconds: float,
    ) -> None:
        _keep_cookies_in(cache_folder)
        self.sleep, self.monotonic, self.pause_seconds = sleep, monotonic, pause_seconds
        self.until = monotonic()
        self._client = YfData(session=self._in_time(session or new_session()))

    def get(self, url: str, params: Mapping[str, str]) -> Any:
        """The library's response; it adds the crumb."""
        return self._client.get(url, params=dict(params), timeout=TIMEOUT_SECONDS)

    def seconds_left(self) -> float:
        """Until the deadline of the fetch under way."""
        return self.until - self.monotonic()

    def _in_time(self, session: Any) -> Any:
        """The session, none of whose requests waits longer than the fetch has left; those for cookies neither."""
        request = session.request

        def hurried(*args: Any, timeout: float = TIMEOUT_SECONDS, **options: Any) -> Any:
            most = max(min(TIMEOUT_SECONDS, self.seconds_left()), LEAST_TIMEOUT_SECONDS)
            return request(*args, timeout=min(timeout, most), **options)

        session.request = hurried
        return session


class YahooLine:
    """The requests of one fetch; a new fetch opens a new one and so begins with fresh patience."""

    def __init__(self, web: YahooWeb, *, seconds: float) -> None:
        self._web, self._seconds = web, seconds
        self._next_at = web.monotonic()
        self._throttled = False
        self._unanswered = 0
        web.until = web.monotonic() + seconds

    def ask[T](self, what: str, url: str, parse: Callable[[Any], T], *, params: Mapping[str, str]) -> T:
        """What `parse` makes of the JSON in the answer; whatever it raises of `NONSENSE` means it is none.

        Raises
        ------
        ProviderThrottledError, ProviderUnavailableError
            After three attempts with growing jittered pauses, or when the time is over; at once after three items
            without an answer, and after a throttling.
        """
        self._require_time(what)
        if self._throttled:
            raise _unavailable(what, "not asked, it throttles us")
        if self._unanswered >= PATIENCE:
            raise _unavailable(what, f"not asked, the {PATIENCE} before it were not answered")
        again = Retrying(
            retry=retry_if_exception_type(Retryable),
            wait=wait_random_exponential(multiplier=1, max=20),
            stop=self._gives_up,
            sleep=self._web.sleep,
            reraise=True,
        )
        try:
            answer: T = again(self._once, what, url, parse, params)
        except Permanent:
            self._unanswered = 0
            raise
        except ProviderThrottledError:
            self._throttled = True
            raise
        except ProviderUnavailableError:
            self._unanswered += 1
            raise
        self._unanswered = 0
        return answer

    def is_over(self, items: int) -> bool:
        """Whether no more is asked, or nothing came of a fetch of so few items."""
        return self._web.seconds_left() <= 0 or self._unanswered >= min(PATIENCE, items)

    def _gives_up(self, state: RetryCallState) -> bool:
        return state.attempt_number >= ATTEMPTS or state.upcoming_sleep >= self._web.seconds_left()

    def _once[T](self, what: str, url: str, parse: Callable[[Any], T], params: Mapping[str, str]) -> T:
        self._keep_pace()
        self._require_time(what)
        try:
            response = self._web.get(url, params)
            if response.status_code in {401, 403} or response.status_code >= 500:
                raise _unavailable(what, f"HTTP {response.status_code}")
            return parse(response.json())
        except YFRateLimitError as error:
            raise ProviderThrottledError(provider=PROVIDER, wait_seconds=None) from error
        except NONSENSE as error:
            raise _unavailable(what, f"{type(error).__name__}: {str(error).split('. ')[0]}") from error

    def _require_time(self, what: str) -> None:
        if self._web.seconds_left() <= 0:
            raise _unavailable(what, f"not asked, its {self._seconds:g} s are over")

    def _keep_pace(self) -> None:
        early = self._next_at - self._web.monotonic()
        if early > 0:
            self._web.sleep(early)
        self._next_at = self._web.monotonic() + self._web.pause_seconds


def only_result(body: Mapping[str, Any], envelope: str, what: str) -> dict[str, Any]:
    """The one result in the envelope of every answer.

    Raises
    ------
    NotFoundError
        In Yahoo's own words, where there is none.
    """
    content = body[envelope]
    if content["result"] and not content["error"]:
        return dict(content["result"][0])
    words = content["error"]["description"] if content["error"] else "nothing"
    raise NotFoundError(what=what, where=PROVIDER, remedy=f"Yahoo says: {words}. Check the ticker, or drop it.")


def _unavailable(what: str, why: str) -> ProviderUnavailableError:
    return ProviderUnavailableError(provider=PROVIDER, detail=f"{what}: {why}")


def _keep_cookies_in(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(
            path=str(folder),
            action="make the cache folder",
            detail=error.strerror or str(error),
            remedy="Choose one that can be written to.",
        ) from error
    yfinance.set_tz_cache_location(str(folder))
