"""What providers deliver wrongly without failing: each costs the ticker concerned, with the reason, and heals."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd
import pytest
from options_signals import snapshot
from options_signals.errors import ProviderUnavailableError
from options_signals.jobs import ledger
from options_signals.jobs.messages import RunRequest
from options_signals.lake import from_parquet
from options_signals.sessions import NEW_YORK
from options_signals.snapshot import Manifest, Origin
from options_signals.sources.base import Fetched, Sources
from options_signals.tables import EARNINGS, FEATURES, MACRO, SENTIMENT, validate

from tests.e2e.day import World, stocked
from tests.sources import faulty

TUESDAY, WEDNESDAY, FRIDAY = dt.date(2022, 11, 22), dt.date(2022, 11, 23), dt.date(2022, 11, 25)
GOOD_DAY_AFTER = dt.datetime(2022, 11, 25, 21, 45, tzinfo=dt.UTC)
Change = Callable[[Sources], Sources]


def reasons(world: World, ticker: str, session: dt.date = WEDNESDAY) -> str:
    taken = ledger.decisions(world.table, world.sources.namespace, session)
    return "; ".join(next(one for one in taken if one.ticker == ticker).reasons)


def manifest(world: World, session: dt.date = WEDNESDAY) -> Manifest:
    return snapshot.newest_manifest(world.store, world.sources.namespace, session)


def stored(world: World, table: str, session: dt.date = WEDNESDAY) -> pd.DataFrame:
    return snapshot.read_table(world.store, table, manifest(world, session).tables[table])


def on_friday(world: World) -> None:
    """The next session, with whatever sources the world has then."""
    world.clock.at = GOOD_DAY_AFTER
    world.day(RunRequest(scheduled_time=GOOD_DAY_AFTER))


def bars(fault: faulty.Fault) -> Change:
    return lambda sources: faulty.with_bars(sources, fault)


def indices(fault: faulty.Fault) -> Change:
    return lambda sources: faulty.with_indices(sources, fault)


COSTS_QQQ: dict[str, tuple[Change, str]] = {
    "the last bar has volume and no close": (
        bars(faulty.unknown_close("QQQ")),
        "a price is missing on 23 Nov 2022",
    ),
    "the last session is not there yet": (
        bars(faulty.without_last_bar("QQQ")),
        "last bar is of 22 Nov 2022, wanted 23 Nov 2022",
    ),
    "two bars of one session contradict each other": (bars(faulty.duplicated("QQQ")), "two bars of one session"),
    "all dates are a day early": (bars(faulty.a_day_early("QQQ")), "last bar is of 22 Nov 2022, wanted 23 Nov 2022"),
    "a price is zero": (bars(faulty.non_positive("QQQ")), "a price is not a positive number on 23 Nov 2022"),
    "a price is negative": (
        bars(faulty.non_positive("QQQ", price=-11.0)),
        "a price is not a positive number on 23 Nov 2022",
    ),
    "a split overnight that the history does not show": (
        bars(faulty.split_unseen("QQQ", parts=100.0)),
        "-for-1 split on 23 Nov 2022 that the prices before do not show",
    ),
    "delisted": (
        bars(faulty.no_longer_traded("QQQ", since=dt.date(2022, 10, 3))),
        "last bar is of 30 Sep 2022, wanted 23 Nov 2022 (SIMULATED market); delisted, halted or renamed?",
    ),
    "its volatility index is missing": (indices(faulty.missing("VXN", why="HTTP 503")), "VXN has no value"),
}


@pytest.mark.parametrize(("change", "reason"), COSTS_QQQ.values(), ids=COSTS_QQQ)
def test_one_ticker_is_refused_with_the_reason_nothing_of_it_is_stored_and_the_next_good_day_heals(
    change: Change, reason: str
) -> None:
    world = World()
    good = world.sources
    world.sources = change(good)

    world.day()

    assert reason in reasons(world, "QQQ")
    assert "QQQ" not in set(stored(world, "bars")["ticker"])
    assert manifest(world).verdicts["SPY"].status == "ok"
    assert reason in " ".join(world.emails[0].split())

    world.sources = good
    on_friday(world)

    assert manifest(world, FRIDAY).verdicts["QQQ"].status == "ok"


def test_rows_out_of_order_change_nothing() -> None:
    world, other = World(), World()
    world.sources = faulty.with_bars(world.sources, faulty.out_of_order("QQQ"))

    world.day()
    other.day()

    assert world.emails == other.emails
    assert manifest(world).verdicts["QQQ"].status == "ok"


def test_a_split_that_stays_unseen_stays_refused() -> None:
    world = World()
    world.sources = faulty.with_bars(world.sources, faulty.split_unseen("QQQ", parts=100.0))
    world.day()

    on_friday(world)  # the last bar of Friday is the one after the split now, and Wednesday's is not

    assert manifest(world, FRIDAY).verdicts["QQQ"].status == "refused"


def test_a_split_that_all_prices_show_is_told_on_the_next_day_and_not_again() -> None:
    world = World()
    world.day()
    good = world.sources

    world.sources = faulty.with_bars(good, faulty.split_seen("QQQ", parts=100.0))
    on_friday(world)

    assert manifest(world, FRIDAY).verdicts["QQQ"].status == "degraded"
    assert (
        "100-for-1 split since 23 Nov 2022: all prices are restated"
        in manifest(world, FRIDAY).verdicts["QQQ"].reasons[0]
    )

    world.clock.at = dt.datetime(2022, 11, 28, 21, 45, tzinfo=dt.UTC)
    world.day(RunRequest(scheduled_time=world.clock.at))

    assert manifest(world, dt.date(2022, 11, 28)).verdicts["QQQ"].status == "ok"


def test_a_renamed_company_is_refused_with_its_name_of_today() -> None:
    world = World()
    world.settings = world.settings.model_copy(update={"tickers": ("SPY", "FB"), "allow_iv_proxy": {"FB": "VIX"}})
    world.store.objects.update(stocked(("FB",)).objects)
    world.sources = faulty.with_bars(world.sources, faulty.no_longer_traded("FB", since=dt.date(2022, 6, 9)))

    world.day()

    assert "8 Jun 2022 was the last day of the ticker FB; the company trades as META" in reasons(world, "FB")
    assert "FB" not in set(stored(world, "bars")["ticker"])


def test_an_index_value_of_an_exchange_holiday_never_becomes_a_sessions() -> None:
    world = World()
    good = world.sources
    world.sources = faulty.with_indices(good, faulty.on_a_holiday("VIX", day=dt.date(2022, 9, 5)))
    other = World()

    world.day()
    other.day()

    assert stored(world, "vol_indices")["close"].eq(99.0).any()
    assert reasons(world, "SPY") == reasons(other, "SPY")
    assert world.emails[0] == other.emails[0]


# --- two providers ---


@pytest.mark.parametrize("wrong", ["the first", "the second"])
def test_where_two_providers_disagree_on_a_close_nobody_can_tell_who_is_right_so_the_ticker_is_refused(
    wrong: str,
) -> None:
    world = World()
    good = world.sources
    bad = faulty.with_bars(good, faulty.with_close("QQQ", factor=1.006))
    world.sources = replace(
        bad if wrong == "the first" else good, second_bars=(good if wrong == "the first" else bad).bars
    )

    world.day()

    assert "two sources disagree on the close of 2022-11-23" in reasons(world, "QQQ")
    assert "more than 0.5% apart" in reasons(world, "QQQ")
    assert "QQQ" not in set(stored(world, "bars")["ticker"])
    assert manifest(world).verdicts["SPY"].status == "ok"

    world.sources = replace(good, second_bars=good.bars)
    on_friday(world)

    assert manifest(world, FRIDAY).verdicts["QQQ"].status == "ok"


def test_two_providers_that_differ_by_rounding_agree() -> None:
    world = World()
    other = faulty.with_bars(world.sources, faulty.with_close("QQQ", factor=1.004))
    world.sources = replace(world.sources, second_bars=other.bars)

    world.day()

    assert manifest(world).verdicts["QQQ"].status == "ok"


def test_an_index_on_which_two_providers_disagree_is_unknown_that_day() -> None:
    world = World()
    other = faulty.with_indices(world.sources, faulty.with_close("VXN", factor=1.02))
    world.sources = replace(world.sources, second_vol_indices=other.vol_indices)

    world.day()

    assert "VXN has no value for 23 Nov 2022" in reasons(world, "QQQ")
    assert "two sources disagree on the close of 2022-11-23" in reasons(world, "QQQ")
    levels = stored(world, "vol_indices")
    assert levels.loc[levels["index"] == "VXN", "session"].max() == pd.Timestamp(TUESDAY)


def test_a_second_provider_that_is_down_contradicts_nobody_and_is_named() -> None:
    world = World()
    world.sources = replace(world.sources, second_bars=faulty.with_bars(world.sources, faulty.down).bars)

    world.day()

    verdict = manifest(world).verdicts["SPY"]
    assert verdict.status == "degraded"
    assert "closes were not compared with a second source" in verdict.reasons[0]


# --- what companies and agencies change afterwards ---


Row = dict[str, str | None]


@dataclass
class Calendar:
    """Announcements and captures as the next question finds them."""

    rows: list[Row] = field(default_factory=list)
    down: bool = False

    def earnings(self, tickers: Sequence[str], **_: dt.date) -> Fetched:
        assert "SPY" in tickers
        if self.down:
            raise ProviderUnavailableError(provider="Calendar", detail="HTTP 503")
        rows = pd.DataFrame(self.rows).assign(eps_estimate=1.0, eps_actual=1.1)
        frame = validate(EARNINGS, rows.astype({"announced_on": "datetime64[s]", "known_on": "datetime64[s]"}))
        return Fetched(frame=frame, origin=ORIGIN)

    def sentiment(self, tickers: Sequence[str], **_: dt.date) -> Fetched:
        names = [column.name for column in SENTIMENT.columns if not column.optional]
        rows = [[ticker, ORIGIN.captured_at, 0.6, 0.2, 12.0, 0.5, 80.0, 40.0] for ticker in tickers]
        return Fetched(frame=validate(SENTIMENT, pd.DataFrame(rows, columns=names)), origin=ORIGIN)


ORIGIN = Origin(source="Calendar", captured_at=dt.datetime(2022, 11, 23, 21, 45, tzinfo=dt.UTC), rights="own use")


def announcement(day: str, release_time: str | None = "post", *, known_on: str = "2022-11-09") -> Row:
    return {"ticker": "SPY", "announced_on": day, "release_time": release_time, "known_on": known_on}


def features(world: World, session: dt.date = WEDNESDAY) -> dict[str, float]:
    """Those of SPY as the run of that session stored them."""
    folder = f"runs/{world.sources.namespace}/{session}/"
    key = next(key for key in world.store.keys(folder) if "/features-" in key and key.endswith(".parquet"))
    frame = from_parquet(FEATURES, world.store.get(key), name=key).set_index("ticker").drop(columns="session")
    return dict(zip(frame.columns, frame.loc[["SPY"]].to_numpy()[0].tolist(), strict=True))


def test_an_earnings_date_moved_by_a_day_counts_from_the_day_it_was_moved() -> None:
    calendar = Calendar([announcement("2022-11-29")])
    world = World()
    world.sources = replace(world.sources, earnings=calendar)
    world.day()

    calendar.rows = [announcement("2022-11-30", known_on="2022-11-25")]
    on_friday(world)

    assert features(world)["days_to_earnings"] == 6.0
    assert features(world, FRIDAY)["days_to_earnings"] == 5.0


def test_an_unknown_release_time_gives_no_move_and_never_a_wrong_one() -> None:
    timed, untimed = (World(), World())
    for world, time in ((timed, "post"), (untimed, None)):
        world.sources = replace(world.sources, earnings=Calendar([announcement("2022-11-17", time)]))
        world.day()

    assert features(timed)["earnings_move_mean_1q"] > 0.0
    assert pd.isna(features(untimed)["earnings_move_mean_1q"])
    assert features(untimed)["days_since_earnings"] == 6.0


def test_a_provider_of_extras_that_is_down_costs_its_features_only_and_is_named() -> None:
    world = World()
    world.sources = replace(world.sources, earnings=Calendar(down=True), sentiment=Calendar())

    world.day()

    assert any("earnings (Calendar did not deliver: HTTP 503" in absent for absent in manifest(world).absent)
    assert "no earnings" in " ".join(world.emails[0].split())
    assert "sentiment" in manifest(world).tables
    assert features(world)["sentiment_score"] == pytest.approx(0.4)
    assert pd.isna(features(world)["days_to_earnings"])
    assert manifest(world).verdicts["SPY"].status == "ok"


def test_a_revised_macro_value_is_news_of_its_own_day_and_rewrites_no_stored_session() -> None:
    world = World()
    world.day()
    before = dict(world.store.objects)
    wednesday = features(world)["unemployment_rate"]

    world.sources = replace(world.sources, macro=Revised(world.sources))
    on_friday(world)

    assert features(world, FRIDAY)["unemployment_rate"] == pytest.approx(wednesday + 0.3)
    assert features(world)["unemployment_rate"] == wednesday
    assert all(world.store.objects[key] == body for key, body in before.items())


@dataclass(frozen=True)
class Revised:
    """The newest unemployment rate, revised on that Friday."""

    behind: Sources

    def macro(self, series: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        assert self.behind.macro is not None
        fetched = self.behind.macro.macro(series, first=first, last=last)
        newest = fetched.frame[fetched.frame["series"] == "UNRATE"].tail(1)
        revised = newest.assign(value=newest["value"] + 0.3, available_on=pd.Timestamp(FRIDAY).as_unit("s"))
        return replace(fetched, frame=validate(MACRO, pd.concat([fetched.frame, revised])))


def test_a_provider_down_for_three_days_and_back_is_compared_with_what_it_said_before() -> None:
    world = World()
    world.clock.at = dt.datetime(2022, 11, 25, 21, 45, tzinfo=dt.UTC)
    good = world.sources
    world.day(RunRequest(scheduled_time=world.clock.at))

    world.sources = faulty.with_bars(good, faulty.down)
    for day in (dt.date(2022, 11, 28), dt.date(2022, 11, 29), dt.date(2022, 11, 30)):
        world.clock.at = dt.datetime.combine(day, dt.time(20, 45), NEW_YORK)
        world.day(RunRequest(scheduled_time=world.clock.at))
        assert "did not deliver" in reasons(world, "SPY", day)

    world.sources = faulty.with_bars(good, faulty.split_seen("QQQ", parts=3.0))
    world.clock.at = dt.datetime(2022, 12, 1, 21, 45, tzinfo=dt.UTC)
    world.day(RunRequest(scheduled_time=world.clock.at))

    verdicts = manifest(world, dt.date(2022, 12, 1)).verdicts
    assert verdicts["SPY"].status == "ok"
    assert "3-for-1 split since 25 Nov 2022" in verdicts["QQQ"].reasons[0]
