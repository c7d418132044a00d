"""An account's own implied volatility: kept session by session, and in a volatility index's place after a year."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from options_signals import sessions, snapshot
from options_signals.jobs import ledger
from options_signals.jobs.messages import Fetch, RunRequest
from options_signals.jobs.plan_session import pinned_models
from options_signals.models import registry
from options_signals.settings import Settings
from options_signals.signals import NoTrade, Signal
from options_signals.snapshot import Manifest, Origin, OwnIv, newest_manifest
from options_signals.sources.base import Fetched
from options_signals.tables import IV_HISTORY

from local.models import stored_own_iv
from tests.e2e.day import EAGER, EVENING, World, replayed, stocked
from tests.manifests import bare_manifest
from tests.models.bundles import direction_bundle, regime_bundle
from tests.sources import faulty

SESSION, DAY_BEFORE = dt.date(2022, 11, 23), dt.date(2022, 11, 22)
LAST_SLOT = dt.datetime(2022, 11, 24, 1, 45, tzinfo=dt.UTC)
FRIDAY = dt.datetime(2022, 11, 25, 21, 45, tzinfo=dt.UTC)
TRADED = {"tickers": ("SPY", "AAPL"), "decision": EAGER}


def rows(count: int, last: dt.date = DAY_BEFORE) -> pd.DataFrame:
    """AAPL's table `iv_history` of so many sessions, its volatility between 20 and 30 % a year."""
    days = sessions.between(sessions.shift(last, 1 - count), last)
    known = pd.DataFrame(
        {"session": pd.DatetimeIndex(days), "atm_iv_30d": 0.25 + 0.05 * np.sin(np.arange(count) / 9.0)}
    )
    unknown = dict.fromkeys(("atm_iv_90d", "skew_25d_30d", "term_slope", "implied_earnings_move"), np.nan)
    return known.assign(underlying="AAPL", spot=150.0, **unknown)


def keep(world: World, history: pd.DataFrame, session: dt.date = DAY_BEFORE) -> Manifest:
    """An earlier session of the same account, of which nothing else is stored."""
    origin = Origin(source="test", captured_at=EVENING, rights="test")
    prefix = snapshot.prefix_of("simulated", session, 1)
    manifest = bare_manifest(
        "simulated",
        session,
        tables={"iv_history": snapshot.write_table(world.store, prefix, IV_HISTORY, history, origin)},
        settings=world.settings.model_dump(mode="json"),
        config_id=world.settings.config_id,
    )
    snapshot.commit(world.store, manifest)
    return manifest


def account(count: int = 251, *, index: str | None = None, **settings: object) -> World:
    """An account that keeps SPY and AAPL, with so many sessions of AAPL's own volatility before the session.

    Models are pooled over several indices; with `index` they are AAPL's own, trained on that one.
    """
    scopes = {"pooled": None} if index is None else {"SPY": "VIX", "AAPL": index}
    chosen = TRADED | {"model_scope": "pooled" if index is None else "ticker"} | settings
    world = World(settings=Settings.model_validate(chosen), store=stocked(()))
    for scope, name in scopes.items():
        for bundle in (direction_bundle(scope=scope, index=name), regime_bundle(scope=scope, index=name)):
            registry.promote(world.store, registry.publish(world.store, bundle.card, bundle.graph), when=EVENING)
    if count:
        keep(world, rows(count))
    return world


def fetched(world: World, request: RunRequest | None = None) -> Fetch:
    return world.fetch(world.plan(request or RunRequest(scheduled_time=world.clock.now())))


def decision(world: World, ticker: str = "AAPL") -> Signal | NoTrade:
    return next(one for one in ledger.decisions(world.table, "simulated", SESSION) if one.ticker == ticker)


def quoted_a_day_later(fetched: Fetched) -> Fetched:
    captured_at = fetched.frame["captured_at"] + pd.Timedelta(days=1)
    return replace(fetched, frame=fetched.frame.assign(captured_at=captured_at))


def kept(world: World, session: dt.date = SESSION) -> pd.DataFrame:
    """AAPL's rows in the newest snapshot of the session."""
    ref = newest_manifest(world.store, "simulated", session).tables["iv_history"]
    table = snapshot.read_table(world.store, "iv_history", ref)
    return table[table["underlying"] == "AAPL"]


# --- a year of it ---


