import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from options_signals.digest import REPEAT, Revision, Texts, mark_repeat
from options_signals.errors import (
    DeliveryDeferredError,
    DeliveryRejectedError,
    DeliveryUnknownError,
    InvalidValueError,
    PublishingElsewhereError,
)
from options_signals.jobs import ledger
from options_signals.jobs.ledger import State
from options_signals.signals import NoTrade, Size

from tests.fakes import MemoryTable, RecordingChannel
from tests.jobs.publishing import LATER, LATER_TEXTS, LEASE, QQQ, SESSION, SPY, TEXTS, World, edition


@pytest.fixture
def world() -> World:
    return World()


def test_a_session_is_stored_sent_and_announced(world: World) -> None:
    outcome = world.publish()

    assert outcome.sent
    assert outcome.digest.finished
    assert outcome.digest == world.digest
    assert world.emails == [TEXTS.email]
    assert ledger.decisions(world.table, "live", SESSION) == [SPY, QQQ]
    assert world.bus.events == [
        {
            "namespace": "live",
            "session": "2022-11-23",
            "digest_id": world.digest.id,
            "revision": 0,
            "config_id": "aaa",
            "signals": 1,
            "refusals": 1,
            "subject": TEXTS.subject,
            "sms": TEXTS.sms,
            "chat": f"SPY (digest {world.digest.id})",
        }
    ]


def test_a_second_run_changes_and_sends_nothing(world: World) -> None:
    world.publish()
    before = {key: dict(row) for key, row in world.table.rows.items()}

    outcome = world.publish(LATER)

    assert not outcome.sent
    assert world.table.rows == before
    assert world.emails == [TEXTS.email]
    assert len(world.bus.events) == 1


def test_rows_lie_under_their_documented_keys(world: World) -> None:
    world.publish()

    assert list(world.table.rows) == [
        ("live#2022-11-23", "signal#SPY#bull-call-spread"),
        ("live#2022-11-23", "signal#QQQ#no-trade"),
        ("live#2022-11-23", "digest"),
    ]


def test_a_session_without_any_decision_still_sends_its_message(world: World) -> None:
    world.publish(edition(decisions=()))

    assert world.emails == [TEXTS.email]
    assert ledger.decisions(world.table, "live", SESSION) == []


def test_one_world_does_not_see_another(world: World) -> None:
    world.publish(edition(namespace="simulated"))

    assert world.publish().sent
    assert len(world.emails) == 2


# What is already there


def test_the_texts_of_a_digest_that_waits_are_sent_instead_of_newer_ones(world: World) -> None:
    world.channel.refuse = DeliveryDeferredError(channel="topic", message_id="1", detail="throttled")
    with pytest.raises(DeliveryDeferredError):
        world.publish()

    world.publish(LATER)

    assert world.emails == [TEXTS.email]
    assert ledger.decisions(world.table, "live", SESSION) == [SPY, QQQ]


def test_what_an_overtaken_run_left_is_neither_changed_nor_read(world: World) -> None:
    ghost = ledger.row_of(SPY.model_copy(update={"size": Size.FULL}), namespace="live")
    world.table.add("live#2022-11-23", "signal#SPY#bull-call-spread", ghost)
    other = ledger.row_of(QQQ.model_copy(update={"ticker": "IWM"}), namespace="live")
    world.table.add("live#2022-11-23", "signal#IWM#no-trade", other)

    world.publish()

    assert ledger.decisions(world.table, "live", SESSION) == [SPY, QQQ]
    assert ledger.history(world.table, "live", "SPY", since=SESSION) == [SPY]
    assert ledger.history(world.table, "live", "IWM", since=SESSION) == []


