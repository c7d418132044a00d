"""Volatility indices of the simulated market: what it expects of itself, and a premium on that."""

import numpy as np

from options_signals.sources.simulation.market import (
    LONG_RUN_LOG_VOL,
    VOL_PERSISTENCE,
    FloatArray,
    before,
    character,
    log_size,
    market_of,
    path_of,
    reverting,
    shocks,
)

IMPLIED_PREMIUM = 0.16  # log points by which implied volatility exceeds the expected one
MOOD_IN_TERM_SLOPE = 0.12  # log points of VIX3M per unit of mood
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
    if index == "VIX3M":
        level = level + MOOD_IN_TERM_SLOPE * market_of(seed).mood
    if index == "VVIX":
        surplus = path_of(ticker, seed=seed, edge=False).log_vol - _usual(ticker, seed)
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
    log_vol = path_of(ticker, seed=seed, edge=False).log_vol
    kept = (1 - VOL_PERSISTENCE**horizon) / ((1 - VOL_PERSISTENCE) * horizon)
    usual = _usual(ticker, seed)
    return usual + kept * (log_vol - usual) + IMPLIED_PREMIUM


def _usual(ticker: str, seed: int) -> FloatArray:
    name = character(ticker, seed)
    return LONG_RUN_LOG_VOL + log_size(name.beta, name.own)
