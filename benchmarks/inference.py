"""How fast a forecast is, beside scikit-learn's `predict_proba` of the same pipeline, in one run.

```text
python -m benchmarks.inference
```

Ours and the peer take turns. Every figure is processor time: the median over the rounds with the smallest and the
largest; ratios are taken round by round. Rows are invented; their values do not change the time.
"""

import datetime as dt
import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from options_signals.features import catalog
from options_signals.features.arrays import FloatArray
from options_signals.lake import MemoryStore
from options_signals.models.bundle import Bundle, load
from options_signals.models.card import Calibrator, Metric, ModelDraft
from options_signals.models.chain import PARITY
from options_signals.models.forecast import forecast_direction, forecast_directions
from options_signals.models.graph import INPUT, OUTPUT
from options_signals.models.registry import publish
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from training.export import export

FEATURES = catalog.safe_features()[:40]
TRAINING_ROWS, MANY_ROWS, TICKERS = 2_000, 10_000, 500
ROUNDS = 25


def main() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rows = np.random.default_rng(0).normal(size=(MANY_ROWS, len(FEATURES)))
    pipeline = trained(rows[:TRAINING_ROWS])
    store = MemoryStore()
    made = export(pipeline, rows[:TRAINING_ROWS], draft())
    ref = publish(store, made.card, made.graph)
    bundle = load(store, ref)
    assert np.abs(bundle.raw(rows) - pipeline.predict_proba(rows)).max() <= PARITY
    print(f"{len(FEATURES)} features, one core, {platform.machine()}; {ROUNDS} rounds: median (smallest .. largest)")
    one_row(bundle, pipeline, rows)
    many_rows(bundle, pipeline, rows)
    universe(bundle, rows)
    report("load and verify one bundle", times(lambda: load(store, ref), repeats=5), unit=1e3)


def one_row(bundle: Bundle, pipeline: Any, rows: FloatArray) -> None:
    row, single = rows[:1], rows[:1].astype(np.float32)
    feature_row = dict(zip(FEATURES, rows[0].tolist(), strict=True))
    print("\none row, microseconds")
    ours = [
        ("the graph in onnxruntime", lambda: bundle.session.run([OUTPUT], {INPUT: single})),
        ("served: impute, graph, calibrate", lambda: bundle.predict(row)),
        ("the whole forecast, explained", lambda: forecast_direction(bundle, feature_row)),
    ]
    for name, work in ours:
        compare(name, work, lambda: pipeline.predict_proba(row), repeats=200, unit=1e6)


def many_rows(bundle: Bundle, pipeline: Any, rows: FloatArray) -> None:
    print(f"\n{MANY_ROWS:,} rows, milliseconds (target: under 30)")
    compare(
        "served probabilities", lambda: bundle.predict(rows), lambda: pipeline.predict_proba(rows), repeats=3, unit=1e3
    )


def universe(bundle: Bundle, rows: FloatArray) -> None:
    by_ticker = [dict(zip(FEATURES, row, strict=True)) for row in rows[:TICKERS].tolist()]
    print(f"\n{TICKERS} tickers, milliseconds")
    report("one pooled model, all at once", times(lambda: forecast_directions(bundle, by_ticker)), unit=1e3)
    each = times(lambda: [forecast_direction(bundle, row) for row in by_ticker])
    report("a model per ticker, one by one", each, unit=1e3)


def compare(name: str, ours: Callable[[], object], peer: Callable[[], object], *, repeats: int, unit: float) -> None:
    pairs = [(seconds(ours, repeats), seconds(peer, repeats)) for _ in range(ROUNDS)]
    report(name, [mine for mine, _ in pairs], unit=unit)
    report("scikit-learn predict_proba", [other for _, other in pairs], unit=unit)
    report("times as fast", [other / mine for mine, other in pairs], unit=1.0)


def times(work: Callable[[], object], *, repeats: int = 1) -> list[float]:
    return [seconds(work, repeats) for _ in range(ROUNDS)]


def seconds(work: Callable[[], object], repeats: int) -> float:
    start = time.process_time()
    for _ in range(repeats):
        work()
    return (time.process_time() - start) / repeats


def report(name: str, values: Sequence[float], *, unit: float) -> None:
    low, middle, high = (unit * value for value in (min(values), statistics.median(values), max(values)))
    print(f"  {name:<34} {middle:9.2f} ({low:.2f} .. {high:.2f})")


def trained(rows: FloatArray) -> Any:
    outcomes = (rows[:, 0] + np.random.default_rng(1).normal(size=len(rows)) > 0.0).astype(int)
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1)).fit(rows, outcomes)


def draft() -> ModelDraft:
    measured = Metric(value=0.0, low=0.0, high=0.0)
    return ModelDraft(
        name="direction",
        scope="pooled",
        world="simulated",
        source="simulated",
        price_basis="total_return",
        horizon=5,
        features=FEATURES,
        classes=("DOWN", "UP"),
        impute=(0.0,) * len(FEATURES),
        threshold=0.5,
        calibrator=Calibrator(kind="sigmoid", slope=0.8, intercept=0.1),
        trained_from=dt.date(2015, 1, 2),
        trained_through=dt.date(2022, 11, 23),
        trained_at=dt.datetime(2022, 11, 24, tzinfo=dt.UTC),
        rows=TRAINING_ROWS,
        data_digest="",
        base_rates=(0.5, 0.5),
        metrics={"auc": measured, "brier_skill": measured},
    )


if __name__ == "__main__":
    main()
