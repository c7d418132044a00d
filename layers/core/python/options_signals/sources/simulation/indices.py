"""Volatility indices of the simulated market: what it expects of itself, and a premium on that."""

import numpy as np

from options_signals.sources.simulation.market import (
    LONG_RUN_LOG_VOL,
    STRETCH_PERSISTENCE,
    VOL_PERSISTENCE,
    FloatArray,
    before,
    character,
    log_size,
    reverting,
    shocks,
    walk_of,
)

IMPLIED_PREMIUM = 0.22  # log points by which implied volatility exceeds the expected one
FEAR = 0.25  # log points of overnight implied volatility per unit of a downward stretch; it fades with the stretch
# index -> the ticker it speaks of, and its horizon in sessions
INDICES = {
    "VIX": ("SPY", 21),
    "VIX9D": ("SPY", 6),
    "VIX3M": ("SPY", 63),
    "VXN": ("QQQ", 21),
    "RVX": ("IWM", 21),
    "VXD": ("DIA", 21),
    "VVIX": ("SPY", 21),
}


def index_bars(index: str, *, seed: int) -> dict[str, FloatArray]:
    """Open, high, low and close of an index in points, one value per session."""
    ticker, horizon = INDICES[index]
    wobble, small, start, high, low = shocks(seed, index, 5)
    level = implied_log_vol(ticker, horizon, seed=seed) + 0.03 * reverting(wobble, 0.8) + 0.005 * small
    if index == "VVIX":
        surplus = walk_of(ticker, seed=seed, edge=False).log_vol - _usual(ticker, seed)
        level = np.log(0.92) + 0.5 * surplus + 0.05 * reverting(wobble, 0.9)
    close = np.round(100 * np.exp(level), 2)
    opened = np.round(before(close) ** 0.6 * close**0.4 * np.exp(0.01 * start), 2)
    return {
        "open": opened,
        "high": np.round(np.maximum(opened, close) * np.exp(0.015 * np.abs(high)), 2),
        "low": np.round(np.minimum(opened, close) * np.exp(-0.015 * np.abs(low)), 2),
        "close": close,
    }


def implied_log_vol(ticker: str, horizon: int, *, seed: int) -> FloatArray:
    """Log of the implied volatility per year over so many sessions: drawn back to the usual one, and dearer."""
    walk, usual = walk_of(ticker, seed=seed, edge=False), _usual(ticker, seed)
    volatility = usual + _kept(VOL_PERSISTENCE, horizon) * (walk.log_vol - usual)
    return volatility + IMPLIED_PREMIUM - FEAR * _kept(STRETCH_PERSISTENCE, horizon) * walk.stretch


def _kept(persistence: float, horizon: int) -> float:
    """How much of today's surplus is there on average over the horizon."""
    return (1 - persistence**horizon) / ((1 - persistence) * horizon)


def _usual(ticker: str, seed: int) -> FloatArray:
    name = character(ticker, seed)
    return LONG_RUN_LOG_VOL + log_size(name.beta, name.own)
