"""Two years of evenings: the calendar by hand, a cheap market, and runs that fail, repeat and overlap.

An evening runs through the six jobs in the order of the state machine, and each step is tried again as the
definition file says. What a chunk's steps compute follows from the snapshot alone, so it is computed once per
snapshot and written each time, and tables of the same rows are encoded once: what is at stake is the order of writes,
not arithmetic.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from options_signals import sessions
from options_signals.errors import (
    DeliveryDeferredError,
    DeliveryUnknownError,
    ProviderUnavailableError,
    SignalError,
    StoreUnavailableError,
)
from options_signals.jobs.build_features import build_features
from options_signals.jobs.messages import Chunk, RunRequest
from options_signals.jobs.run_inference import run_inference
from options_signals.jobs.select_strategies import select_strategies
from options_signals.lake import Overlay, to_parquet
from options_signals.settings import Settings
from options_signals.snapshot import manifest_key
from options_signals.sources.base import Fetched, Sources
from options_signals.tables import Table

from tests.e2e.day import World, simulated, stocked

DEFINITION = json.loads((Path(__file__).parents[2] / "infra" / "state_machine.asl.json").read_text(encoding="utf-8"))
STATES = DEFINITION["States"] | DEFINITION["States"]["EachChunk"]["ItemProcessor"]["States"]

FIRST_DAY, LAST_DAY = dt.date(2026, 1, 1), dt.date(2027, 12, 31)
# As the exchange publishes them (nyse.com, "Holidays & Trading Hours"): days without trading, and days until 13:00.
HOLIDAYS = {
    *(dt.date(2026, *day) for day in ((1, 1), (1, 19), (2, 16), (4, 3), (5, 25), (6, 19), (7, 3), (9, 7))),
    *(dt.date(2026, *day) for day in ((11, 26), (12, 25))),
    *(dt.date(2027, *day) for day in ((1, 1), (1, 18), (2, 15), (3, 26), (5, 31), (6, 18), (7, 5), (9, 6))),
    *(dt.date(2027, *day) for day in ((11, 25), (12, 24))),
}
HALF_DAYS = {dt.date(2026, 11, 27), dt.date(2026, 12, 24), dt.date(2027, 11, 26)}
SUMMERS = ((dt.date(2026, 3, 8), dt.date(2026, 11, 1)), (dt.date(2027, 3, 14), dt.date(2027, 11, 7)))
SLOTS = (dt.time(16, 45), dt.time(18, 45), dt.time(20, 45))  # in New York
WATCH = dt.time(21, 15)


def days(*years: int) -> list[dt.date]:
    """Every day of these years, of both by default."""
    both = [FIRST_DAY + dt.timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
    return [day for day in both if not years or day.year in years]


def trades(day: dt.date) -> bool:
    return day.weekday() < 5 and day not in HOLIDAYS


def utc(day: dt.date, time: dt.time) -> dt.datetime:
    """The instant of a New York time, four hours behind UTC in summer and five in winter."""
    summer = any(begins <= day < ends for begins, ends in SUMMERS)
    return dt.datetime.combine(day, time, tzinfo=dt.UTC) + dt.timedelta(hours=4 if summer else 5)


# The market


@dataclass(frozen=True)
class Sliced:
    """The simulated market, made once for the whole span; each question is answered with a cut of it."""

    behind: Any

    def bars(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        return _cut(_whole(self.behind.bars, tuple(tickers)), first, last)

    def vol_indices(self, indices: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        return _cut(_whole(self.behind.vol_indices, tuple(indices)), first, last)


@cache
def _whole(ask: Callable[..., Fetched], names: tuple[str, ...]) -> Fetched:
    return ask(names, first=sessions.shift(FIRST_DAY, -600), last=LAST_DAY)


def _cut(fetched: Fetched, first: dt.date, last: dt.date) -> Fetched:
    inside = fetched.frame["session"].between(pd.Timestamp(first), pd.Timestamp(last))
    captured_at = sessions.close_of(last).astimezone(dt.UTC)
    return replace(
        fetched,
        frame=fetched.frame[inside].reset_index(drop=True),
        origin=fetched.origin.model_copy(update={"captured_at": captured_at}),
    )


_ENCODED: dict[tuple[str, bytes], bytes] = {}


def encoded_once(table: Table, frame: pd.DataFrame) -> bytes:
    """As `lake.to_parquet`, but rows that were encoded before are not encoded again."""
    asked = (table.name, pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    if asked not in _ENCODED:
        _ENCODED[asked] = to_parquet(table, frame)
    return _ENCODED[asked]


@cache
def market() -> Sources:
    sources = simulated()
    sliced = Sliced(sources.bars)
    return replace(sources, bars=sliced, vol_indices=sliced, macro=None, chain=None)


def new_world(*tickers: str) -> World:
    """A world of its own in which these tickers are watched."""
    return World(sources=market(), settings=Settings(tickers=tickers), store=stocked(tickers))


# The evening


class Crash(BaseException):
    """The function is gone: Lambda answers in its place."""


class Abort(BaseException):
    """The whole run is gone: nobody tries again before the next slot."""


WAITING = "waiting"
Run = Generator[str]


def execution(world: World, slot: dt.datetime) -> Run:
    """One run of the state machine, which pauses before every try of a step and before it waits for the next."""
    plan = yield from _tried("PlanSession", world, lambda: world.plan(RunRequest(scheduled_time=slot)))
    if not plan.proceed or plan.run is None:
        return
    try:
        fetched = yield from _tried("FetchData", world, lambda: world._fetch(plan, None))
    except ProviderUnavailableError as error:
        gave_up = str(error)
        fetched = yield from _tried("GiveUpFetching", world, lambda: world._fetch(plan, gave_up))
    chunks = []
    for tickers in fetched.chunks:
        chunks.append((yield from _chunk(world, Chunk(run=fetched.run, tickers=tickers))))  # noqa: PERF401 - yields
    if fetched.committed:
        yield from _tried("PublishSignals", world, lambda: world.send(fetched, chunks))


def _chunk(world: World, chunk: Chunk) -> Generator[str, None, Chunk]:
    chunk = yield from _tried("BuildFeatures", world, lambda: _computed_once(build_features, chunk, world))
    chunk = yield from _tried("RunInference", world, lambda: _computed_once(run_inference, chunk, world))
    return (yield from _tried("SelectStrategies", world, lambda: _computed_once(select_strategies, chunk, world)))


def _tried[T](state: str, world: World, work: Callable[[], T]) -> Generator[str, None, T]:
    """Work, and again for as often as the definition file says of that error."""
    tries: Counter[int] = Counter()
    while True:
        yield state
        try:
            return work()
        except (SignalError, Crash) as error:
            number, rule = _rule(state, error)
            if tries[number] >= rule["MaxAttempts"]:
                raise
            yield WAITING
            world.clock.sleep(rule["IntervalSeconds"] * rule["BackoffRate"] ** tries[number])
            tries[number] += 1


def _rule(state: str, error: BaseException) -> tuple[int, dict[str, Any]]:
    name = "Lambda.Unknown" if isinstance(error, Crash) else type(error).__name__
    rules = enumerate(STATES[state]["Retry"])
    return next(((n, rule) for n, rule in rules if name in rule["ErrorEquals"]), (0, {"MaxAttempts": 0}))


_COMPUTED: dict[tuple[str, str, bytes], tuple[Chunk, dict[str, bytes]]] = {}


def _computed_once(step: Callable[..., Chunk], chunk: Chunk, world: World) -> Chunk:
    """The step's answer after its writes; what it computes depends on the chunk and the manifest and nothing else."""
    manifest = manifest_key(chunk.run.namespace, chunk.run.session, chunk.run.attempt)
    asked = (step.__name__, chunk.model_dump_json(), world.store.get(manifest))
    if asked not in _COMPUTED:
        desk = Overlay(world.store)
        _COMPUTED[asked] = step(chunk, store=desk), desk.objects
    answer, written = _COMPUTED[asked]
    for key, body in written.items():
        world.store.put(key, body)
    return answer


