"""The evening before earnings, from the option chain to the mail: where options price a large move, it is sold.

Wednesday 23 November 2022; Thursday is a holiday. AAPL announces on Friday after the close, so Monday the 28th reacts.
A trade is entered on Friday and left at Monday's close, in the options of 2 December, the first to expire after it.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from options_signals.jobs import ledger
from options_signals.models import registry
from options_signals.pricing.black_scholes import bsm_price
from options_signals.settings import Settings
from options_signals.signals import NoTrade, Signal, Size, Strategy
from options_signals.snapshot import newest_manifest, read_table
from options_signals.sources.base import Fetched
from options_signals.tables import CHAIN, EARNINGS, validate
from options_signals.tickets import Ticket

from tests.e2e.day import EAGER, EVENING, World, replayed, simulated, stocked
from tests.models.bundles import shrunk_mean_bundle
from tests.sources import faulty
from tests.strategy.forecasts import refused, traded

WEDNESDAY, FRIDAY, MONDAY, TUESDAY = (dt.date(2022, 11, day) for day in (23, 25, 28, 29))
SECOND = dt.date(2022, 12, 2)
PAST = ("2020-10-29", "2021-01-27", "2021-04-28", "2021-07-27", "2021-10-28", "2022-01-27", "2022-04-28", "2022-07-28")
NONE_AHEAD = "no announcement ahead that a trade could still be entered before"
EITHER_DAY = "earnings on 2022-11-28, time unknown (reaction 2022-11-28 or 2022-11-29)"
TOLD = "earnings on 2022-11-25 after the close (reaction 2022-11-28)"


@dataclass(frozen=True, slots=True)
class Date:
    """What was told of the next announcement, and when."""

    day: str = "2022-11-25"
    time: str | None = "post"
    known_on: str = "2022-11-01"


@dataclass(frozen=True)
class Calendar:
    """Two years of AAPL's announcements after the close, and the dates told of the next one."""

    ahead: tuple[Date, ...]

    def earnings(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        assert "AAPL" in tickers
        assert first < pd.Timestamp(PAST[0]).date() < WEDNESDAY < last
        rows = [*((day, "post", day) for day in PAST), *((one.day, one.time, one.known_on) for one in self.ahead)]
        frame = pd.DataFrame(rows, columns=["announced_on", "release_time", "known_on"])
        typed = frame.astype({"announced_on": "datetime64[s]", "known_on": "datetime64[s]"})
        origin = simulated().bars.bars(["SPY"], first=WEDNESDAY, last=WEDNESDAY).origin
        full = typed.assign(ticker="AAPL", eps_estimate=1.0, eps_actual=1.0)
        return Fetched(frame=validate(EARNINGS, full), origin=origin)


def with_event(size: float, reaction: dt.date = MONDAY) -> faulty.Fault:
    """AAPL's options that live through the reaction are dearer by a move of this standard deviation."""

    def reprice(fetched: Fetched) -> Fetched:
        chain = fetched.frame
        session = chain["captured_at"].dt.tz_localize(None).dt.normalize()
        years = (chain["expiration"] - session).dt.days / 365
        lives = (chain["underlying"] == "AAPL") & (chain["expiration"] >= pd.Timestamp(reaction))
        moved = np.sqrt(chain["implied_vol"] ** 2 + np.where(lives, size**2, 0.0) / years)
        dearer = (_prices(chain, years, moved) - _prices(chain, years, chain["implied_vol"])).round(2)
        quotes = {name: chain[name] + dearer for name in ("bid", "ask", "last")}
        return replace(fetched, frame=validate(CHAIN, chain.assign(**quotes, implied_vol=moved)))

    return reprice


def _prices(chain: pd.DataFrame, years: pd.Series, volatility: pd.Series) -> pd.Series:
    price = bsm_price(
        spot=chain["spot"],
        strike=chain["strike"],
        years=years,
        rate=0.04,
        dividend_yield=0.015,
        volatility=volatility,
        is_call=chain["right"] == "call",
    )
    return pd.Series(price, index=chain.index)


def account(*ahead: Date, priced: float = 0.06, **decision: str) -> World:
    """SPY and AAPL with a model of moves on earnings; options price one standard deviation of so much."""
    settings = {
        "tickers": ("SPY", "AAPL"),
        "allow_iv_proxy": {"AAPL": "VIX"},
        "decision": EAGER | decision,
        "risk": {"account_usd": 1_000_000},
    }
    made = World(settings=Settings.model_validate(settings), store=stocked(("SPY", "AAPL")))
    moves = shrunk_mean_bundle()
    registry.promote(made.store, registry.publish(made.store, moves.card, moves.graph), when=EVENING)
    tell(made, *(ahead or (Date(),)), event=with_event(priced))
    return made


def tell(world: World, *ahead: Date, event: faulty.Fault) -> None:
    """From now on the calendar knows these dates, and the chains hold this event."""
    world.sources = faulty.with_chains(replace(simulated(), earnings=Calendar(ahead)), event)


def evening(world: World, session: dt.date = WEDNESDAY) -> Signal | NoTrade:
    """What is published of AAPL."""
    world.clock.at = dt.datetime.combine(session, dt.time(21, 45), tzinfo=dt.UTC)
    world.day()
    told = {one.ticker: one for one in ledger.decisions(world.table, "simulated", session)}
    assert replayed(world, session).differences == ()
    return told["AAPL"]


def order(decision: Signal | NoTrade) -> Ticket:
    ticket = traded(decision).ticket
    assert isinstance(ticket, Ticket), ticket
    return ticket


def mail(world: World) -> str:
    """The newest, in one line."""
    return " ".join(world.emails[-1].split())


# --- options price 6 %, the model expects much less ---


def test_the_move_that_was_put_into_the_options_is_measured_and_kept() -> None:
    world = account(strategy="iv_crush")
    forecast = evening(world).forecast
    table = newest_manifest(world.store, "simulated", WEDNESDAY).tables["iv_history"]
    kept = read_table(world.store, "iv_history", table).set_index("underlying")["implied_earnings_move"]

    assert forecast is not None
    assert forecast.implied_move == pytest.approx(0.06, rel=0.01)
    assert kept["AAPL"] == pytest.approx(forecast.implied_move)
    assert np.isnan(kept["SPY"])


def test_a_dear_move_is_sold_in_the_first_expiry_after_it_and_left_once_it_has_come() -> None:
    decision = traded(evening(account(strategy="iv_crush")))
    ticket = order(decision)

    assert (decision.strategy, decision.size, decision.risk_share) == (Strategy.IRON_CONDOR, Size.HALF, 0.005)
    assert (ticket.expiration, ticket.exits.on, ticket.valid_until.date()) == (SECOND, MONDAY, FRIDAY)
    assert [(leg.action, leg.right) for leg in ticket.legs] == [
        ("sell", "put"),
        ("buy", "put"),
        ("sell", "call"),
        ("buy", "call"),
    ]
    assert ticket.total_risk_usd <= ticket.budget_usd == 5_000


def test_the_mail_says_when_it_comes_what_is_priced_and_expected_and_what_to_order() -> None:
    world = account(strategy="iv_crush")
    ticket = order(evening(world))
    told = mail(world)
    low, high = (f"{leg.strike:,.2f}" for leg in ticket.legs if leg.action == "sell")

    assert "AAPL IRON CONDOR half size confidence 0.90 (move below 6.0 %)" in told
    assert (
        "earnings 25 Nov after close; reaction 28 Nov; options price ±6.0 % (one standard deviation), "
        "model 2.3 % median (10-90 %: 0.6-5.8 %)"
    ) in told
    assert "order: 1 contract of 2 Dec" in told
    assert "valid until Fri 25 Nov 13:00 ET" in told
    assert f"stop with the underlying below {low} or above {high} · leave by Mon 28 Nov" in told
    assert "why: options price a median move of 4.05 %, the model expects 2.32 %" in told
    assert f"note: held over {TOLD} on purpose: prices may jump past every stop" in told


def test_the_sms_names_it_and_the_table_holds_it_once() -> None:
    world = account(strategy="iv_crush")
    evening(world)
    world.day()
    rows = world.table.of_ticker("AAPL", since=WEDNESDAY)

    assert [texts.sms for _, texts in world.channel.accepted] == [
        "SIMULATED 23Nov: AAPL IRON CONDOR half .90; SPY none. Details by mail. Not advice."
    ]
    assert [(row["session"], row["kind"], row["body"]["strategy"], row["body"]["plan"]["exit_on"]) for row in rows] == [
        ("2022-11-23", "signal", "Iron Condor", "2022-11-28")
    ]


# --- the same evening otherwise ---


def test_a_move_priced_below_what_the_model_expects_is_not_sold_and_the_numbers_say_so() -> None:
    world = account(priced=0.03, strategy="iv_crush")
    decision = refused(evening(world))

    told = "options price a median move of 2.04 %, the model expects 2.32 % (2.78 % with the margin): nothing to sell"
    assert (decision.reasons, decision.cause) == ((told,), "rule")
    assert f"AAPL NO TRADE {told}" in mail(world)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("refuse", f"it would be held over {TOLD}"),
        ("leave_before", f"it would be held over {TOLD}, too near to be left before"),
    ],
)
def test_a_trade_of_the_matrix_that_cannot_avoid_it_is_refused(rule: str, reason: str) -> None:
    assert refused(evening(account(earnings=rule))).reasons == (reason,)


