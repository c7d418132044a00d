"""The ticket of each signal, from a snapshot alone."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pandas as pd
import pytest
from options_signals import snapshot
from options_signals.jobs.tickets import with_tickets
from options_signals.lake import MemoryStore
from options_signals.settings import Risk, Settings
from options_signals.signals import NoTrade, Signal
from options_signals.snapshot import Manifest
from options_signals.strategy.decide import decide, refuse
from options_signals.tables import BARS, CHAIN, DIVIDENDS, MACRO, Table, validate
from options_signals.tickets import NoTicket, Refusal, Ticket, TicketAnswer

from tests.chains import SESSION, flat_chain
from tests.strategy.forecasts import GOOD, direction, forecast, volatility
from tests.test_digest import manifest
from tests.test_snapshot import ORIGIN

LARGE = Settings(tickers=("XYZ", "ABC"), risk=Risk(account_usd=100_000))


def signal(**changes: Any) -> Signal:
    decided = decide(forecast(direction(0.7), volatility(), ticker="XYZ", spot=100.0), GOOD, LARGE)
    assert isinstance(decided, Signal)
    return decided.model_copy(update=changes)


def macro(observed_on: dt.date = SESSION - dt.timedelta(days=1)) -> pd.DataFrame:
    rows = {"series": ["DGS3MO", "DGS2", "DGS10"], "observed_on": observed_on, "available_on": observed_on}
    return _dated(MACRO, pd.DataFrame(rows | {"value": 4.0}), "observed_on", "available_on")


def bars(volume: float = 1e6) -> pd.DataFrame:
    prices = dict.fromkeys(("open", "high", "low", "close", "adj_close"), 100.0)
    return _dated(BARS, pd.DataFrame([{"ticker": "XYZ", "session": SESSION, "volume": volume, **prices}]), "session")


def _dated(table: Table, frame: pd.DataFrame, *dates: str) -> pd.DataFrame:
    return validate(table, frame.assign(**{name: pd.to_datetime(frame[name]) for name in dates}))


def day(store: MemoryStore, *, unquoted: dict[str, str] | None, **tables: pd.DataFrame) -> Manifest:
    frames = {"bars": bars(), "macro": macro(), "chain": flat_chain()} | tables
    of = {table.name: table for table in (BARS, MACRO, CHAIN, DIVIDENDS)}
    return manifest(
        ("XYZ", "ABC"),
        settings=LARGE.model_dump(mode="json"),
        tables={name: snapshot.write_table(store, "here", of[name], frame, ORIGIN) for name, frame in frames.items()},
        unquoted=unquoted,
    )


def ticket(
    one: Signal | None = None,
    *,
    unquoted: dict[str, str] | None = None,
    tables: Mapping[str, pd.DataFrame] = MappingProxyType({}),
) -> TicketAnswer:
    store = MemoryStore()
    (told,) = with_tickets(day(store, unquoted=unquoted or {}, **tables), [one or signal()], store=store)
    assert isinstance(told, Signal)
    assert told.ticket is not None
    return told.ticket


def test_a_signal_is_given_the_ticket_of_its_final_size() -> None:
    whole, cut = ticket(), ticket(signal(risk_share=0.0030))

    assert isinstance(whole, Ticket)
    assert isinstance(cut, Ticket)
    assert (whole.budget_usd, cut.budget_usd) == (Decimal("750.00"), Decimal("300.00"))
    assert (whole.contracts, cut.contracts) == (6, 2)  # 117.30 USD each


@pytest.mark.parametrize(
    ("tables", "refusal"),
    [
        ({"bars": bars(volume=0.0)}, Refusal.HALTED),
        ({"macro": macro(dt.date(2022, 11, 1))}, Refusal.STALE_RATES),
        ({"macro": macro().iloc[:0]}, Refusal.STALE_RATES),
        ({"chain": flat_chain(underlying="ABC")}, Refusal.NO_CHAIN),
    ],
)
def test_what_is_wrong_with_the_day_refuses_the_ticket_and_leaves_the_signal(
    tables: dict[str, pd.DataFrame], refusal: Refusal
) -> None:
    found = ticket(tables=tables)

    assert isinstance(found, NoTicket)
    assert found.refusal == refusal


def test_a_ticket_knows_the_dividends_of_the_snapshot() -> None:
    rows = [{"ticker": "XYZ", "ex_date": day, "amount": 0.5, "known_on": day} for day in ("2022-12-07", "2022-09-07")]
    paid = _dated(DIVIDENDS, pd.DataFrame(rows), "ex_date", "known_on")
    unknown, known = ticket(), ticket(tables={"dividends": paid})

    assert isinstance(unknown, Ticket)
    assert isinstance(known, Ticket)
    assert "dividends are not known here" in unknown.warnings[0]
    assert known.warnings[0] == "XYZ goes ex-dividend by 0.50 USD on 2022-12-07, before the expiry"


def test_a_chain_that_could_not_be_had_is_refused_with_its_reason() -> None:
    found = ticket(unquoted={"XYZ": "no options listed"})

    assert isinstance(found, NoTicket)
    assert (found.refusal, found.reason) == (Refusal.NO_CHAIN, "no options listed")


def test_where_no_chains_were_asked_for_nothing_is_said() -> None:
    store = MemoryStore()

    assert with_tickets(day(store, unquoted=None), [signal()], store=store) == (signal(),)


def test_a_refusal_has_no_ticket_and_keeps_its_place() -> None:
    store, refused = MemoryStore(), refuse(ticker="ABC", session=SESSION, reasons=("no such name",))

    first, second = with_tickets(day(store, unquoted={}), [refused, signal()], store=store)

    assert isinstance(first, NoTrade)
    assert isinstance(second, Signal)
    assert isinstance(second.ticket, Ticket)