def run_to_its_end(run: Run) -> None:
    """To the end, whichever it is: a run that fails leaves its work to the next."""
    with suppress(SignalError, Crash, Abort):
        for _ in run:
            pass


def interleaved(runs: Sequence[Run], dice: np.random.Generator) -> None:
    """Several runs at once, step by step in any order."""
    left = list(runs)
    while left:
        run = left[dice.integers(len(left))]
        try:
            next(run)
        except StopIteration:
            left.remove(run)


# What goes wrong

WRITES = {"put", "put_new", "add", "update", "publish", "signals_published"}


class Fault(StrEnum):
    """What happens to one write, and whether it happens before or after its effect."""

    ERROR_BEFORE = "error before"
    ERROR_AFTER = "error after"
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    ABORT_BEFORE = "abort before"
    ABORT_AFTER = "abort after"

    @property
    def had_effect(self) -> bool:
        return self.value.endswith("after")

    def strike(self, write: str) -> None:
        if "crash" in self:
            raise Crash
        if "abort" in self:
            raise Abort
        if write != "publish":
            raise StoreUnavailableError(store="a store", action=write, detail="struck")
        kind = DeliveryUnknownError if self.had_effect else DeliveryDeferredError
        raise kind(channel="its readers", message_id="1", detail="struck")


Hook = Callable[[int, str, bool], None]  # the number of a write, its name, whether it has had its effect


@dataclass
class Watch:
    """Counts the writes of a world, and calls a hook before and after each."""

    hook: Hook = lambda _number, _write, _done: None
    writes: list[str] = field(default_factory=list)

    def over(self, world: World) -> World:
        watched: dict[str, Any] = {
            name: _Watched(getattr(world, name), self) for name in ("store", "table", "channel", "bus")
        }
        return replace(world, **watched)


class _Watched:
    def __init__(self, port: Any, watch: Watch) -> None:
        self._port, self._watch = port, watch

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._port, name)
        return self._write(name, call) if name in WRITES else call

    def _write(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            number = len(self._watch.writes)
            self._watch.writes.append(name)
            self._watch.hook(number, name, False)
            answer = call(*arguments, **options)
            self._watch.hook(number, name, True)
            return answer

        return watched


def struck(at: int, fault: Fault) -> Hook:
    """The fault hits that write, once."""

    def hook(number: int, write: str, done: bool) -> None:
        if number == at and done == fault.had_effect:
            fault.strike(write)

    return hook


def overtaken(at: int, by: Run) -> Hook:
    """Another run goes ahead just before that write, as far as it can without waiting."""

    def hook(number: int, _write: str, done: bool) -> None:
        if number == at and not done:
            next((state for state in by if state == WAITING), None)

    return hook
