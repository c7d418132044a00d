"""Every evening of 2026 and 2027, three slots each: a session is sent once, and nothing else ever is.

What is proven, over 502 sessions, three of them half days, four changes of the clocks and 228 days without trading:

- each session ends SENT with one message and one event, and no other day stores or says anything;
- the same where each slot is delivered three times and the runs take turns step by step;
- the same where one write of each session fails, at a place drawn by lot: by an error before or after its effect, by
  a function that dies there, by a run that vanishes there. A second message, marked REPEAT, is sent only where the
  first may or may not have been taken; the event is put at least once;
- on three sessions, each of these faults at each write, and a second run that goes ahead just before each write;
- a run that vanishes at the last slot, after which nothing comes, is told to the operator;
- ten sessions through the real definition file and handlers, with a fault each.

One ticker is enough for that: what is at stake is the order of writes. Faults inside Lambda, Step Functions and SNS
themselves are out of reach here.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from options_signals import sessions, snapshot
from options_signals.digest import REPEAT
from options_signals.errors import StoreUnavailableError
from options_signals.jobs import deps, ledger
from options_signals.jobs.ledger import State
from options_signals.jobs.watchdog import WatchRequest, watchdog
from options_signals.models import registry

from local.cloud import LaptopCloud
from local.home import Home
from local.world import World as LaptopWorld
from tests.e2e import year
from tests.e2e.day import EVENING, World
from tests.e2e.year import Fault, Watch, execution, interleaved, run_to_its_end, utc
from tests.fakes import ManualClock, MemoryTable, RecordingChannel
from tests.models.bundles import direction_bundle, regime_bundle
from tests.sources import faulty

pytestmark = pytest.mark.slow

each_year = pytest.mark.parametrize("number", [2026, 2027])
ORDINARY, HALF_DAY, AFTER_THE_CLOCKS = dt.date(2026, 6, 3), dt.date(2026, 11, 27), dt.date(2027, 3, 15)
each_session = pytest.mark.parametrize("session", [ORDINARY, HALF_DAY, AFTER_THE_CLOCKS], ids=str)


@pytest.fixture(autouse=True)
def _each_table_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, "to_parquet", year.encoded_once)


def slots(world: World, day: dt.date) -> Iterator[dt.datetime]:
    """The slots of a day, as the clock comes to each."""
    for time in year.SLOTS:
        world.clock.at = utc(day, time)
        yield world.clock.at


def evening(world: World, day: dt.date) -> None:
    for slot in slots(world, day):
        run_to_its_end(execution(world, slot))


def assert_sent_once(world: World, session: dt.date) -> None:
    """SENT and announced; what was accepted since the list was emptied is one message, of that digest."""
    digest = ledger.digest(world.table, "simulated", session)
    assert digest is not None
    assert digest.finished
    assert [digest_id for digest_id, _ in world.channel.accepted] == [digest.id]
    assert [(event["session"], event["digest_id"]) for event in world.bus.events] == [(str(session), digest.id)]


def forget_messages(world: World) -> None:
    world.channel.accepted.clear()
    world.bus.events.clear()


def test_the_calendar_written_by_hand_is_that_of_the_library() -> None:
    days = year.days()

    assert [day for day in days if year.trades(day)] == [day for day in days if sessions.is_session(day)]
    assert {day for day in days if year.trades(day) and sessions.is_half_day(day)} == year.HALF_DAYS
    assert [len(days), sum(map(year.trades, days)), len(year.HALF_DAYS)] == [730, 502, 3]


@each_year
def test_each_session_is_sent_once_and_no_other_day_says_or_stores_anything(number: int) -> None:
    world = year.new_world("SPY")
    for day in year.days(number):
        stored = len(world.store.objects), len(world.table.rows)

        evening(world, day)

        if year.trades(day):
            assert_sent_once(world, day)
            assert (
                world.emails[0].count("to " + f"{day:%-d %b} {'13:00' if day in year.HALF_DAYS else '16:00'} ET") == 1
            )
        else:
            assert not world.emails
            assert not world.bus.events
            assert (len(world.store.objects), len(world.table.rows)) == stored
        forget_messages(world)


@each_year
def test_slots_that_come_three_times_and_overlap_send_each_session_once(number: int) -> None:
    world, dice = year.new_world("SPY"), np.random.default_rng(number)
    for day in year.days(number):
        for slot in slots(world, day):
            interleaved([execution(world, slot) for _ in range(3)], dice)

        if year.trades(day):
            assert_sent_once(world, day)
        assert len(world.emails) == year.trades(day)
        forget_messages(world)


def test_without_the_memory_of_the_table_each_delivery_would_send() -> None:
    class Forgetful(MemoryTable):
        def of_partition(self, *_: str) -> list[dict[str, Any]]:
            return []

        def add(self, *_: Any) -> bool:
            return True

        def update(self, *_: Any, **__: Any) -> bool:
            return True

    world = year.new_world("SPY")
    world.table = Forgetful()

    for slot in slots(world, ORDINARY):
        interleaved([execution(world, slot) for _ in range(3)], np.random.default_rng(0))

    assert len(world.emails) == 9


# One fault


def writes_of_a_clean_run() -> list[str]:
    watch = Watch()
    world = year.new_world("SPY")
    world.clock.at = utc(ORDINARY, year.SLOTS[0])
    run_to_its_end(execution(watch.over(world), world.clock.at))
    return watch.writes


WRITES = writes_of_a_clean_run()
PUBLISH = WRITES.index("publish")
each_write = pytest.mark.parametrize("at", range(len(WRITES)), ids=[f"{n}-{write}" for n, write in enumerate(WRITES)])


def end_is_unknown(at: int, fault: Fault) -> bool:
    """Whether the message was taken and the only one who knew is gone, or was not told."""
    noted = at == PUBLISH + 1 and fault in {Fault.CRASH_BEFORE, Fault.ABORT_BEFORE}
    return noted or (at == PUBLISH and fault.had_effect)


def assert_sent_despite(world: World, session: dt.date, at: int, fault: Fault) -> None:
    """SENT and announced, under one id; twice only where the first end is unknown, and then marked."""
    digest = ledger.digest(world.table, "simulated", session)
    assert digest is not None
    assert digest.finished
    assert len(world.channel.accepted) == (2 if end_is_unknown(at, fault) else 1)
    assert all(texts.subject.startswith(REPEAT) for _, texts in world.channel.accepted[1:])
    assert {digest_id for digest_id, _ in world.channel.accepted} == {digest.id}
    assert {(event["session"], event["digest_id"]) for event in world.bus.events} == {(str(session), digest.id)}
    assert len(world.bus.events) <= 2


def evening_with(world: World, day: dt.date, *, at: int, fault: Fault, first_data: int = 0) -> None:
    """The slots of a day of which that one is the first with data, and is struck."""
    sources = world.sources
    for number, slot in enumerate(slots(world, day)):
        hook = year.struck(at, fault) if number == first_data else Watch().hook
        world.sources = sources if number >= first_data else faulty.with_bars(sources, faulty.down)
        run_to_its_end(execution(Watch(hook).over(world), slot))
    world.sources = sources


def test_a_clean_run_makes_these_writes() -> None:
    assert [
        "put",  # the models that are pinned
        *["put"] * 3,  # bars, volatility indices, what is held
        "put_new",  # the manifest
        *["put"] * 3,  # features, forecasts, decisions
        *["add"] * 2,  # the decision's row, the digest's
        "update",  # SENDING
        "publish",
        "update",  # SENT
        "signals_published",
        "update",  # announced
    ] == WRITES


@each_session
@each_write
@pytest.mark.parametrize("fault", Fault)
def test_a_fault_at_any_write_leaves_the_session_sent(session: dt.date, at: int, fault: Fault) -> None:
    world = year.new_world("SPY")

    evening_with(world, session, at=at, fault=fault)

    assert_sent_despite(world, session, at, fault)


@each_year
def test_a_fault_drawn_by_lot_in_each_session_leaves_all_of_them_sent(number: int) -> None:
    world, dice = year.new_world("SPY"), np.random.default_rng(number)
    for day in filter(year.trades, year.days(number)):
        at, first_data = int(dice.integers(len(WRITES))), int(dice.integers(3))
        faults = [fault for fault in Fault if first_data < 2 or "abort" not in fault]
        fault = faults[dice.integers(len(faults))]

        evening_with(world, day, at=at, fault=fault, first_data=first_data)

        assert_sent_despite(world, day, at, fault)
        forget_messages(world)


@each_write
@pytest.mark.parametrize("fault", [Fault.ABORT_BEFORE, Fault.ABORT_AFTER])
def test_a_run_that_vanishes_at_the_last_slot_is_told_to_the_operator_unless_all_is_sent(at: int, fault: Fault) -> None:
    world, operator = year.new_world("SPY"), RecordingChannel()
    evening_with(world, ORDINARY, at=at, fault=fault, first_data=2)

    watch = watchdog(
        WatchRequest(scheduled_time=utc(ORDINARY, year.WATCH)),
        namespace="simulated",
        table=world.table,
        operator=operator,
    )

    digest = ledger.digest(world.table, "simulated", ORDINARY)
    assert watch.well == (digest is not None and digest.state is State.SENT) == (operator.accepted == [])
    assert watch.well == (at > PUBLISH + 1 or (at, fault) == (PUBLISH + 1, Fault.ABORT_AFTER))


@each_session
@each_write
def test_a_run_overtaken_by_another_at_any_write_sends_nothing_twice(session: dt.date, at: int) -> None:
    world = year.new_world("SPY")
    slot = next(slots(world, session))
    second = execution(world, slot)

    run_to_its_end(execution(Watch(year.overtaken(at, second)).over(world), slot))
    run_to_its_end(second)

    digest = ledger.digest(world.table, "simulated", session)
    assert digest is not None
    assert digest.finished
    assert [digest_id for digest_id, _ in world.channel.accepted] == [digest.id]
    assert {event["digest_id"] for event in world.bus.events} == {digest.id}


# The definition file and the handlers themselves

TEN = (
    dt.date(2026, 1, 2),
    dt.date(2026, 3, 6),  # a Friday in winter; the clocks change before the next session
    dt.date(2026, 3, 9),
    dt.date(2026, 7, 2),  # three days without trading follow
    dt.date(2026, 10, 30),
    dt.date(2026, 11, 2),
    HALF_DAY,
    dt.date(2026, 12, 24),  # a half day
    AFTER_THE_CLOCKS,
    dt.date(2027, 12, 31),
)
FUNCTIONS = ("PlanSession", "FetchData", "BuildFeatures", "RunInference", "SelectStrategies", "PublishSignals")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The clock of the functions, which the waiting of the state machine moves on instead of taking time."""
    clock = ManualClock()
    monkeypatch.setattr(deps, "SystemClock", lambda: clock)
    monkeypatch.setattr(retrier_decl, "time", clock)
    return clock


