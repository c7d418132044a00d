"""Last step: store what was decided, and tell its readers once.

```text
decisions written ─ digest RECORDED (not to be sent) or PENDING (exact texts, id)
                      └─> SENDING (owner, lease) ─ one publish ─> SENT ─ event ─> announced
                            │ refused or not taken for certain: back to PENDING
                            └ unknown end: stays; after the lease the next run sends it marked REPEAT, same id
```

Each arrow is one conditional write, so a run that dies between two of them leaves a state from which any later
run goes on, and of two runs at once one wins. Once a digest exists its texts are the ones sent, whoever sends. So
readers get exactly one message; two, the second marked, only where nobody can know how the first hand-over ended.

The lease must outlast the function's timeout by more than clocks may differ: then whoever held an expired lease
is dead. A revision (other settings or another snapshot on a finished session) is a further digest of that session under
a key of its own, with the same life; its texts say REVISED, which digest they replace and what changed against it.
"""

import datetime as dt
import logging
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from options_signals.digest import Revision, Texts, mark_repeat, mark_revised
from options_signals.digest.chat import write_chat
from options_signals.digest.revision import changes_between
from options_signals.errors import (
    DeliveryDeferredError,
    DeliveryRejectedError,
    DeliveryUnknownError,
    InvalidValueError,
    PublishingElsewhereError,
    StoreUnavailableError,
)
from options_signals.jobs import ledger
from options_signals.jobs.ledger import DigestRecord, State
from options_signals.jobs.ports import Channel, Clock, EventBus, SignalTable
from options_signals.lake import canonical_json, sha256
from options_signals.signals import NoTrade, Signal

logger = logging.getLogger(__name__)

MAX_DIGEST_BYTES = 390_000  # a DynamoDB row ends at 400 KiB


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """What one run wants to say of one session."""

    namespace: str
    session: dt.date
    attempt: int
    config_id: str
    decisions: tuple[Signal | NoTrade, ...]
    texts: Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The world outside, as this job needs it."""

    table: SignalTable
    channel: Channel
    bus: EventBus
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the session's digest stands after this run; `sent` says whether this run handed the message over."""

    digest: DigestRecord
    sent: bool


def publish_signals(
    edition: Edition, *, ports: Ports, lease: dt.timedelta, send: bool = True, revise: bool = False
) -> Outcome:
    """Bring the session's digest as far as it goes: stored, sent, announced. Any number of times is once.

    Parameters
    ----------
    edition
        Its decisions and texts are used only where the session has no digest yet (or for a revision).
    lease
        How long this run may hold the digest: more than the function's timeout, plus what clocks may differ.
    send
        False stores a new digest as RECORDED and hands nothing over; a later run with True sends it.
    revise
        Where a sent or recorded digest was made under another `config_id` or by another attempt (its data or account
        file may have been bad): store a revision beside it.

    Raises
    ------
    InvalidValueError
        Other settings on a finished session without `revise`; a revision of a session that still owes its
        message; texts the channel could never take; decisions of another session or twice under one key.
    PublishingElsewhereError
        Another run holds the lease.
    DeliveryRejectedError, DeliveryDeferredError
        The message was not taken, for certain; the digest is PENDING.
    DeliveryUnknownError
        The digest stays SENDING; a run after the lease repeats it, marked.
    """
    record = _stored(edition, ports, state=State.PENDING if send else State.RECORDED, revise=revise)
    to_send = send and record.state is not State.SENT
    if to_send:
        record = _sent(record, ports, lease)
    if send and not record.announced:
        record = _announced(record, ports)
    return Outcome(digest=record, sent=to_send)


def _stored(edition: Edition, ports: Ports, *, state: State, revise: bool) -> DigestRecord:
    """The digest to go on with: the one that is there, or this edition's."""
    newest = ledger.digest(ports.table, edition.namespace, edition.session)
    if newest is None:
        return _store(edition, ports, revision=0, state=state)
    owed = newest.state in {State.PENDING, State.SENDING}
    again = revise and not owed and newest.attempt != edition.attempt
    if newest.config_id == edition.config_id and not again:
        return newest
    if owed and not revise:
        return newest
    if owed or not revise:
        raise _other_settings(newest, edition, owed=owed)
    revises = _revises(edition, ports.table, newest)
    marked = replace(edition, texts=mark_revised(edition.texts, revises))
    return _store(marked, ports, revision=newest.revision + 1, state=state, revises=revises)


