"""Tickets on real chains: every structure gets one that keeps its laws, or a refusal that says why."""

import datetime as dt
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from options_signals.chain.book import Book
from options_signals.chain.summary import summarise
from options_signals.pricing.discount import flat_curve
from options_signals.settings import Decision, Risk, Settings, Tickets
from options_signals.strategy.facts import Facts
from options_signals.strategy.payoff import Payoff
from options_signals.strategy.structures import STRUCTURES, structure_named
from options_signals.strategy.ticket import ticket_for
from options_signals.tables import CHAIN, validate
from options_signals.tickets import SHARES, NoTicket, Refusal, Ticket

pytestmark = pytest.mark.market_data

OPTIONS = Path(os.environ.get("SIGNALS_MARKET_DATA", Path(__file__).parents[3] / "shared" / "data")) / "options"
DAY = dt.date(2026, 2, 11)
UNDERLYINGS = ("AAPL", "AMZN", "IBIT", "NVDA", "QQQ", "SPY", "TSLA")
LARGE = Settings(
    risk=Risk(account_usd=100_000_000),
    decision=Decision(allow_undefined_risk=True),
    tickets=Tickets(allow_unknown_oi=True),  # the index file has none
)


def read(name: str) -> pd.DataFrame:
    file = OPTIONS / name
    if not file.exists():
        pytest.skip("no market data; set SIGNALS_MARKET_DATA to its folder")
    return pd.read_parquet(file)


@pytest.fixture(scope="module")
def snapshots() -> dict[str, pd.DataFrame]:
    rows = read("yahoo_chain_snapshots.parquet").rename(
        columns={"contract_symbol": "contract", "quote_time_utc": "captured_at", "option_type": "right"}
    )
    columns = [column.name for column in CHAIN.columns]
    return {str(name): validate(CHAIN, chain[columns]) for name, chain in rows.groupby("underlying")}


def index_chain(day: dt.date) -> pd.DataFrame:
    rows = read("spxw_2018.parquet").query("quote_date == @day")
    unknown = dict.fromkeys(("last", "volume", "open_interest", "implied_vol"), np.nan)
    named = rows.assign(
        contract=[
            f"SPXW{expiry:%y%m%d}{right[0].upper()}{round(strike * 1000):08d}"
            for expiry, right, strike in zip(rows["expiration"], rows["option_type"], rows["strike"], strict=True)
        ],
        captured_at=pd.Timestamp(f"{day} 16:15", tz="America/New_York"),
        right=rows["option_type"],
        **unknown,
    )
    return validate(CHAIN, named[[column.name for column in CHAIN.columns]])


def answer(chain: pd.DataFrame, name: str, day: dt.date, rate: float, settings: Settings = LARGE) -> Ticket | NoTicket:
    known: dict[str, Any] = {"rates": flat_curve(rate=rate, as_of=day), "as_of": chain["captured_at"].max()}
    return ticket_for(chain, structure_named(name), Facts(session=day, **known), settings)


def check(ticket: Ticket) -> None:
    """The laws that hold on any chain."""
    payoff = Payoff.of(ticket.legs, cost=ticket.limit.cost + ticket.commission_usd / SHARES)
    terminal = [payoff.at(ticket.spot * share / 50) * SHARES for share in range(151)]
    widest = max(float(leg.ask - leg.bid) for leg in ticket.legs)
    # What the smile misses of each leg's mid, at most its own error, on about 0.4 sqrt(T) S of vega per leg.
    vega = 0.4 * float(ticket.spot) * (ticket.days / 365) ** 0.5 * SHARES
    missed = len(ticket.legs) * (2 * vega * ticket.smile_error + 100 * widest / 2)

    assert all(abs(payoff.at(at)) < 1e-9 for at in ticket.breakevens)
    assert ticket.max_loss_usd is None or min(terminal) >= -ticket.max_loss_usd
    assert ticket.max_profit_usd is None or max(terminal) <= ticket.max_profit_usd
    assert ticket.total_risk_usd <= ticket.budget_usd
    assert abs(float(ticket.smile_gap_usd)) <= missed
    assert all(leg.implied_vol > 0.05 for leg in ticket.legs)


@pytest.mark.parametrize("underlying", UNDERLYINGS)
@pytest.mark.parametrize("name", STRUCTURES)
def test_live_chains_give_a_sound_ticket_or_a_refusal_that_says_why(
    snapshots: dict[str, pd.DataFrame], underlying: str, name: str
) -> None:
    found = answer(snapshots[underlying], name, DAY, 0.037)

    if isinstance(found, Ticket):
        check(found)
    else:
        assert found.refusal in {Refusal.NO_DELTA, Refusal.WIDE, Refusal.ILLIQUID}
        assert "2026-" in found.reason


@pytest.mark.parametrize("name", STRUCTURES)
def test_the_most_liquid_fund_gets_a_ticket_for_every_structure(snapshots: dict[str, pd.DataFrame], name: str) -> None:
    assert isinstance(answer(snapshots["SPY"], name, DAY, 0.037), Ticket)


@pytest.mark.parametrize("day", [dt.date(2018, 2, day) for day in (1, 2, 5, 6, 7, 8, 9)], ids=str)
@pytest.mark.parametrize("name", STRUCTURES)
def test_the_volatility_spike_gives_a_sound_ticket_or_a_refusal_that_says_why(day: dt.date, name: str) -> None:
    found = answer(index_chain(day), name, day, 0.015)

    if isinstance(found, Ticket):
        check(found)
    else:
        assert found.refusal in {Refusal.NO_EXPIRY, Refusal.WIDE, Refusal.NO_DELTA}
        assert "2018-02-28" in found.reason


def test_on_the_day_of_the_spike_quotes_ten_dollars_wide_are_refused() -> None:
    day = dt.date(2018, 2, 5)

    found = answer(index_chain(day), "bull_put_spread", day, 0.015)

    assert isinstance(found, NoTicket)
    assert found.refusal == Refusal.WIDE


def test_unknown_open_interest_is_refused_by_default() -> None:
    day = dt.date(2018, 2, 2)
    strict = LARGE.model_copy(update={"tickets": Tickets()})

    found = answer(index_chain(day), "bull_put_spread", day, 0.015, strict)

    assert isinstance(found, NoTicket)
    assert found.reason.endswith("is unknown")


@pytest.mark.parametrize("underlying", UNDERLYINGS)
def test_a_live_chain_says_what_its_volatility_is(snapshots: dict[str, pd.DataFrame], underlying: str) -> None:
    chain = snapshots[underlying]
    summary = summarise(Book(chain, session=DAY, rates=flat_curve(rate=0.037, as_of=DAY)))
    vendor = chain[(chain["expiration"] == pd.Timestamp(2026, 3, 13)) & (chain["bid"] > 0)]
    nearest = vendor.loc[(vendor["strike"] - vendor["spot"]).abs().nsmallest(4).index, "implied_vol"]

    assert summary.atm_iv_30d == pytest.approx(nearest.median(), rel=0.10)
    assert summary.skew_25d_30d is not None
    assert 0.0 < summary.skew_25d_30d < 0.25
    assert sum(summary.faults.values()) < 0.4 * summary.quotes
