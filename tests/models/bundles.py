"""Small bundles for tests: real features, invented rows, fitted and exported in a moment."""

import datetime as dt
from typing import Any

import numpy as np
from options_signals.features.arrays import FloatArray
from options_signals.models.card import BucketRule, Calibrator, Metric, ModelDraft, MoveRule, ReliabilityBin
from options_signals.models.chain import complete
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.export import Exported, export

ROWS = 300
DIRECTION_FEATURES = ("rsi_14", "hv_20", "iv_rank", "returns_5d")
REGIME_FEATURES = ("iv_rank", "hv_20", "returns_5d")
MOVE_FEATURES = ("earnings_move_mean_8q", "hv_20", "atr_pct_20")
ALL_MOVES = (0.006, 0.031, 0.088)
SHRUNK = MoveRule(name="shrunk mean", factors=(0.2, 0.8, 2.0), all_moves=ALL_MOVES, atr_multiple=2.0)
RULE = BucketRule(
    lower_distance="iv_distance_to_30",
    upper_distance="iv_distance_to_60",
    bucket_of="iv_rank",
    bounds=(30.0, 60.0),
    changes=((-0.1, 0.0, 0.1, 0.4), (-0.2, -0.1, 0.0, 0.1, 0.2), (-0.4, -0.1, 0.0, 0.1)),
)
RELIABILITY = (
    ReliabilityBin(low=0.0, high=0.5, mean_forecast=0.4, observed=0.41, count=120),
    ReliabilityBin(low=0.5, high=0.9, mean_forecast=0.6, observed=0.58, count=80),
    ReliabilityBin(low=0.9, high=1.0, mean_forecast=0.95, observed=0.0, count=0),
)


def feature_rows(names: tuple[str, ...], *, seed: int = 0) -> FloatArray:
    """Invented rows on the scales these features have; every tenth value of the first column unknown."""
    scales = {"rsi_14": (50.0, 12.0), "hv_20": (0.2, 0.05), "iv_rank": (45.0, 20.0), "returns_5d": (0.002, 0.02)}
    scales |= {"iv_distance_to_30": (-0.1, 0.05), "iv_distance_to_60": (0.2, 0.05)}
    scales |= {"earnings_move_mean_8q": (0.05, 0.02), "atr_pct_20": (0.025, 0.01), "earnings_move_count_8q": (5.0, 1.0)}
    scales |= {"vix_close": (20.0, 4.0)}
    normal = np.random.default_rng(seed).normal(size=(ROWS, len(names)))
    centre, spread = np.array([scales[name] for name in names]).T
    rows: FloatArray = centre + spread * np.clip(normal, -2.0, 2.0)
    return rows


def with_gaps(rows: FloatArray, column: int) -> FloatArray:
    """The rows, with every tenth value of a column unknown."""
    gappy = rows.copy()
    gappy[::10, column] = np.nan
    return gappy


def fitted(rows: FloatArray, *, classes: int, medians: tuple[float, ...], seed: int = 1) -> Any:
    """Scaler and logistic regression on outcomes that lean on the first column."""
    matrix = complete(rows, medians)
    lean = (matrix[:, 0] - matrix[:, 0].mean()) / matrix[:, 0].std()
    noisy = lean + np.random.default_rng(seed).normal(size=len(matrix))
    outcomes = np.digitize(noisy, [0.0] if classes == 2 else [-0.6, 0.6])
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(matrix, outcomes)


def direction_draft(**changes: Any) -> ModelDraft:
    """A draft of the direction model for SPY."""
    content = {
        "name": "direction",
        "scope": "SPY",
        "world": "simulated",
        "source": "simulated",
        "price_basis": "total_return",
        "horizon": 5,
        "features": DIRECTION_FEATURES,
        "classes": ("DOWN", "UP"),
        "impute": (50.0, 0.2, 45.0, 0.002),
        "threshold": 0.5,
        "calibrator": Calibrator(kind="sigmoid", slope=0.8, intercept=0.1),
        "trained_from": dt.date(2015, 1, 2),
        "trained_through": dt.date(2022, 11, 23),
        "trained_at": dt.datetime(2022, 11, 24, 1, 0, tzinfo=dt.UTC),
        "rows": ROWS,
        "data_digest": "0" * 64,
        "base_rates": (0.4, 0.6),
        "metrics": {
            "auc": Metric(value=0.55, low=0.51, high=0.59),
            "brier_skill": Metric(value=0.02, low=0.01, high=0.03),
        },
        "reliability": RELIABILITY,
    }
    return ModelDraft.model_validate(content | changes)


def regime_draft(**changes: Any) -> ModelDraft:
    """A draft of the IV regime model for SPY, averaged with the rule."""
    content = {
        "name": "iv_regime",
        "features": REGIME_FEATURES,
        "classes": ("LOW", "NORMAL", "HIGH"),
        "impute": (45.0, 0.2, 0.002),
        "threshold": None,
        "calibrator": Calibrator(),
        "served": "average",
        "rule": RULE,
        "base_rates": (0.5, 0.3, 0.2),
        "metrics": {"log_loss": Metric(value=0.7, low=0.6, high=0.8, baselines={"same bucket": 0.9, "base rate": 1.0})},
        "reliability": (),
    }
    return direction_draft(**(content | changes))


def direction_bundle(**changes: Any) -> Exported:
    """An exported direction model."""
    draft = direction_draft(**changes)
    rows = with_gaps(feature_rows(draft.inputs), 1)
    return export(fitted(rows, classes=2, medians=draft.impute), rows, draft)


def regime_bundle(**changes: Any) -> Exported:
    """An exported IV regime model."""
    draft = regime_draft(**changes)
    rows = with_gaps(feature_rows(draft.inputs), 1)
    pipeline = fitted(rows[:, : len(draft.features)], classes=3, medians=draft.impute)
    return export(pipeline, rows, draft)


def move_draft(**changes: Any) -> ModelDraft:
    """A draft of the model of moves on earnings, which serves its regression."""
    content = {
        "name": "earnings_move",
        "price_basis": "traded",
        "scope": "pooled",
        "horizon": 2,
        "features": MOVE_FEATURES,
        "classes": ("p10", "p50", "p90"),
        "impute": (0.05, 0.2, 0.025),
        "threshold": None,
        "calibrator": Calibrator(),
        "base_rates": ALL_MOVES,
        "metrics": {
            "pinball_loss": Metric(value=0.0081, low=0.0074, high=0.0095, baselines={"k x ATR": 0.0086}),
            "behind_best_rule": Metric(value=-0.0005, low=-0.001, high=0.0001),
            "coverage": Metric(value=0.796, low=0.773, high=0.818),
        },
        "reliability": (),
    }
    return direction_draft(**(content | changes))


def move_bundle(**changes: Any) -> Exported:
    """An exported model of moves on earnings: three lines that lean on the past moves and on the true range."""
    draft = move_draft(**changes)
    rows = with_gaps(feature_rows(draft.inputs), 1)
    matrix = complete(rows[:, : len(draft.features)], draft.impute)
    size = matrix[:, 0] + 2.0 * matrix[:, 2] + 0.001 * matrix[:, 3:].sum(axis=1)
    return export(
        make_pipeline(StandardScaler(), LinearRegression()).fit(matrix, np.outer(size, [0.1, 0.4, 1.0])), rows, draft
    )


def shrunk_mean_bundle(**changes: Any) -> Exported:
    """The same, serving the shrunk mean."""
    return move_bundle(served="rule", rule=SHRUNK, **changes)