def _revises(edition: Edition, table: SignalTable, newest: DigestRecord) -> Revision:
    """What readers have, or would have had, in the place of this edition, and how it differs."""
    told = ledger.told(table, edition.namespace, edition.session)
    replaced = told or newest
    changes = changes_between(ledger.listed(table, replaced), edition.decisions)
    return Revision(replaces=replaced.id, sent=told is not None, changes=changes)


def _other_settings(newest: DigestRecord, edition: Edition, *, owed: bool) -> InvalidValueError:
    stands = "still owes its message" if owed else f"is {newest.state}"
    return InvalidValueError(
        name="config_id",
        value=edition.config_id,
        allowed=f"{newest.config_id}, under which the digest of {edition.session} in {edition.namespace} {stands}",
        remedy="Run without --revise to finish that one first."
        if owed
        else "Nothing was changed or sent. Add --revise to store a revision beside it, and --send to send it.",
    )


def _store(
    edition: Edition, ports: Ports, *, revision: int, state: State, revises: Revision | None = None
) -> DigestRecord:
    """Write the decisions, then the digest that lists them; where another run was first, take its digest."""
    rows = _rows(edition)
    draft = _draft(edition, tuple(rows), revision=revision, state=state, created_at=ports.clock.now(), revises=revises)
    _refuse_what_cannot_go(draft, ports.channel)
    members = tuple(_keep(ports.table, draft.pk, sk, row) for sk, row in rows.items())
    record = draft.model_copy(update={"members": members})
    if ports.table.add(record.pk, record.sk, record.model_dump(mode="json")):
        return record
    return _stored(edition, ports, state=state, revise=False)


def _rows(edition: Edition) -> dict[str, dict[str, Any]]:
    """The decisions' rows by sort key, each checked before the first is written."""
    keys = Counter(ledger.sort_key(decision) for decision in edition.decisions)
    if twice := [key for key, count in keys.items() if count > 1]:
        raise InvalidValueError(name="decisions", value=twice, allowed="one decision per ticker and strategy")
    if strange := [d.ticker for d in edition.decisions if d.session != edition.session]:
        raise InvalidValueError(name="decisions", value=strange, allowed=f"decisions of the session {edition.session}")
    return {ledger.sort_key(d): ledger.row_of(d, namespace=edition.namespace) for d in edition.decisions}


def _refuse_what_cannot_go(draft: DigestRecord, channel: Channel) -> None:
    """Better no digest than one that no later run can send."""
    for each in (draft.texts, mark_repeat(draft.texts, draft.id)):
        channel.check(each)
    size = len(draft.model_dump_json().encode()) + 13 * len(draft.members)  # a key may get its content's name
    if size > MAX_DIGEST_BYTES:
        raise InvalidValueError(
            name="size of the digest",
            value=size,
            allowed=f"at most {MAX_DIGEST_BYTES} bytes, the keys of {len(draft.members)} decisions included",
            remedy="Split the watchlist over two namespaces, or shorten the email.",
        )


def _draft(
    edition: Edition,
    members: tuple[str, ...],
    *,
    revision: int,
    state: State,
    created_at: dt.datetime,
    revises: Revision | None,
) -> DigestRecord:
    texts = edition.texts
    signals = sum(isinstance(decision, Signal) for decision in edition.decisions)
    return DigestRecord(
        namespace=edition.namespace,
        session=edition.session,
        revision=revision,
        id=sha256(canonical_json([texts.subject, texts.email, texts.sms]))[:8],
        state=state,
        subject=texts.subject,
        email=texts.email,
        sms=texts.sms,
        config_id=edition.config_id,
        attempt=edition.attempt,
        members=members,
        signals=signals,
        refusals=len(edition.decisions) - signals,
        created_at=created_at,
        revises=revises,
    )


