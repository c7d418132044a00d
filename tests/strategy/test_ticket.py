"""Tickets on hand-made chains: spot 100, volatility 20 %, rates 4 %, quotes two cents either side of the mid.

Options used, bid / ask: 16 days: C100 1.74 / 1.78, C103 0.62 / 0.66. 23 days: C101 1.64 / 1.68, P98 1.04 / 1.08,
P95 0.33 / 0.37, P96 0.51 / 0.55, P94 0.21 / 0.25, C105 0.48 / 0.52, C107 0.22 / 0.26, C104 0.67 / 0.71.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from options_signals.pricing.discount import flat_curve
from options_signals.pricing.normal import FloatArray
from options_signals.settings import Decision, Risk, Settings, Tickets
from options_signals.signals import Cut, Signal
from options_signals.sources.simulated import SimulatedSource
from options_signals.strategy.decide import decide
from options_signals.strategy.payoff import Payoff
from options_signals.strategy.structures import STRUCTURES, structure_named
from options_signals.strategy.ticket import make_ticket, ticket_for, without_ticket
from options_signals.tickets import NoTicket, Outlook, Refusal, Ticket, TicketAnswer
from pydantic import TypeAdapter

from tests.chains import NINTH, SESSION, SIXTEENTH, changed, facts, flat_chain
from tests.strategy.forecasts import GOOD, announcement, direction, forecast, volatility

D = Decimal
LARGE = Settings(risk=Risk(account_usd=100_000))
NAKED = Settings(risk=Risk(account_usd=10_000_000), decision=Decision(allow_undefined_risk=True))
WIDE = NAKED.model_copy(update={"tickets": Tickets(max_spread_share=0.5), "risk": Risk(account_usd=1e9)})


def answer(name: str, chain: pd.DataFrame | None = None, settings: Settings = LARGE, **known: Any) -> Ticket | NoTicket:
    return ticket_for(flat_chain() if chain is None else chain, structure_named(name), facts(**known), settings)


def ticket(name: str, chain: pd.DataFrame | None = None, settings: Settings = LARGE, **known: Any) -> Ticket:
    found = answer(name, chain, settings, **known)
    assert isinstance(found, Ticket), found
    return found


def refused(name: str, chain: pd.DataFrame | None = None, settings: Settings = LARGE, **known: Any) -> NoTicket:
    found = answer(name, chain, settings, **known)
    assert isinstance(found, NoTicket), found
    return found


def test_a_bull_call_spread_by_hand() -> None:
    found = ticket("bull_call_spread")

    assert [(leg.action, leg.contract) for leg in found.legs] == [
        ("buy", "XYZ221209C00100000"),
        ("sell", "XYZ221209C00103000"),
    ]
    assert found.limit.side == "debit"
    assert found.limit.mid == D("1.12")  # 1.76 - 0.64
    assert found.limit.worst == D("1.16")  # 1.78 - 0.62
    assert found.commission_usd == D("1.30")  # 2 x 0.65
    assert found.costs_usd == D("5.30")  # 100 x (1.16 - 1.12) + 1.30
    assert found.max_loss_usd == D("117.30")  # 100 x 1.16 + 1.30
    assert found.max_profit_usd == D("182.70")  # 100 x (103 - 100) - 117.30
    assert found.breakevens == (D("101.173"),)  # 100 + 1.16 + 0.013
    assert found.margin_usd == D("116.00")  # a debit is paid in full
    assert found.budget_usd == D("1500.00")  # 1.5 % of 100,000
    assert found.contracts == 12  # 1500 / 117.30 = 12.8
    assert found.total_risk_usd == D("1407.60")
    assert found.exits.target_price == D("2.53")  # 1.12 + 0.75 x (3 - 1.12)
    assert found.exits.target_usd == D("141.00")
    assert (found.exits.stop_price, found.exits.stop_usd) == (D("0.56"), D("56.00"))  # half of 1.12


def test_a_bull_put_spread_by_hand() -> None:
    found = ticket("bull_put_spread")

    assert [int(leg.strike) for leg in found.legs] == [98, 95]
    assert found.limit.side == "credit"
    assert found.limit.mid == D("0.71")  # 1.06 - 0.35
    assert found.limit.worst == D("0.67")  # 1.04 - 0.37
    assert found.max_profit_usd == D("65.70")  # 67 - 1.30
    assert found.max_loss_usd == D("234.30")  # 300 - 67 + 1.30
    assert found.margin_usd == D("233.00")  # 300 - 67
    assert found.breakevens == (D("97.343"),)  # 98 - (0.67 - 0.013)
    assert found.contracts == 8  # 2000 / 234.30 = 8.5
    assert (found.exits.target_price, found.exits.target_usd) == (D("0.36"), D("35.50"))  # keep half of 0.71
    assert (found.exits.stop_price, found.exits.stop_usd) == (D("1.42"), D("71.00"))  # twice 0.71


def test_an_iron_condor_by_hand() -> None:
    found = ticket("iron_condor")

    assert [int(leg.strike) for leg in found.legs] == [96, 94, 105, 107]
    assert found.limit.mid == D("0.56")  # 0.53 - 0.23 + 0.50 - 0.24
    assert found.limit.worst == D("0.48")  # 0.51 - 0.25 + 0.48 - 0.26
    assert found.commission_usd == D("2.60")
    assert found.max_profit_usd == D("45.40")  # 48 - 2.60
    assert found.max_loss_usd == D("154.60")  # one side only: 200 - 48 + 2.60
    assert found.margin_usd == D("152.00")
    assert found.breakevens == (D("95.546"), D("105.454"))
    assert (found.exits.target_price, found.exits.target_usd) == (D("0.42"), D("14.00"))  # a quarter of 0.56
    assert (found.exits.underlying_below, found.exits.underlying_above) == (D(96), D(105))
    assert found.exits.stop_price is None


def test_a_long_call_by_hand() -> None:
    found = ticket("long_call")

    assert [int(leg.strike) for leg in found.legs] == [101]
    assert (found.limit.mid, found.limit.worst) == (D("1.66"), D("1.68"))
    assert found.max_profit_usd is None
    assert found.max_loss_usd == D("168.65")
    assert found.contracts == 11  # 2000 / 168.65 = 11.9
    assert found.exits.target_price == D("2.49")  # 1.66 + 50 %
    assert (found.exits.underlying_below, found.exits.underlying_above) == (D("98.00"), None)


def test_naked_options_need_the_margin_of_the_exchanges() -> None:
    put, call = ticket("short_put", settings=NAKED), ticket("short_call", settings=NAKED)

    # P96: mid 0.53; 20 % of 100 less 4 out of the money = 16, above 10 % of the strike
    assert put.margin_usd == D("1653.00")
    assert put.max_loss_usd == D("9549.65")  # 100 x (96 - 0.51) + 0.65
    # C105: mid 0.50; 20 less 5 = 15, above 10
    assert call.margin_usd == D("1550.00")
    assert call.max_loss_usd is None
    assert call.contracts == 64  # by its margin: 1 % of 10,000,000 / 1550


def test_dates_follow_the_calendar_of_the_exchange() -> None:
    found = ticket("bull_call_spread")

    assert (found.expiration, found.days, found.monthly) == (NINTH, 16, False)
    # Entered on Friday after Thanksgiving, which closes at 13:00; left five sessions later.
    assert found.valid_until.isoformat() == "2022-11-25T13:00:00-05:00"
    assert found.exits.on == dt.date(2022, 12, 2)


def test_a_trade_is_never_held_beyond_its_expiry() -> None:
    settings = LARGE.model_copy(update={"tickets": Tickets(exit_sessions=30)})

    assert ticket("bull_call_spread", settings=settings).exits.on == NINTH


def test_greeks_are_those_of_the_position() -> None:
    found = ticket("bull_call_spread")
    bought, sold = found.legs

    assert found.greeks.delta_shares == pytest.approx(100 * (bought.delta - sold.delta))
    assert found.greeks.delta_shares == pytest.approx(26.5, abs=0.5)  # 100 x (0.525 - 0.260)
    assert found.greeks.vega_usd == pytest.approx(1.55, abs=0.05)
    assert found.greeks.theta_usd < 0


def smirk(k: FloatArray) -> FloatArray:
    return 0.20 - 0.25 * np.tanh(4 * k) / 4 + 0.3 * k**2


FAIR = {"flat": 0.20, "smirk": smirk}


@pytest.mark.parametrize("shape", FAIR)
@pytest.mark.parametrize("name", STRUCTURES)
def test_what_the_market_expects_of_a_trade_is_minus_its_costs(name: str, shape: str) -> None:
    chain = flat_chain(spot=5000.0, volatility=FAIR[shape], half_spread=1.0)  # type: ignore[arg-type]  # or a function
    found = ticket(name, chain, WIDE)

    assert found.costs_usd == len(found.legs) * D("100.65")  # half the spread of 100 shares, and a commission
    assert found.market.expected_value_usd == found.smile_gap_usd - found.costs_usd
    assert abs(found.smile_gap_usd) <= len(found.legs) * D(
        "0.60"
    )  # quotes are rounded to the cent, by up to 0.50 per 100 shares


@pytest.mark.parametrize("name", STRUCTURES)
def test_no_price_at_expiry_loses_more_than_the_ticket_says(name: str) -> None:
    found = ticket(name, settings=NAKED)
    payoff = Payoff.of(found.legs, cost=found.limit.worst * (1 if found.limit.side == "debit" else -1))
    profits = [100 * payoff.at(D(price) / 4) - found.commission_usd for price in range(1000)]

    if found.max_loss_usd is not None:
        assert min(profits) >= -found.max_loss_usd
    if found.max_profit_usd is not None:
        assert max(profits) <= found.max_profit_usd
    assert all(abs(100 * payoff.at(at) - found.commission_usd) < D("1e-9") for at in found.breakevens)


@pytest.mark.parametrize("name", STRUCTURES)
def test_all_contracts_together_stay_within_the_budget_and_one_more_would_not(name: str) -> None:
    found = ticket(name, settings=NAKED)

    assert found.total_risk_usd <= found.budget_usd < found.total_risk_usd + found.risk_usd


def test_the_more_the_model_believes_in_a_rise_the_better_a_call() -> None:
    beliefs = [ticket("long_call", p_up=p, realised_vol=0.20).model for p in (0.3, 0.5, 0.7)]
    values = [each.expected_value_usd for each in beliefs if each]

    assert values == sorted(values)
    assert values[0] < 0 < values[2]


def test_without_a_model_or_a_realised_volatility_there_is_no_opinion() -> None:
    assert ticket("long_call", p_up=0.7).model is None
    assert ticket("long_call", realised_vol=0.2).model is None


def test_with_earnings_before_the_expiry_past_sessions_do_not_calm_the_model() -> None:
    def opinion(vol_20: float, day: int) -> Outlook | None:
        return ticket("iron_condor", p_up=0.5, realised_vol=vol_20, earnings_on=dt.date(2022, 12, day)).model

    assert opinion(0.05, 16) == opinion(0.20, 16)  # the monthly expiry; options imply 20 %
    assert opinion(0.05, 17) != opinion(0.20, 17)


def test_the_models_odds_by_many_draws() -> None:
    found = ticket("bull_call_spread", p_up=0.6, realised_vol=0.30)
    random = np.random.default_rng(7)
    # Volatility 25 %, the mean of 20 % and 30 %. Seven calendar days to the horizon of five sessions, nine after it.
    first = 0.25 * np.sqrt(8 / 365) * random.standard_normal(400_000)
    rest = 0.25 * np.sqrt(8 / 365) * random.standard_normal(400_000)
    drift = drift_by_draws(first, 0.6)
    price = 100 * np.exp(drift - 0.25**2 * 16 / 365 / 2 + first + rest)
    profit = 100 * (np.clip(price - 100, 0, 3) * np.exp(-0.04 * 16 / 365)) - 117.30

    assert found.model is not None
    assert found.model.probability_of_profit == pytest.approx(np.mean(price > 101.173), abs=0.005)
    assert float(found.model.expected_value_usd) == pytest.approx(profit.mean(), abs=1.5)


def drift_by_draws(moves: FloatArray, p_up: float) -> float:
    """The drift at which the share of rises above 1 % among moves of more than 1 % is `p_up`."""

    def share(drift: float) -> float:
        returns = np.expm1(drift - 0.25**2 * 8 / 365 / 2 + moves)
        return float(np.mean(returns > 0.01) / np.mean(np.abs(returns) > 0.01))

    grid = np.linspace(-0.05, 0.05, 201)
    return float(np.interp(p_up, [share(drift) for drift in grid], grid))


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="America/New_York").tz_convert("UTC")


@pytest.mark.parametrize(
    ("chain", "known", "refusal", "words"),
    [
        (flat_chain().iloc[:0], {}, Refusal.NO_CHAIN, "there is no option chain of 2022-11-23"),
        (
            flat_chain().assign(captured_at=at("2022-11-22 16:00")),
            {},
            Refusal.OTHER_DAY,
            "the chain is of 2022-11-22, wanted: 2022-11-23",
        ),
        (
            flat_chain().assign(captured_at=at("2022-11-23 11:00")),
            {},
            Refusal.STALE,
            "the newest quote is of 16:00 UTC, more than 20 minutes before 21:00",
        ),
        (
            flat_chain(),
            {"spot": 102.0},
            Refusal.STALE,
            "the chain stands at a spot of 100.00, the close is 102.00: another moment",
        ),
        (flat_chain(), {"halted": True}, Refusal.HALTED, "trading was halted on 2022-11-23"),
        (
            flat_chain(),
            {"rates": flat_curve(rate=0.04, as_of=dt.date(2022, 11, 1))},
            Refusal.STALE_RATES,
            "discount rates are of 2022-11-01, wanted: 2022-11-23",
        ),
        (
            flat_chain().assign(bid=0.0),
            {},
            Refusal.NO_QUOTES,
            "none of 244 quotes is usable: 244 no bid",
        ),
        (
            flat_chain(strikes=(100, 101)),
            {},
            Refusal.NO_SMILE,
            "2022-12-09: 2 usable out-of-the-money quotes, needed: 5",
        ),
    ],
    ids=lambda value: str(value.value) if isinstance(value, Refusal) else "",
)
def test_a_chain_that_cannot_be_used_is_refused_with_its_reason(
    chain: pd.DataFrame, known: dict[str, Any], refusal: Refusal, words: str
) -> None:
    assert isinstance(answer("bull_call_spread"), Ticket)

    found = refused("bull_call_spread", chain, **known)

    assert (found.refusal, found.reason, found.alternative) == (refusal, words, None)


def test_a_chain_of_the_morning_serves_the_morning() -> None:
    morning = at("2022-11-23 11:00")

    found = ticket("bull_call_spread", flat_chain().assign(captured_at=morning), as_of=morning.to_pydatetime())

    assert found.captured_at == morning


def test_no_expiry_in_the_window_offers_the_next_one_outside() -> None:
    found = refused("bull_call_spread", flat_chain(expirations=(SIXTEENTH,)))

    assert found.refusal == Refusal.NO_EXPIRY
    assert found.reason == "no tradable expiry from 14 to 21 days; the nearest: 2022-12-16 (23 days)"
    assert found.alternative is not None
    assert found.alternative.differs == "an expiry from 7 to 42 days instead of 14 to 21"
    assert found.alternative.ticket.expiration == SIXTEENTH


def test_an_illiquid_leg_offers_what_can_be_had() -> None:
    thin = [f"XYZ221209C00{strike}000" for strike in (102, 103)]

    found = refused("bull_call_spread", changed(flat_chain(), thin, open_interest=1.0))

    assert found.refusal == Refusal.ILLIQUID
    assert found.alternative is not None
    assert found.alternative.differs == "an expiry from 7 to 42 days instead of 14 to 21"
    assert found.alternative.ticket.expiration == SIXTEENTH


def test_a_delta_out_of_reach_offers_one_that_misses_it_by_more() -> None:
    coarse = flat_chain(strikes=(90, 92, 94, 96, 98, 100, 102, 105, 108))

    found = refused("bear_call_spread", coarse, LARGE.model_copy(update={"tickets": Tickets(max_delta_miss=0.03)}))

    assert found.refusal == Refusal.NO_DELTA
    assert found.alternative is not None
    assert found.alternative.differs == "deltas that miss by up to 0.06 instead of 0.03"


def test_a_spread_wider_than_allowed_offers_the_expiry_that_is_quoted_closely() -> None:
    wide, close = flat_chain(expirations=(NINTH,), half_spread=0.12), flat_chain(expirations=(SIXTEENTH,))

    found = refused("bull_call_spread", pd.concat([wide, close], ignore_index=True))

    assert found.refusal == Refusal.WIDE
    assert found.alternative is not None
    assert found.alternative.differs == "an expiry from 7 to 42 days instead of 14 to 21"
    assert found.alternative.ticket.expiration == SIXTEENTH


def test_wide_quotes_everywhere_leave_no_alternative() -> None:
    found = refused("bull_call_spread", flat_chain(half_spread=0.12))

    assert found.refusal == Refusal.WIDE
    assert "XYZ221209C00100000 quotes 1.64 to 1.88, a spread above 0.18 USD" in found.reason
    assert found.alternative is None


def test_spreads_that_eat_the_credit_are_refused() -> None:
    tolerant = LARGE.model_copy(update={"tickets": Tickets(tolerated_spread_usd=5.0)})
    wide = changed(flat_chain(), "XYZ221216C00103000", bid=0.63, ask=1.27)  # mid 0.95
    wide = changed(wide, "XYZ221216C00106000", bid=0.03, ask=0.67)  # mid 0.35

    found = refused("bear_call_spread", wide, tolerant)

    assert found.refusal == Refusal.WIDE
    assert found.reason == "the mid prices make 0.60 USD, and their spreads eat all of it"


def test_quotes_under_which_a_trade_cannot_lose_are_refused() -> None:
    cheap = changed(flat_chain(), "XYZ221209C00100000", bid=0.55, ask=0.57)

    found = refused("bull_call_spread", cheap)

    assert found.refusal == Refusal.CONTRADICTION
    assert found.reason == "at -0.05 USD it cannot lose: some quote is not of this moment"


def test_one_contract_above_the_cap_is_no_ticket_and_offers_closer_strikes() -> None:
    found = refused("bull_put_spread", settings=Settings(risk=Risk(account_usd=10_000)))

    assert found.refusal == Refusal.ABOVE_CAP
    assert found.reason == "one contract can lose 234.30 USD, more than the 200.00 USD this trade may risk"
    assert found.alternative is not None
    assert found.alternative.differs == "strikes closer together, with less at stake"
    assert [int(leg.strike) for leg in found.alternative.ticket.legs] == [98, 97]
    assert found.alternative.ticket.contracts == 2  # 98 less 97 for 0.26: 100 - 26 + 1.30 = 75.30 each


def test_a_naked_option_is_refused_and_offers_the_spread() -> None:
    found = refused("short_put")

    assert found.refusal == Refusal.UNDEFINED_RISK
    assert found.alternative is not None
    assert found.alternative.ticket.structure == "bull_put_spread"


def test_a_budget_of_nothing_is_no_ticket() -> None:
    found = refused("long_call", settings=Settings(risk=Risk(overlay=0.0)))

    assert found.refusal == Refusal.NO_BUDGET
    assert found.reason == "the budget is 0 USD: 0.00% of 25,000 USD"


def test_kelly_without_a_model_risks_nothing() -> None:
    settings = Settings(risk=Risk(account_usd=100_000, kelly_fraction=0.5))

    assert refused("long_call", settings=settings).refusal == Refusal.NO_BUDGET
    assert "no model to take it from" in refused("long_call", settings=settings).reason
    assert refused("long_call", settings=settings, p_up=0.3, realised_vol=0.2).refusal == Refusal.NO_BUDGET
    assert isinstance(answer("long_call", settings=settings, p_up=0.9, realised_vol=0.2), Ticket)


def test_holding_decay_is_a_plan_of_fewer_contracts() -> None:
    linear = Settings(risk=Risk(account_usd=100_000, decay="linear"))

    found = ticket("bull_call_spread", settings=linear)

    assert found.contracts == 12
    # Entry on 25 November; 12 x 4/5, 3/5, 2/5, 1/5, rounded down.
    assert [(each.on.isoformat(), each.contracts) for each in found.reductions] == [
        ("2022-11-28", 9),
        ("2022-11-29", 7),
        ("2022-11-30", 4),
        ("2022-12-01", 2),
    ]
    assert ticket("bull_call_spread").reductions == ()


def test_no_reduction_comes_after_the_exit() -> None:
    settings = Settings(risk=Risk(account_usd=100_000, decay="linear"), tickets=Tickets(exit_sessions=30))

    found = ticket("bull_call_spread", settings=settings)

    assert found.exits.on == NINTH
    assert found.reductions
    assert max(each.on for each in found.reductions) < NINTH


def signal(ticker: str = "XYZ") -> Signal:
    decided = decide(forecast(direction(0.7), volatility(), ticker=ticker, spot=100.0), GOOD, LARGE)
    assert isinstance(decided, Signal)
    return decided


def test_a_signals_ticket_follows_its_plan_and_its_share_of_the_account() -> None:
    found = make_ticket(signal(), flat_chain(), facts(realised_vol=0.2), LARGE)

    assert isinstance(found, Ticket)
    assert found.structure == "bull_call_spread"
    assert found.budget_usd == D("750.00")  # half size: 0.75 % of 100,000
    assert found.contracts == 6
    assert found.model is not None  # the signal brings its own probability


def test_a_ticket_is_left_when_the_signals_plan_says() -> None:
    leaving = signal().model_copy(update={"plan": signal().plan.model_copy(update={"exit_on": dt.date(2022, 11, 30)})})

    found, usual = (make_ticket(one, flat_chain(), facts(), LARGE) for one in (leaving, signal()))

    assert isinstance(found, Ticket)
    assert isinstance(usual, Ticket)
    assert (found.exits.on, usual.exits.on) == (dt.date(2022, 11, 30), dt.date(2022, 12, 2))


def test_the_soonest_expiry_is_taken_where_the_plan_asks_for_it() -> None:
    plan = signal().plan.model_copy(update={"min_days": 14, "max_days": 28})
    either, soonest = (
        signal().model_copy(update={"plan": plan.model_copy(update={"soonest": soon})}) for soon in (False, True)
    )

    found = [make_ticket(one, flat_chain(), facts(), LARGE) for one in (either, soonest)]

    assert [isinstance(one, Ticket) and one.expiration for one in found] == [SIXTEENTH, NINTH]  # the monthly one first


def test_a_signals_own_announcement_is_told_before_the_expiry() -> None:
    known = signal().forecast
    assert known is not None
    announced = known.model_copy(update={"announcement": announcement(dt.date(2022, 12, 7))})

    found = make_ticket(signal().model_copy(update={"forecast": announced}), flat_chain(), facts(), LARGE)

    assert isinstance(found, Ticket)
    assert "earnings are announced on 2022-12-06, before the expiry" in found.warnings


TO_TARGET = Cut(rule="volatility", before=0.0075, after=0.00375, reason="20 % is above the target of 10 %")


@pytest.mark.parametrize("done", [{}, {"risk_share": 0.00375, "cuts": (TO_TARGET,)}])
def test_a_signal_is_brought_to_the_volatility_target_once(done: dict[str, Any]) -> None:
    settings = Settings(risk=Risk(account_usd=100_000, target_vol=0.10))

    found = make_ticket(signal().model_copy(update=done), flat_chain(), facts(realised_vol=0.2), settings)

    assert isinstance(found, Ticket)
    assert found.budget_usd == D("375.00")


def test_a_signal_without_its_chain_keeps_its_reason() -> None:
    others = flat_chain(underlying="ABC")

    for chain in (None, others):
        found = make_ticket(signal(), chain, facts(), LARGE)
        assert isinstance(found, NoTicket)
        assert (found.refusal, found.underlying) == (Refusal.NO_CHAIN, "XYZ")


def test_a_signal_is_refused_a_ticket_for_what_failed_before_there_was_a_chain() -> None:
    found = without_ticket(signal(), Refusal.STALE_RATES, "DGS10 is of 2022-11-01")

    assert (found.structure, found.reason) == ("bull_call_spread", "DGS10 is of 2022-11-01")


def test_a_signal_and_a_chain_of_different_prices_do_not_meet() -> None:
    moved = signal().model_copy(update={"forecast": forecast(direction(0.7), volatility(), spot=103.0)})

    found = make_ticket(moved, flat_chain(), facts(), LARGE)

    assert isinstance(found, NoTicket)
    assert found.refusal == Refusal.STALE


@pytest.mark.parametrize("name", ["bull_call_spread", "short_put"])
def test_an_answer_survives_storage(name: str) -> None:
    stored = answer(name)

    adapter: TypeAdapter[Ticket | NoTicket] = TypeAdapter(TicketAnswer)

    assert adapter.validate_json(stored.model_dump_json()) == stored


@pytest.fixture(scope="module", params=["SPY", "NVDA"])
def simulated(request: pytest.FixtureRequest) -> pd.DataFrame:
    return SimulatedSource().chain([request.param], session=SESSION).frame


@pytest.mark.parametrize("name", STRUCTURES)
def test_the_simulated_market_gives_a_fair_ticket_for_every_structure(name: str, simulated: pd.DataFrame) -> None:
    settings = NAKED.model_copy(update={"tickets": Tickets(max_delta_miss=0.1), "risk": Risk(account_usd=1e9)})

    found = ticket(name, simulated, settings)

    assert abs(found.smile_gap_usd) < found.costs_usd / 2
    assert found.smile_error < 0.01
