"""The payoff pictures of a session's tickets: drawn, and kept in the lake before a digest links them.

A picture's name carries the digest of the ticket it shows, so whoever draws it again writes the same object, and a
replay knows its link without drawing. No picture is worth a message: where there is none, the digest says why.
"""

import logging
from collections.abc import Callable, Mapping, Sequence

from options_signals import snapshot
from options_signals.digest.picture import draw_payoff
from options_signals.digest.table import SIMULATED
from options_signals.digest.ticket import picture_name
from options_signals.lake import MemoryStore, ObjectStore
from options_signals.signals import NoTrade, Signal
from options_signals.snapshot import Manifest
from options_signals.tickets import Ticket

logger = logging.getLogger(__name__)

MOST = 50  # of a tenth of a second each, and the message waits for them
BEYOND = f"only the first {MOST} are drawn"
NOT_KEPT = "the lake did not take it"


def keep_pictures(
    manifest: Manifest, decisions: Sequence[Signal | NoTrade], *, store: ObjectStore
) -> Mapping[str, str]:
    """Draw the picture of each ticket and put it into the lake; return by ticker why there is none."""
    return _lacking(manifest, decisions, lambda key, ticket: _keep(manifest, key, ticket, store))


def kept_pictures(
    manifest: Manifest, decisions: Sequence[Signal | NoTrade], *, store: ObjectStore
) -> Mapping[str, str]:
    """What `keep_pictures` returned that evening, told from what lies in the lake; nothing is written."""
    there = set(store.keys(f"{_folder(manifest)}/")) if manifest.pictures else set()
    return _lacking(
        manifest,
        decisions,
        lambda key, ticket: None if key in there else _keep(manifest, key, ticket, MemoryStore()) or NOT_KEPT,
    )


def _lacking(
    manifest: Manifest, decisions: Sequence[Signal | NoTrade], why_not: Callable[[str, Ticket], str | None]
) -> Mapping[str, str]:
    if manifest.pictures is None:
        return {}
    tickets = [one.ticket for one in decisions if isinstance(one, Signal) and isinstance(one.ticket, Ticket)]
    beyond = {ticket.underlying: BEYOND for ticket in tickets[MOST:]}
    asked = {t.underlying: why_not(f"{_folder(manifest)}/{picture_name(t)}", t) for t in tickets[:MOST]}
    return {ticker: reason for ticker, reason in asked.items() if reason} | beyond


def _keep(manifest: Manifest, key: str, ticket: Ticket, store: ObjectStore) -> str | None:
    """Why it is not there; None where it is."""
    stamp = "SIMULATED" if manifest.namespace.startswith(SIMULATED) else ""
    try:
        picture = draw_payoff(ticket, stamp=stamp)
    except Exception as error:  # whatever it is, the message goes out
        logger.exception("the picture %s could not be drawn", key)
        return f"it could not be drawn ({type(error).__name__})"
    try:
        store.put(key, picture)
    except Exception:  # the same
        logger.exception("the picture %s could not be stored", key)
        return NOT_KEPT
    return None


def _folder(manifest: Manifest) -> str:
    return snapshot.pictures_of(manifest.namespace, manifest.session, manifest.attempt)
