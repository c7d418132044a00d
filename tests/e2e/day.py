"""One day through all six jobs, in memory: the order of the state machine without the state machine."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from options_signals.errors import ProviderThrottledError, ProviderUnavailableError
from options_signals.jobs import ledger
from options_signals.jobs.build_features import build_features
from options_signals.jobs.edition import edition_of, left_unsaid
from options_signals.jobs.fetch_data import fetch_data
from options_signals.jobs.messages import Chunk, Fetch, Plan, Run, RunRequest
from options_signals.jobs.plan_session import plan_session
from options_signals.jobs.portfolio import holdings_of
from options_signals.jobs.publish_signals import Outcome, Ports, publish_signals
from options_signals.jobs.replay import Replay, replay
from options_signals.jobs.run_inference import run_inference
from options_signals.jobs.select_strategies import select_strategies
from options_signals.lake import MemoryStore
from options_signals.models import registry
from options_signals.settings import Settings
from options_signals.sources.base import Sources
from options_signals.sources.registry import open_source

from tests.fakes import ManualClock, MemoryTable, RecordingBus, RecordingChannel
from tests.models.bundles import direction_bundle, regime_bundle

TICKERS = ("SPY", "QQQ", "IWM")
# Floors so low that every ticker is traded on every evening.
EAGER = {
    "trade_unproven": True,
    "min_direction": 0.5,
    "min_direction_normal": 0.5,
    "min_overall": 0.4,
    "floor_overall": 0.4,
    "min_iv": 0.3,
}
EVENING = dt.datetime(2022, 11, 23, 21, 45, tzinfo=dt.UTC)  # 16:45 in New York, after the close
LEASE = dt.timedelta(seconds=120)


def simulated() -> Sources:
    """The simulated market."""
    return open_source("simulated", clock=lambda: EVENING)


def stocked(tickers: tuple[str, ...] = TICKERS) -> MemoryStore:
    """A lake of its own whose registry serves both models for each ticker."""
    store = MemoryStore()
    store.objects.update(_registry(tickers).objects)
    return store


@cache
def _registry(tickers: tuple[str, ...]) -> MemoryStore:
    store = MemoryStore()
    for ticker in tickers:
        for bundle in (direction_bundle(scope=ticker), regime_bundle(scope=ticker)):
            registry.promote(store, registry.publish(store, bundle.card, bundle.graph), when=EVENING)
    return store


@dataclass
class World:
    """Everything a day touches. `day` answers with the last step that had something to say."""

    sources: Sources = field(default_factory=simulated)
    settings: Settings = field(default_factory=lambda: Settings(tickers=TICKERS))
    store: MemoryStore = field(default_factory=stocked)
    table: MemoryTable = field(default_factory=MemoryTable)
    channel: RecordingChannel = field(default_factory=RecordingChannel)
    bus: RecordingBus = field(default_factory=RecordingBus)
    clock: ManualClock = field(default_factory=lambda: ManualClock(EVENING))

    def day(self, request: RunRequest | None = None) -> Plan | Fetch | Outcome:
        plan = self.plan(request or RunRequest(scheduled_time=self.clock.now()))
        if not plan.proceed:
            return plan
        fetched = self.fetch(plan)
        return self.publish(fetched) if fetched.committed else fetched

    def plan(self, request: RunRequest) -> Plan:
        plan = plan_session(
            request,
            settings=self.settings,
            namespace=self.sources.namespace,
            world=self.sources.world,
            store=self.store,
            table=self.table,
            now=self.clock.now(),
        )
        return Plan.model_validate(_through_json(plan.model_dump(mode="json")))

    def fetch(self, plan: Plan) -> Fetch:
        try:
            return self._fetch(plan, None)
        except (ProviderUnavailableError, ProviderThrottledError) as error:
            return self._fetch(plan, str(error))

    def _fetch(self, plan: Plan, gave_up: str | None) -> Fetch:
        assert plan.run is not None
        return fetch_data(
            plan,
            sources=self.sources,
            store=self.store,
            settings=self.settings,
            previous=ledger.said_before(self.table, plan.run.namespace, plan.run.session),
            holdings=holdings_of(plan.run, store=self.store, table=self.table, settings=self.settings),
            now=self.clock.now(),
            code_version="test",
            gave_up=gave_up,
        )

    def publish(self, fetched: Fetch) -> Fetch | Outcome:
        return self.send(fetched, [self.chunk(fetched.run, tickers) for tickers in fetched.chunks])

    def send(self, fetched: Fetch, chunks: Sequence[Chunk]) -> Fetch | Outcome:
        """An Outcome; the Fetch again where the day is left to a later slot."""
        ports = Ports(table=self.table, channel=self.channel, bus=self.bus, clock=self.clock)
        edition = edition_of(fetched.run, chunks, store=self.store)
        if left_unsaid(edition, last_slot=fetched.last_slot, revise=fetched.revise):
            return fetched
        return publish_signals(edition, ports=ports, lease=LEASE, send=fetched.send, revise=fetched.revise)

    def chunk(self, run: Run, tickers: tuple[str, ...]) -> Chunk:
        chunk = Chunk(run=run, tickers=tickers)
        for step in (build_features, run_inference, select_strategies):
            chunk = Chunk.model_validate(_through_json(step(chunk, store=self.store).model_dump(mode="json")))
        return chunk

    @property
    def emails(self) -> list[str]:
        return [texts.email for _, texts in self.channel.accepted]


def _through_json(value: Mapping[str, object]) -> object:
    return json.loads(json.dumps(value))


def replayed(world: World, session: dt.date) -> Replay:
    """The session again, compared with what was published."""
    digest = ledger.digest(world.table, "simulated", session)
    assert digest is not None
    return replay(digest, store=world.store, stored=ledger.decisions(world.table, "simulated", session))