@pytest.fixture
def cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LaptopCloud]:
    monkeypatch.chdir(tmp_path)
    home = Home(tmp_path / "home")
    for bundle in (direction_bundle(), regime_bundle()):
        registry.promote(home.store(), registry.publish(home.store(), bundle.card, bundle.graph), when=EVENING)
    world = LaptopWorld.of(source="simulated", tickers="SPY", home=home)
    with LaptopCloud(home=home, namespace="simulated", environment=world.environment) as cloud:
        yield cloud


def fail_once(cloud: LaptopCloud, function: str, error: Exception, *, had_effect: bool) -> None:
    """The next call of the function fails before it begins, or after all it does."""
    handler = cloud._handlers[function]

    def failing(event: Any, context: Any) -> Any:
        cloud._handlers[function] = handler
        if had_effect:
            handler(event, context)
        raise error

    cloud._handlers[function] = failing


def timed_out() -> Exception:
    """What Step Functions makes of a function that ran out of time."""
    error: type[Exception] = type("Sandbox.Timedout", (Exception,), {})
    return error("the function ran out of time")


def unavailable() -> Exception:
    return StoreUnavailableError(store="a store", action="a call", detail="struck")


def test_ten_sessions_through_the_state_machine_are_sent_once_though_a_step_fails(
    cloud: LaptopCloud, clock: ManualClock
) -> None:
    for number, session in enumerate(TEN):
        error = timed_out() if number % 2 else unavailable()
        fail_once(cloud, FUNCTIONS[number % 6], error, had_effect=number % 4 in {1, 2})

        messages: list[str] = []
        for time in year.SLOTS:
            clock.at = utc(session, time)
            ended = cloud.run({"scheduled_time": clock.at.isoformat()})
            assert ended.status == "SUCCEEDED"
            messages += ended.messages

        digest = ledger.digest(cloud.table, "simulated", session)
        assert digest is not None
        assert digest.finished
        assert messages == [digest.email]
        assert f"{session:%-d %b} {'13:00' if session in year.HALF_DAYS else '16:00'} ET" in digest.email


def test_weekends_and_holidays_pass_through_the_state_machine_in_silence(
    cloud: LaptopCloud, clock: ManualClock
) -> None:
    for day in (dt.date(2026, 3, 8), dt.date(2026, 7, 3), dt.date(2027, 3, 26)):
        clock.at = utc(day, year.SLOTS[0])

        ended = cloud.run({"scheduled_time": clock.at.isoformat()})

        assert "the exchange was closed" in ended.output["reason"]
        assert ended.messages == ()