def test_a_trade_of_the_matrix_is_left_the_day_before_where_a_day_lies_between() -> None:
    decision = traded(evening(account(Date("2022-11-29"), earnings="leave_before")))

    assert (decision.strategy, decision.plan.exit_on) == (Strategy.BULL_CALL_SPREAD, TUESDAY)
    assert order(decision).exits.on == TUESDAY


def test_a_trade_of_the_matrix_that_is_held_says_what_may_happen() -> None:
    decision = traded(evening(account(earnings="hold")))

    assert (decision.strategy, decision.plan.exit_on) == (Strategy.BULL_CALL_SPREAD, None)
    assert f"held over {TOLD}: prices may jump past every stop" in decision.warnings


def test_beside_the_matrix_iv_crush_decides_on_who_announces_and_on_nobody_else() -> None:
    world = account(earnings="iv_crush")
    decision = traded(evening(world))

    assert (decision.strategy, decision.plan.exit_on) == (Strategy.IRON_CONDOR, MONDAY)
    assert "SPY BULL CALL SPREAD" in mail(world)


@pytest.mark.parametrize("fault", [faulty.without_chain("AAPL"), faulty.down], ids=["of AAPL", "of anybody"])
def test_without_its_chain_the_refusal_says_that_it_is_missing(fault: faulty.Fault) -> None:
    world = account(strategy="iv_crush")
    world.sources = faulty.with_chains(world.sources, fault)
    decision = refused(evening(world))

    assert (decision.reasons, decision.cause) == (("no option chain tells what move on earnings is priced in",), "data")
    assert "AAPL REFUSED no option chain tells what move on earnings is priced in" in mail(world)


