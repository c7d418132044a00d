"""Exactly one message, whatever fails where; two only where nobody can know how the first hand-over ended."""

import datetime as dt
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from options_signals.digest import REPEAT
from options_signals.errors import (
    DeliveryDeferredError,
    DeliveryRejectedError,
    DeliveryUnknownError,
    PublishingElsewhereError,
    SignalError,
    StoreUnavailableError,
)
from options_signals.jobs import ledger
from options_signals.jobs.publish_signals import Ports, publish_signals
from options_signals.signals import Signal

from tests.fakes import ManualClock, MemoryTable
from tests.jobs.publishing import LATER, LEASE, SESSION, World, edition

EDITIONS = [edition(), LATER]


class Crash(BaseException):
    """The process is gone: no handler may catch this."""


class Fault(StrEnum):
    CRASH_BEFORE = "crash before"
    CRASH_AFTER = "crash after"
    ERROR_BEFORE = "error before"
    ERROR_AFTER = "error after"
    UNKNOWN_BEFORE = "unknown before"  # of a hand-over: never arrived, and its sender cannot know
    REFUSED = "refused before"

    @property
    def is_before(self) -> bool:
        return self.value.endswith("before")

    def strike(self, call: str) -> None:
        if "crash" in self:
            raise Crash
        if call != "publish":
            raise StoreUnavailableError(store="table", action=call, detail="struck")
        kinds = {Fault.ERROR_BEFORE: DeliveryDeferredError, Fault.REFUSED: DeliveryRejectedError}
        raise kinds.get(self, DeliveryUnknownError)(channel="topic", message_id="1", detail="struck")


@dataclass
class Watch:
    """Sees every call of every run, in order, and strikes where it was told to."""

    faults: dict[int, Fault] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    before_call: Callable[[], None] = lambda: None

    def over(self, ports: Ports) -> Ports:
        return replace(
            ports,
            table=_Watched(ports.table, self),
            channel=_Watched(ports.channel, self),
            bus=_Watched(ports.bus, self),
        )


class _Watched:
    def __init__(self, port: Any, watch: Watch) -> None:
        self._port, self._watch = port, watch

    def __getattr__(self, call: str) -> Callable[..., Any]:
        def watched(*arguments: Any, **options: Any) -> Any:
            self._watch.before_call()
            fault = self._watch.faults.get(len(self._watch.calls))
            self._watch.calls.append(call)
            if fault and fault.is_before:
                fault.strike(call)
            answer = getattr(self._port, call)(*arguments, **options)
            if fault:
                fault.strike(call)
            return answer

        return watched


def run_until_finished(world: World, watch: Watch) -> None:
    """As the state machine does: again at once, and after a while where another run seems to be at it."""
    for number in range(30):
        what = EDITIONS[min(number, 1)]
        try:
            publish_signals(what, ports=watch.over(world.ports), lease=LEASE)
        except PublishingElsewhereError:
            world.clock.sleep(100)
        except (SignalError, Crash):
            continue
        else:
            return
    pytest.fail("the session was never finished")


def repeats(world: World) -> list[bool]:
    return [texts.subject.startswith(REPEAT) for _, texts in world.channel.accepted]


def assert_consistent(world: World) -> None:
    """Finished; told of under one id; and what can be read is what was told."""
    signal = ledger.decisions(world.table, "live", SESSION)[0]
    assert isinstance(signal, Signal)
    assert world.digest.finished
    assert world.bus.events
    assert {digest_id for digest_id, _ in world.channel.accepted} == {world.digest.id}
    assert all(signal.size in email for email in world.emails)
    assert all(repeats(world)[1:])


def calls_of_a_clean_run() -> list[str]:
    watch = Watch()
    run_until_finished(World(), watch)
    return watch.calls


CALLS = calls_of_a_clean_run()
PUBLISH = CALLS.index("publish")
# Taken by the channel, and the only one who knew is gone or was not told.
UNKNOWN_ENDS = {
    (PUBLISH, Fault.CRASH_AFTER),
    (PUBLISH, Fault.ERROR_AFTER),
    (PUBLISH + 1, Fault.CRASH_BEFORE),
}


def test_a_clean_run_makes_these_calls() -> None:
    assert [
        "of_partition",  # is there a digest?
        *["check"] * 2,  # the texts, and the same marked REPEAT
        *["add"] * 3,  # two decisions, the digest
        "update",  # SENDING
        "publish",
        "update",  # SENT
        "signals_published",
        "update",  # announced
    ] == CALLS


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("at", range(len(CALLS)), ids=[f"{n}-{call}" for n, call in enumerate(CALLS)])
def test_one_fault_anywhere_leaves_one_message_unless_its_end_is_unknown(at: int, fault: Fault) -> None:
    world, watch = World(), Watch({at: fault})

    run_until_finished(world, watch)

    assert len(world.channel.accepted) == (2 if (at, fault) in UNKNOWN_ENDS else 1)
    assert_consistent(world)


@given(faults=st.dictionaries(st.integers(0, 40), st.sampled_from(Fault), max_size=5))
@settings(deadline=None, max_examples=400)
def test_many_faults_leave_no_more_messages_than_unknown_ends_and_one(faults: dict[int, Fault]) -> None:
    world, watch = World(), Watch(faults)

    run_until_finished(world, watch)

    # A fault just before or just after a hand-over is all that can make its end unknown.
    near = [n for n, call in enumerate(watch.calls) if call == "publish" and {n, n + 1} & set(faults)]
    assert 1 <= len(world.channel.accepted) <= 1 + len(near)
    assert_consistent(world)


