import datetime as dt
from collections.abc import Mapping, Sequence
from math import fsum
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from options_signals.sessions import shift
from options_signals.settings import Portfolio, Risk, Settings
from options_signals.signals import NoTrade, Signal, Strategy
from options_signals.strategy.decide import decide, refuse
from options_signals.strategy.overlay import RULES, overlay
from options_signals.strategy.portfolio import EquityPoint, Event, Greeks, Holdings, Position
from options_signals.tickets import NoTicket, Refusal

from tests.strategy.forecasts import GOOD, SESSION, direction, forecast, volatility

SPY = decide(forecast(direction(), volatility(), hv_20=0.30), GOOD, Settings())
NOTHING_OPEN = Holdings()


def signal(ticker: str = "SPY", share: float = 0.02, **changes: Any) -> Signal:
    assert isinstance(SPY, Signal)
    return SPY.model_copy(update={"ticker": ticker, "risk_share": share, **changes})


def position(ticker: str = "SPY", share: float = 0.01, greeks: Greeks | None = None) -> Position:
    return Position(ticker=ticker, risk_share=share, assumed=True, greeks=greeks)


def equity(*worth: float) -> tuple[EquityPoint, ...]:
    """The last value is of the session."""
    days = [shift(SESSION, at - len(worth) + 1) for at in range(len(worth))]
    return tuple(EquityPoint(session=day, equity_usd=usd) for day, usd in zip(days, worth, strict=True))


def after(
    *decisions: Signal | NoTrade,
    holdings: Holdings = NOTHING_OPEN,
    groups: Sequence[tuple[str, ...]] = (),
    greeks: Mapping[str, Greeks] | None = None,
    target_vol: float | None = None,
    **limits: Any,
) -> list[Signal | NoTrade]:
    """What the overlay leaves, under caps that bind only where the test names them."""
    wide = {"max_total": 1.0, "max_per_underlying": 1.0, "max_correlated": 1.0}
    settings = Settings(portfolio=Portfolio(**wide | limits), risk=Risk(target_vol=target_vol))
    clusters = {ticker: group for group in groups for ticker in group}
    return list(
        overlay(decisions, holdings, session=SESSION, clusters=clusters, greeks=greeks or {}, settings=settings)
    )


def shares(decisions: Sequence[Signal | NoTrade]) -> dict[str, float]:
    return {one.ticker: one.risk_share if isinstance(one, Signal) else 0.0 for one in decisions}


def only(decisions: Sequence[Signal | NoTrade]) -> Signal | NoTrade:
    (one,) = decisions
    return one


def test_the_order_of_the_rules() -> None:
    assert list(RULES) == [
        "blackout",
        "daily_loss",
        "drawdown",
        "volatility",
        "underlying",
        "correlated",
        "total",
        "delta",
        "vega",
    ]


def test_a_trade_within_every_cap_is_the_same_trade() -> None:
    lone = signal()

    assert after(lone)[0] is lone
    assert (lone.risk_share, lone.cuts) == (0.02, ())


def test_a_refusal_passes_as_it_is() -> None:
    refusal = refuse(ticker="QQQ", session=SESSION, reasons=("no bars",))

    assert after(refusal, max_total=0.0) == [refusal]


def test_risk_open_in_the_underlying_leaves_the_rest_of_its_cap() -> None:
    cut = only(after(signal(), holdings=Holdings(positions=(position(share=0.03),)), max_per_underlying=0.04))

    assert isinstance(cut, Signal)
    assert cut.risk_share == 0.01
    assert cut.cuts[0].model_dump() == {
        "rule": "underlying",
        "before": 0.02,
        "after": 0.01,
        "reason": "3 % open and 2 % wanted in SPY, 4 % allowed",
    }


def test_no_room_at_all_is_no_trade_with_the_reason_and_the_lean() -> None:
    none = only(after(signal(), holdings=Holdings(positions=(position(share=0.05),)), max_per_underlying=0.04))

    assert isinstance(none, NoTrade)
    assert (none.cause, none.lean) == ("rule", Strategy.BULL_CALL_SPREAD)
    assert none.reasons == ("5 % open and 2 % wanted in SPY, 4 % allowed",)
    assert (none.cuts[0].before, none.cuts[0].after) == (0.02, 0.0)


@pytest.mark.parametrize(("room", "left"), [(0.0001, 0.0001), (0.000099, 0.0)])
def test_dust_is_no_trade(room: float, left: float) -> None:
    one = only(after(signal(), max_total=room))

    assert shares([one]) == {"SPY": left}
    assert one.cuts[-1].after == left


