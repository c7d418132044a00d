"""Running days on the laptop: through the cloud in this process, or without leaving a trace."""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from options_signals import sessions
from options_signals.errors import InvalidValueError, NotFoundError
from options_signals.jobs import documents, ledger
from options_signals.jobs.fetch_data import fetch_data
from options_signals.jobs.ledger import DigestRecord
from options_signals.jobs.messages import Plan, Run, RunRequest
from options_signals.jobs.plan_session import Pinned, earlier_runs, pinned_models
from options_signals.jobs.portfolio import holdings_in, holdings_of
from options_signals.jobs.replay import Replay, decide_all, replay
from options_signals.lake import ObjectStore, Overlay
from options_signals.signals import NoTrade, Signal
from options_signals.snapshot import Manifest, next_attempt, read_manifest
from options_signals.strategy.portfolio import Holdings

from local.cloud import Execution, LaptopCloud, OnStep
from local.home import Home
from local.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a run through the cloud left behind."""

    execution: Execution
    digest: DigestRecord | None
    decisions: tuple[Signal | NoTrade, ...]


def run_day(world: World, request: RunRequest, *, on_step: OnStep) -> Day:
    """Run one day through the state machine and read back what it stored."""
    wanted = request.session or sessions.newest_closed(dt.datetime.now(dt.UTC))
    with cloud_of(world, wanted, on_step=on_step) as cloud:
        execution = cloud.run(request.model_dump(mode="json"))
        table, namespace = cloud.table, world.sources.namespace
        known = sessions.is_session(wanted)
        return Day(
            execution=execution,
            digest=ledger.digest(table, namespace, wanted) if known else None,
            decisions=tuple(ledger.decisions(table, namespace, wanted)) if known else (),
        )


def cloud_of(world: World, session: dt.date, *, on_step: OnStep) -> LaptopCloud:
    """The cloud with the stored rows of that session and of those before it whose trades may still be open."""
    first = sessions.shift(session, -world.settings.tickets.exit_sessions)
    return LaptopCloud(
        home=world.home,
        namespace=world.sources.namespace,
        environment=world.environment,
        sessions=tuple(day.isoformat() for day in sessions.between(first, session)),
        on_step=on_step,
    )


def fetch_only(world: World, session: dt.date, *, store: ObjectStore, with_models: bool) -> tuple[Run, Manifest]:
    """Fetch and commit a snapshot of the session, with or without the models that would judge it."""
    run = Run(
        namespace=world.sources.namespace,
        session=session,
        attempt=next_attempt(store, world.sources.namespace, session),
    )
    pinned = pinned_models(store, world.sources.world, world.settings, session) if with_models else Pinned([], ())
    plan = Plan(
        proceed=True,
        reason="asked for",
        run=run,
        models=documents.write(store, run, "models", pinned.refs),
        earlier=earlier_runs(store, run),
        own_iv=pinned.own_iv,
    )
    fetch_data(
        plan,
        sources=world.sources,
        store=store,
        settings=world.settings,
        previous={},
        holdings=_holdings(world, run),
        now=dt.datetime.now(dt.UTC),
        code_version=world.environment["SIGNALS_CODE"],
    )
    return run, read_manifest(store, run.namespace, run.session, run.attempt)


def _holdings(world: World, run: Run) -> Holdings:
    with cloud_of(world, run.session, on_step=lambda *_: None) as cloud:
        return holdings_of(run, store=world.home.store(), table=cloud.table, settings=world.settings)


class Decided(NamedTuple):
    """Decisions that were not stored, and what they rest on."""

    manifest: Manifest
    decisions: tuple[Signal | NoTrade, ...]
    holdings: Holdings


def decide_only(world: World, session: dt.date) -> Decided:
    """Decide on the watchlist and store nothing."""
    store = Overlay(world.home.store())
    run, manifest = fetch_only(world, session, store=store, with_models=True)
    return Decided(manifest, decide_all(run, manifest, store=store), holdings_in(manifest, store))


def replay_day(home: Home, namespace: str, session: dt.date) -> Replay:
    """Decide a stored session again and compare."""
    with LaptopCloud(home=home, namespace=namespace, environment={}, sessions=(session.isoformat(),)) as cloud:
        digest = ledger.digest(cloud.table, namespace, session)
        if digest is None:
            raise NotFoundError(
                what=f"digest of {session} in {namespace}",
                where=str(home.table),
                remedy="`signals history` lists what is stored; `signals run --session` makes one.",
            )
        stored = ledger.decisions(cloud.table, namespace, session)
    return replay(digest, store=home.store(), stored=stored)


def asked_session(text: str | None) -> dt.date:
    """The session a person wrote, or the newest that has closed.

    Raises
    ------
    InvalidValueError
        For what is no date, a day without trading, or one that is not over.
    """
    now = dt.datetime.now(dt.UTC)
    if text is None:
        return sessions.newest_closed(now)
    session = parsed_date(text)
    if sessions.close_of(session) > now:
        raise InvalidValueError(
            name="session",
            value=text,
            allowed=f"a session that has closed, at the latest {sessions.newest_closed(now)}",
        )
    return session


def parsed_date(text: str) -> dt.date:
    """The date in `2022-11-23`; InvalidValueError for anything else."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise InvalidValueError(name="date", value=text, allowed="a date such as 2022-11-23") from error