def test_after_a_year_a_tickers_own_options_stand_for_the_index_it_does_not_have() -> None:
    world = account()
    world.day()

    forecast = decision(world).forecast
    assert forecast is not None
    assert forecast.iv is not None
    assert (forecast.iv.index, forecast.iv.proxy, forecast.iv.own_sessions) == ("AAPL options", False, 252)
    assert "IV rank from AAPL's own options (252 sessions)" in decision(world).warnings
    assert "now: AAPL options rank" in " ".join(world.emails[0].split())
    assert "AAPL options" not in " ".join(decision(world, "SPY").warnings)
    assert replayed(world, SESSION).differences == ()


def test_the_rank_is_that_of_todays_volatility_within_the_year_before() -> None:
    world = account()
    world.day()

    year = kept(world)["atm_iv_30d"]
    by_hand = 100 * (year.iloc[-1] - year.min()) / (year.max() - year.min())
    forecast = decision(world).forecast
    assert len(year) == 252
    assert forecast is not None
    assert forecast.iv is not None
    assert forecast.iv.iv_rank == pytest.approx(by_hand)


def test_one_session_short_of_a_year_the_ticker_is_refused_and_its_history_grows() -> None:
    world = account(238)
    fetched(world)

    manifest = newest_manifest(world.store, "simulated", SESSION)
    assert "AAPL has no volatility index of its own" in manifest.verdicts["AAPL"].reasons[0]
    assert len(kept(world)) == 239


def test_a_year_takes_the_proxys_place() -> None:
    world = account(allow_iv_proxy={"AAPL": "VIX"})
    world.day()

    assert "IV rank from AAPL's own options (252 sessions)" in decision(world).warnings
    assert "VIX stands in" not in " ".join(decision(world).warnings)


def test_a_proxy_without_a_value_refuses_nobody_who_does_not_need_it() -> None:
    world = account(allow_iv_proxy={"AAPL": "VXN"})
    world.sources = faulty.with_indices(world.sources, faulty.missing("VXN"))
    fetched(world)

    assert newest_manifest(world.store, "simulated", SESSION).verdicts["AAPL"].status == "ok"


def test_models_of_another_index_keep_the_proxy_and_say_how_to_train_on_the_year() -> None:
    world = account(index="VIX", allow_iv_proxy={"AAPL": "VIX"})
    world.day()

    assert newest_manifest(world.store, "simulated", SESSION).own_iv == {"AAPL": OwnIv(sessions=252, served=False)}
    assert [warning for warning in decision(world).warnings if "AAPL" in warning] == [
        "VIX stands in for a volatility index of AAPL's own (allow_iv_proxy)",
        (
            "a year of AAPL's own implied volatility is there (252 sessions), but the models were trained on VIX: "
            "`signals train-all --scope pooled --own-iv` trains on it"
        ),
    ]


def test_models_of_another_index_give_a_ticker_without_a_proxy_no_probability() -> None:
    world = account(index="VIX")
    world.day()

    assert decision(world).cause == "data"  # type: ignore[union-attr]  # a NoTrade, which this says
    assert "AAPL has no volatility index of its own" in decision(world).reasons[0]


def test_models_of_its_own_options_are_served_with_them_and_with_nothing_else() -> None:
    world, without = (account(count, index="AAPL options", allow_iv_proxy={"AAPL": "VIX"}) for count in (251, 0))
    world.day()
    without.day()

    assert "IV rank from AAPL's own options (252 sessions)" in decision(world).warnings
    told = " ".join(decision(without).reasons)
    assert "volatility index of AAPL is 'VIX'; allowed: AAPL options" in told
    assert "It needs a chain of the session and a year of them before it" in told


def test_models_that_do_not_say_their_index_are_no_models_of_own_options_unless_pooled() -> None:
    one_each = Settings(tickers=("SPY", "AAPL"), allow_iv_proxy={"AAPL": "VIX"})
    pooled = account(0)

    assert pinned_models(stocked(("SPY", "AAPL")), "simulated", one_each, SESSION).own_iv == ()
    assert pinned_models(pooled.store, "simulated", pooled.settings, SESSION).own_iv == ("AAPL",)


# --- what is kept ---


