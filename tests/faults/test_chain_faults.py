"""What is wrong with option chains: the ticket is refused with the reason, the signal and the other tickets stand."""

import datetime as dt

import pytest
from options_signals import snapshot
from options_signals.jobs import ledger
from options_signals.jobs.messages import RunRequest
from options_signals.settings import Settings
from options_signals.signals import Signal
from options_signals.tickets import NoTicket, Ticket

from tests.e2e.day import EAGER, World
from tests.sources import faulty

TICKERS = ("SPY", "QQQ")
WEDNESDAY, FRIDAY = dt.date(2022, 11, 23), dt.date(2022, 11, 25)
GOOD_DAY_AFTER = dt.datetime(2022, 11, 25, 21, 45, tzinfo=dt.UTC)


def trading() -> World:
    """A market in which every ticker is traded, with an account large enough for a contract of each."""
    settings = {"tickers": TICKERS, "decision": EAGER, "risk": {"account_usd": 250_000}}
    return World(settings=Settings.model_validate(settings))


def ticket(world: World, ticker: str, session: dt.date = WEDNESDAY) -> Ticket | NoTicket:
    taken = ledger.decisions(world.table, world.sources.namespace, session)
    signal = next(one for one in taken if one.ticker == ticker)
    assert isinstance(signal, Signal)
    assert signal.ticket is not None
    return signal.ticket


def without_the_vendors_view(told: Ticket | NoTicket) -> Ticket:
    assert isinstance(told, Ticket)
    return told.model_copy(update={"legs": tuple(leg.model_copy(update={"vendor_iv": None}) for leg in told.legs)})


def on_friday(world: World) -> None:
    world.clock.at = GOOD_DAY_AFTER
    world.day(RunRequest(scheduled_time=GOOD_DAY_AFTER))


COSTS_THE_TICKET = {
    "zero bids": (faulty.with_quotes("QQQ", bid=0.0), "quotes is usable: "),
    "no quotes at all": (faulty.with_quotes("QQQ", bid=0.0, ask=0.0), "no quote"),
    "crossed quotes": (faulty.with_quotes("QQQ", bid=9.0, ask=8.0), "bid above ask"),
    "nobody told the open interest": (faulty.with_quotes("QQQ", open_interest=float("nan")), "open interest"),
    "quotes of the day before": (
        faulty.quoted_at("QQQ", dt.datetime(2022, 11, 22, 21, tzinfo=dt.UTC)),
        "the chain is of 2022-11-22, wanted: 2022-11-23",
    ),
    "quotes of the afternoon": (
        faulty.quoted_at("QQQ", dt.datetime(2022, 11, 23, 20, 30, tzinfo=dt.UTC)),
        "the newest quote is of 20:30 UTC, more than 20 minutes before 21:00",
    ),
    "no options listed": (faulty.without_chain("QQQ"), "no options listed"),
}


@pytest.mark.parametrize(("fault", "reason"), COSTS_THE_TICKET.values(), ids=COSTS_THE_TICKET)
def test_the_ticket_is_refused_with_the_reason_and_the_next_good_day_has_one(fault: faulty.Fault, reason: str) -> None:
    world = trading()
    good = world.sources
    world.sources = faulty.with_chains(good, fault)

    world.day()

    refused = ticket(world, "QQQ")
    assert isinstance(refused, NoTicket)
    assert reason in refused.reason
    assert isinstance(ticket(world, "SPY"), Ticket)

    world.sources = good
    on_friday(world)

    assert isinstance(ticket(world, "QQQ", FRIDAY), Ticket)


@pytest.mark.parametrize("implied_vol", [0.00001, 5.0])
def test_the_vendors_implied_volatility_moves_nothing(implied_vol: float) -> None:
    world, other = trading(), trading()
    world.sources = faulty.with_chains(world.sources, faulty.with_quotes("QQQ", implied_vol=implied_vol))

    world.day()
    other.day()

    manifest = snapshot.newest_manifest(world.store, world.sources.namespace, WEDNESDAY)
    chains = snapshot.read_table(world.store, "chain", manifest.tables["chain"])
    assert chains.loc[chains["underlying"] == "QQQ", "implied_vol"].eq(implied_vol).all()
    assert without_the_vendors_view(ticket(world, "QQQ")) == without_the_vendors_view(ticket(other, "QQQ"))


def test_a_chain_provider_that_is_down_costs_the_tickets_and_not_the_day_and_heals() -> None:
    world = trading()
    good = world.sources
    world.sources = faulty.with_chains(good, faulty.down)

    world.day()

    manifest = snapshot.newest_manifest(world.store, world.sources.namespace, WEDNESDAY)
    assert "chain" not in manifest.tables
    refused = [ticket(world, ticker) for ticker in TICKERS]
    assert all(isinstance(one, NoTicket) and "connection refused" in one.reason for one in refused)

    world.sources = good
    on_friday(world)

    assert isinstance(ticket(world, "SPY", FRIDAY), Ticket)
