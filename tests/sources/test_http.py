import json
import logging
import time
import traceback
from collections.abc import Sequence

import pytest
from options_signals.errors import (
    NotFoundError,
    ProviderRefusedError,
    ProviderThrottledError,
    ProviderUnavailableError,
    Retryable,
)
from options_signals.sources import http
from options_signals.sources.http import ApiKey, Line, ask_each, json_object

from tests.sources.web_server import HTML, Outside, Reply, serving

GOOD = json.dumps({"value": 1})
KEY = ApiKey(name="SOME_API_KEY", value="s3cr3t")
URL = "https://provider.example/item"


def line(outside: Outside, *, seconds: float = 60.0, pause: float = 0.0, key: ApiKey | None = None) -> Line:
    return Line("Provider", outside.web(), seconds=seconds, pause_seconds=pause, key=key)


def ask(line: Line, url: str = URL) -> dict[str, object]:
    return line.ask("the item", url, json_object)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(reset=True), "the item: ConnectionError"),
        (Reply(status=500), "the item: HTTP 500"),
        (Reply(status=503, body=HTML), "the item: HTTP 503"),
        (Reply(HTML), "the item: HTML instead of data"),
        (Reply(GOOD[:-3]), "the item: JSONDecodeError: "),
        (Reply(GOOD, cut=True), "the item: ProtocolError"),
        (Reply(""), "the item: JSONDecodeError: "),
        (Reply("[1]"), "the item: ValueError: list instead of a JSON object"),
    ],
    ids=["reset", "500", "503", "html", "truncated-json", "truncated-body", "empty", "another-form"],
)
def test_an_answer_that_is_none_is_asked_for_three_times(reply: Reply, why: str) -> None:
    with serving({"item": reply}) as outside, pytest.raises(ProviderUnavailableError) as caught:
        ask(line(outside))

    assert caught.value.provider == "Provider"
    assert caught.value.detail.startswith(why)
    assert len(outside.asked) == 3


@pytest.mark.parametrize(
    "reply",
    [Reply(reset=True), Reply(status=502), Reply(HTML), Reply(GOOD[:-3]), Reply(GOOD, cut=True), Reply(status=429)],
    ids=["reset", "502", "html", "truncated-json", "truncated-body", "429"],
)
def test_a_fault_that_passes_leaves_no_trace(reply: Reply) -> None:
    with serving({"item": [reply, Reply(GOOD)]}) as outside:
        assert ask(line(outside)) == {"value": 1}


def test_a_provider_that_does_not_answer_in_time_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TIMEOUT_SECONDS", 0.05)
    with (
        serving({"item": Reply(GOOD, late_seconds=0.3)}) as outside,
        pytest.raises(ProviderUnavailableError, match="the item: ReadTimeout"),
    ):
        ask(line(outside))


def test_a_trickling_answer_ends_at_the_deadline() -> None:
    body = GOOD + " " * 200
    with serving({"item": Reply(body, drip_seconds=0.05)}) as outside:
        slow = Line("Provider", outside.web(real_time=True), seconds=0.5)
        began = time.monotonic()
        with pytest.raises(ProviderUnavailableError, match="the item: TimeoutError"):
            ask(slow)

    assert 0.4 < time.monotonic() - began < 3.0  # the whole answer takes ten


def test_the_same_answer_without_a_trickle_arrives() -> None:
    with serving({"item": GOOD + " " * 200}) as outside:
        assert ask(Line("Provider", outside.web(real_time=True), seconds=0.5)) == {"value": 1}


def test_nothing_is_asked_once_the_time_is_over() -> None:
    with serving({"item": GOOD}) as outside:
        late = line(outside, seconds=30.0)
        ask(late)
        outside.seconds = 31.0
        with pytest.raises(ProviderUnavailableError, match="not asked, its 30 s are over"):
            ask(late)

    assert len(outside.asked) == 1


@pytest.mark.parametrize(
    ("retry_after", "waits"),
    [("7", [7.0, 7.0]), ("Wed, 23 Nov 2022 21:45:12 GMT", [12.0, 12.0])],  # it is 21:45:00
)
def test_retry_after_is_honoured(retry_after: str, waits: Sequence[float]) -> None:
    reply = Reply(status=429, headers={"Retry-After": retry_after})
    with serving({"item": reply}) as outside, pytest.raises(ProviderThrottledError) as caught:
        ask(line(outside))

    assert outside.slept == waits
    assert caught.value.wait_seconds == waits[0]


