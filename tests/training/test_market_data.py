import datetime as dt
import os
from pathlib import Path

import pytest
from options_signals.sources.base import Sources
from options_signals.sources.files import FilesSource

from training.dataset import fetch_history
from training.report import Trained
from training.train import train_iv_regime

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / os.environ.get("SIGNALS_MARKET_DATA", "../shared/data")

pytestmark = [
    pytest.mark.market_data,
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no market data in {FOLDER}; set SIGNALS_MARKET_DATA"),
]


@pytest.fixture(scope="module")
def spy() -> Trained:
    files = FilesSource(FOLDER)
    sources = Sources(namespace="files", world="market", bars=files, vol_indices=files, macro=files)
    history = fetch_history(sources, ["SPY"], first=dt.date(2012, 1, 3), through=dt.date(2022, 12, 30))
    return train_iv_regime(history, ["SPY"], now=dt.datetime(2023, 1, 1, tzinfo=dt.UTC), resamples=100)


def test_on_real_prices_the_rank_is_forecast_far_better_than_by_its_base_rate(spy: Trained) -> None:
    assert spy.evaluation.figures["brier_skill"].measured.low > 0.2


def test_on_real_prices_no_figure_is_too_good_to_be_true(spy: Trained) -> None:
    figures = spy.evaluation.figures

    assert figures["auc"].measured.value < 0.95
    assert figures["log_loss"].measured.value > 0.8 * figures["log_loss"].baselines["rule"]


def test_the_card_says_that_labels_rest_on_total_returns_of_the_real_market(spy: Trained) -> None:
    assert spy.card.world == "market"
    assert spy.card.price_basis == "total_return"
    assert spy.card.trained_through == dt.date(2022, 12, 30)
