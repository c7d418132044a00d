"""Train, judge, export and publish: one model per ticker, or one of all tickers pooled.

```text
train_direction(history, ["SPY"], now=...)     fitted, judged, exported; nothing is stored
train_all(sources, tickers, through=..., ...)  both models of all tickers, published and promoted
```
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from matplotlib.figure import Figure as Picture
from options_signals.errors import InvalidValueError
from options_signals.features import catalog
from options_signals.features.inputs import Columns, own_index
from options_signals.lake import ObjectStore, canonical_json
from options_signals.models import registry
from options_signals.models.card import CLASSES, Metric, ModelCard, ModelDraft, ModelName, ReliabilityBin
from options_signals.sources.base import Sources

from training import plots
from training.captures import Captures
from training.dataset import History, candidates, digest_of, direction_rows, fetch_history, regime_rows
from training.direction import DirectionLearner, DirectionModel
from training.evaluation import DIRECTION, IV_REGIME, Bin, Evaluation, Figure, Judged, evaluate
from training.export import export
from training.iv_regime import RegimeLearner, RegimeModel
from training.labels import HORIZON
from training.learners import Core, Learner, Model, fit, labelled, outer_folds
from training.report import Report, Trained, Untrained
from training.tracking import track

LEAST_ROWS = 500  # labelled; with fewer the first train part holds a few months
POOLED = "pooled"

Scope = Literal["ticker", "pooled"]
Progress = Callable[[str], object]


def train_all(
    sources: Sources,
    tickers: Sequence[str],
    *,
    through: dt.date,
    store: ObjectStore,
    now: dt.datetime,
    scope: Scope = "ticker",
    models: Sequence[ModelName] = ("direction", "iv_regime"),
    first: dt.date | None = None,
    proxies: Mapping[str, str] | None = None,
    own_iv: pd.DataFrame | None = None,
    captures: Captures | None = None,
    resamples: int = 1000,
    workers: int = 1,
    tracked_in: Path | None = None,
    progress: Progress = lambda _: None,
) -> Report:
    """Train both models for all tickers; store, publish and promote each.

    A model that its data does not allow stands among the report's `untrained`, with the reason; the others are trained
    all the same.

    Parameters
    ----------
    sources, tickers, through, first, proxies, own_iv, captures
        What to learn from: see `dataset.fetch_history`. Nothing after `through` is used. Of `own_iv` three years are
        kept, which is enough for a pooled model only.
    store
        Holds the registry; the evaluation and its pictures are stored beside each bundle.
    now
        When this is, for the record.
    scope
        "ticker": one model each; "pooled": one of all.
    models
        Which of the two.
    resamples
        Samples of the bootstrap. 200 are enough to see, 1,000 to quote.
    workers
        Processes to train in, side by side.
    tracked_in
        Folder of the MLflow records, if they are wanted.
    progress
        Told in one line what was done.

    Raises
    ------
    InvalidValueError, NoIndexError
        Before anything is trained, where a ticker's data cannot be had: see `dataset.fetch_history`; for `own_iv`
        without the scope "pooled".
    """
    if own_iv is not None and scope != POOLED:
        raise InvalidValueError(
            name="scope of models that learn from own implied volatility",
            value=scope,
            allowed=f"{POOLED}: the three years that are kept do not make a model of one ticker",
            remedy="Give --scope pooled, and set model_scope to pooled.",
        )
    history = fetch_history(
        sources, tickers, through=through, first=first, proxies=proxies, own_iv=own_iv, captures=captures
    )
    progress(f"read {len(history.bars):,} bars of {', '.join(tickers)} through {history.through}")
    groups = [list(tickers)] if scope == "pooled" else [[ticker] for ticker in tickers]
    tasks = [
        delayed(_attempt)(model, history, group, now=now, resamples=resamples) for model in models for group in groups
    ]
    done: list[Trained] = []
    untrained: list[Untrained] = []
    for result in Parallel(n_jobs=workers, return_as="generator")(tasks):
        if isinstance(result, Untrained):
            progress(f"NOT TRAINED: {result.headline}")
            untrained.append(result)
            continue
        keep(result, plots.pictures(result.evaluation, result.card), store=store, when=now, tracked_in=tracked_in)
        progress(f"trained {result.headline}")
        done.append(result)
    return Report(models=tuple(done), untrained=tuple(untrained))


def _attempt(
    model: ModelName, history: History, tickers: Sequence[str], *, now: dt.datetime, resamples: int
) -> Trained | Untrained:
    """One model, or why its data does not allow it."""
    try:
        return TRAINERS[model](history, tickers, now=now, resamples=resamples)
    except InvalidValueError as error:
        return Untrained(model, tickers[0] if len(tickers) == 1 else POOLED, str(error))


def train_direction(history: History, tickers: Sequence[str], *, now: dt.datetime, resamples: int = 1000) -> Trained:
    """P(UP given a move of more than 1 % in 5 sessions): judged out of fold, then fitted on all labelled rows.

    Several tickers are pooled into one model. InvalidValueError for fewer than 500 labelled rows.
    """
    inputs = _inputs(history, tickers)
    features = _shared(inputs)
    rows = _since_captures(_stacked([direction_rows(columns, features) for columns in inputs]), history)
    model, evaluation = _learned(DirectionLearner(features), rows, DIRECTION, tickers, resamples)
    draft = _draft("direction", model, evaluation, rows=rows, history=history, inputs=inputs, now=now)
    return _exported(model, draft, evaluation, rows)


def _since_captures(rows: pd.DataFrame, history: History) -> pd.DataFrame:
    """The rows from the first capture on; before it a feature of sentiment is known in none, and would be left out."""
    return rows if history.captures is None else rows[rows["session"] >= history.captures.since]


def train_iv_regime(history: History, tickers: Sequence[str], *, now: dt.datetime, resamples: int = 1000) -> Trained:
    """P(LOW, NORMAL, HIGH) of the IV rank in 5 sessions; otherwise as `train_direction`."""
    inputs = _inputs(history, tickers)
    rows = _stacked([regime_rows(columns) for columns in inputs])
    learner = RegimeLearner(catalog.IV_REGIME_INPUTS)
    model, evaluation = _learned(learner, rows, IV_REGIME, tickers, resamples)
    draft = _draft("iv_regime", model, evaluation, rows=rows, history=history, inputs=inputs, now=now)
    return _exported(model, draft, evaluation, rows)


TRAINERS: Mapping[ModelName, Callable[..., Trained]] = {"direction": train_direction, "iv_regime": train_iv_regime}


def _inputs(history: History, tickers: Sequence[str]) -> list[Columns]:
    """The columns of every ticker; InvalidValueError where they do not share a price basis."""
    inputs = [history.of(ticker) for ticker in tickers]
    bases = {columns.ticker: columns.price_basis.value for columns in inputs}
    if len(set(bases.values())) > 1:
        raise InvalidValueError(
            name="price basis of the pooled tickers",
            value=bases,
            allowed="the same for all",
            remedy="Pool tickers that all have adj_close, or none.",
        )
    return inputs


def _shared(inputs: Sequence[Columns]) -> tuple[str, ...]:
    """The features that every ticker has, in the order of the first."""
    everywhere = set.intersection(*(set(candidates(columns)) for columns in inputs))
    return tuple(name for name in candidates(inputs[0]) if name in everywhere)


def _stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows of all tickers in the order of time, so that what comes first is learned first."""
    return pd.concat(frames).sort_values(["position", "ticker"], ignore_index=True)