def _keep(table: SignalTable, pk: str, sk: str, row: dict[str, Any]) -> str:
    """Write a decision and return its key; what an overtaken run left under that key stays as it is."""
    if table.add(pk, sk, row) or (table.get(pk, sk) or {}).get("content") == row["content"]:
        return sk
    other = f"{sk}#{row['content']}"
    table.add(pk, other, row)  # taken only by the same content
    return other


def _sent(record: DigestRecord, ports: Ports, lease: dt.timedelta) -> DigestRecord:
    claimed = _claimed(record, ports, lease)
    try:
        message_id = _hand_over(claimed, ports)
    except (DeliveryRejectedError, DeliveryDeferredError):
        _advance(claimed, ports.table, state=State.PENDING)
        raise
    logger.info("digest %s of %s taken as message %s", claimed.id, claimed.pk, message_id)
    return _settled(claimed, ports, message_id)


def _claimed(record: DigestRecord, ports: Ports, lease: dt.timedelta) -> DigestRecord:
    """Take the digest for sending; from a run whose lease has ended, too, and then as a repeat."""
    now = ports.clock.now()
    sending = record.state is State.SENDING
    if sending and record.lease_until is not None and now < record.lease_until:
        raise _elsewhere(record, record.lease_until - now)
    claimed = _advance(
        record,
        ports.table,
        state=State.SENDING,
        owner=uuid4().hex,
        lease_until=now + lease,
        maybe_sent=record.maybe_sent or sending,
    )
    if claimed is None:
        raise _elsewhere(record, lease)
    return claimed


def _hand_over(claimed: DigestRecord, ports: Ports) -> str:
    if claimed.lease_until is None or ports.clock.now() >= claimed.lease_until:
        raise DeliveryDeferredError(
            channel="its readers",
            message_id=claimed.id,
            detail="the lease ended before the message was handed over",
        )
    return ports.channel.publish(
        mark_repeat(claimed.texts, claimed.id) if claimed.maybe_sent else claimed.texts,
        digest_id=claimed.id,
    )


def _settled(claimed: DigestRecord, ports: Ports, message_id: str) -> DigestRecord:
    """Write down that it was taken. Worth several tries: without this line it will be repeated."""
    retrying = Retrying(
        sleep=ports.clock.sleep,
        stop=stop_after_attempt(5),
        wait=wait_exponential(multiplier=0.5, max=4),
        retry=retry_if_exception_type(StoreUnavailableError),
        reraise=True,
    )
    sent_at = ports.clock.now()
    try:
        record = retrying(_advance, claimed, ports.table, state=State.SENT, message_id=message_id, sent_at=sent_at)
    except StoreUnavailableError as error:
        raise DeliveryUnknownError(
            channel="its readers",
            message_id=claimed.id,
            detail=f"taken as {message_id}, but the table could not note it",
        ) from error
    if record is None:
        raise _elsewhere(claimed, dt.timedelta(0))
    return record


def _announced(record: DigestRecord, ports: Ports) -> DigestRecord:
    """Tell other programs, at least once."""
    ports.bus.signals_published(
        {
            "namespace": record.namespace,
            "session": record.session.isoformat(),
            "digest_id": record.id,
            "revision": record.revision,
            "config_id": record.config_id,
            "signals": record.signals,
            "refusals": record.refusals,
            "subject": record.subject,
            "sms": record.sms,
            "chat": write_chat(record.sms, digest_id=record.id),
        }
    )
    return _advance(record, ports.table, announced=True) or record


def _advance(record: DigestRecord, table: SignalTable, **changes: Any) -> DigestRecord | None:
    """Change the digest if it still is in the state and hands we know; None where another run moved it.

    A refused change may be our own: the table's client repeats calls whose answer was lost.
    """
    after = record.model_copy(update=changes)
    if table.update(
        record.pk,
        record.sk,
        after.model_dump(mode="json", include=set(changes)),
        expected={"state": record.state.value, "owner": record.owner},
    ):
        return after
    found = table.get(record.pk, record.sk) or {}
    return after if (found.get("state"), found.get("owner")) == (after.state, after.owner) else None


def _elsewhere(record: DigestRecord, left: dt.timedelta) -> PublishingElsewhereError:
    return PublishingElsewhereError(key=f"{record.sk} of {record.pk}", seconds_left=left.total_seconds())
