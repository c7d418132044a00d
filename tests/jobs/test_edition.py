"""All decisions of a session, and their tickets, taken together under limits on Greeks."""

from collections.abc import Sequence
from functools import cache
from itertools import chain, combinations
from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from options_signals import snapshot
from options_signals.jobs import documents
from options_signals.jobs.edition import taken_together
from options_signals.lake import MemoryStore
from options_signals.settings import Portfolio, Risk, Settings
from options_signals.signals import NoTrade, Signal, Strategy
from options_signals.snapshot import TableRef
from options_signals.strategy.matrix import CELLS, plan_of
from options_signals.strategy.portfolio import Greeks, Holdings, Position
from options_signals.tables import CHAIN, MACRO
from options_signals.tickets import NoTicket, Ticket

from tests.chains import NINTH, SIXTEENTH, flat_chain
from tests.jobs.test_tickets import macro, signal
from tests.test_digest import manifest
from tests.test_snapshot import ORIGIN

WIDE = {"max_total": 1.0, "max_per_underlying": 1.0, "max_correlated": 1.0}
UP, DOWN, SOLD = "UP", "DOWN", "SOLD"  # tickers by what their trade bets on
TRADES = {UP: Strategy.BUY_CALLS, DOWN: Strategy.BEAR_PUT_SPREAD, SOLD: Strategy.IRON_CONDOR}


@cache
def lake() -> tuple[MemoryStore, dict[str, TableRef]]:
    store = MemoryStore()
    chains = pd.concat([flat_chain(underlying=ticker, expirations=(NINTH, SIXTEENTH)) for ticker in TRADES])
    frames = {"chain": (CHAIN, chains), "macro": (MACRO, macro())}
    return store, {name: snapshot.write_table(store, "here", *one, ORIGIN) for name, one in frames.items()}


def trade(ticker: str, share: float) -> Signal:
    plan = plan_of(next(cell for cell in CELLS if cell.strategy == TRADES[ticker]), spot=100.0)
    return signal(ticker=ticker, strategy=TRADES[ticker], plan=plan, risk_share=share)


def evening(trades: Sequence[Signal], holdings: Holdings, settings: Settings) -> tuple[Signal | NoTrade, ...]:
    """What comes out of the portfolio's last word, with tickets."""
    stored, tables = lake()
    store = MemoryStore()
    store.objects.update(stored.objects)
    day = manifest(
        tuple(TRADES),
        settings=settings.model_dump(mode="json"),
        tables=tables,
        unquoted={},
        holdings=documents.write_below(store, "here", "holdings", [holdings]),
    )
    return taken_together(day, trades, store=store)


def ordered(decisions: Sequence[Signal | NoTrade]) -> list[Ticket]:
    return [one.ticket for one in decisions if isinstance(one, Signal) and isinstance(one.ticket, Ticket)]


def limits(**of: Any) -> Settings:
    return Settings(tickers=tuple(TRADES), risk=Risk(account_usd=100_000), portfolio=Portfolio(**WIDE | of))


def open_with(delta: float, vega: float) -> Holdings:
    greeks = Greeks(delta=delta, vega=vega)
    return Holdings(positions=(Position(ticker="GLD", risk_share=0.01, assumed=False, greeks=greeks),))


def parts(moves: Sequence[float]) -> list[float]:
    """What any of the orders, filled without the others, move together."""
    return [sum(some) for some in chain.from_iterable(combinations(moves, n) for n in range(len(moves) + 1))]


shares = st.dictionaries(st.sampled_from(sorted(TRADES)), st.floats(0.001, 0.04), min_size=1)


@hypothesis_settings(deadline=None, max_examples=40)
@given(
    wants=shares,
    delta=st.floats(0.05, 1.5),
    vega=st.floats(0.0002, 0.01),
    held=st.tuples(st.floats(-0.5, 0.5), st.floats(-0.002, 0.002)),
    account=st.sampled_from([20_000.0, 100_000.0]),
    kelly=st.sampled_from([None, 0.5]),
)
def test_the_contracts_on_the_tickets_keep_the_limits_of_the_greeks(
    *,
    wants: dict[str, float],
    delta: float,
    vega: float,
    held: tuple[float, float],
    account: float,
    kelly: float | None,
) -> None:
    risk = Risk(account_usd=account, kelly_fraction=kelly)
    settings = limits(max_delta=delta, max_vega=vega).model_copy(update={"risk": risk})
    tickets = ordered(evening([trade(*one) for one in wants.items()], open_with(*held), settings))
    deltas = [t.contracts * t.greeks.delta_shares * float(t.spot) / account for t in tickets]
    vegas = [t.contracts * t.greeks.vega_usd / account for t in tickets]

    for moves, net, most in ((deltas, held[0], delta), (vegas, held[1], vega)):
        assert all(abs(net + part) <= max(most, abs(net)) + 1e-9 for part in parts(moves))


def test_a_limit_is_kept_by_fewer_contracts() -> None:
    free = ordered(evening([trade(UP, 0.02)], Holdings(), limits(max_delta=10.0)))
    held = evening([trade(UP, 0.02)], Holdings(), limits(max_delta=0.2))

    assert [ticket.contracts for ticket in free] == [11]
    assert [ticket.contracts for ticket in ordered(held)] == [4]
    assert held[0].cuts[0].rule == "delta"


def test_what_no_limit_binds_has_the_ticket_it_has_without_limits() -> None:
    trades = [trade(ticker, 0.02) for ticker in TRADES]

    assert evening(trades, Holdings(), limits(max_delta=10.0, max_vega=1.0)) == evening(trades, Holdings(), limits())


def test_a_trade_without_a_ticket_is_no_trade_under_a_limit_and_the_refusal_is_the_reason() -> None:
    dear = trade(UP, 0.0002)  # 20 USD: no contract is so cheap

    (free,) = evening([dear], Holdings(), limits())
    (held,) = evening([dear], Holdings(), limits(max_vega=1.0))

    assert isinstance(free, Signal)
    assert isinstance(free.ticket, NoTicket)
    assert isinstance(held, NoTrade)
    why = f"no ticket: {free.ticket.refusal}, {free.ticket.reason}"
    assert held.reasons == (f"the vega of UP is unknown, and the limit of 1 cannot be kept ({why})",)
    assert "one contract can lose" in free.ticket.reason


def test_a_refusal_offers_nothing_of_which_no_limit_was_counted() -> None:
    (cut,) = evening([trade(UP, 0.0035)], Holdings(), limits(max_delta=0.04))
    (free,) = evening([trade(UP, 0.0015)], Holdings(), limits())

    assert isinstance(cut, Signal)
    assert isinstance(free, Signal)
    assert isinstance(cut.ticket, NoTicket)
    assert isinstance(free.ticket, NoTicket)
    assert free.ticket.alternative is not None
    assert cut.ticket.alternative is None