def test_a_day_without_chains_loses_nothing_and_the_day_after_goes_on() -> None:
    world = account(240, allow_iv_proxy={"AAPL": "VIX"})
    good = world.sources
    world.sources = faulty.with_chains(good, faulty.down)
    fetched(world)
    world.sources, world.clock.at = good, FRIDAY
    fetched(world)

    assert kept(world)["session"].max() == pd.Timestamp(DAY_BEFORE)
    assert newest_manifest(world.store, "simulated", SESSION).own_iv == {}  # yesterday's volatility is not today's
    assert kept(world, FRIDAY.date())["session"].dt.date.tolist()[-2:] == [DAY_BEFORE, FRIDAY.date()]
    assert newest_manifest(world.store, "simulated", FRIDAY.date()).own_iv["AAPL"].sessions == 241


def test_a_day_on_which_no_provider_could_be_reached_loses_nothing() -> None:
    world = account(240)
    world.sources = faulty.with_bars(world.sources, faulty.down)
    fetched(world, RunRequest(scheduled_time=LAST_SLOT))

    assert newest_manifest(world.store, "simulated", SESSION).verdicts["AAPL"].status == "refused"
    assert len(kept(world)) == 240


def test_a_pause_of_months_loses_nothing() -> None:
    world = account(0)
    keep(world, rows(240, dt.date(2022, 3, 1)), dt.date(2022, 3, 1))
    fetched(world)

    assert len(kept(world)) == 241


def test_what_one_damaged_snapshot_held_is_taken_from_the_one_before() -> None:
    world = account(0)
    keep(world, rows(240, dt.date(2022, 11, 21)), dt.date(2022, 11, 21))
    damaged = keep(world, rows(241))
    world.store.put(damaged.tables["iv_history"].key, b"")
    fetched(world)

    assert kept(world)["session"].dt.date.tolist()[-2:] == [dt.date(2022, 11, 21), SESSION]
    told = newest_manifest(world.store, "simulated", SESSION).absent
    assert any(text.startswith("own implied volatility as stored for 2022-11-22") for text in told)


def test_a_second_attempt_replaces_the_sessions_row() -> None:
    world = account()
    first, second = fetched(world), fetched(world)

    assert (first.run.attempt, second.run.attempt) == (1, 2)
    assert (kept(world)["session"] == pd.Timestamp(SESSION)).sum() == 1


def test_a_second_attempt_without_chains_keeps_the_row_of_the_first() -> None:
    world = account()
    fetched(world)
    first = kept(world)
    world.sources = faulty.with_chains(world.sources, faulty.down)
    fetched(world)

    pd.testing.assert_frame_equal(kept(world), first)


def test_an_old_session_fetched_again_sees_no_later_row() -> None:
    world = account()
    world.clock.at = FRIDAY
    fetched(world)
    fetched(world, RunRequest(session=SESSION))

    assert kept(world, FRIDAY.date())["session"].max() == pd.Timestamp(FRIDAY.date())
    assert kept(world)["session"].max() == pd.Timestamp(SESSION)


def test_three_years_are_kept() -> None:
    world = account(800)
    fetched(world)

    assert len(kept(world)) == 756


def test_a_chain_quoted_on_another_day_gives_no_row_and_says_why() -> None:
    world = account(allow_iv_proxy={"AAPL": "VIX"})
    world.sources = faulty.with_chains(world.sources, quoted_a_day_later)
    fetched(world)

    manifest = newest_manifest(world.store, "simulated", SESSION)
    assert kept(world)["session"].max() == pd.Timestamp(DAY_BEFORE)
    assert "own implied volatility of AAPL, SPY (the chain is of 2022-11-24, wanted: 2022-11-23)" in manifest.absent


def test_without_discount_rates_there_is_no_row_and_the_reason_is_told() -> None:
    world = account()
    world.sources = replace(world.sources, macro=None)
    fetched(world)

    manifest = newest_manifest(world.store, "simulated", SESSION)
    assert len(kept(world)) == 251
    assert "own implied volatility of AAPL, SPY (no DGS3MO known on 2022-11-23 in the macro table" in " ".join(
        manifest.absent
    )


def test_what_is_kept_is_no_news_of_the_digest() -> None:
    world = account()
    world.day()

    assert "iv_history" in newest_manifest(world.store, "simulated", SESSION).tables
    assert "iv_history" not in world.emails[0]


def test_own_volatility_to_learn_from_is_that_of_the_newest_snapshot_that_has_it() -> None:
    world = account(0)
    keep(world, rows(2, DAY_BEFORE), DAY_BEFORE)
    keep(world, rows(3, SESSION), SESSION)

    assert len(stored_own_iv(world.store, "simulated")) == 3