def test_history_reads_one_ticker_of_one_world_from_a_day_on(world: World) -> None:
    day_before = dt.date(2022, 11, 22)
    earlier = SPY.model_copy(update={"session": day_before})
    world.publish(edition(session=day_before, decisions=(earlier,)))
    world.publish()
    world.publish(edition(namespace="simulated"))

    assert ledger.history(world.table, "live", "SPY", since=day_before) == [earlier, SPY]
    assert ledger.history(world.table, "live", "SPY", since=SESSION) == [SPY]


# Recording without sending


def test_a_recorded_session_sends_nothing_and_owes_nothing(world: World) -> None:
    outcome = world.publish(send=False)

    assert not outcome.sent
    assert world.digest.state is State.RECORDED
    assert ledger.decisions(world.table, "live", SESSION) == [SPY, QQQ]
    assert (world.emails, world.bus.events) == ([], [])


def test_a_recorded_session_is_sent_by_the_next_run_that_sends(world: World) -> None:
    world.publish(send=False)

    world.publish(LATER)

    assert world.emails == [TEXTS.email]
    assert world.digest.finished


def test_recording_leaves_a_digest_that_waits_as_it_is(world: World) -> None:
    world.channel.refuse = DeliveryDeferredError(channel="topic", message_id="1", detail="throttled")
    with pytest.raises(DeliveryDeferredError):
        world.publish()

    world.publish(send=False)

    assert world.digest.state is State.PENDING


# Other settings


@pytest.mark.parametrize("first_sends", [True, False])
def test_other_settings_on_a_finished_session_are_refused(world: World, first_sends: bool) -> None:
    world.publish(send=first_sends)
    before = {key: dict(row) for key, row in world.table.rows.items()}

    with pytest.raises(InvalidValueError, match="Add --revise"):
        world.publish(replace(LATER, config_id="bbb"))

    assert world.table.rows == before


def test_the_refusal_of_other_settings_says_what_stands_and_what_to_do(world: World) -> None:
    world.publish()

    with pytest.raises(InvalidValueError) as refused:
        world.publish(edition(config_id="bbb"))

    assert str(refused.value) == (
        "config_id is 'bbb'; allowed: aaa, under which the digest of 2022-11-23 in live is SENT. "
        "Nothing was changed or sent. Add --revise to store a revision beside it, and --send to send it."
    )


def test_a_revision_is_stored_beside_the_digest_and_not_sent(world: World) -> None:
    world.publish()

    world.publish(replace(LATER, config_id="bbb"), revise=True, send=False)

    assert world.emails == [TEXTS.email]
    assert world.table.rows["live#2022-11-23", "digest"]["state"] == "SENT"
    assert world.digest.sk == "digest#r1"
    assert ledger.decisions(world.table, "live", SESSION) == list(LATER.decisions)


def test_a_revision_is_sent_once_when_asked_for(world: World) -> None:
    world.publish()
    revised = replace(LATER, config_id="bbb")

    world.publish(revised, revise=True, send=False)
    world.publish(revised, revise=True)
    world.publish(revised, revise=True)

    assert len(world.emails) == 2
    assert world.emails[1].endswith(LATER_TEXTS.email)
    assert world.digest.sk == "digest#r1"


def test_a_new_attempt_under_the_same_settings_is_a_revision_when_asked_for(world: World) -> None:
    world.publish()

    world.publish(LATER, revise=True)
    world.publish(LATER, revise=True)  # the same attempt, repeated by the state machine

    assert len(world.emails) == 2
    assert world.emails[1].endswith(LATER_TEXTS.email)
    assert world.digest.sk == "digest#r1"


def test_a_revision_says_so_and_which_digest_it_replaces_and_what_changed(world: World) -> None:
    world.publish()
    first = world.digest.id

    world.publish(replace(LATER, config_id="bbb"), revise=True)

    _, texts = world.channel.accepted[1]
    assert texts.subject == f"REVISED {TEXTS.subject}"
    assert texts.sms.startswith(f"REVISED {first} ")
    assert texts.email.splitlines()[:2] == [
        f"REVISED · replaces digest {first}",
        "changed against it: SPY was BULL CALL SPREAD half",
    ]
    assert world.digest.texts == texts