def test_a_cap_on_all_makes_each_smaller_by_the_same_factor() -> None:
    left = after(signal("SPY", 0.02), signal("QQQ", 0.01), max_total=0.015)

    assert shares(left) == {"SPY": 0.01, "QQQ": 0.005}
    assert left[0].cuts[0].reason == "0 % open and 3 % wanted in all, 1.5 % allowed"


def test_what_moves_together_shares_a_cap_and_what_does_not_keeps_its_size() -> None:
    trades = (signal("SPY"), signal("QQQ"), signal("GLD"))
    left = after(*trades, groups=[("QQQ", "SPY"), ("GLD",)], max_correlated=0.02)

    assert shares(left) == {"SPY": 0.01, "QQQ": 0.01, "GLD": 0.02}
    assert left[0].cuts[0].reason == "0 % open and 4 % wanted in QQQ, SPY, which move together, 2 % allowed"


def test_what_is_open_counts_in_its_group_though_nothing_new_is_wanted_there() -> None:
    held = Holdings(positions=(position("QQQ", 0.03),))

    assert shares(after(signal(), holdings=held, groups=[("QQQ", "SPY")], max_correlated=0.04)) == {"SPY": 0.01}


def test_cuts_follow_each_other_and_each_starts_where_the_last_one_ended() -> None:
    cut = only(after(signal(), target_vol=0.15, max_per_underlying=0.008, max_total=0.004))

    assert [(one.rule, one.before, one.after) for one in cut.cuts] == [
        ("volatility", 0.02, 0.01),
        ("underlying", 0.01, 0.008),
        ("total", 0.008, 0.004),
    ]


@pytest.mark.parametrize(("target", "left"), [(0.15, 0.01), (0.30, 0.02), (0.60, 0.02)])
def test_a_volatility_target_makes_a_trade_smaller_and_never_larger(target: float, left: float) -> None:
    assert shares(after(signal(), target_vol=target)) == {"SPY": left}


def test_without_the_volatility_a_target_cannot_be_kept() -> None:
    unknown = signal(forecast=forecast(direction(), volatility()))

    assert shares(after(unknown)) == {"SPY": 0.02}
    assert only(after(unknown, target_vol=0.15)).reasons == (
        "the volatility of SPY is unknown, and the target of 15 % cannot be kept",
    )


@pytest.mark.parametrize(
    ("event", "left"),
    [
        (Event(on=shift(SESSION, 1), name="FOMC"), 0.0),
        (Event(on=shift(SESSION, 1), name="earnings", ticker="SPY"), 0.0),
        (Event(on=shift(SESSION, 1), name="earnings", ticker="QQQ"), 0.02),
        (Event(on=SESSION, name="FOMC"), 0.02),  # over
        (Event(on=shift(SESSION, 2), name="FOMC"), 0.02),  # not near yet
    ],
)
def test_before_an_event_no_trade_is_opened(event: Event, left: float) -> None:
    assert shares(after(signal(), holdings=Holdings(events=(event,)), blackout_sessions=1)) == {"SPY": left}


def test_an_event_is_named_with_its_day() -> None:
    events = (Event(on=dt.date(2022, 11, 28), name="payrolls"), Event(on=dt.date(2022, 11, 25), name="FOMC"))
    none = only(after(signal(), holdings=Holdings(events=events), blackout_sessions=3))

    assert none.reasons == ("FOMC on 2022-11-25, and no trade is opened that near",)


def test_a_session_that_lost_too_much_stops_every_trade_of_the_evening() -> None:
    lost, nearly = Holdings(equity=equity(100.0, 97.0)), Holdings(equity=equity(100.0, 97.1))

    assert shares(after(signal(), holdings=nearly, max_daily_loss=0.03)) == {"SPY": 0.02}
    assert only(after(signal(), holdings=lost, max_daily_loss=0.03)).reasons == (
        "the account lost 3 % this session; from 3 % on no trade is opened",
    )


def test_a_drawdown_stops_every_trade_until_it_is_made_good() -> None:
    deep = Holdings(equity=equity(100.0, 88.0, 88.0))
    recovered = Holdings(equity=equity(100.0, 88.0, 96.0, 96.0))

    assert shares(after(signal(), holdings=recovered)) == {"SPY": 0.02}
    assert only(after(signal(), holdings=deep)).reasons == (
        "the account is 12 % below its peak; it fell 10 %, and no trade is opened before it is within 5 %",
    )