def test_a_throttle_without_retry_after_is_answered_with_random_pauses() -> None:
    with serving({"item": Reply(status=429)}) as outside, pytest.raises(ProviderThrottledError) as caught:
        ask(line(outside))

    assert len(outside.slept) == 2
    assert all(0 <= pause <= 2 for pause in outside.slept)
    assert caught.value.wait_seconds is None


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    reply = Reply(status=429, headers={"Retry-After": "3600"})
    with serving({"item": reply}) as outside, pytest.raises(ProviderThrottledError, match="for 3600 s"):
        ask(line(outside, seconds=60.0))

    assert outside.slept == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_names_the_key_and_is_not_repeated(status: int) -> None:
    with serving({"item": Reply(status=status)}) as outside, pytest.raises(ProviderRefusedError) as caught:
        ask(line(outside, key=KEY))

    assert str(caught.value) == (
        f"Provider refuses us (HTTP {status}). "
        "Correct the key in SOME_API_KEY, or unset it and do without this provider."
    )
    assert len(outside.asked) == 1


@pytest.mark.parametrize("status", [400, 404, 410])
def test_what_is_not_there_is_one_items_failure(status: int) -> None:
    with serving({"item": Reply(status=status)}) as outside, pytest.raises(NotFoundError, match=f"HTTP {status}"):
        ask(line(outside))

    assert len(outside.asked) == 1


def test_requests_are_paced() -> None:
    with serving({"item": GOOD}) as outside:
        paced = line(outside, pause=1.5)
        for _ in range(3):
            ask(paced)

    assert outside.slept == [1.5, 1.5]


def test_a_provider_that_fails_three_times_in_a_row_is_not_asked_again() -> None:
    with serving({"item": GOOD, "broken": Reply(status=500)}) as outside:
        patient = line(outside)
        for _ in range(3):
            with pytest.raises(ProviderUnavailableError, match="HTTP 500"):
                ask(patient, "https://provider.example/broken")
        with pytest.raises(ProviderUnavailableError, match="not asked, the 3 before it were not answered"):
            ask(patient)

        assert ask(line(outside)) == {"value": 1}  # the next fetch asks again


@pytest.mark.parametrize("between", ["item", "unknown"])
def test_an_answer_in_between_restores_patience(between: str) -> None:
    with serving({"item": GOOD, "broken": Reply(status=500)}) as outside:
        patient = line(outside)
        names = ["broken", "broken", between, "broken", "broken", "item"]
        answers, failures = ask_each(
            names, lambda name: patient.ask(name, f"https://provider.example/{name}", json_object)
        )

    assert set(answers) == {"item"}
    assert "not asked" not in str(failures)


def test_items_fail_one_by_one_and_the_rest_is_delivered() -> None:
    with serving({"one": GOOD, "two": Reply(status=500), "three": GOOD}) as outside:
        whole = line(outside)
        answers, failures = ask_each(
            ["one", "two", "three", "four"],
            lambda name: whole.ask(name, f"https://provider.example/{name}", json_object),
        )

    assert set(answers) == {"one", "three"}
    assert failures["two"].startswith("Provider did not deliver: two: HTTP 500")
    assert failures["four"].startswith("no four in Provider")


def test_a_provider_that_answers_for_nothing_is_down() -> None:
    with serving({"one": Reply(status=500), "two": Reply(status=500)}) as outside, pytest.raises(Retryable):
        ask_each(["one", "two"], lambda name: ask(line(outside), f"https://provider.example/{name}"))


@pytest.mark.parametrize(
    "reply",
    [Reply(reset=True), Reply(status=500), Reply(HTML), Reply(status=429), Reply(status=401), Reply(GOOD, cut=True)],
    ids=["reset", "500", "html", "429", "401", "truncated"],
)
def test_a_key_shows_in_no_message_traceback_or_log(reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving({"item": reply}) as outside:
        try:
            line(outside, key=KEY).ask("the item", URL, json_object, params={"api_key": KEY.value})
        except (Retryable, ProviderRefusedError) as error:
            told = "".join(traceback.format_exception(error)) + repr(error.__context__) + repr(KEY)

    assert outside.asked[0].query == {"api_key": KEY.value}
    assert "Provider" in told
    assert KEY.value not in told + caplog.text


def test_a_key_is_not_sent_on_to_another_host() -> None:
    reply = Reply(status=302, headers={"Location": "https://elsewhere.example/other"})
    with serving({"item": reply, "other": GOOD}) as outside:
        assert ask(line(outside)) == {"value": 1}
        with pytest.raises(ProviderUnavailableError, match="HTTP 302"):
            ask(line(outside, key=KEY))


def test_a_body_is_posted_as_json() -> None:
    with serving({"item": GOOD}) as outside:
        line(outside).ask("the item", URL, json_object, body={"series": ["A"]})

    assert outside.asked[0].body == {"series": ["A"]}
