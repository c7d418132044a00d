"""Simulated input columns: seeded, with everything a feature may ask for, and no market data in them."""

import numpy as np
from options_signals.features.arrays import FloatArray

Columns = dict[str, FloatArray]

PRICES = (
    *("open", "high", "low", "close", "traded_open", "traded_high", "traded_low", "traded_close"),
    "index_underlying_close",
)
INDICES = ("index_open", "index_high", "index_low", "index_close", "vix", "vix3m")
RATES = ("dff", "dgs2", "dgs10", "dgs3mo", "t10y2y", "t10yie", "dfii10", "unrate")
EARNINGS_MOVES = tuple(f"earnings_move_{quarter}" for quarter in range(1, 9))
KNOWN = ("cpi_yoy_known", "cpi_yoy_change_3m_known", "unrate_change_3m_known")


def simulated_columns(sessions: int = 1500, seed: int = 7) -> Columns:
    """Every input column over that many sessions: a market with clustered volatility, gaps and dividends."""
    rng = np.random.default_rng(seed)
    fear = _mean_reverting(rng, sessions, pull=0.03, step=0.05)
    daily = 0.011 * np.exp(fear)
    traded = _bars(rng, daily)
    dividends = np.exp(np.linspace(-0.1, 0.0, sessions))
    columns = {f"traded_{name}": values for name, values in traded.items()}
    columns |= {name: values * dividends for name, values in traded.items()}
    columns["volume"] = np.round(np.exp(18.0 + 0.5 * fear + rng.normal(0.0, 0.3, sessions)))
    columns |= _indices(rng, 18.0 * np.exp(fear))
    columns["index_underlying_close"] = columns["close"].copy()
    columns |= {name: _rate(rng, sessions) for name in (*RATES, *KNOWN)}
    columns |= _policy(rng, sessions)
    return columns | _events(sessions) | _sentiment(rng, sessions) | _earnings(rng, sessions)


def gap(columns: Columns, column: str, row: int) -> Columns:
    """The same columns, but one value of one of them is unknown."""
    values = columns[column].copy()
    values[row] = np.nan
    return columns | {column: values}


def _bars(rng: np.random.Generator, daily: FloatArray) -> Columns:
    close = 100.0 * np.exp((daily * rng.normal(0.02, 1.0, len(daily))).cumsum())
    before = np.concatenate([[100.0], close[:-1]])
    open_ = before * np.exp(0.4 * daily * rng.normal(size=len(daily)))
    high = np.maximum(open_, close) * np.exp(0.5 * daily * rng.exponential(size=len(daily)))
    low = np.minimum(open_, close) * np.exp(-0.5 * daily * rng.exponential(size=len(daily)))
    return {"open": open_, "high": high, "low": low, "close": close}


def _indices(rng: np.random.Generator, level: FloatArray) -> Columns:
    close = level * np.exp(rng.normal(0.0, 0.03, len(level)))
    return {
        "index_open": level,
        "index_high": np.maximum(level, close) * 1.02,
        "index_low": np.minimum(level, close) * 0.98,
        "index_close": close,
        "vix": close * 1.05,
        "vix3m": 0.5 * close + 9.5,
        "vixcls": np.concatenate([[np.nan], close[:-1] * 1.05]),
    }


def _rate(rng: np.random.Generator, sessions: int) -> FloatArray:
    cycle = np.sin(np.arange(sessions) / 50.0 + rng.uniform(0.0, 6.0))
    return 0.5 + 2.0 * cycle + rng.normal(0.0, 0.05, sessions)


def _policy(rng: np.random.Generator, sessions: int) -> Columns:
    number = np.arange(sessions)
    moves = rng.choice([-0.25, 0.25], size=sessions // 170 + 1)
    return {
        "policy_change": moves[number // 170],
        "policy_change_age": (number % 170).astype(float),
        "policy_reversal_age": (number % 340).astype(float),
    }


def _events(sessions: int) -> Columns:
    number = np.arange(sessions)
    return {
        f"{event}_{name}": values.astype(float)
        for event, every in (("fomc", 32), ("cpi", 21), ("payrolls", 20))
        for name, values in (
            ("next_days", every - number % every),
            ("last_days", number % every),
            ("this_week", number % every < 5),
        )
    }


def _sentiment(rng: np.random.Generator, sessions: int) -> Columns:
    shares = rng.dirichlet([1.0, 1.0, 1.0], sessions)
    return {
        "bullish_share": shares[:, 0].copy(),
        "bearish_share": shares[:, 1].copy(),
        "sector_bullish_share": rng.uniform(0.2, 0.5, sessions),
        "articles": rng.integers(0, 40, sessions).astype(float),
        "buzz": rng.uniform(0.0, 1.0, sessions),
        "mentions_24h": rng.integers(1, 120, sessions).astype(float),
        "mentions_24h_before": rng.integers(1, 120, sessions).astype(float),
    }


def _earnings(rng: np.random.Generator, sessions: int) -> Columns:
    number = np.arange(sessions)
    quarter = number // 63
    moves = rng.exponential(0.05, quarter[-1] + 9)
    estimates, surprises = rng.normal(1.0, 0.2, quarter[-1] + 1), rng.normal(0.0, 0.1, quarter[-1] + 1)
    return {
        "earnings_next_days": 90.0 - 90.0 * (number % 63) / 63.0,
        "earnings_last_days": 90.0 * (number % 63) / 63.0,
        "earnings_on_the_day": (number % 63 == 0).astype(float),
        "last_eps_actual": (estimates + surprises)[quarter],
        "last_eps_estimate": estimates[quarter],
    } | {name: moves[quarter + 8 - back] for back, name in enumerate(EARNINGS_MOVES)}


def _mean_reverting(rng: np.random.Generator, sessions: int, *, pull: float, step: float) -> FloatArray:
    values = np.zeros(sessions)
    for now, shock in enumerate(rng.normal(0.0, step, sessions - 1), start=1):
        values[now] = (1.0 - pull) * values[now - 1] + shock
    return values