def _learned[C: Core, M: Model](
    learner: Learner[C, M], rows: pd.DataFrame, judged: Judged, tickers: Sequence[str], resamples: int
) -> tuple[M, Evaluation]:
    _refuse_too_few(len(labelled(rows)), tickers)
    folds = list(outer_folds(learner, rows))
    return fit(learner, rows), evaluate(folds, judged, resamples=resamples)


def _refuse_too_few(found: int, tickers: Sequence[str]) -> None:
    if found < LEAST_ROWS:
        raise InvalidValueError(
            name=f"labelled rows of {', '.join(tickers)}",
            value=found,
            allowed=f"at least {LEAST_ROWS}",
            remedy="Train on a longer history (the first year only warms the features up), or drop the ticker.",
        )


def _draft(
    name: ModelName,
    model: DirectionModel | RegimeModel,
    evaluation: Evaluation,
    *,
    rows: pd.DataFrame,
    history: History,
    inputs: Sequence[Columns],
    now: dt.datetime,
) -> ModelDraft:
    own = model.card_parts
    return ModelDraft.model_validate(
        {
            "name": name,
            "scope": inputs[0].ticker if len(inputs) == 1 else POOLED,
            "world": history.world,
            "source": history.source,
            "price_basis": inputs[0].price_basis.value,
            "index": inputs[0].index if len({columns.index for columns in inputs}) == 1 else None,
            "sentiment": _instrument(model.core.features, history),
            "horizon": HORIZON,
            "features": model.core.features,
            "classes": CLASSES[name],
            "impute": model.core.medians,
            "trained_from": labelled(rows)["session"].min().date(),
            "trained_through": rows["session"].max().date(),
            "trained_at": now,
            "rows": len(labelled(rows)),
            "data_digest": digest_of(rows),
            "base_rates": model.core.base_rates.tolist(),
            "metrics": {figure: _metric(measured) for figure, measured in evaluation.figures.items()},
            "reliability": [_reliability_bin(one) for one in evaluation.reliability],
            **own,
            "notes": [*own.get("notes", ()), *_stand_ins(inputs)],
        }
    )


