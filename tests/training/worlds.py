"""Made-up rows for learners: what is in them is known, so what may be found is known."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from options_signals.sessions import all_sessions

from training.labels import bucket, direction_label, entered_return, iv_change, iv_regime_label

FloatArray = npt.NDArray[np.float64]

FIRST_POSITION = 2000


def direction_world(*, seed: int, sessions: int = 1300, features: int = 8, truth: float = 0.0) -> pd.DataFrame:
    """Overlapping labels of a random walk, and persistent features that know nothing of it.

    `truth` is the share of tomorrow's return that the first feature gives away: 0 is pure noise.
    """
    generator = np.random.default_rng(seed)
    noise = persistent(generator, sessions, features)
    returns = 0.01 * generator.standard_normal(sessions)
    returns[1:] += 0.01 * truth * noise[:-1, 0]
    close = 100.0 * np.exp(np.cumsum(returns))
    return pd.DataFrame(
        {
            **calendar(sessions),
            **{f"f{number}": noise[:, number] for number in range(features)},
            "label": direction_label(close),
            "entered_return": entered_return(close * 1.001, close),
        }
    )


def regime_world(*, seed: int, sessions: int = 1300) -> pd.DataFrame:
    """A mean-reverting volatility index, its rank, and the distances to the bounds of the rank."""
    generator = np.random.default_rng(seed)
    log_level = np.log(18.0) + 0.25 * persistent(generator, sessions + 251, 1)[:, 0]
    year = np.lib.stride_tricks.sliding_window_view(np.exp(log_level), 252)
    level, lowest, highest = year[:, -1], year.min(axis=1), year.max(axis=1)
    rank = 100.0 * (level - lowest) / (highest - lowest)
    return pd.DataFrame(
        {
            **calendar(sessions),
            "iv_rank": rank,
            "level": level,
            "iv_distance_to_30": np.log((lowest + 0.3 * (highest - lowest)) / level),
            "iv_distance_to_60": np.log((lowest + 0.6 * (highest - lowest)) / level),
            "label": iv_regime_label(rank),
            "iv_change": iv_change(level),
            "today": bucket(rank),
        }
    )


def calendar(sessions: int) -> dict[str, object]:
    """Columns that every frame of rows has."""
    positions = np.arange(FIRST_POSITION, FIRST_POSITION + sessions)
    return {"ticker": "SPY", "session": pd.DatetimeIndex(all_sessions()[positions]), "position": positions}


def persistent(generator: np.random.Generator, sessions: int, columns: int, memory: float = 0.95) -> FloatArray:
    """Autoregressive noise of unit variance."""
    shocks = generator.standard_normal((sessions, columns))
    values = np.empty_like(shocks)
    values[0] = shocks[0]
    for at in range(1, sessions):
        values[at] = memory * values[at - 1] + np.sqrt(1.0 - memory**2) * shocks[at]
    return values
