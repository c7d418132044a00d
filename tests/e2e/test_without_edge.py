"""A market without an edge: the system stays out of directions, however confident a model sounds."""

import datetime as dt

import numpy as np
import pytest
from joblib import Parallel, delayed
from options_signals.features.inputs import feature_table
from options_signals.models.bundle import open_bundle
from options_signals.models.forecast import forecast_directions
from options_signals.settings import Settings
from options_signals.signals import DirectionForecast, Forecast, Signal
from options_signals.snapshot import Verdict
from options_signals.sources.registry import open_source
from options_signals.sources.simulated import SEED
from options_signals.strategy.decide import decide

from tests.strategy.forecasts import volatility
from training.dataset import fetch_history
from training.train import train_direction

FIRST, TRAINED, LAST = dt.date(2014, 1, 2), dt.date(2020, 12, 31), dt.date(2021, 12, 31)
NOW = dt.datetime(2021, 1, 4, tzinfo=dt.UTC)
MARKETS = 6


@pytest.mark.slow
def test_in_at_least_95_percent_of_sessions_without_an_edge_there_is_no_directional_trade() -> None:
    trades = Parallel(n_jobs=2)(delayed(directional_trades)(seed) for seed in range(MARKETS))

    assert np.mean(np.concatenate(trades)) <= 0.05


@pytest.mark.slow
def test_with_the_edge_the_same_road_does_trade_directions() -> None:
    assert np.mean(directional_trades(SEED, edge="on")) > 0.05


def directional_trades(seed: int, edge: str = "off") -> list[bool]:
    """For each session of the year after the training: whether it bets on a direction, volatility allowing."""
    sources = open_source(f"simulated:seed={seed},edge={edge}", clock=lambda: NOW)
    history = fetch_history(sources, ["SPY"], through=TRAINED, first=FIRST)
    trained = train_direction(history, ["SPY"], now=NOW, resamples=200)
    columns = fetch_history(sources, ["SPY"], through=LAST, first=FIRST).of("SPY")
    table = feature_table(columns, trained.card.features)
    year = table.loc[table["session"] > np.datetime64(TRAINED), list(trained.card.features)].to_numpy()
    rows = [dict(zip(trained.card.features, values, strict=True)) for values in year.tolist()]
    forecasts = forecast_directions(open_bundle(trained.card, trained.graph), rows)
    return [isinstance(decided(forecast), Signal) for forecast in forecasts]


def decided(direction: DirectionForecast) -> object:
    """The decision of a day on which volatility would allow a directional trade."""
    forecast = Forecast(ticker="SPY", session=LAST, spot=100.0, direction=direction, iv=volatility(confidence=0.9))
    return decide(forecast, Verdict(status="ok"), Settings())
