import datetime as dt
import itertools
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from options_signals.errors import FolderError, InvalidValueError
from options_signals.models.moves import REGRESSION
from options_signals.sources.base import Sources
from options_signals.sources.registry import open_source

from tests.training.moves import world
from training import earnings_move
from training.earnings_move import (
    SERVED,
    Comparison,
    Fold,
    announced,
    companies_in,
    compare,
    folds_of,
)
from training.move_forecasters import FORECASTERS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / os.environ.get("SIGNALS_MARKET_DATA", "../shared/data")


@pytest.fixture(scope="module")
def seen() -> Comparison:
    return compare(world(), resamples=200)


def test_what_happens_later_changes_nothing_that_was_forecast_or_chosen_before() -> None:
    rows = world()
    first, second, _, fourth, *_ = folds_of(rows)
    later = rows["position"] >= second.test["position"].max() - 1  # these moves come after the second part's last close
    changed = rows.assign(move=rows["move"].where(~later, rows["move"].sample(frac=1.0, random_state=1).to_numpy()))

    again = list(folds_of(changed))

    assert (again[3].forecasts[REGRESSION] != fourth.forecasts[REGRESSION]).any()
    for before, after in zip((first, second), again, strict=False):
        assert after.served == before.served
        for name in FORECASTERS:
            np.testing.assert_array_equal(after.forecasts[name], before.forecasts[name])


def test_a_move_not_yet_known_at_the_first_close_of_a_part_teaches_nothing_about_it() -> None:
    rows = world()
    first = next(folds_of(rows))

    def changed(sessions_before: int) -> Fold:
        that_day = rows["position"] == first.test["position"].min() - sessions_before
        return next(folds_of(rows.assign(move=rows["move"].where(~that_day, 5.0))))

    assert (changed(3).forecasts["k x ATR"] != first.forecasts["k x ATR"]).any()
    for unknown, name in itertools.product((1, 2), FORECASTERS):
        np.testing.assert_array_equal(changed(unknown).forecasts[name], first.forecasts[name])


def test_the_first_part_only_chooses_and_each_later_one_serves_the_lowest_loss_so_far(seen: Comparison) -> None:
    assert seen.folds[0].served is None
    for number, fold in enumerate(seen.folds[1:], start=1):
        earlier = {
            name: np.concatenate([one.losses[name] for one in seen.folds[:number]]).mean() for name in FORECASTERS
        }
        assert fold.served == min(earlier, key=earlier.__getitem__)
        np.testing.assert_array_equal(fold.losses[SERVED], fold.losses[fold.served])


def test_a_rule_that_knows_the_truth_is_served_and_its_band_holds_four_fifths(seen: Comparison) -> None:
    assert {fold.served for fold in seen.folds[1:]} == {"k x ATR"}
    assert seen.serves_next == seen.best_rule == "k x ATR"
    coverage = seen.figures["k x ATR"].coverage
    assert coverage.low < 0.8 < coverage.high


def test_the_best_rule_is_not_behind_itself_and_the_others_are(seen: Comparison) -> None:
    assert seen.figures["k x ATR"].behind_best_rule.high == 0.0
    assert seen.figures["quantiles of all moves"].behind_best_rule.low > 0.0


def test_the_text_names_every_forecaster_and_who_wins(seen: Comparison) -> None:
    text = seen.as_text()

    assert all(name in text for name in (SERVED, *FORECASTERS))
    assert seen.verdict in text
    assert "to be served next: k x ATR" in text


def test_a_folder_without_the_companies_says_which_file_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"universe/sp500_daily\.parquet"):
        companies_in(tmp_path)


def test_a_world_without_announcements_teaches_nothing_and_says_so() -> None:
    simulated = open_source("simulated", clock=lambda: dt.datetime.now(dt.UTC))

    with pytest.raises(InvalidValueError, match="No company reports on the simulated market"):
        announced(simulated, ["SPY"], first=dt.date(2021, 1, 4), last=dt.date(2022, 12, 30))


MARKET_DATA = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no market data in {FOLDER}; set SIGNALS_MARKET_DATA")


def files() -> Sources:
    return open_source(f"files:{FOLDER}", clock=lambda: dt.datetime.now(dt.UTC))


@pytest.mark.market_data
@MARKET_DATA
def test_the_evening_of_2022_02_02_cost_meta_a_quarter_of_its_price_on_the_next_day() -> None:
    rows, *_ = announced(files(), ["META"], first=dt.date(2021, 6, 1), last=dt.date(2022, 3, 1))

    (row,) = rows[rows["announced_on"] == "2022-02-02"].to_dict("records")
    assert (row["session"], row["reaction"]) == (pd.Timestamp("2022-02-01"), pd.Timestamp("2022-02-03"))
    assert row["move"] == pytest.approx(0.264, abs=0.001)


@pytest.mark.market_data
@pytest.mark.slow
@MARKET_DATA
def test_on_real_announcements_the_served_band_holds_about_four_fifths(capsys: pytest.CaptureFixture[str]) -> None:
    earnings_move.main(["--data", str(FOLDER), "--resamples", "50"])

    (served,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith(SERVED))
    assert 75.0 < float(served.split()[-4]) < 85.0