def test_a_limit_on_delta_leaves_what_pushes_the_other_way_and_does_not_count_on_it() -> None:
    greeks = {"SPY": Greeks(delta=0.4, vega=0.0), "QQQ": Greeks(delta=-0.4, vega=0.0), "GLD": Greeks(delta=0, vega=0)}
    held = Holdings(positions=(position("IWM", 0.01, Greeks(delta=0.3, vega=0.0)),))
    left = after(signal("SPY"), signal("QQQ"), signal("GLD"), holdings=held, greeks=greeks, max_delta=0.5)

    assert shares(left) == {"SPY": 0.01, "QQQ": 0.02, "GLD": 0.02}
    assert left[0].cuts[0].reason == "delta of 0.3 accounts open and 0 wanted, 0.5 allowed either way"


def test_a_limit_on_vega_counts_sold_volatility_too() -> None:
    greeks = {"SPY": Greeks(delta=0.0, vega=-0.004)}

    assert shares(after(signal(), greeks=greeks, max_vega=0.001)) == {"SPY": 0.005}


def test_greeks_shrink_with_the_trade_before_they_are_judged() -> None:
    greeks = {"SPY": Greeks(delta=0.4, vega=0.0)}

    assert shares(after(signal(), greeks=greeks, max_delta=0.2, max_total=0.01)) == {"SPY": 0.01}


@pytest.mark.parametrize("limit", ["max_delta", "max_vega"])
def test_a_limit_on_greeks_lets_no_trade_pass_of_which_they_are_unknown(limit: str) -> None:
    greeks = {"QQQ": Greeks(delta=0.0, vega=0.0)}

    limits: dict[str, Any] = {limit: 0.5}
    unknown, known = after(signal("SPY"), signal("QQQ"), greeks=greeks, **limits)

    assert isinstance(known, Signal)
    assert isinstance(unknown, NoTrade)
    assert unknown.reasons == (
        f"the {limit[4:]} of SPY is unknown, and the limit of 0.5 cannot be kept (no option chain)",
    )


def test_without_a_limit_nobody_asks_for_greeks() -> None:
    assert shares(after(signal())) == {"SPY": 0.02}


def test_a_trade_that_is_cut_leaves_the_ticket_of_its_former_size() -> None:
    refused = NoTicket(
        underlying="SPY", session=SESSION, structure="long_call", refusal=Refusal.NO_CHAIN, reason="none is listed"
    )
    kept, cut = after(signal(ticket=refused)), after(signal(ticket=refused), max_total=0.01)

    assert isinstance(kept[0], Signal)
    assert isinstance(cut[0], Signal)
    assert (kept[0].ticket, cut[0].ticket) == (refused, None)
    assert "(no ticket: no chain, none is listed)" in only(after(signal(ticket=refused), max_vega=0.1)).reasons[0]


TICKERS = ("DIA", "GLD", "IWM", "QQQ", "SPY", "TLT")
TINY = 1e-9
law = hypothesis_settings(deadline=None, max_examples=200)
risks = st.floats(0.0005, 0.05)
wanted = st.dictionaries(st.sampled_from(TICKERS), risks, min_size=1)
held = st.lists(st.tuples(st.sampled_from(TICKERS), risks), max_size=4)
grouped = st.sampled_from([(), (("QQQ", "SPY"),), (("DIA", "IWM", "QQQ", "SPY"), ("GLD", "TLT")), (TICKERS,)])
caps = st.fixed_dictionaries(
    {name: st.floats(0.0, 0.12) for name in ("max_total", "max_per_underlying", "max_correlated")}
)
pushes = st.dictionaries(
    st.sampled_from(TICKERS), st.builds(Greeks, delta=st.floats(-1, 1), vega=st.floats(-0.01, 0.01))
)


def opened(positions: Sequence[tuple[str, float]]) -> Holdings:
    return Holdings(positions=tuple(position(ticker, share) for ticker, share in positions))


def of(wants: Mapping[str, float]) -> list[Signal]:
    return [signal(ticker, share) for ticker, share in wants.items()]


@law
@given(wants=wanted, open_=held, groups=grouped, limits=caps, greeks=pushes, target=st.none() | st.floats(0.05, 0.6))
def test_no_trade_is_ever_larger_and_every_cut_is_explained(
    *, wants: dict[str, float], open_: Any, groups: Any, limits: Any, greeks: Any, target: float | None
) -> None:
    left = after(
        *of(wants), holdings=opened(open_), groups=groups, greeks=greeks, target_vol=target, max_delta=0.3, **limits
    )

    for one in left:
        assert shares([one])[one.ticker] <= wants[one.ticker]
        assert bool(one.cuts) == (shares([one])[one.ticker] < wants[one.ticker])
        assert all(cut.reason for cut in one.cuts)


