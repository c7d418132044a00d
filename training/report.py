"""What training found, as text with the baselines beside each figure, and as JSON."""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from options_signals.models.card import ModelCard

from training.evaluation import Evaluation, Figure

SPOKEN = {
    "auc": "AUC",
    "accuracy": "accuracy",
    "f1": "F1",
    "brier_skill": "Brier skill",
    "log_loss": "log loss",
    "ece": "ECE",
    "sign_accuracy": "sign, all sessions",
}
PER_FOLD = ("auc", "accuracy", "brier_skill", "log_loss", "ece")
UNKNOWN = "-"


def identity(card: ModelCard) -> dict[str, str]:
    """Which model it is, as data."""
    return {
        "model": card.name,
        "scope": card.scope,
        "version": card.version,
        "world": card.world,
        "trained_through": card.trained_through.isoformat(),
    }


@dataclass(frozen=True, slots=True)
class Trained:
    """One model: what is served, and how it was judged."""

    card: ModelCard
    graph: bytes
    evaluation: Evaluation

    @property
    def proven(self) -> bool:
        """Whether the 95 % intervals say so: Brier skill above 0 and AUC above 0.5, as `DirectionForecast.proven`."""
        figures = self.evaluation.figures
        return figures["brier_skill"].measured.low > 0.0 and figures["auc"].measured.low > 0.5

    @property
    def headline(self) -> str:
        """One line: which model, on how many rows, and what it is worth."""
        skill, loss = self.evaluation.figures["brier_skill"].measured, self.evaluation.figures["log_loss"]
        worth = (
            f"Brier skill {skill.value:+.3f} ({skill.low:+.3f} to {skill.high:+.3f}), "
            f"{'proven' if self.proven else 'not proven'}"
            if self.card.name == "direction"
            else f"serves {self.card.served}, log loss {loss.measured.value:.3f} "
            f"against {loss.baselines[loss.best_baseline]:.3f} of {loss.best_baseline}"
        )
        return f"{self.card.label}: {self.card.rows:,} rows, {worth}"

    def as_text(self) -> str:
        """The table of figures, the folds, and what was learned."""
        return "\n".join([*_heading(self), "", *_figures(self.evaluation), "", *_folds(self.evaluation), ""])

    def as_json(self) -> dict[str, Any]:
        """The same as data; a figure that a fold cannot have is None."""
        figures = {name: {"verdict": figure.verdict} for name, figure in self.evaluation.figures.items()}
        evaluation = dataclasses.asdict(self.evaluation)
        for name, verdict in figures.items():
            evaluation["figures"][name] |= verdict
        return {
            **identity(self.card),
            "proven": self.proven,
            "evaluation": _without_nan(evaluation),
        }


@dataclass(frozen=True, slots=True)
class Untrained:
    """A model that was asked for and is not there, and why. One that was trained earlier stays as it is."""

    model: str
    scope: str
    reason: str

    @property
    def headline(self) -> str:
        """One line."""
        return f"{self.model} of {self.scope}: {self.reason}"

    def as_json(self) -> dict[str, Any]:
        """The same as data."""
        return {"model": self.model, "scope": self.scope, "untrained": self.reason}


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one training run found."""

    models: tuple[Trained, ...]
    untrained: tuple[Untrained, ...] = ()

    def as_text(self) -> str:
        """All models, one below the other, and at the end those that could not be trained."""
        missing = (f"NOT TRAINED: {each.headline}" for each in self.untrained)
        return "\n".join([*(trained.as_text() for trained in self.models), *missing])

    def as_json(self) -> list[dict[str, Any]]:
        """One entry per model that was asked for."""
        trained = [each.as_json() for each in self.models]
        return trained + [each.as_json() for each in self.untrained]


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of aligned columns: the first to the left, the others to the right; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        first, *others = (
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join([first, *others]).rstrip()
        if number == 0:
            yield "  ".join("-" * width for width in widths)


def _heading(trained: Trained) -> Iterator[str]:
    card, seen = trained.card, trained.evaluation
    simulated = "  SIMULATED" if card.world == "simulated" else ""
    yield f"{card.name} {card.scope}  (version {card.version}){simulated}"
    yield (
        f"learned from {card.rows:,} labelled rows, {card.trained_from} to {card.trained_through}, {card.price_basis} "
        f"prices; judged out of fold on {seen.rows:,} rows, {seen.first} to {seen.last}"
    )
    yield (
        f"95 % intervals: {seen.resamples:,} resamples of blocks of {seen.block_sessions} sessions; "
        "'wins' names who is better beyond the interval of the difference to the best baseline"
    )
    yield from (f"note: {note}" for note in card.notes)


def _figures(evaluation: Evaluation) -> Iterator[str]:
    baselines = dict.fromkeys(name for figure in evaluation.figures.values() for name in figure.baselines)
    head = ["figure", "served", "95 % interval", *baselines, *(f"({name})" for name in evaluation.variants), "wins"]
    rows = [
        [
            SPOKEN[name],
            _number(figure.measured.value),
            f"{_number(figure.measured.low)} to {_number(figure.measured.high)}",
            *(_number(figure.baselines.get(baseline)) for baseline in baselines),
            *(_number(variant.get(name)) for variant in evaluation.variants.values()),
            _winner(figure),
        ]
        for name, figure in evaluation.figures.items()
    ]
    return table([head, *rows])


def _winner(figure: Figure) -> str:
    return {"model": "served", "open": "nobody"}.get(figure.verdict, figure.verdict)


def _folds(evaluation: Evaluation) -> Iterator[str]:
    head = ["fold", "test", "rows", *(SPOKEN[name] for name in PER_FOLD), "learned inside its train part"]
    rows = [
        [
            str(fold.number),
            f"{fold.first} to {fold.last}",
            f"{fold.rows:,}",
            *(_number(fold.figures[name]) for name in PER_FOLD),
            fold.choice_made,
        ]
        for fold in evaluation.folds
    ]
    return table([head, *rows])


def _number(value: float | None) -> str:
    return UNKNOWN if value is None or math.isnan(value) else f"{value:.3f}"


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, Mapping):
        return {name: _without_nan(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    return value
