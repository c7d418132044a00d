"""Evenings in a row: what one evening published is open on the next, in the run and in its replay alike."""

import datetime as dt

import pytest
from options_signals import snapshot
from options_signals.features.inputs import columns_for, feature_table
from options_signals.jobs import ledger
from options_signals.settings import Risk, Settings
from options_signals.signals import NoTrade, Signal, VolatilityRegime
from options_signals.strategy.choosers import STRATEGIES
from options_signals.tickets import Ticket

from tests.e2e.day import EAGER, TICKERS, World, replayed

FIRST, SECOND = dt.date(2022, 11, 23), dt.date(2022, 11, 25)  # a holiday between them; the second a half day


def world(strategy: str = "matrix", **portfolio: float) -> World:
    """A market in which every ticker is traded on every evening, unless the portfolio says no."""
    settings = {"tickers": TICKERS, "decision": EAGER | {"strategy": strategy}, "portfolio": portfolio}
    return World(settings=Settings.model_validate(settings))


def evening(world: World, session: dt.date) -> list[Signal | NoTrade]:
    world.clock.at = dt.datetime.combine(session, dt.time(21, 45), tzinfo=dt.UTC)
    world.day()
    return ledger.decisions(world.table, "simulated", session)


def risk(decisions: list[Signal | NoTrade]) -> float:
    return sum(one.risk_share for one in decisions if isinstance(one, Signal))


def test_under_the_default_caps_nothing_is_cut_on_a_first_evening() -> None:
    decisions = evening(world(), FIRST)

    assert [type(one) for one in decisions] == [Signal] * 3
    assert not any(one.cuts for one in decisions)


def test_what_was_published_yesterday_takes_its_room_today() -> None:
    eager = world(max_total=0.03)
    first, second = evening(eager, FIRST), evening(eager, SECOND)

    assert 0.0 < risk(second) < risk(first)
    assert risk(first) + risk(second) <= 0.03 + 1e-9
    assert {one.cuts[0].rule for one in second} == {"total"}


def test_a_replay_of_a_cut_evening_is_the_same_though_the_world_went_on() -> None:
    eager = world(max_total=0.03)
    evening(eager, FIRST)
    cut = evening(eager, SECOND)
    eager.store.put("account/simulated.yaml", b"{as_of: 2022-11-25, positions: [{ticker: SPY, risk_usd: 9000}]}")
    evening(eager, dt.date(2022, 11, 28))

    assert any(one.cuts for one in cut)
    assert replayed(eager, FIRST).differences == ()
    assert replayed(eager, SECOND).differences == ()


def delta(decisions: list[Signal | NoTrade], account_usd: float) -> float:
    """Of all orders, in accounts."""
    orders = [one.ticket for one in decisions if isinstance(one, Signal) and isinstance(one.ticket, Ticket)]
    return sum(o.contracts * o.greeks.delta_shares * float(o.spot) / account_usd for o in orders)


def test_two_evenings_together_keep_a_limit_on_delta_and_replay_the_same() -> None:
    eager = world(max_delta=0.6)
    eager.settings = eager.settings.model_copy(update={"risk": Risk(account_usd=500_000)})
    first, second = evening(eager, FIRST), evening(eager, SECOND)
    both = delta(first, 500_000) + delta(second, 500_000)

    assert {cut.rule for one in second for cut in one.cuts} == {"delta"}
    assert 0.0 < delta(first, 500_000) < both <= 0.6
    assert replayed(eager, FIRST).differences == ()
    assert replayed(eager, SECOND).differences == ()


def test_an_account_file_of_the_lake_is_what_counts_as_open() -> None:
    eager = world()
    eager.store.put(
        "account/simulated.yaml",
        b"{as_of: 2022-11-23, positions: [{ticker: SPY, risk_usd: 1000}],"
        b" equity: [{session: 2022-11-22, equity_usd: 25000}, {session: 2022-11-23, equity_usd: 25000}]}",
    )
    decisions = {one.ticker: one for one in evening(eager, FIRST)}

    assert isinstance(decisions["SPY"], NoTrade)
    assert decisions["SPY"].cuts[0].reason == "4 % open and 0.75 % wanted in SPY, 4 % allowed"
    assert "account file of 23 Nov; open: 1 (4 % of the account at risk)" in " ".join(eager.emails[0].split())
    assert "rules are off" not in eager.emails[0]
    assert replayed(eager, FIRST).differences == ()


@pytest.mark.parametrize(("equity", "word"), [(24000, "lost 4 % this session"), (22000, "lost 12 % this session")])
def test_a_lossy_session_stops_every_trade(equity: int, word: str) -> None:
    eager = world()
    eager.store.put(
        "account/simulated.yaml",
        f"{{as_of: 2022-11-23, equity: [{{session: 2022-11-22, equity_usd: 25000}}, "
        f"{{session: 2022-11-23, equity_usd: {equity}}}]}}".encode(),
    )
    decisions = evening(eager, FIRST)

    assert [type(one) for one in decisions] == [NoTrade] * 3
    assert all(word in one.reasons[0] for one in decisions)
    assert replayed(eager, FIRST).differences == ()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_replay_is_the_same_by_every_strategy(strategy: str) -> None:
    eager = world(strategy)
    decisions = evening(eager, FIRST)

    assert all(isinstance(one, Signal) or one.cause == "rule" for one in decisions)
    assert replayed(eager, FIRST).differences == ()


def test_what_strategies_read_of_the_day_is_the_feature_row_of_the_day() -> None:
    eager = world()
    (spy,) = (one for one in evening(eager, FIRST) if one.ticker == "SPY")
    manifest = snapshot.newest_manifest(eager.store, "simulated", FIRST)
    bars, indices = (snapshot.read_table(eager.store, n, manifest.tables[n]) for n in ("bars", "vol_indices"))
    columns = columns_for("SPY", bars=bars, vol_indices=indices)
    row = feature_table(columns, ["hv_20", "hv_iv_ratio", "volatility_regime"]).iloc[-1]

    assert spy.forecast is not None
    assert spy.forecast.hv_20 == pytest.approx(row["hv_20"], rel=1e-9)
    assert spy.forecast.hv_iv_ratio == pytest.approx(row["hv_iv_ratio"], rel=1e-9)
    assert spy.forecast.volatility_regime == list(VolatilityRegime)[int(row["volatility_regime"])]