@law
@given(wants=wanted, open_=held, groups=grouped, limits=caps)
def test_what_comes_out_keeps_every_cap_unless_what_is_open_breaks_it(
    wants: dict[str, float], open_: Any, groups: Any, limits: Any
) -> None:
    holdings = opened(open_)
    left = shares(after(*of(wants), holdings=holdings, groups=groups, **limits))

    def kept(most: float, *tickers: str) -> bool:
        new = fsum(left.get(ticker, 0.0) for ticker in tickers)
        already = fsum(holdings.open_shares.get(ticker, 0.0) for ticker in tickers)
        return new + already <= max(most, already) + TINY

    assert kept(limits["max_total"], *TICKERS)
    assert all(kept(limits["max_per_underlying"], ticker) for ticker in TICKERS)
    assert all(kept(limits["max_correlated"], *group) for group in groups)


@law
@given(wants=wanted, greeks=pushes, delta=st.floats(0.01, 1.0), vega=st.floats(0.0001, 0.01))
def test_any_part_of_the_orders_keeps_the_limits_of_the_greeks(
    wants: dict[str, float], greeks: Any, delta: float, vega: float
) -> None:
    left = shares(after(*of(wants), greeks=greeks, max_delta=delta, max_vega=vega))
    known = [ticker for ticker in wants if ticker in greeks]

    assert all(left[ticker] == 0.0 for ticker in wants if ticker not in greeks)
    for name, most in (("delta", delta), ("vega", vega)):
        moves = [getattr(greeks[ticker], name) * left[ticker] / wants[ticker] for ticker in known]
        assert fsum(move for move in moves if move > 0) <= most + 1e-6
        assert fsum(move for move in moves if move < 0) >= -most - 1e-6


@law
@given(wants=wanted, open_=held, groups=grouped, limits=caps, greeks=pushes, dice=st.randoms(use_true_random=False))
def test_the_order_of_trades_and_positions_does_not_matter(
    *, wants: dict[str, float], open_: Any, groups: Any, limits: Any, greeks: Any, dice: Any
) -> None:
    trades, mixed, open_mixed = of(wants), of(wants), list(open_)
    dice.shuffle(mixed)
    dice.shuffle(open_mixed)

    def result(given: list[Signal], positions: Any) -> dict[str, Signal | NoTrade]:
        left = after(
            *given, holdings=opened(positions), groups=groups, greeks=greeks, max_delta=0.3, max_vega=0.003, **limits
        )
        return {one.ticker: one for one in left}

    assert result(trades, open_) == result(mixed, open_mixed)


@law
@given(wants=wanted, open_=held, groups=grouped, limits=caps, which=st.integers(0, 5))
def test_without_a_trade_no_other_is_smaller(
    wants: dict[str, float], open_: Any, groups: Any, limits: Any, which: int
) -> None:
    gone = sorted(wants)[which % len(wants)]
    with_it = shares(after(*of(wants), holdings=opened(open_), groups=groups, **limits))
    fewer = {ticker: share for ticker, share in wants.items() if ticker != gone}
    without = shares(after(*of(fewer), holdings=opened(open_), groups=groups, **limits))

    assert all(without[ticker] >= with_it[ticker] - TINY for ticker in fewer)


@law
@given(wants=wanted, open_=held, groups=grouped, limits=caps)
def test_without_a_position_no_trade_is_smaller(wants: dict[str, float], open_: Any, groups: Any, limits: Any) -> None:
    assume(open_)
    with_it = shares(after(*of(wants), holdings=opened(open_), groups=groups, **limits))
    without = shares(after(*of(wants), holdings=opened(open_[1:]), groups=groups, **limits))

    assert all(without[ticker] >= with_it[ticker] - TINY for ticker in wants)


@law
@given(wants=wanted, open_=held, groups=grouped, limits=caps, more=st.floats(0.0, 0.1))
def test_a_higher_cap_on_all_makes_no_trade_smaller(
    wants: dict[str, float], open_: Any, groups: Any, limits: Any, more: float
) -> None:
    tight = shares(after(*of(wants), holdings=opened(open_), groups=groups, **limits))
    wider = limits | {"max_total": limits["max_total"] + more}
    loose = shares(after(*of(wants), holdings=opened(open_), groups=groups, **wider))

    assert all(loose[ticker] >= tight[ticker] - TINY for ticker in wants)


def test_a_bridge_between_two_groups_shows_why_the_law_asks_for_the_same_groups() -> None:
    trades = {"SPY": 0.04, "TLT": 0.04, "GLD": 0.04}
    limits: dict[str, Any] = {"max_correlated": 0.04, "max_total": 0.08}
    bridged = shares(after(*of(trades | {"QQQ": 0.001}), groups=[("QQQ", "SPY", "TLT")], **limits))
    apart = shares(after(*of(trades), groups=[], **limits))

    assert bridged["GLD"] == 0.04
    assert apart["GLD"] < 0.04
