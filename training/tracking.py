"""A record of every training in MLflow, where it is installed (`uv sync --extra mlflow`); nothing depends on it.

The runs lie in one SQLite file, their plots and cards in folders beside it. Look at them with
`uvx mlflow ui --backend-store-uri sqlite:///<folder>/mlflow.db`.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from matplotlib.figure import Figure
from options_signals.models.card import ModelCard

logger = logging.getLogger(__name__)

PARAMETERS = {"version", "scope", "world", "source", "price_basis", "threshold", "served", "rows", "data_digest"}


def track(card: ModelCard, *, folder: Path, plots: Mapping[str, Figure]) -> None:
    """Log one trained model: parameters, metrics with intervals and baselines, plots, card.

    Parameters
    ----------
    card
        As exported; each model name is an experiment, each call a run in it.
    folder
        Where the records lie; made where it is missing.
    plots
        Figures by name, such as `{"reliability": figure}`.

    Notes
    -----
    Without MLflow this logs one line and does nothing. SQLite, because MLflow has closed its plain-file store.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read on import; training reports to nobody
    try:
        import mlflow  # noqa: PLC0415 - optional, and slow to import
    except ModuleNotFoundError:
        logger.info("training of %s is not tracked: mlflow is not installed", card.label)
        return
    folder.mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(f"sqlite:///{folder.resolve() / 'mlflow.db'}")
    if mlflow.get_experiment_by_name(card.name) is None:
        mlflow.create_experiment(card.name, artifact_location=(folder.resolve() / card.name).as_uri())
    mlflow.set_experiment(card.name)
    with mlflow.start_run(run_name=f"{card.scope} {card.version}"):
        mlflow.log_params(card.model_dump(mode="json", include=PARAMETERS) | {"features": len(card.features)})
        mlflow.log_metrics(dict(_figures(card)))
        mlflow.log_text(card.model_dump_json(indent=1), "card.json")
        for name, figure in plots.items():
            mlflow.log_figure(figure, f"{name}.png")


def _figures(card: ModelCard) -> Iterator[tuple[str, float]]:
    """Every metric as `auc`, `auc/low`, `auc/high`, `auc/baseline/base rate`."""
    for name, metric in card.metrics.items():
        yield name, metric.value
        yield f"{name}/low", metric.low
        yield f"{name}/high", metric.high
        yield from ((f"{name}/baseline/{baseline}", value) for baseline, value in metric.baselines.items())