DECLINED = edition(config_id="bbb", decisions=(NoTrade.instead_of(SPY, reasons=("FOMC",)), QQQ))


def test_a_revision_replaces_what_readers_have_and_not_what_was_only_recorded(world: World) -> None:
    world.publish()
    first = world.digest.id
    world.publish(DECLINED, revise=True, send=False)

    world.publish(edition(config_id="ccc"), revise=True)

    assert world.digest.revises == Revision(replaces=first, sent=True, changes={})
    assert "changed against it: no decision\n" in world.emails[1]


def test_a_revision_of_what_nobody_was_sent_says_that(world: World) -> None:
    world.publish(send=False)
    first = world.digest.id

    world.publish(DECLINED, revise=True)

    assert world.emails[0].startswith(f"REVISED · replaces digest {first}, which was never sent\n")


def test_a_revision_whose_first_sending_is_unknown_is_marked_as_both(world: World) -> None:
    world.publish()
    world.channel.refuse = DeliveryUnknownError(channel="topic", message_id="1", detail="read timeout")
    with pytest.raises(DeliveryUnknownError):
        world.publish(LATER, revise=True)
    world.clock.at += LEASE

    world.publish(LATER, revise=True)

    _, texts = world.channel.accepted[-1]
    assert texts.subject.startswith("REPEAT REVISED ")
    assert texts.sms.startswith("REPEAT REVISED ")
    assert texts.email.startswith("REPEAT · REVISED · replaces digest ")


def test_a_digest_that_was_only_recorded_is_sent_by_a_later_run_under_the_same_settings(world: World) -> None:
    world.publish(send=False)

    world.publish(LATER)

    assert world.emails == [TEXTS.email]
    assert world.digest.sk == "digest"


@pytest.mark.parametrize("send", [False, True])
def test_a_revision_that_was_only_recorded_is_decided_again_when_asked_for(world: World, send: bool) -> None:
    world.publish()
    world.publish(replace(DECLINED, config_id=LATER.config_id, attempt=LATER.attempt), revise=True, send=False)

    world.publish(replace(LATER, attempt=LATER.attempt + 1), revise=True, send=send)

    assert world.digest.sk == "digest#r2"
    assert ledger.decisions(world.table, "live", SESSION) == list(LATER.decisions)
    assert world.emails[1:] == ([world.digest.texts.email] if send else [])


def test_the_tenth_revision_is_newer_than_the_ninth(world: World) -> None:
    for number in range(11):
        world.publish(edition(config_id=f"c{number}"), revise=True, send=False)

    assert world.digest.sk == "digest#r10"


def test_an_owed_message_is_finished_whatever_the_settings(world: World) -> None:
    world.channel.refuse = DeliveryDeferredError(channel="topic", message_id="1", detail="throttled")
    with pytest.raises(DeliveryDeferredError):
        world.publish()

    world.publish(replace(LATER, config_id="bbb"))

    assert world.emails == [TEXTS.email]


def test_a_session_that_owes_its_message_cannot_be_revised(world: World) -> None:
    world.channel.refuse = DeliveryDeferredError(channel="topic", message_id="1", detail="throttled")
    with pytest.raises(DeliveryDeferredError):
        world.publish()

    with pytest.raises(InvalidValueError, match="still owes its message"):
        world.publish(edition(config_id="bbb"), revise=True)


