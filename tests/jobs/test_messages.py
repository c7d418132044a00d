from datetime import date

import pytest
from options_signals.jobs.messages import Chunk, Run, RunRequest
from pydantic import ValidationError


def test_day_starts_at_the_schedulers_instant_for_a_session_or_for_the_newest() -> None:
    assert RunRequest.model_validate({"scheduled_time": "2022-11-23T21:45:00Z"}).session is None
    assert RunRequest.model_validate({"session": "2022-11-23"}).session == date(2022, 11, 23)
    assert RunRequest.model_validate({}) == RunRequest()


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"scheduled_time": "2022-11-23T21:45:00"}, "timezone"),
        ({"scheduled_time": "2022-11-23T21:45:00Z", "session": "2022-11-23"}, "allowed: one of them"),
        ({"sesion": "2022-11-23"}, "Extra inputs are not permitted"),
    ],
)
def test_ambiguous_event_is_refused(event: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        RunRequest.model_validate(event)


@pytest.mark.parametrize(
    ("cause", "error"),
    [
        (
            '{"errorMessage": "bars.parquet is damaged", "errorType": "CorruptError", "stackTrace": ["..."]}',
            "CorruptError: bars.parquet is damaged",
        ),
        ("out of memory", "out of memory"),
        ('"quoted"', '"quoted"'),
        ("{}", "{}"),
    ],
)
def test_failed_chunk_tells_its_error_without_the_stack_trace(cause: str, error: str) -> None:
    run = Run(namespace="live", session=date(2022, 11, 23), attempt=1)
    chunk = Chunk(run=run, tickers=("SPY",), error=cause)

    assert chunk.error == error
    assert Chunk.model_validate(chunk.model_dump(mode="json")) == chunk
