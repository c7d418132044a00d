"""The session's decisions into the table, its digest to its readers: once."""

import datetime as dt
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from options_signals.jobs.deps import Deps
from options_signals.jobs.edition import edition_of, left_unsaid
from options_signals.jobs.messages import Chunk, Fetch
from options_signals.jobs.publish_signals import Ports, publish_signals

# Longer than this function's timeout and what clocks may differ; the state machine's retry waits longer still.
LEASE = dt.timedelta(seconds=120)

logger = Logger()
metrics = Metrics()


@cache
def _deps() -> Deps:
    return Deps.from_env()


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """A Fetch with the Map's `results` in; out comes how the digest stands, or LEFT and the reason."""
    deps = _deps()
    fetched = Fetch.model_validate({key: event[key] for key in Fetch.model_fields})
    chunks = [Chunk.model_validate(result) for result in event["results"]]
    edition = edition_of(fetched.run, chunks, store=deps.store)
    if reason := left_unsaid(edition, last_slot=fetched.last_slot, revise=fetched.revise):
        logger.info("nothing said", session=edition.session.isoformat(), reason=reason)
        return {"state": "LEFT", "reason": reason}
    outcome = publish_signals(
        edition,
        ports=Ports(table=deps.table, channel=deps.channel, bus=deps.bus, clock=deps.clock),
        lease=LEASE,
        send=fetched.send,
        revise=fetched.revise,
    )
    digest = outcome.digest
    metrics.add_metric(name="Signals", unit=MetricUnit.Count, value=digest.signals)
    metrics.add_metric(name="Refusals", unit=MetricUnit.Count, value=digest.refusals)
    metrics.add_metric(name="Sent", unit=MetricUnit.Count, value=int(outcome.sent))
    logger.info("published", state=digest.state, digest_id=digest.id, signals=digest.signals, sent=outcome.sent)
    return {
        "state": digest.state,
        "digest_id": digest.id,
        "session": digest.session.isoformat(),
        "signals": digest.signals,
        "refusals": digest.refusals,
        "sent": outcome.sent,
    }