# Refused before anything is written


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"decisions": (SPY, SPY)}, "one decision per ticker and strategy"),
        ({"decisions": (SPY.model_copy(update={"session": dt.date(2022, 11, 22)}),)}, "of the session 2022-11-23"),
        ({"decisions": (SPY, SPY.model_copy(update={"ticker": "IWM", "risk_share": float("nan")}))}, "finite"),
        ({"texts": replace(TEXTS, email="x\n" * 195_000)}, "at most 390000 bytes"),
    ],
)
def test_a_bad_edition_is_refused_and_leaves_nothing(world: World, bad: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        world.publish(edition(**bad))

    assert world.table.rows == {}


def test_texts_the_channel_cannot_take_are_not_stored_either(world: World) -> None:
    class Narrow(RecordingChannel):
        def check(self, texts: Texts) -> None:
            if len(texts.subject) > len(TEXTS.subject):
                raise InvalidValueError(name="subject", value=texts.subject, allowed="the room for its own words")

    world.channel = Narrow()

    with pytest.raises(InvalidValueError, match=REPEAT):  # the words fit, REPEAT before them would not
        world.publish()

    assert world.table.rows == {}


# How a hand-over may end


def test_a_refused_message_waits_for_the_next_run(world: World) -> None:
    world.channel.refuse = DeliveryRejectedError(channel="topic", message_id="1", detail="no such topic")

    with pytest.raises(DeliveryRejectedError):
        world.publish()
    assert world.digest.state is State.PENDING

    world.publish()
    assert world.emails == [TEXTS.email]


def test_after_an_unknown_end_nothing_is_sent_while_the_lease_runs(world: World) -> None:
    world.channel.refuse = DeliveryUnknownError(channel="topic", message_id="1", detail="read timeout")
    with pytest.raises(DeliveryUnknownError):
        world.publish()
    world.clock.sleep(200)

    with pytest.raises(PublishingElsewhereError) as busy:
        world.publish()

    assert busy.value.key == "digest of live#2022-11-23"
    assert busy.value.seconds_left == 100
    assert world.emails == []


def test_after_the_lease_the_message_is_repeated_with_the_same_id(world: World) -> None:
    world.channel.refuse = DeliveryUnknownError(channel="topic", message_id="1", detail="read timeout")
    with pytest.raises(DeliveryUnknownError):
        world.publish()
    first = world.digest.id
    world.clock.sleep(300)

    world.publish(LATER)

    assert world.channel.accepted == [(first, mark_repeat(TEXTS, first))]
    assert world.digest.finished


def test_a_message_noted_as_sent_at_the_last_moment_is_not_repeated(world: World) -> None:
    world.channel.refuse = DeliveryUnknownError(channel="topic", message_id="1", detail="read timeout")
    with pytest.raises(DeliveryUnknownError):
        world.publish()
    world.clock.sleep(300)

    class NotedMeanwhile(MemoryTable):
        def update(self, *args: Any, **options: Any) -> bool:
            self.rows["live#2022-11-23", "digest"]["state"] = "SENT"
            return super().update(*args, **options)

    world.table = NotedMeanwhile(world.table.rows)
    with pytest.raises(PublishingElsewhereError):
        world.publish()

    assert world.emails == []


def test_once_an_end_was_unknown_every_later_try_is_a_repeat(world: World) -> None:
    for error in (DeliveryUnknownError, DeliveryDeferredError):
        world.channel.refuse = error(channel="topic", message_id="1", detail="fault")
        with pytest.raises(error):
            world.publish()
        world.clock.sleep(300)

    world.publish()

    assert world.channel.accepted == [(world.digest.id, mark_repeat(TEXTS, world.digest.id))]


def test_a_run_that_slept_through_its_lease_hands_nothing_over(world: World) -> None:
    class Drowsy(MemoryTable):
        def update(self, *args: Any, **options: Any) -> bool:
            world.clock.sleep(301)
            return super().update(*args, **options)

    world.table = Drowsy()

    with pytest.raises(DeliveryDeferredError, match="the lease ended before"):
        world.publish()

    assert world.emails == []
    assert world.digest.state is State.PENDING


def test_a_sent_message_that_was_not_announced_is_only_announced(world: World) -> None:
    world.publish()
    world.table.update("live#2022-11-23", "digest", {"announced": False}, expected={})

    world.publish()

    assert len(world.emails) == 1
    assert len(world.bus.events) == 2
    assert world.digest.finished
