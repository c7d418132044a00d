"""Pictures of an evaluation: what was said against what happened, and the ROC curve."""

import io

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from options_signals.models.card import ModelCard

from training.evaluation import Evaluation

SPOKEN = {
    "direction": ("Direction", "P(UP, given a move of more than 1 %)"),
    "iv_regime": ("IV regime", "probability of the likeliest regime"),
}
INK, PALE = "#1b2a41", "#9aa5b1"
COLOURS = ("#2a6f97", "#e09f3e", "#9e2a2b")
SIDE = 5.2  # inches
DPI = 130


def pictures(evaluation: Evaluation, card: ModelCard) -> dict[str, Figure]:
    """Both pictures of a model, by name: `reliability` and `roc`."""
    name, forecast = SPOKEN[card.name]
    title = f"{name}, {card.scope}" + (", SIMULATED market" if card.world == "simulated" else "")
    return {
        "reliability": reliability_plot(evaluation, title=title, forecast=forecast),
        "roc": roc_plot(evaluation, title=title),
    }


def reliability_plot(evaluation: Evaluation, *, title: str, forecast: str) -> Figure:
    """Frequency against forecast in bins of equal count, with 95 % intervals; the diagonal is perfect calibration.

    Parameters
    ----------
    title
        Such as "Direction, SPY".
    forecast
        What was forecast, as the axis says it: "P(UP)".
    """
    figure, axes = _square(f"{title}: reliability", _bins(evaluation))
    said = [one.mean_forecast for one in evaluation.reliability]
    observed = [one.observed for one in evaluation.reliability]
    ends = [*said, *(one.low for one in observed), *(one.high for one in observed)]
    span = _span(min(ends), max(ends))
    axes.plot(span, span, color=PALE, linestyle="--", linewidth=1, label="perfect calibration")
    axes.vlines(said, [one.low for one in observed], [one.high for one in observed], color=COLOURS[0], linewidth=1.6)
    axes.plot(said, [one.value for one in observed], "o", color=COLOURS[0], label="observed, 95 % interval")
    axes.set(xlim=span, ylim=span, xlabel=f"{forecast}, out of fold", ylabel="share of cases in which it happened")
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    return figure


def roc_plot(evaluation: Evaluation, *, title: str) -> Figure:
    """Hits against false alarms for every class judged; the diagonal is a coin."""
    figure, axes = _square(f"{title}: ROC", _auc(evaluation))
    axes.plot([0, 1], [0, 1], color=PALE, linestyle="--", linewidth=1, label="coin")
    for curve, colour in zip(evaluation.curves, COLOURS, strict=False):
        axes.plot(curve.false_alarms, curve.hits, color=colour, linewidth=1.6, label=curve.label)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="false alarms", ylabel="hits")
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    return figure


def to_png(figure: Figure) -> bytes:
    """The picture as PNG; the same figure gives the same bytes."""
    sink = io.BytesIO()
    figure.savefig(sink, format="png")
    return sink.getvalue()


def _square(title: str, subtitle: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(SIDE, SIDE), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    figure.suptitle(title, x=0.02, ha="left", color=INK, fontsize=12, fontweight="bold")
    axes.set_title(subtitle, loc="left", color=INK, fontsize=8)
    axes.set_aspect("equal")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e6e9ed", linewidth=0.6)
    return figure, axes


def _span(lowest: float, highest: float) -> tuple[float, float]:
    """A stretch of the probability axis with some air, at least 0.3 wide so that noise looks as small as it is."""
    air = max(0.06, (0.3 - (highest - lowest)) / 2.0)
    return max(0.0, lowest - air), min(1.0, highest + air)


def _bins(evaluation: Evaluation) -> str:
    counts = [one.count for one in evaluation.reliability]
    cases = f"bins: {len(counts)}, of {min(counts):,} to {max(counts):,} cases"
    return f"{_span_of(evaluation)}\n{cases}; {_with_interval(evaluation, 'ece', 'ECE')}"


def _auc(evaluation: Evaluation) -> str:
    return f"{_span_of(evaluation)}\n{_with_interval(evaluation, 'auc', 'AUC')}"


def _with_interval(evaluation: Evaluation, name: str, spoken: str) -> str:
    measured = evaluation.figures[name].measured
    return f"{spoken} {measured.value:.3f} (95 % interval {measured.low:.3f} to {measured.high:.3f})"


def _span_of(evaluation: Evaluation) -> str:
    return f"{evaluation.rows:,} forecasts, {evaluation.first} to {evaluation.last}"