@pytest.mark.parametrize(
    ("date", "reason"),
    [
        (
            Date(time=None),
            f"{NONE_AHEAD}: earnings on 2022-11-25, time unknown (reaction 2022-11-25 or 2022-11-28)",
        ),
        (
            Date("2022-11-28", time=None),
            f"{EITHER_DAY}: which session moves is unknown, so there is no move to sell",
        ),
    ],
    ids=["it may react while the trade is entered", "it may react on either day"],
)
def test_with_an_unknown_time_of_release_nothing_is_sold(date: Date, reason: str) -> None:
    decision = refused(evening(account(date, strategy="iv_crush")))

    assert (decision.reasons, decision.cause) == ((reason,), "rule")


# --- the evening after ---


MOVED_BY_A_DAY, MOVED_BY_A_WEEK = Date("2022-11-28", known_on="2022-11-25"), Date("2022-12-05", known_on="2022-11-25")


def test_an_announcement_moved_by_a_day_is_sold_on_its_new_evening_beside_what_is_open() -> None:
    world = account(strategy="iv_crush")
    first = order(evening(world))
    tell(world, Date(), MOVED_BY_A_DAY, event=with_event(0.06, TUESDAY))
    second = order(evening(world, FRIDAY))

    assert (first.exits.on, second.exits.on) == (MONDAY, TUESDAY)
    assert "earnings 28 Nov after close; reaction 29 Nov; options price ±6.0 %" in mail(world)
    assert "open, assumed from signals: 1 (0.5 % of the account at risk)" in mail(world)
    assert "earnings moved: AAPL from 2022-11-25 to 2022-11-28; what is open may now be held over them" in mail(world)


def test_an_announcement_moved_by_a_week_waits_for_its_new_evening() -> None:
    world = account(strategy="iv_crush")
    evening(world)
    tell(world, Date(), MOVED_BY_A_WEEK, event=with_event(0.06, dt.date(2022, 12, 6)))

    assert refused(evening(world, FRIDAY)).reasons == (
        "earnings on 2022-12-05 after the close (reaction 2022-12-06): decided on the evening of 2022-12-02",
    )


def test_once_the_reaction_has_come_there_is_nothing_left_to_sell() -> None:
    world = account(strategy="iv_crush")
    tell(world, Date(), event=with_event(0.0))

    assert refused(evening(world, MONDAY)).reasons == (
        "no announcement ahead that a trade could still be entered before",
    )
