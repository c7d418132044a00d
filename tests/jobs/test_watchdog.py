import datetime as dt
from dataclasses import dataclass

import pytest
from options_signals.errors import DeliveryUnknownError, StoreUnavailableError
from options_signals.jobs.watchdog import Watch, WatchRequest, watchdog
from pydantic import ValidationError

from tests.fakes import MemoryTable, RecordingChannel
from tests.jobs.publishing import World, edition

THAT_EVENING = dt.datetime(2022, 11, 24, 2, 15, tzinfo=dt.UTC)  # 21:15 in New York on Wednesday, 23 November
UNKNOWN = DeliveryUnknownError(channel="its readers", message_id="1", detail="the line broke")


@dataclass
class BrokenTable(MemoryTable):
    def of_partition(self, pk: str, sk_prefix: str) -> list[dict[str, object]]:
        raise StoreUnavailableError(store="signals", action=f"reading {sk_prefix} of {pk}", detail="timeout")


def look(world: World, operator: RecordingChannel, at: dt.datetime = THAT_EVENING) -> Watch:
    return watchdog(WatchRequest(scheduled_time=at), namespace="live", table=world.table, operator=operator)


def test_a_sent_digest_is_left_in_peace() -> None:
    world, operator = World(), RecordingChannel()
    world.publish()

    watch = look(world, operator)

    assert watch.well
    assert watch.reason == f"the digest of 2022-11-23 was sent (id {world.digest.id})"
    assert operator.accepted == []


def test_a_session_without_a_digest_alerts_its_operator() -> None:
    operator = RecordingChannel()

    watch = look(World(), operator)

    assert not watch.well
    ((digest_id, texts),) = operator.accepted
    assert digest_id == "watchdog-2022-11-23"
    assert texts.subject == "NO DIGEST for 2022-11-23 (live)"
    assert "was not sent: the table holds none" in texts.email
    assert '{"session": "2022-11-23"}' in texts.email
    assert texts.sms == "NO DIGEST for 2022-11-23 (live): the table holds none"


def test_a_digest_that_was_stored_and_not_sent_alerts_with_its_state() -> None:
    world, operator = World(), RecordingChannel()
    world.publish(send=False)

    look(world, operator)

    assert operator.accepted[0][1].sms.endswith(
        f"it stands at RECORDED since 2022-11-23 21:45 UTC (id {world.digest.id})"
    )


def test_a_revision_that_was_only_recorded_beside_a_sent_digest_alerts_nobody() -> None:
    world, operator = World(), RecordingChannel()
    world.publish()
    world.publish(edition(config_id="bbb"), revise=True, send=False)

    watch = look(world, operator)

    assert watch.well
    assert operator.accepted == []


def test_a_revision_that_is_owed_alerts() -> None:
    world, operator = World(), RecordingChannel()
    world.publish()
    world.channel.refuse = UNKNOWN
    with pytest.raises(DeliveryUnknownError):
        world.publish(edition(config_id="bbb"), revise=True)

    watch = look(world, operator)

    assert not watch.well


def test_a_digest_whose_sending_has_an_unknown_end_alerts() -> None:
    world, operator = World(channel=RecordingChannel(refuse=UNKNOWN)), RecordingChannel()
    with pytest.raises(DeliveryUnknownError):
        world.publish()

    look(world, operator)

    assert "it stands at SENDING" in operator.accepted[0][1].sms


def test_the_digest_of_another_world_does_not_count() -> None:
    world, operator = World(), RecordingChannel()
    world.publish()

    watch = watchdog(
        WatchRequest(scheduled_time=THAT_EVENING), namespace="simulated", table=world.table, operator=operator
    )

    assert not watch.well


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (
            dt.datetime(2022, 11, 25, 2, 15, tzinfo=dt.UTC),
            "no session of Thursday 2022-11-24 had closed",
        ),  # Thanksgiving
        (dt.datetime(2022, 11, 27, 2, 15, tzinfo=dt.UTC), "no session of Saturday 2022-11-26 had closed"),
    ],
)
def test_a_closed_market_is_left_in_peace(at: dt.datetime, reason: str) -> None:
    operator = RecordingChannel()

    assert look(World(), operator, at) == Watch(well=True, reason=reason)
    assert operator.accepted == []


@pytest.mark.parametrize(
    ("at", "session"),
    [
        (dt.datetime(2022, 11, 26, 2, 15, tzinfo=dt.UTC), "2022-11-25"),  # a half day, in winter time
        (dt.datetime(2022, 7, 6, 1, 15, tzinfo=dt.UTC), "2022-07-05"),  # in summer time
    ],
)
def test_each_session_is_watched_by_its_new_york_day(at: dt.datetime, session: str) -> None:
    operator = RecordingChannel()

    look(World(), operator, at)

    assert operator.accepted[0][0] == f"watchdog-{session}"


def test_a_table_that_cannot_be_read_is_an_error_and_no_peace() -> None:
    with pytest.raises(StoreUnavailableError):
        look(World(table=BrokenTable()), RecordingChannel())


def test_an_alert_that_may_not_have_arrived_is_an_error() -> None:
    with pytest.raises(DeliveryUnknownError):
        look(World(), RecordingChannel(refuse=UNKNOWN))


@pytest.mark.parametrize("event", [{}, {"scheduled_time": "2022-11-23T21:15:00"}, {"session": "2022-11-23"}])
def test_a_request_without_an_instant_in_a_time_zone_is_refused(event: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        WatchRequest.model_validate(event)
