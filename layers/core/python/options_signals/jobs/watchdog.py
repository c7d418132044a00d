"""After the day's last run: say so where the session's digest was not sent. Silence must never pass for no signal."""

import datetime as dt

from pydantic import AwareDatetime, BaseModel, ConfigDict

from options_signals import sessions
from options_signals.digest import Texts
from options_signals.jobs import ledger
from options_signals.jobs.ledger import DigestRecord
from options_signals.jobs.ports import Channel, SignalTable

WHAT_TO_DO = (
    "No digest means: unknown. It does not mean that there is no signal, and open positions were not looked at.\n"
    "See what happened with `signals status`; start the session again from the Step Functions console "
    'with the input {{"session": "{session}"}}.'
)


class WatchRequest(BaseModel):
    """What starts the watchdog: the time the scheduler meant, however late it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scheduled_time: AwareDatetime


class Watch(BaseModel):
    """Whether all is well with the session, and why."""

    model_config = ConfigDict(frozen=True)

    well: bool
    reason: str


def watchdog(request: WatchRequest, *, namespace: str, table: SignalTable, operator: Channel) -> Watch:
    """Look at the session of that New York day; alert the operator unless it is SENT or there was none.

    Raises
    ------
    Retryable
        Where the table or the operator cannot be reached; looking again is harmless, and alerts again.
    """
    session = sessions.session_of(request.scheduled_time)
    if session is None:
        day = request.scheduled_time.astimezone(sessions.NEW_YORK).date()
        return Watch(well=True, reason=f"no session of {day:%A} {day} had closed")
    if digest := ledger.told(table, namespace, session):
        return Watch(well=True, reason=f"the digest of {session} was sent (id {digest.id})")
    found = _found(ledger.digest(table, namespace, session))
    operator.publish(_texts(namespace, session, found), digest_id=f"watchdog-{session}")
    return Watch(well=False, reason=f"the digest of {session} was not sent: {found}")


def _found(digest: DigestRecord | None) -> str:
    if digest is None:
        return "the table holds none"
    return f"it stands at {digest.state} since {digest.created_at:%Y-%m-%d %H:%M} UTC (id {digest.id})"


def _texts(namespace: str, session: dt.date, found: str) -> Texts:
    subject = f"NO DIGEST for {session} ({namespace})"
    email = f"The digest of {session} in {namespace} was not sent: {found}.\n\n{WHAT_TO_DO.format(session=session)}\n"
    return Texts(subject=subject, email=email, sms=f"{subject}: {found}")
