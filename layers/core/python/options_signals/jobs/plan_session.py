"""First step: find the session, whether there is anything to do, and pin the models."""

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from options_signals import sessions
from options_signals.errors import ModelMismatchError, ModelMissingError
from options_signals.features.inputs import OWN_INDEX, own_index
from options_signals.jobs import documents, ledger
from options_signals.jobs.messages import Plan, Run, RunRequest
from options_signals.jobs.ports import SignalTable
from options_signals.lake import ObjectStore
from options_signals.models import registry
from options_signals.models.bundle import Bundle, load
from options_signals.models.card import ModelCard, World
from options_signals.settings import Settings
from options_signals.snapshot import BundleRef, committed_before, next_attempt

MODELS = ("direction", "iv_regime")
POOLED = "pooled"
OF_EARNINGS = ("earnings_move", POOLED)  # name and scope; a watchlist does without it
SNAPSHOTS_TO_COMPARE = 4  # a provider that is back after three days is compared with what it said before


def plan_session(
    request: RunRequest,
    *,
    settings: Settings,
    namespace: str,
    world: World,
    store: ObjectStore,
    table: SignalTable,
    now: dt.datetime,
) -> Plan:
    """Decide whether the day has work, pin the models, and name the attempt.

    Returns
    -------
    Plan
        With `proceed` False and the reason where the market was closed, has not closed yet, the session's digest was
        sent before, or there is none to revise. Nothing is stored then.

    Raises
    ------
    ModelError
        Where a ticker has no model, a bundle fails its checks, or a model has seen data after the session. Only the
        model of moves on earnings may be missing.
    """
    session, closed = _session(request, now)
    if session is None:
        return Plan(proceed=False, reason=closed)
    done = _done(table, namespace, session, request, settings)
    if done:
        return Plan(proceed=False, reason=done)
    pinned = pinned_models(store, world, settings, session)
    run = Run(namespace=namespace, session=session, attempt=next_attempt(store, namespace, session))
    return Plan(
        proceed=True,
        reason=f"{session} is to be worked on",
        run=run,
        last_slot=_is_last_slot(request, settings),
        revise=request.revise,
        send=request.send,
        models=documents.write(store, run, "models", pinned.refs),
        earlier=earlier_runs(store, run),
        own_iv=pinned.own_iv,
    )


def earlier_runs(store: ObjectStore, run: Run) -> tuple[Run, ...]:
    """The newest snapshots before a session, newest first."""
    before = committed_before(store, run.namespace, run.session, most=SNAPSHOTS_TO_COMPARE)
    return tuple(Run(namespace=run.namespace, session=session, attempt=attempt) for session, attempt in before)


def _session(request: RunRequest, now: dt.datetime) -> tuple[dt.date | None, str]:
    """The session asked for, or None with the reason."""
    if request.scheduled_time is not None:
        day = request.scheduled_time.astimezone(sessions.NEW_YORK).date()
        return sessions.session_of(request.scheduled_time), _why_closed(day)
    if request.session is None:
        return sessions.newest_closed(now), ""
    if not sessions.is_session(request.session):
        return None, _why_closed(request.session)
    if sessions.close_of(request.session) > now:
        return None, _why_closed(request.session)
    return request.session, ""


def _why_closed(day: dt.date) -> str:
    if sessions.is_session(day):
        return f"the session of {day} closes at {sessions.close_of(day):%H:%M} New York time; it is not over yet"
    before, after = sessions.shift(day, -1), sessions.shift(day, 1)
    return f"the exchange was closed on {day:%A} {day}; the sessions around it are {before} and {after}"


def _done(table: SignalTable, namespace: str, session: dt.date, request: RunRequest, settings: Settings) -> str | None:
    if request.revise and not request.send and ledger.digest(table, namespace, session) is None:
        # Stored and not sent it would be the digest that the evening's next slot sends, whatever the data is by then.
        return f"{session} has no digest yet that could be revised: run it without --revise"
    digest = ledger.told(table, namespace, session)
    if digest is None or not digest.finished or request.revise:
        return None
    told = f"the digest of {session} was sent before (id {digest.id}); nothing is changed or sent"
    if digest.config_id == settings.config_id:
        return f"{told}. On data that has healed since: --revise"
    return f"{told}. It was made with other settings ({digest.config_id}, now {settings.config_id}): see --revise"


def _is_last_slot(request: RunRequest, settings: Settings) -> bool:
    """A run by hand is a last one: its asker wants an answer now."""
    if request.scheduled_time is None:
        return True
    return f"{request.scheduled_time.astimezone(sessions.NEW_YORK):%H:%M}" >= max(settings.slots)


class Pinned(NamedTuple):
    """The models of a session, and the tickers whose models all read the volatility of their own options."""

    refs: list[BundleRef]
    own_iv: tuple[str, ...]


def pinned_models(store: ObjectStore, world: World, settings: Settings, session: dt.date) -> Pinned:
    """The champions the watchlist needs, and that of moves on earnings if there is one, each loaded and so verified.

    Raises
    ------
    ModelError
        As for `plan_session`.
    """
    scopes = (POOLED,) if settings.model_scope == POOLED else _with_models(store, world, settings)
    refs = [registry.champion(store, world, name, scope) for name in MODELS for scope in scopes]
    refs += _of_earnings(store, world)
    cards = [_without_hindsight(load(store, ref), session) for ref in refs]
    return Pinned(refs, tuple(ticker for ticker in settings.tickers if _reads_own_iv(ticker, cards)))


def _of_earnings(store: ObjectStore, world: World) -> list[BundleRef]:
    try:
        return [registry.champion(store, world, *OF_EARNINGS)]
    except ModelMissingError:
        return []


def _with_models(store: ObjectStore, world: World, settings: Settings) -> list[str]:
    """The tickers that must have a model, and those without an index that have one; fetch_data refuses the others."""
    return [
        ticker
        for ticker in settings.tickers
        if ticker in OWN_INDEX or ticker in settings.allow_iv_proxy or _has_models(store, world, ticker)
    ]


def _has_models(store: ObjectStore, world: World, ticker: str) -> bool:
    try:
        return all(registry.champion(store, world, name, ticker) for name in MODELS)
    except ModelMissingError:
        return False


def _reads_own_iv(ticker: str, cards: Sequence[ModelCard]) -> bool:
    """Whether a ticker without an index has models of its own options' volatility, or of several indices."""
    serving = [card for card in cards if card.name in MODELS and card.scope in {ticker, POOLED}]
    fit = [card for card in serving if card.index == own_index(ticker) or (card.scope, card.index) == (POOLED, None)]
    return ticker not in OWN_INDEX and len(fit) == len(serving) == len(MODELS)


def _without_hindsight(bundle: Bundle, session: dt.date) -> ModelCard:
    """The card of a model that has not seen the days it is asked about: one that has would flatter itself."""
    card = bundle.card
    if card.trained_through > session:
        raise ModelMismatchError(
            model=f"{card.name} of {card.scope} ({card.version})",
            check="training span",
            expected=f"data through {card.trained_through}",
            found=f"the earlier session {session}; train with `--through {sessions.shift(session, -1)}`",
        )
    return card
