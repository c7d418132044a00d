"""The model of moves on earnings, from announcements to what is served of them."""

import datetime as dt
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from options_signals.jobs import documents
from options_signals.jobs.build_features import build_features
from options_signals.jobs.messages import Chunk, RunRequest
from options_signals.jobs.run_inference import run_inference
from options_signals.lake import MemoryStore, canonical_json
from options_signals.models import registry
from options_signals.models.bundle import load, open_bundle
from options_signals.models.chain import split_inputs
from options_signals.settings import Settings
from options_signals.signals import Forecast
from options_signals.sources.registry import open_source

from tests.e2e.day import EVENING, World
from tests.models.bundles import direction_bundle, regime_bundle
from tests.training.moves import world
from training.earnings_move import Announced, announced, companies_in
from training.move_forecasters import EVERYBODY, FORECASTERS, fit
from training.move_model import TrainedMoves, fitted, train_moves
from training.train import keep

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / os.environ.get("SIGNALS_MARKET_DATA", "../shared/data")


def trained(rows: pd.DataFrame) -> TrainedMoves:
    return fitted(Announced(rows, "test"), world="market", now=EVENING, resamples=50)


@pytest.fixture(scope="module")
def made() -> TrainedMoves:
    """Moves are exponential around twice the ATR."""
    return trained(world())


def test_what_had_the_lowest_loss_on_all_folds_is_served_as_it_was_learned_from_all_rows(made: TrainedMoves) -> None:
    rows, card = world(), made.card
    inputs = rows[list(card.inputs)].to_numpy()

    served = open_bundle(card, made.graph).predict(*split_inputs(card, inputs))

    assert made.comparison.serves_next == card.rule.name == "k x ATR"  # type: ignore[union-attr]  # it is there
    assert_allclose(served, fit("k x ATR", rows)(rows))


def test_the_regression_is_served_where_it_had_the_lower_loss_and_answers_as_scikit_learn_does() -> None:
    rows = world()
    size = rows["atr_pct_50"] + rows["hv_10"]  # which no rule reads
    rows = rows.assign(move=np.random.default_rng(3).exponential(size))
    other = trained(rows)

    served = open_bundle(other.card, other.graph).predict(rows[list(other.card.inputs)].to_numpy())

    assert (other.card.served, other.card.rule) == ("model", None)
    assert_allclose(served, fit("quantile regression", rows)(rows), atol=1e-5)


def test_the_card_holds_the_figures_of_what_was_served_beside_those_of_the_rules(made: TrainedMoves) -> None:
    metrics, figures = made.card.metrics, made.comparison.figures

    assert metrics["pinball_loss"].value == figures["served"].loss.value
    assert metrics["pinball_loss"].baselines == {name: figures[name].loss.value for name in FORECASTERS[1:]}
    assert metrics["behind_best_rule"].high == figures["served"].behind_best_rule.high
    assert metrics["coverage"].low < 0.8 < metrics["coverage"].high
    assert EVERYBODY in metrics["coverage"].baselines


def test_the_card_names_the_last_reaction_it_saw_and_the_sessions_between_evening_and_reaction(
    made: TrainedMoves,
) -> None:
    assert made.card.trained_through == world()["reaction"].max().date()
    assert (made.card.horizon, made.card.scope, made.card.price_basis) == (2, "pooled", "traded")


def test_it_is_published_promoted_and_kept_with_its_evaluation(made: TrainedMoves) -> None:
    store = MemoryStore()

    keep(made, {}, store=store, when=EVENING, tracked_in=None)

    ref = registry.champion(store, "market", "earnings_move", "pooled")
    assert load(store, ref).card == made.card
    assert store.get(f"{ref.prefix}/evaluation.json") == canonical_json(made.as_json())
    assert made.card.label in made.headline


MARKET_DATA = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no market data in {FOLDER}; set SIGNALS_MARKET_DATA")


@pytest.mark.market_data
@pytest.mark.slow
@MARKET_DATA
def test_on_the_evening_before_the_last_close_nvdas_served_move_is_the_one_of_its_training_row() -> None:
    evening = dt.date(2022, 11, 15)  # a Tuesday; NVDA reported after the close of Wednesday, Thursday reacted
    sources = open_source(f"files:{FOLDER}", clock=lambda: EVENING)
    store = MemoryStore()
    companies, through = companies_in(FOLDER)[:150], dt.date(2022, 9, 30)
    made = train_moves(sources, companies, through=through, store=store, now=EVENING, resamples=50)
    for bundle in (direction_bundle, regime_bundle):
        one = bundle(scope="NVDA", world="market", price_basis="traded", trained_through=through)
        registry.promote(store, registry.publish(store, one.card, one.graph), when=EVENING)
    settings = Settings(tickers=("NVDA",), allow_iv_proxy={"NVDA": "VIX"})
    day = World(sources=sources, settings=settings, store=store)

    run = day.fetch(day.plan(RunRequest(session=evening))).run
    chunk = run_inference(build_features(Chunk(run=run, tickers=("NVDA",)), store=store), store=store)
    assert chunk.forecasts
    (said,) = documents.read(store, chunk.forecasts, Forecast)

    rows, *_ = announced(sources, ["NVDA"], first=dt.date(2018, 1, 2), last=dt.date(2022, 11, 17))
    row = rows[rows["session"] == pd.Timestamp(evening)][list(made.card.inputs)].to_numpy()
    (expected,) = open_bundle(made.card, made.graph).predict(*split_inputs(made.card, row))
    assert said.announcement
    assert said.announcement.last_reaction == dt.date(2022, 11, 17)
    assert said.move
    assert_allclose([said.move.p10, said.move.p50, said.move.p90], expected, rtol=1e-6)
