"""Made-up rows for learners: what is in them is known, so what may be found is known."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from options_signals.sessions import all_sessions

from training.bootstrap import Interval
from training.evaluation import Bin, Curve, Evaluation, Figure, FoldFigures
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


def small_evaluation(*, skill_low: float = -0.02) -> Evaluation:
    """A direction model judged in two folds, the second with one class only."""
    figure = Figure(Interval(0.55, 0.51, 0.59), {"coin": 0.5}, "coin", Interval(0.05, 0.01, 0.09))
    skill = Figure(Interval(0.01, skill_low, 0.03), {"base rate": 0.0}, "base rate", Interval(0.01, skill_low, 0.03))
    loss = Figure(Interval(0.69, 0.66, 0.71), {"base rate": 0.65}, "base rate", Interval(-0.04, -0.06, -0.01))
    values = {"auc": 0.56, "accuracy": 0.6, "f1": 0.7, "brier_skill": 0.01, "log_loss": 0.69, "ece": 0.03}
    return Evaluation(
        rows=300,
        sessions=300,
        first="2020-01-02",
        last="2022-11-16",
        block_sessions=10,
        resamples=1000,
        figures={"auc": figure, "brier_skill": skill, "log_loss": loss, "ece": figure},
        variants={"uncalibrated": values},
        folds=(
            FoldFigures(1, "2020-01-02", "2021-06-30", 150, values, "threshold 0.50, calibration slope 0.80"),
            FoldFigures(2, "2021-07-01", "2022-11-16", 150, values | {"auc": np.nan}, "threshold 0.48"),
        ),
        reliability=(
            Bin(0.0, 0.5, 100, 0.45, Interval(0.47, 0.38, 0.56)),
            Bin(0.5, 1.0, 200, 0.6, Interval(0.58, 0.5, 0.66)),
        ),
        curves=(Curve("UP", (0.0, 0.3, 1.0), (0.0, 0.4, 1.0)),),
    )
