"""What the steps hand each other: small references, never tables (a state's payload ends at 256 KiB)."""

import datetime as dt
import json
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from options_signals.snapshot import DocumentRef, TableRef


def told(cause: str, *, with_type: bool = True) -> str:
    """What went wrong, out of Lambda's error JSON with its stack trace; any other text as it is."""
    try:
        error = json.loads(cause)
        kind, message = error["errorType"], error["errorMessage"]
    except (json.JSONDecodeError, KeyError, TypeError):
        return cause
    return f"{kind}: {message}" if with_type else str(message)


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class RunRequest(_Message):
    """What starts a day: the scheduler's instant, or a session a person asked for, or neither: the newest."""

    scheduled_time: AwareDatetime | None = None
    session: dt.date | None = None
    revise: bool = False
    send: bool = True

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if self.scheduled_time is not None and self.session is not None:
            raise ValueError("asks for a scheduled_time and for a session; allowed: one of them")
        return self


class Run(_Message):
    """Which session is worked on, under which attempt; the head of every message."""

    namespace: str
    session: dt.date
    attempt: int = Field(ge=1)


class Plan(_Message):
    """plan_session's answer. Without `proceed` the day ends here, for the reason given."""

    proceed: bool
    reason: str
    run: Run | None = None
    last_slot: bool = True
    revise: bool = False
    send: bool = True
    models: DocumentRef | None = None
    earlier: tuple[Run, ...] = ()  # the newest snapshots before this session, to compare with and to carry on
    own_iv: tuple[str, ...] = ()  # tickers whose models read the volatility of their own options for an index


class Fetch(_Message):
    """fetch_data's answer. Without `committed` nothing was stored and a later slot tries again."""

    committed: bool
    reason: str
    run: Run
    last_slot: bool = True
    revise: bool = False
    send: bool = True
    chunks: tuple[tuple[str, ...], ...] = ()


class Chunk(_Message):
    """One item of the Map, as it grows from step to step."""

    run: Run
    tickers: tuple[str, ...]
    features: TableRef | None = None
    refused: dict[str, str] = Field(default_factory=dict)  # ticker -> why it has no features
    forecasts: DocumentRef | None = None
    decisions: DocumentRef | None = None
    error: Annotated[str, AfterValidator(told)] | None = None  # set where a step of this chunk failed for good
