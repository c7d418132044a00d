import datetime as dt
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from options_signals.errors import InvalidValueError, ModelMissingError
from options_signals.lake import MemoryStore
from options_signals.models import registry
from options_signals.models.bundle import load
from options_signals.models.chain import split_inputs
from options_signals.sessions import between, shift
from options_signals.sources.base import Fetched, Sources
from options_signals.sources.simulated import SimulatedSource
from options_signals.tables import SENTIMENT, validate

from training.captures import Captures
from training.dataset import History, fetch_history, regime_rows
from training.iv_regime import RegimeLearner
from training.learners import fit
from training.report import Report, Trained
from training.train import train_all, train_direction, train_iv_regime

NOW = dt.datetime(2022, 11, 23, 22, 0, tzinfo=dt.UTC)
THROUGH = dt.date(2022, 11, 23)
FIRST = dt.date(2017, 6, 1)


@pytest.fixture(scope="module")
def sources() -> Sources:
    market = SimulatedSource(seed=3)
    return Sources(namespace="simulated", world="simulated", bars=market, vol_indices=market, macro=market)


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="module")
def report(sources: Sources, store: MemoryStore) -> Report:
    """Two regime models; they train in a moment."""
    return train_all(
        sources,
        ["SPY", "QQQ"],
        models=["iv_regime"],
        through=THROUGH,
        first=FIRST,
        store=store,
        now=NOW,
        resamples=40,
    )


def test_every_ticker_has_a_champion_that_passes_its_checks(report: Report, store: MemoryStore) -> None:
    for trained in report.models:
        ref = registry.champion(store, "simulated", "iv_regime", trained.card.scope)
        assert load(store, ref).card == trained.card
    assert [trained.card.scope for trained in report.models] == ["SPY", "QQQ"]


def test_the_bundle_serves_the_probabilities_that_were_judged(
    sources: Sources, report: Report, store: MemoryStore
) -> None:
    history = fetch_history(sources, ["SPY"], through=THROUGH, first=FIRST)
    rows = regime_rows(history.of("SPY"))
    model = fit(RegimeLearner(report.models[0].card.features), rows)
    bundle = load(store, registry.champion(store, "simulated", "iv_regime", "SPY"))

    inputs = rows[list(bundle.card.inputs)].to_numpy()
    served = bundle.predict(*split_inputs(bundle.card, inputs))

    np.testing.assert_allclose(served, model.forecasts(rows)["served"], atol=2e-5)


def test_the_card_says_what_was_learned_from_what(report: Report) -> None:
    card = report.models[0].card

    assert card.trained_through == THROUGH
    assert card.trained_at == NOW
    assert card.world == "simulated"
    assert card.horizon == 5
    assert card.price_basis == "total_return"
    assert card.rows > 1000
    assert sum(card.base_rates) == pytest.approx(1.0)
    assert set(card.metrics["log_loss"].baselines) == {"same bucket", "transition table", "rule", "base rate"}
    assert card.reliability[-1].high == 1.0


def test_the_evaluation_and_its_pictures_lie_beside_the_bundle(report: Report, store: MemoryStore) -> None:
    prefix = report.models[0].card.prefix

    stored = json.loads(store.get(f"{prefix}/evaluation.json"))

    assert stored["evaluation"]["figures"]["auc"]["verdict"] in {"model", "open", "rule"}
    assert store.get(f"{prefix}/reliability.png").startswith(b"\x89PNG")
    assert store.get(f"{prefix}/roc.png").startswith(b"\x89PNG")


def test_progress_names_every_step(sources: Sources) -> None:
    told: list[str] = []

    train_all(
        sources,
        ["SPY"],
        models=["iv_regime"],
        through=THROUGH,
        first=FIRST,
        store=MemoryStore(),
        now=NOW,
        resamples=20,
        progress=told.append,
    )

    assert told[0].startswith("read 1,")
    assert told[1].startswith("trained iv_regime/SPY/2022-11-23-")