def test_a_table_that_fails_four_times_after_the_hand_over_makes_no_second_message() -> None:
    world = World()

    run_until_finished(world, Watch({PUBLISH + tries: Fault.ERROR_BEFORE for tries in (1, 2, 3, 4)}))

    assert repeats(world) == [False]


def test_a_table_that_stays_away_after_the_hand_over_is_an_unknown_end() -> None:
    world = World()
    watch = Watch({PUBLISH + tries: Fault.ERROR_BEFORE for tries in range(1, 6)})

    with pytest.raises(DeliveryUnknownError) as unknown:
        publish_signals(edition(), ports=watch.over(world.ports), lease=LEASE)

    assert str(unknown.value) == (
        f"message {world.digest.id} to its readers: outcome unknown (taken as message-1, but the table could not "
        "note it). It is sent again, marked REPEAT, once the lease has run out."
    )


# Two runs at once


class Turns:
    """Runs several publishers in threads, one call at a time, in the order of a schedule."""

    def __init__(self, runs: list[Callable[[Watch], None]]) -> None:
        self.go = [threading.Semaphore(0) for _ in runs]
        self.paused = threading.Semaphore(0)
        self.alive = [True] * len(runs)
        self.threads = [threading.Thread(target=self._run, args=(me, run)) for me, run in enumerate(runs)]

    def play(self, schedule: Iterable[int]) -> None:
        for thread in self.threads:
            thread.start()
            self.paused.acquire()
        for who in schedule:
            self._step(who)
        for who, thread in enumerate(self.threads):
            while self.alive[who]:
                self._step(who)
            thread.join()

    def _step(self, who: int) -> None:
        if self.alive[who]:
            self.go[who].release()
            self.paused.acquire()

    def _run(self, me: int, run: Callable[[Watch], None]) -> None:
        def wait() -> None:
            self.paused.release()
            self.go[me].acquire()

        try:
            run(Watch(before_call=wait))
        except (SignalError, Crash):
            pass  # the run that comes after all of them finishes the work
        finally:
            self.alive[me] = False
            self.paused.release()


def overlap(world: World, schedule: Iterable[int], *, faults: dict[int, Fault] | None = None, skew: float = 0) -> None:
    """Two runs that saw different data, the first of them under faults; then a third, after the lease."""
    ahead = ManualClock(world.clock.now() + dt.timedelta(seconds=skew))

    def first(watch: Watch) -> None:
        watch.faults = faults or {}
        publish_signals(edition(), ports=watch.over(world.ports), lease=LEASE)

    def second(watch: Watch) -> None:
        publish_signals(LATER, ports=watch.over(replace(world.ports, clock=ahead)), lease=LEASE)

    Turns([first, second]).play(schedule)
    world.clock.sleep(LEASE.total_seconds() + skew)
    run_until_finished(world, Watch())


@pytest.mark.parametrize("skew", [0, 30])
@pytest.mark.parametrize("second_steps", range(len(CALLS) + 2))
@pytest.mark.parametrize("first_steps", range(len(CALLS) + 1))
def test_of_two_overlapping_runs_one_sends(first_steps: int, second_steps: int, skew: float) -> None:
    world = World()

    overlap(world, [0] * first_steps + [1] * second_steps, skew=skew)

    assert repeats(world) == [False]
    assert_consistent(world)


def test_a_table_without_conditions_would_let_both_send() -> None:
    class Careless(MemoryTable):
        def update(self, *key: Any, expected: object, **_: Any) -> bool:
            assert expected  # asked for, and ignored
            return super().update(*key, expected={})

    world = World(table=Careless())

    overlap(world, [0] * 6 + [1] * 6)

    assert repeats(world) == [False, False]


@pytest.mark.parametrize("second_steps", range(6))
@pytest.mark.parametrize("first_steps", range(6))
def test_of_two_runs_that_find_an_expired_lease_one_repeats(first_steps: int, second_steps: int) -> None:
    world = World()
    with pytest.raises(DeliveryUnknownError):
        publish_signals(edition(), ports=Watch({PUBLISH: Fault.UNKNOWN_BEFORE}).over(world.ports), lease=LEASE)
    world.clock.sleep(LEASE.total_seconds())

    overlap(world, [0] * first_steps + [1] * second_steps)

    assert repeats(world) == [True]
    assert_consistent(world)


@given(schedule=st.lists(st.integers(0, 1), max_size=30))
@settings(deadline=None, max_examples=200)
def test_of_two_runs_in_any_order_of_calls_one_sends(schedule: list[int]) -> None:
    world = World()

    overlap(world, schedule)

    assert repeats(world) == [False]
    assert_consistent(world)


@given(
    schedule=st.lists(st.integers(0, 1), max_size=30),
    at=st.integers(0, len(CALLS)),
    fault=st.sampled_from(Fault),
)
@settings(deadline=None, max_examples=300)
def test_an_overlap_with_a_fault_makes_a_second_message_only_where_it_is_marked(
    schedule: list[int], at: int, fault: Fault
) -> None:
    world = World()

    overlap(world, schedule, faults={at: fault})

    assert len(world.channel.accepted) in {1, 2}
    assert_consistent(world)