def _instrument(features: Sequence[str], history: History) -> str | None:
    """Whose captures the model reads; None where it reads none."""
    reads = history.captures and set(features).intersection(catalog.names(catalog.Group.SENTIMENT))
    return history.captures.instrument if history.captures and reads else None


def _stand_ins(inputs: Sequence[Columns]) -> tuple[str, ...]:
    proxies = [
        f"{c.ticker} has no volatility index of its own; {c.index} stands in" for c in inputs if c.index_is_proxy
    ]
    own = [f"{c.ticker} learns from {c.index}, not from an index" for c in inputs if c.index == own_index(c.ticker)]
    return (*proxies, *own)


def _metric(figure: Figure) -> Metric:
    measured = figure.measured
    return Metric(value=measured.value, low=measured.low, high=measured.high, baselines=figure.baselines)


def _reliability_bin(one: Bin) -> ReliabilityBin:
    return ReliabilityBin(
        low=one.low, high=one.high, mean_forecast=one.mean_forecast, observed=one.observed.value, count=one.count
    )


def _exported(
    model: DirectionModel | RegimeModel, draft: ModelDraft, evaluation: Evaluation, rows: pd.DataFrame
) -> Trained:
    inputs = labelled(rows)[list(draft.inputs)].to_numpy(dtype=np.float64)
    exported = export(model.core.pipeline, inputs, draft)
    return Trained(card=exported.card, graph=exported.graph, evaluation=evaluation)


class Kept(Protocol):
    """A trained model of any kind."""

    @property
    def card(self) -> ModelCard:
        """What it says of itself."""
        ...

    @property
    def graph(self) -> bytes:
        """What it computes."""
        ...

    def as_json(self) -> dict[str, Any]:
        """How it was judged."""
        ...


def keep(
    trained: Kept, pictures: Mapping[str, Picture], *, store: ObjectStore, when: dt.datetime, tracked_in: Path | None
) -> None:
    """Publish, promote, and store the evaluation with its pictures beside the bundle."""
    ref = registry.publish(store, trained.card, trained.graph)
    store.put(f"{ref.prefix}/evaluation.json", canonical_json(trained.as_json()))
    for name, picture in pictures.items():
        store.put(f"{ref.prefix}/{name}.png", plots.to_png(picture))
    registry.promote(store, ref, when=when)
    if tracked_in is not None:
        track(trained.card, folder=tracked_in, plots=pictures)
