"""What counts as open on an evening, and that a run and its replay see the same."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from options_signals import sessions, snapshot
from options_signals.errors import CorruptError, InvalidValueError
from options_signals.jobs import documents, ledger
from options_signals.jobs.messages import Run
from options_signals.jobs.portfolio import account_key, holdings_in, holdings_of, with_portfolio
from options_signals.jobs.publish_signals import Edition
from options_signals.lake import MemoryStore
from options_signals.settings import Portfolio, Settings
from options_signals.signals import NoTrade, Signal
from options_signals.strategy.portfolio import Holdings, Position
from options_signals.strategy.structures import structure_named
from options_signals.strategy.ticket import ticket_for
from options_signals.tables import BARS
from options_signals.tickets import NoTicket, Refusal, Ticket, TicketAnswer

from tests.chains import facts, flat_chain
from tests.fakes import MemoryTable
from tests.jobs.publishing import QQQ, SPY, TEXTS, World
from tests.test_digest import manifest
from tests.test_snapshot import ORIGIN

SESSION = dt.date(2022, 11, 23)
RUN = Run(namespace="live", session=SESSION, attempt=1)


def published(*sessions_before: int, ticket: TicketAnswer | None = None, exit_on: dt.date | None = None) -> MemoryTable:
    """SPY was published so many sessions before, each time with 0.75 % at risk, and QQQ declined."""
    world = World()
    for before in sessions_before:
        day = sessions.shift(SESSION, -before)
        plan = SPY.plan.model_copy(update={"exit_on": exit_on})
        told = (SPY.model_copy(update={"ticket": ticket, "plan": plan}), QQQ)
        decisions = tuple(one.model_copy(update={"session": day}) for one in told)
        edition = Edition(namespace="live", session=day, attempt=1, config_id="aaa", decisions=decisions, texts=TEXTS)
        world.publish(edition)
    return world.table


def known(table: MemoryTable, account: str | None = None) -> Holdings:
    store = MemoryStore()
    if account is not None:
        store.put("account/live.yaml", account.encode())
    return holdings_of(RUN, store=store, table=table, settings=Settings())


def test_without_a_file_the_signals_of_the_last_five_sessions_count_as_open() -> None:
    holdings = known(published(1, 5, 6))

    assert holdings.positions == (Position(ticker="SPY", risk_share=0.0075, assumed=True),) * 2
    assert (holdings.account_of, holdings.equity) == (None, ())


@pytest.mark.parametrize(("exit_on", "open_trades"), [(SESSION, 0), (sessions.shift(SESSION, 1), 1)])
def test_a_signal_is_open_until_the_close_at_which_its_plan_leaves(exit_on: dt.date, open_trades: int) -> None:
    assert len(known(published(2, exit_on=exit_on)).positions) == open_trades


def test_a_refusal_is_never_open() -> None:
    table = published(1)

    assert {one.ticker for one in ledger.decisions(table, "live", sessions.shift(SESSION, -1))} == {"SPY", "QQQ"}
    assert {position.ticker for position in known(table).positions} == {"SPY"}


def test_a_file_says_what_is_open_and_only_signals_entered_after_it_are_assumed() -> None:
    account = "{as_of: 2022-11-22, positions: [{ticker: IWM, risk_usd: 250}]}"  # one session before
    holdings = known(published(1, 2, 3), account)

    assert holdings.positions == (
        Position(ticker="IWM", risk_share=0.01, assumed=False),
        Position(ticker="SPY", risk_share=0.0075, assumed=True),
    )
    assert holdings.account_of == dt.date(2022, 11, 22)


def test_an_assumed_position_has_the_greeks_of_the_order_that_was_published() -> None:
    ticket = ticket_for(flat_chain(), structure_named("bull_call_spread"), facts(), Settings())
    assert isinstance(ticket, Ticket)
    (assumed,) = known(published(1, ticket=ticket)).positions

    assert ticket.contracts == 3
    assert assumed.greeks is not None
    assert assumed.greeks.delta == pytest.approx(3 * ticket.greeks.delta_shares * 100.0 / 25_000)
    assert assumed.greeks.vega == pytest.approx(3 * ticket.greeks.vega_usd / 25_000)


def test_an_assumed_position_that_was_published_without_an_order_has_unknown_greeks() -> None:
    refused = NoTicket(
        underlying="SPY", session=SESSION, structure="long_call", refusal=Refusal.NO_CHAIN, reason="none is listed"
    )

    assert [one.greeks for one in known(published(1, ticket=refused)).positions] == [None]


def test_a_file_of_the_same_evening_assumes_nothing() -> None:
    assert known(published(1, 2), "as_of: 2022-11-23").positions == ()


def test_the_size_of_the_account_is_its_last_equity() -> None:
    account = """
    as_of: 2022-11-22
    positions: [{ticker: IWM, risk_usd: 250}]
    equity: [{session: 2022-11-22, equity_usd: 50000}]
    """

    assert known(MemoryTable(), account).positions[0].risk_share == 0.005


def test_a_file_of_a_later_day_shows_neither_its_positions_nor_its_later_equity() -> None:
    account = """
    as_of: 2022-11-25
    positions: [{ticker: IWM, risk_usd: 250}]
    equity: [{session: 2022-11-23, equity_usd: 25000}, {session: 2022-11-25, equity_usd: 10000}]
    """
    holdings = known(published(1), account)

    assert [position.ticker for position in holdings.positions] == ["SPY"]
    assert [point.session for point in holdings.equity] == [SESSION]
    assert holdings.account_of is None


def test_each_namespace_has_a_file_of_its_own() -> None:
    assert account_key("files:0a1b") == "account/files-0a1b.yaml"
    store = MemoryStore()
    store.put("account/simulated.yaml", b"{as_of: 2022-11-22, positions: [{ticker: IWM, risk_usd: 250}]}")

    assert holdings_of(RUN, store=store, table=MemoryTable(), settings=Settings()).positions == ()


def test_a_file_out_of_form_stops_the_run() -> None:
    with pytest.raises(InvalidValueError, match=r"as_of in memory:account/live\.yaml"):
        known(MemoryTable(), "as_of: tomorrow")


def pinned(store: MemoryStore, holdings: Holdings, **changes: Any) -> snapshot.Manifest:
    ref = documents.write_below(store, "snapshots/live/2022-11-23/001", "holdings", [holdings])
    return manifest(holdings=ref, tables={}, **changes)


def test_what_is_pinned_is_what_is_read() -> None:
    store, holdings = MemoryStore(), known(published(1), "as_of: 2022-11-22")

    assert holdings_in(pinned(store, holdings), store) == holdings


def test_a_pinned_document_that_was_altered_is_refused() -> None:
    store = MemoryStore()
    altered = pinned(store, Holdings())
    assert altered.holdings is not None
    store.put(altered.holdings.key, b"[{}]")

    with pytest.raises(CorruptError):
        holdings_in(altered, store)


def test_a_manifest_of_before_pins_nothing_open() -> None:
    assert holdings_in(manifest(tables={}), MemoryStore()) == Holdings()


def together() -> pd.DataFrame:
    """SPY and QQQ move as one, GLD on its own: 61 sessions."""
    days = sessions.between(sessions.shift(SESSION, -60), SESSION)
    up = [100.0 + (at % 2) for at in range(61)]
    apart = [100.0 + (at // 2 % 2) for at in range(61)]
    rows = [
        {"ticker": ticker, "session": day, **dict.fromkeys(["open", "high", "low", "close"], price), "volume": 1}
        for ticker, prices in {"SPY": up, "QQQ": up, "GLD": apart}.items()
        for day, price in zip(days, prices, strict=True)
    ]
    return pd.DataFrame(rows)


def test_what_moves_together_in_the_snapshot_shares_a_cap() -> None:
    store = MemoryStore()
    settings = Settings(tickers=("SPY", "QQQ", "GLD"), portfolio=Portfolio(max_correlated=0.0075))
    bars = snapshot.write_table(store, "snapshots/live/2022-11-23/001", BARS, together(), ORIGIN)
    day = pinned(store, Holdings(), settings=settings.model_dump(mode="json")).model_copy(
        update={"tables": {"bars": bars}}
    )
    trades = [SPY.model_copy(update={"ticker": ticker}) for ticker in ("SPY", "QQQ", "GLD")]

    left = with_portfolio(day, trades, store=store)

    assert {one.ticker: one.risk_share for one in left if isinstance(one, Signal)} == {
        "SPY": 0.00375,
        "QQQ": 0.00375,
        "GLD": 0.0075,
    }


def test_a_full_portfolio_declines_and_says_so() -> None:
    store = MemoryStore()
    full = Holdings(positions=(Position(ticker="SPY", risk_share=0.1, assumed=True),))

    none, other = with_portfolio(pinned(store, full), [SPY, QQQ], store=store)

    assert isinstance(none, NoTrade)
    assert none.reasons == ("10 % open and 0.75 % wanted in SPY, 4 % allowed",)
    assert other == QQQ