@dataclass(frozen=True)
class ListedLate:
    """The market, but for one ticker that has been listed for two months."""

    market: SimulatedSource
    ticker: str

    def bars(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        fetched = self.market.bars(tickers, first=first, last=last)
        early = (fetched.frame["ticker"] == self.ticker) & (fetched.frame["session"] < "2022-09-23")
        return replace(fetched, frame=fetched.frame[~early])


def test_a_ticker_with_too_little_data_is_named_and_the_others_are_trained(sources: Sources) -> None:
    late = replace(sources, bars=ListedLate(SimulatedSource(seed=3), "SPY"))
    store, told = MemoryStore(), list[str]()

    report = train_all(
        late,
        ["SPY", "QQQ"],
        models=["iv_regime"],
        through=THROUGH,
        first=FIRST,
        store=store,
        now=NOW,
        resamples=20,
        progress=told.append,
    )

    (missing,) = report.untrained
    assert (missing.model, missing.scope) == ("iv_regime", "SPY")
    assert re.search(r"labelled rows of SPY is \d+; allowed: at least 500", missing.reason)
    assert told[1] == f"NOT TRAINED: {missing.headline}"
    assert report.as_text().splitlines()[-1] == told[1]
    assert [entry["scope"] for entry in report.as_json()] == ["QQQ", "SPY"]
    assert registry.champion(store, "simulated", "iv_regime", "QQQ").version == report.models[0].card.version
    with pytest.raises(ModelMissingError):
        registry.champion(store, "simulated", "iv_regime", "SPY")


def test_the_same_data_trains_the_same_version(sources: Sources, report: Report) -> None:
    history = fetch_history(sources, ["SPY", "QQQ"], through=THROUGH, first=FIRST)

    again = train_iv_regime(history, ["SPY"], now=NOW + dt.timedelta(days=1), resamples=40)

    assert again.card.version == report.models[0].card.version
    assert again.graph == report.models[0].graph


def test_pooled_tickers_make_one_model(sources: Sources) -> None:
    history = fetch_history(sources, ["SPY", "QQQ"], through=THROUGH, first=FIRST)

    trained = train_iv_regime(history, ["SPY", "QQQ"], now=NOW, resamples=20)

    assert trained.card.scope == "pooled"
    assert trained.evaluation.rows == pytest.approx(2 * trained.evaluation.sessions, rel=0.01)


def test_a_pooled_model_learns_from_own_volatility_and_says_so(sources: Sources) -> None:
    days = pd.DatetimeIndex(between(shift(THROUGH, -299), THROUGH)).as_unit("s")
    noise = np.random.default_rng(0).standard_normal(300)
    own = pd.DataFrame({"underlying": "AAPL", "session": days, "atm_iv_30d": 0.3 * np.exp(0.1 * noise)})
    asked: dict[str, Any] = {
        "through": THROUGH,
        "first": FIRST,
        "now": NOW,
        "resamples": 20,
        "own_iv": own,
        "models": ["iv_regime"],
    }

    (trained,) = train_all(sources, ["SPY", "AAPL"], store=MemoryStore(), scope="pooled", **asked).models

    assert trained.card.index is None  # of several
    assert "AAPL learns from AAPL options, not from an index" in trained.card.notes
    with pytest.raises(InvalidValueError, match="'ticker'; allowed: pooled"):
        train_all(sources, ["SPY", "AAPL"], store=MemoryStore(), scope="ticker", **asked)


@pytest.mark.slow
def test_a_model_that_read_what_was_said_names_who_said_it_and_starts_with_the_first_word(sources: Sources) -> None:
    history = fetch_history(sources, ["SPY"], through=THROUGH, first=FIRST)
    heard = replace(history, captures=told_all_along(history))

    trained = train_direction(heard, ["SPY"], now=NOW, resamples=20)

    assert trained.card.sentiment == "a paper"
    assert "sentiment_score" in trained.card.features
    assert trained.card.trained_from >= dt.date(2018, 6, 4)
    assert train_direction(history, ["SPY"], now=NOW, resamples=20).card.sentiment is None


def told_all_along(history: History) -> Captures:
    """Since June 2018 a paper praises what will rise in the next week: it tells more than any other feature."""
    bars = history.bars[history.bars["ticker"] == "SPY"].set_index("session")["adj_close"]
    rise = (bars.shift(-5) / bars - 1.0).fillna(0.0)
    praise = rise[rise.index >= pd.Timestamp("2018-06-04")].clip(-0.05, 0.05)
    frame = pd.DataFrame(
        {
            "ticker": "SPY",
            "captured_at": pd.DatetimeIndex(praise.index).tz_localize("UTC") + pd.Timedelta(hours=21),
            "bullish_share": 0.5 + 5 * praise.to_numpy(),
            "bearish_share": 0.5 - 5 * praise.to_numpy(),
            "articles": 5.0,
            "buzz": 0.5,
            "reddit_mentions": 80.0,
            "reddit_mentions_24h_ago": 40.0,
        }
    )
    return Captures("a paper", validate(SENTIMENT, frame))


@pytest.mark.parametrize("trainer", [train_direction, train_iv_regime])
def test_too_short_a_history_is_refused_with_the_number_of_rows(
    sources: Sources, trainer: Callable[..., Trained]
) -> None:
    history = fetch_history(sources, ["SPY"], through=THROUGH, first=dt.date(2021, 1, 4))

    with pytest.raises(InvalidValueError, match=r"labelled rows of SPY is \d+; allowed: at least 500"):
        trainer(history, ["SPY"], now=NOW)


def test_pooling_tickers_of_different_price_bases_is_refused(sources: Sources) -> None:
    history = fetch_history(sources, ["SPY", "QQQ"], through=THROUGH, first=FIRST)
    history.bars.loc[history.bars["ticker"] == "QQQ", "adj_close"] = np.nan

    with pytest.raises(InvalidValueError, match="traded"):
        train_iv_regime(history, ["SPY", "QQQ"], now=NOW, resamples=20)


@pytest.mark.slow
def test_a_direction_model_is_trained_in_workers_published_and_tracked(sources: Sources, tmp_path: Path) -> None:
    store = MemoryStore()

    report = train_all(
        sources,
        ["SPY"],
        through=THROUGH,
        first=FIRST,
        store=store,
        now=NOW,
        resamples=40,
        workers=2,
        tracked_in=tmp_path,
    )

    direction, regime = report.models
    card = load(store, registry.champion(store, "simulated", "direction", "SPY")).card
    assert card == direction.card
    assert regime.card.name == "iv_regime"
    assert len(card.features) == 40
    assert 0.3 <= (card.threshold or 0.0) <= 0.7
    assert card.calibrator.kind == "sigmoid"
    assert {"auc", "accuracy", "f1", "brier_skill", "log_loss", "ece", "sign_accuracy"} == set(card.metrics)
