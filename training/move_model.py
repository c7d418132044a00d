"""The model of moves on earnings: judged as `earnings_move` does, fitted on all announcements, and exported.

```text
train_moves(sources, companies, through=..., store=..., now=...)   published and promoted, scope "pooled"
```
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from options_signals.features.announcements import SESSIONS_TO_REACTION
from options_signals.features.inputs import PriceBasis
from options_signals.lake import ObjectStore
from options_signals.models.card import CLASSES, Metric, ModelCard, ModelDraft, ModelName
from options_signals.models.moves import REGRESSION
from options_signals.sessions import FIRST_DAY
from options_signals.sources.base import Sources

from training.bootstrap import Interval
from training.dataset import digest_of
from training.earnings_move import SERVED, Announced, Comparison, announced, compare
from training.export import export
from training.move_forecasters import RULES, fit_regression, fit_rule
from training.quantiles import LEVELS
from training.report import identity
from training.train import POOLED, keep

NAME: ModelName = "earnings_move"


@dataclass(frozen=True, slots=True)
class TrainedMoves:
    """The model: what is served, and how it was judged."""

    card: ModelCard
    graph: bytes
    comparison: Comparison

    @property
    def headline(self) -> str:
        """One line: on how many announcements, who serves, and what it is worth."""
        served = self.comparison.figures[SERVED]
        return (
            f"{self.card.label}: {self.card.rows:,} announcements, serves {self.comparison.serves_next}, pinball loss "
            f"{100.0 * served.loss.value:.3f} % of the price, {self.comparison.verdict}"
        )

    def as_text(self) -> str:
        """The table of figures and the folds."""
        return f"{self.card.name} {self.card.scope}  (version {self.card.version})\n{self.comparison.as_text()}"

    def as_json(self) -> dict[str, Any]:
        """The same as data, decimals of the price."""
        return {
            **identity(self.card),
            "served": self.comparison.serves_next,
            "verdict": self.comparison.verdict,
            "evaluation": {name: dataclasses.asdict(figures) for name, figures in self.comparison.figures.items()},
        }


def train_moves(
    sources: Sources,
    companies: Sequence[str],
    *,
    through: dt.date,
    store: ObjectStore,
    now: dt.datetime,
    resamples: int = 1000,
    tracked_in: Path | None = None,
    progress: Callable[[str], object] = lambda _: None,
) -> TrainedMoves:
    """Train on all announcements whose reaction is known by `through`; store, publish and promote.

    Raises
    ------
    InvalidValueError
        Where there are no announcements, or too few sessions with them to judge by.
    """
    learned_from = announced(sources, companies, first=FIRST_DAY, last=through)
    progress(f"read {len(learned_from.rows):,} announcements of {learned_from.rows['ticker'].nunique()} companies")
    trained = fitted(learned_from, world=sources.world, now=now, resamples=resamples)
    keep(trained, {}, store=store, when=now, tracked_in=tracked_in)
    progress(f"trained {trained.headline}")
    return trained


def fitted(learned_from: Announced, *, world: str, now: dt.datetime, resamples: int = 1000) -> TrainedMoves:
    """Judge, then learn from all rows: the regression for the graph, and the rule where a rule is to be served."""
    rows = learned_from.rows
    seen = compare(rows, resamples=resamples)
    regression = fit_regression(rows)
    rule = None if seen.serves_next == REGRESSION else fit_rule(seen.serves_next, rows).learned
    draft = ModelDraft.model_validate(
        {
            "name": NAME,
            "scope": POOLED,
            "world": world,
            "source": learned_from.source,
            "price_basis": PriceBasis.TRADED.value,
            "horizon": SESSIONS_TO_REACTION,
            "features": regression.features,
            "classes": CLASSES[NAME],
            "impute": regression.medians,
            "served": "rule" if rule else "model",
            "rule": rule,
            "trained_from": rows["session"].min().date(),
            "trained_through": rows["reaction"].max().date(),
            "trained_at": now,
            "rows": len(rows),
            "data_digest": digest_of(rows),
            "base_rates": np.quantile(rows["move"], LEVELS).tolist(),
            "metrics": metrics_of(seen),
        }
    )
    exported = export(regression.pipeline, _matrix(rows, draft.inputs), draft)
    return TrainedMoves(card=exported.card, graph=exported.graph, comparison=seen)


def metrics_of(seen: Comparison) -> Mapping[str, Metric]:
    """What the card says of the served forecast, chosen on each part of time by its earlier losses."""
    served = seen.figures[SERVED]
    rules = {name: seen.figures[name] for name in RULES}
    return {
        "pinball_loss": _metric(served.loss, {name: rule.loss.value for name, rule in rules.items()}),
        "behind_best_rule": _metric(served.behind_best_rule),
        "coverage": _metric(served.coverage, {name: rule.coverage.value for name, rule in rules.items()}),
        "pinball_loss_of_regression": _metric(seen.figures[REGRESSION].loss),
    }


def _metric(measured: Interval, baselines: Mapping[str, float] | None = None) -> Metric:
    return Metric(value=measured.value, low=measured.low, high=measured.high, baselines=baselines or {})


def _matrix(rows: pd.DataFrame, names: Sequence[str]) -> Any:
    return rows[list(names)].to_numpy(dtype=np.float64)
