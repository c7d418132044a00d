"""The rows of the signal table: their keys, the digest record, and how what was decided is read again.

One partition holds one session of one namespace. A decision's row never changes once written: another decision
under the same key goes to a key with its content's name behind it (`signal#SPY#no-trade#0f3a…`). The digest lists
the rows that are the session's. A row that no digest lists is left over from a run that another overtook, and is
never read. A revision (`digest#r1`, `digest#r2`, ...) is a later digest of the session under other settings; the
newest counts.
"""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from options_signals.digest import Revision, Texts
from options_signals.errors import CorruptError, InvalidValueError
from options_signals.jobs.ports import SignalTable
from options_signals.lake import canonical_json, sha256
from options_signals.sessions import shift
from options_signals.signals import Decision, NoTrade, Signal

DIGEST = "digest"
BY_HAND = "Mend or delete the row by hand; mind that a session without a digest is sent again."
_DECISION: TypeAdapter[Signal | NoTrade] = TypeAdapter(Decision)


class State(StrEnum):
    """How far a digest has come."""

    RECORDED = "RECORDED"  # stored, and nobody asked to send it
    PENDING = "PENDING"  # owed to its readers
    SENDING = "SENDING"  # one run may be handing it over, until its lease ends
    SENT = "SENT"  # taken by the channel


class DigestRecord(BaseModel):
    """One session's message with its exact texts, how far it has come, and the rows it speaks of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    namespace: str
    session: dt.date
    revision: int
    id: str
    state: State
    subject: str
    email: str
    sms: str
    config_id: str
    attempt: int
    members: tuple[str, ...]
    signals: int
    refusals: int
    created_at: dt.datetime
    owner: str = ""  # token of the run that sends, or sent last
    lease_until: dt.datetime | None = None
    maybe_sent: bool = False  # an earlier hand-over had an unknown end: the next one is marked REPEAT
    message_id: str = ""  # the channel's
    sent_at: dt.datetime | None = None
    announced: bool = False
    revises: Revision | None = None  # what a revision was marked with

    @property
    def texts(self) -> Texts:
        """As they are sent."""
        return Texts(subject=self.subject, email=self.email, sms=self.sms)

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do: sent, and the event put."""
        return self.state is State.SENT and self.announced

    @property
    def pk(self) -> str:
        """The partition it lies in."""
        return partition(self.namespace, self.session)

    @property
    def sk(self) -> str:
        """Its sort key."""
        return f"{DIGEST}#r{self.revision}" if self.revision else DIGEST


def partition(namespace: str, session: dt.date) -> str:
    """The partition key, such as `live#2022-11-23`."""
    return f"{namespace}#{session.isoformat()}"


def sort_key(decision: Signal | NoTrade) -> str:
    """`signal#SPY#bull-call-spread`, or `signal#SPY#no-trade` for a refusal."""
    slug = decision.strategy.lower().replace(" ", "-") if isinstance(decision, Signal) else "no-trade"
    return f"signal#{decision.ticker}#{slug}"


def row_of(decision: Signal | NoTrade, *, namespace: str) -> dict[str, Any]:
    """The row that keeps a decision; `content` names what it says, whoever says it."""
    body = decision.model_dump(mode="json")
    try:
        content = sha256(canonical_json(body))[:12]
    except ValueError as error:
        raise InvalidValueError(name=f"a number of {sort_key(decision)}", value=str(error), allowed="finite") from error
    return {
        "namespace": namespace,
        "session": decision.session.isoformat(),
        "ticker": decision.ticker,
        "kind": decision.kind,
        "content": content,
        "body": body,
    }


def digest(table: SignalTable, namespace: str, session: dt.date) -> DigestRecord | None:
    """The session's newest digest, None where it has none."""
    return next(iter(_digests(table, namespace, session)), None)


def told(table: SignalTable, namespace: str, session: dt.date) -> DigestRecord | None:
    """The digest that the session's readers have; None where they have none, or wait for a newer one.

    They do not wait for a revision that was only recorded: nobody asked to send it.
    """
    asked_for = (record for record in _digests(table, namespace, session) if record.state is not State.RECORDED)
    newest = next(asked_for, None)
    return newest if newest and newest.state is State.SENT else None


def _digests(table: SignalTable, namespace: str, session: dt.date) -> list[DigestRecord]:
    """The newest revision first."""
    found = [_record(row) for row in table.of_partition(partition(namespace, session), DIGEST)]
    return sorted(found, key=lambda record: record.revision, reverse=True)


def decisions(table: SignalTable, namespace: str, session: dt.date) -> list[Signal | NoTrade]:
    """What the newest digest of the session lists, in its order; empty where there is no digest."""
    return listed(table, digest(table, namespace, session))


def told_decisions(table: SignalTable, namespace: str, session: dt.date) -> list[Signal | NoTrade]:
    """The same of the newest digest that was sent: a recorded what-if was told to nobody."""
    sent = (record for record in _digests(table, namespace, session) if record.state is State.SENT)
    return listed(table, next(sent, None))


def said_before(table: SignalTable, namespace: str, session: dt.date) -> Mapping[str, str]:
    """What readers were told of each ticker the session before, in two or three words."""
    return {one.ticker: one.in_brief for one in told_decisions(table, namespace, shift(session, -1))}


def listed(table: SignalTable, record: DigestRecord | None) -> list[Signal | NoTrade]:
    """The decisions that a digest lists, in its order; empty without one."""
    if record is None:
        return []
    rows = {row["sk"]: row for row in table.of_partition(record.pk, "signal#")}
    return [_decision(record, sk, rows.get(sk)) for sk in record.members]


def history(table: SignalTable, namespace: str, ticker: str, *, since: dt.date) -> list[Signal | NoTrade]:
    """What was decided on the ticker from that session on, ascending; only rows that their digests list."""
    rows = [row for row in table.of_ticker(ticker, since=since) if row["namespace"] == namespace]
    days = {row["session"]: digest(table, namespace, dt.date.fromisoformat(row["session"])) for row in rows}
    listed = [(record, row) for row in rows if (record := days[row["session"]]) and row["sk"] in record.members]
    return [_decision(record, row["sk"], row) for record, row in listed]


def _record(row: dict[str, Any]) -> DigestRecord:
    try:
        return DigestRecord.model_validate({key: value for key, value in row.items() if key not in {"pk", "sk"}})
    except ValidationError as error:
        raise CorruptError(
            what=f"{row['sk']} of {row['pk']}", expected="a digest", found=str(error), remedy=BY_HAND
        ) from error


def _decision(record: DigestRecord, sk: str, row: dict[str, Any] | None) -> Signal | NoTrade:
    try:
        return _DECISION.validate_python(row and row["body"])
    except ValidationError as error:
        raise CorruptError(
            what=f"{sk} of {record.pk}",
            expected="the decision that its digest lists",
            found="none" if row is None else str(error),
            remedy=BY_HAND,
        ) from error
