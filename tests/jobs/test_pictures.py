"""The pictures of a session's tickets: in the lake before the digest, and the same links in a replay."""

from io import BytesIO

import pytest
from options_signals.digest.ticket import picture_name
from options_signals.errors import StoreUnavailableError
from options_signals.jobs import pictures
from options_signals.jobs.pictures import keep_pictures, kept_pictures
from options_signals.lake import MemoryStore, Overlay
from options_signals.signals import Signal
from options_signals.tickets import NoTicket, Refusal, Ticket
from PIL import Image

from tests.chains import SESSION
from tests.jobs.test_tickets import signal, ticket
from tests.test_digest import manifest

DAY = manifest(("XYZ",), pictures="https://console/pictures/live/2022-11-23/001")
KEY = "pictures/live/2022-11-23/001/"


def told(**changes: object) -> Signal:
    return signal(ticket=ticket()).model_copy(update=changes)


class Full(MemoryStore):
    """A lake that takes nothing."""

    def put(self, key: str, body: bytes) -> None:
        raise StoreUnavailableError(store=key, action="writing", detail=f"no room for {len(body)} bytes")


def test_each_ticket_has_its_picture_in_the_lake_under_a_name_of_its_own() -> None:
    store, one = MemoryStore(), told()
    assert isinstance(one.ticket, Ticket)
    other = told(ticket=one.ticket.model_copy(update={"contracts": 5}))

    assert keep_pictures(DAY, [one], store=store) == {}
    assert keep_pictures(DAY, [other], store=store) == {}
    assert len({picture_name(one.ticket), picture_name(other.ticket)}) == 2  # type: ignore[arg-type]  # it is a Ticket
    (key, _) = store.objects
    assert key.startswith(f"{KEY}XYZ-")
    assert Image.open(BytesIO(store.objects[key])).format == "PNG"


def test_drawing_again_writes_the_same_object() -> None:
    store = MemoryStore()
    keep_pictures(DAY, [told()], store=store)
    first = dict(store.objects)
    keep_pictures(DAY, [told()], store=store)

    assert first
    assert store.objects == first


def test_without_a_ticket_or_a_place_for_pictures_none_is_drawn() -> None:
    store = MemoryStore()
    refused = NoTicket(
        underlying="XYZ", session=SESSION, structure="long_call", refusal=Refusal.NO_CHAIN, reason="none is listed"
    )
    before_there_were_pictures = manifest(("XYZ",))

    assert keep_pictures(DAY, [told(ticket=refused)], store=store) == {}
    assert keep_pictures(before_there_were_pictures, [told()], store=store) == {}
    assert store.objects == {}


def test_a_replay_knows_the_same_without_writing() -> None:
    store = MemoryStore()
    evening = keep_pictures(DAY, [told()], store=store)
    over = Overlay(store)

    assert kept_pictures(DAY, [told()], store=over) == evening == {}
    assert over.objects == {}


def test_a_picture_that_cannot_be_drawn_is_told_and_so_it_is_in_a_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_ticket: Ticket, *, stamp: str = "") -> bytes:
        raise ZeroDivisionError(stamp)

    monkeypatch.setattr(pictures, "draw_payoff", fails)
    store = MemoryStore()
    evening = keep_pictures(DAY, [told()], store=store)

    assert evening == {"XYZ": "it could not be drawn (ZeroDivisionError)"}
    assert kept_pictures(DAY, [told()], store=store) == evening


def test_a_lake_that_takes_no_picture_is_told_and_so_it_is_in_a_replay() -> None:
    evening = keep_pictures(DAY, [told()], store=Full())

    assert evening == {"XYZ": "the lake did not take it"}
    assert kept_pictures(DAY, [told()], store=MemoryStore()) == evening


def test_beyond_so_many_none_is_drawn_and_the_message_goes_out_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MOST", 1)
    one = told()
    assert isinstance(one.ticket, Ticket)
    more = told(ticket=one.ticket.model_copy(update={"underlying": "ABC"}))
    store = MemoryStore()

    assert list(keep_pictures(DAY, [one, more], store=store)) == ["ABC"]
    assert len(store.objects) == 1


def test_what_is_simulated_is_stamped() -> None:
    market, simulated = MemoryStore(), MemoryStore()
    made_up = DAY.model_copy(update={"namespace": "simulated"})
    keep_pictures(DAY, [told()], store=market)
    keep_pictures(made_up, [told()], store=simulated)
    (one,), (other,) = market.objects.items(), simulated.objects.items()

    assert one[1] != other[1]
    assert other[0].startswith("pictures/simulated/2022-11-23/001/XYZ-")
