"""Who forecasts the move on earnings: four simple rules and a linear quantile regression, as they learn.

What a rule says once it has learned is `options_signals.models.moves`, which serving calls too.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from options_signals.models.card import MOVE_RULE_INPUTS, MoveRule
from options_signals.models.chain import complete
from options_signals.models.moves import REGRESSION, in_order, move_rule, size_of
from sklearn.linear_model import LinearRegression, QuantileRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # scikit-learn's own, without stubs

from training.bootstrap import FloatArray
from training.quantiles import LEVELS, factor

EVERYBODY, LAST_FOUR, ATR, SHRUNK = RULES = tuple(MOVE_RULE_INPUTS)
FORECASTERS = (REGRESSION, *RULES)
FEATURES = (
    "earnings_move_mean_1q",
    "earnings_move_median_4q",
    "earnings_move_mean_8q",
    "earnings_move_std_8q",
    "earnings_move_max_8q",
    "earnings_move_count_8q",
    "atr_pct_10",
    "atr_pct_20",
    "atr_pct_50",
    "bb_width_10",
    "bb_width",
    "bb_width_50",
    "hv_10",
    "hv_20",
    "hv_50",
    "hv_10_percentile",
    "hv_percentile",
    "hv_50_percentile",
    "vix_close",
)


class Forecaster(Protocol):
    """Knows the quantiles of moves that have not come yet."""

    def __call__(self, rows: pd.DataFrame) -> FloatArray:
        """One column per level, decimals, in ascending order."""
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """A simple rule as it was learned."""

    learned: MoveRule

    def __call__(self, rows: pd.DataFrame) -> FloatArray:
        """As serving says it."""
        return move_rule(self.learned, values_of(rows, list(self.learned.inputs)))


@dataclass(frozen=True, slots=True)
class Regression:
    """One line per level: `pipeline` answers all three for complete rows of the features."""

    features: tuple[str, ...]
    medians: tuple[float, ...]
    pipeline: Pipeline

    def __call__(self, rows: pd.DataFrame) -> FloatArray:
        """The lines, unknown values filled, the quantiles put in order."""
        return in_order(self.pipeline.predict(complete(values_of(rows, list(self.features)), self.medians)))


def fit_rule(name: str, train: pd.DataFrame) -> Rule:
    """Learn by which factors a size becomes the quantiles with the lowest pinball loss.

    The middle of `median of last four` is that median itself. A rule whose size no row knows says the quantiles of
    all moves.
    """
    moves = values_of(train, "move")
    all_moves = tuple(np.quantile(moves, LEVELS).tolist())
    multiple = _atr_multiple(train) if name == SHRUNK else 0.0
    unfit = MoveRule.model_validate(
        {"name": name, "factors": (1.0, 1.0, 1.0), "all_moves": all_moves, "atr_multiple": multiple}
    )
    sizes = size_of(unfit, values_of(train, list(unfit.inputs)))
    known = sizes > 0.0
    if not known.any():
        return Rule(unfit.model_copy(update={"name": EVERYBODY}))
    low, middle, high = (factor(moves[known], sizes[known], level) for level in LEVELS)
    factors = low, 1.0 if name == LAST_FOUR else middle, high
    return Rule(unfit.model_copy(update={"factors": factors}))


def fit_regression(train: pd.DataFrame) -> Regression:
    """One linear quantile regression per level, on the features that at least half of the rows know.

    Its inputs are decimals like the move, so that every multiple of the rules is one of its lines. The penalty is the
    size that chance alone would give the largest coefficient's gradient; nothing about it is tuned.

    References
    ----------
    Belloni and Chernozhukov, "L1-penalized quantile regression in high-dimensional sparse models" (2011).
    """
    names = tuple(name for name in FEATURES if train[name].notna().mean() >= 0.5)
    medians = tuple(train[list(names)].median())
    matrix = complete(values_of(train, list(names)), medians)
    scaler = StandardScaler().fit(matrix)
    return Regression(names, medians, make_pipeline(scaler, _lines(scaler.transform(matrix), values_of(train, "move"))))


def fit(name: str, train: pd.DataFrame) -> Forecaster:
    """A rule or the regression, from rows whose moves are known."""
    return fit_regression(train) if name == REGRESSION else fit_rule(name, train)


def _atr_multiple(train: pd.DataFrame) -> float:
    """The mean move over the mean true range; 0 where no row knows its true range."""
    known = train.dropna(subset="atr_pct_20")
    return float(known["move"].mean() / known["atr_pct_20"].mean()) if len(known) else 0.0


def _lines(scaled: FloatArray, moves: FloatArray) -> LinearRegression:
    """The lines of all levels as one regressor of three targets, so that one graph holds them."""
    lines = LinearRegression()
    with threadpool_limits(limits=1):
        fitted = [_line(scaled, moves, level) for level in LEVELS]
    lines.coef_ = np.stack([line.coef_ for line in fitted])
    lines.intercept_ = np.array([line.intercept_ for line in fitted])
    lines.n_features_in_ = scaled.shape[1]
    return lines


def _line(scaled: FloatArray, moves: FloatArray, level: float) -> QuantileRegressor:
    rows, features = scaled.shape
    penalty = np.sqrt(level * (1.0 - level) * 2.0 * np.log(2.0 * features) / rows)
    return QuantileRegressor(quantile=level, alpha=penalty).fit(scaled, moves)


def values_of(rows: pd.DataFrame, names: str | list[str]) -> FloatArray:
    """Columns of the rows as numbers; one column of values for a single name."""
    return rows[names].to_numpy(dtype=np.float64)
