import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd
import pytest
from options_signals import snapshot
from options_signals.errors import ModelMismatchError
from options_signals.jobs import documents
from options_signals.jobs.build_features import build_features
from options_signals.jobs.messages import Chunk, Run, RunRequest
from options_signals.jobs.run_inference import run_inference
from options_signals.lake import ObjectStore
from options_signals.models import registry
from options_signals.settings import Settings
from options_signals.signals import Announcement, Forecast
from options_signals.snapshot import Manifest
from options_signals.sources.base import Fetched
from options_signals.tables import EARNINGS, IV_HISTORY, validate

from tests.e2e.day import EVENING, World, simulated
from tests.models.bundles import MOVE_FEATURES, move_bundle, shrunk_mean_bundle
from tests.sources import faulty
from training.export import Exported

SESSION = dt.date(2022, 11, 23)  # a Wednesday; Thursday is Thanksgiving, Friday a half day
TICKERS = ("SPY", "QQQ")


@dataclass
class Calendar:
    """One announcement, told two weeks before."""

    announced_on: str = "2022-11-25"
    release_time: str | None = "post"
    ticker: str = "SPY"

    def earnings(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        assert self.ticker in tickers
        assert first < SESSION < last
        row = {"ticker": self.ticker, "announced_on": self.announced_on, "release_time": self.release_time}
        frame = pd.DataFrame([row | {"eps_estimate": 1.0, "eps_actual": None, "known_on": "2022-11-10"}])
        typed = frame.astype({"announced_on": "datetime64[s]", "known_on": "datetime64[s]", "eps_actual": "float64"})
        origin = simulated().bars.bars(["SPY"], first=SESSION, last=SESSION).origin
        return Fetched(frame=validate(EARNINGS, typed), origin=origin)


def world(announced_on: str = "2022-11-25", time: str | None = "post", *, moves: Exported | None = None) -> World:
    """An evening on which SPY has an announcement ahead, and perhaps a model of moves is served."""
    sources = replace(simulated(), earnings=Calendar(announced_on, time), chain=None)
    made = World(sources=sources, settings=Settings(tickers=TICKERS))
    if moves is not None:
        registry.promote(made.store, registry.publish(made.store, moves.card, moves.graph), when=EVENING)
    return made


def fetched(made: World) -> Run:
    return made.fetch(made.plan(RunRequest(session=SESSION))).run


def forecast(store: ObjectStore, run: Run) -> Forecast:
    """What is said of SPY."""
    chunk = run_inference(build_features(Chunk(run=run, tickers=TICKERS), store=store), store=store)
    assert chunk.forecasts is not None
    said: dict[str, Forecast] = {one.ticker: one for one in documents.read(store, chunk.forecasts, Forecast)}
    assert (said["QQQ"].announcement, said["QQQ"].move, said["SPY"].refusals) == (None, None, ())
    return said["SPY"]


def said(made: World) -> Forecast:
    return forecast(made.store, fetched(made))


FRIDAY, MONDAY, TUESDAY = dt.date(2022, 11, 25), dt.date(2022, 11, 28), dt.date(2022, 11, 29)


@pytest.mark.parametrize(
    ("announced_on", "time", "reactions", "forecast_now"),
    [
        ("2022-11-25", "post", (MONDAY, MONDAY), True),
        ("2022-11-28", "pre", (MONDAY, MONDAY), True),
        ("2022-11-23", "post", (FRIDAY, FRIDAY), False),  # nothing can be entered before it reacts
        ("2022-11-28", "post", (TUESDAY, TUESDAY), False),  # one evening is left
        ("2022-11-28", None, (MONDAY, TUESDAY), False),  # either of two sessions reacts
    ],
)
def test_the_move_is_forecast_on_the_last_evening_to_trade_on_a_reaction_that_is_known(
    announced_on: str, time: str | None, reactions: tuple[dt.date, dt.date], forecast_now: bool
) -> None:
    made = said(world(announced_on, time, moves=move_bundle()))

    assert made.announcement == Announcement.model_validate(
        {
            "announced_on": announced_on,
            "release_time": time,
            "first_reaction": reactions[0],
            "last_reaction": reactions[1],
        }
    )
    assert (made.move is not None) == forecast_now


def test_an_announcement_that_todays_close_has_answered_is_not_told() -> None:
    assert said(world("2022-11-23", "pre", moves=move_bundle())).announcement is None


def test_what_serves_is_named_with_its_loss_beside_the_best_rules() -> None:
    regression, rule = (said(world(moves=bundle())).move for bundle in (move_bundle, shrunk_mean_bundle))

    assert regression
    assert rule
    assert (regression.served, rule.served) == ("quantile regression", "shrunk mean")
    assert (rule.loss, rule.baseline_loss, rule.coverage) == (0.0081, 0.0086, 0.796)
    assert set(rule.imputed) == {"earnings_move_mean_8q", "earnings_move_count_8q"}  # it never announced before
    assert 0.0 < rule.p10 < rule.p50 < rule.p90


def test_without_a_model_of_moves_the_announcement_is_told_all_the_same() -> None:
    made = said(world())

    assert made.announcement is not None
    assert made.move is None


@pytest.mark.parametrize("changes", [{"price_basis": "total_return"}, {"horizon": 1}])
def test_a_model_of_other_prices_or_of_another_evening_says_nothing_and_refuses_nothing(
    changes: dict[str, object],
) -> None:
    made = said(world(moves=move_bundle(**changes)))

    assert (made.move, made.refusals) == (None, ())
    assert made.direction is not None


def test_a_move_is_forecast_from_traded_prices_whatever_the_other_models_read() -> None:
    adjusted, bare = world(moves=move_bundle()), world(moves=move_bundle())
    bare.sources = faulty.with_bars(
        bare.sources, lambda told: replace(told, frame=told.frame.drop(columns="adj_close"))
    )

    with_returns, as_traded = said(adjusted), said_alone(bare)

    assert with_returns.move is not None
    assert with_returns.move == as_traded.move
    assert as_traded.direction is None


def beside(*, vix: float = 1.0, vxn: float = 1.0) -> Forecast:
    """What is said of QQQ, whose index is VXN, by a model of moves that reads an index; each times a number."""
    reads_index = move_bundle(features=(*MOVE_FEATURES, "vix_close"), impute=(0.05, 0.2, 0.025, 20.0))
    made, times = world(moves=reads_index), {"VIX": vix, "VXN": vxn}
    made.sources = faulty.with_indices(replace(made.sources, earnings=Calendar(ticker="QQQ")), scaled(times))
    return all_said(made)["QQQ"]


def scaled(times: Mapping[str, float]) -> faulty.Fault:
    def fault(told: Fetched) -> Fetched:
        factor = told.frame["index"].map(times).fillna(1.0)
        return replace(told, frame=told.frame.assign(close=told.frame["close"] * factor))

    return fault


def test_a_move_is_forecast_beside_vix_whatever_index_the_ticker_has() -> None:
    told, more_vix, more_vxn = (beside(**times).move for times in ({}, {"vix": 1.5}, {"vxn": 1.5}))

    assert told
    assert told != more_vix
    assert told == more_vxn


def said_alone(made: World) -> Forecast:
    """What is said of SPY where the models of direction and volatility refuse."""
    return all_said(made)["SPY"]


def all_said(made: World) -> dict[str, Forecast]:
    chunk = Chunk(run=fetched(made), tickers=TICKERS)
    told = run_inference(build_features(chunk, store=made.store), store=made.store).forecasts
    assert told is not None
    return {one.ticker: one for one in documents.read(made.store, told, Forecast)}


def test_a_model_of_moves_that_saw_later_days_stops_the_day_before_it_begins() -> None:
    ahead = world(moves=move_bundle(trained_through=dt.date(2022, 11, 25)))

    with pytest.raises(ModelMismatchError, match=r"earnings_move of pooled .* check of training span"):
        ahead.plan(RunRequest(session=SESSION))


def test_a_damaged_model_of_moves_stops_the_day_before_it_begins() -> None:
    made = world(moves=move_bundle())
    (key,) = (key for key in made.store.keys("models/simulated/earnings_move/") if key.endswith("model.onnx"))
    made.store.put(key, b"damaged")

    with pytest.raises(ModelMismatchError, match="check of graph digest"):
        made.plan(RunRequest(session=SESSION))


def with_implied_moves(store: ObjectStore, run: Run, moves: dict[dt.date, float | None]) -> Run:
    """The same snapshot as another attempt, with the moves that options of SPY priced at some sessions."""
    rows = [{"underlying": "SPY", "session": day, "implied_earnings_move": move} for day, move in moves.items()]
    others = ("atm_iv_30d", "atm_iv_90d", "skew_25d_30d", "term_slope")
    frame = pd.DataFrame(rows).astype({"session": "datetime64[s]", "implied_earnings_move": "float64"})
    before = snapshot.read_manifest(store, run.namespace, run.session, run.attempt)
    table = validate(IV_HISTORY, frame.assign(spot=400.0, **dict.fromkeys(others, 0.2)))
    ref = snapshot.write_table(store, "test", IV_HISTORY, table, before.tables["bars"].origin)
    again = before.model_copy(update={"attempt": 9, "tables": {**before.tables, IV_HISTORY.name: ref}})
    snapshot.commit(store, Manifest.model_validate(again.model_dump()))
    return run.model_copy(update={"attempt": 9})


@pytest.mark.parametrize(
    ("moves", "expected"),
    [
        ({SESSION: 0.031, dt.date(2022, 11, 22): 0.05}, 0.031),
        ({dt.date(2022, 11, 22): 0.05}, None),
        ({SESSION: None}, None),
    ],
    ids=["of today", "of yesterday only", "not priced"],
)
def test_the_implied_move_is_the_one_that_todays_options_price(
    moves: dict[dt.date, float | None], expected: float | None
) -> None:
    made = world()
    run = with_implied_moves(made.store, fetched(made), moves)

    assert forecast(made.store, run).implied_move == expected
