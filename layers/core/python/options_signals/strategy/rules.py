"""The refusals, in order. A rule answers None, or a reason in plain English with its numbers.

First the data: where a forecast is missing or rests on too little, nothing else is weighed. Then the rules of
`REFUSALS`, each of which sees the same view; all that refuse are heard, in this order.
"""

from collections.abc import Callable
from dataclasses import dataclass

from options_signals.models.moves import REGRESSION
from options_signals.settings import Decision, Quality, Settings
from options_signals.signals import (
    Announcement,
    Confidence,
    DirectionForecast,
    Forecast,
    IvForecast,
    IvRegime,
    MoveForecast,
    Size,
)
from options_signals.snapshot import Verdict
from options_signals.strategy.earnings import in_words
from options_signals.strategy.matrix import Cell, defined_risk
from options_signals.strategy.sizing import TIER, risk_share

NO_SKILL = 0.50  # the confidence of a direction that has not proven to know more than the base rate


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the rules weigh: the forecast, the cell it leads to, and the confidences as they count."""

    direction: DirectionForecast
    iv: IvForecast
    cell: Cell
    confidence: Confidence
    trusted: bool  # whether the direction is good enough to bet on
    over: Announcement | None  # of earnings, that it would be held over
    on_purpose: bool  # whether that is what it bets on


def unfit_data(forecast: Forecast, verdict: Verdict, quality: Quality) -> tuple[str, ...]:
    """Every reason why the data does not allow a decision; none where it does."""
    return (*_refused(verdict), *_missing(forecast), *_too_much_imputed(forecast, quality))


def _refused(verdict: Verdict) -> tuple[str, ...]:
    return (verdict.reasons or ("the data was refused",)) if verdict.status == "refused" else ()


def _missing(forecast: Forecast) -> tuple[str, ...]:
    missing = {"direction": forecast.direction, "volatility": forecast.iv}
    return forecast.refusals or tuple(f"there is no {name} forecast" for name, given in missing.items() if not given)


def unfit_move(forecast: Forecast, quality: Quality) -> tuple[str, ...]:
    """Why the move on earnings cannot be bet on: a regression of too much that is unknown speaks of other companies.

    A simple rule without its size says so by itself, with the quantiles of all moves.
    """
    move = forecast.move
    return _imputed("earnings_move", move, quality) if move and move.served == REGRESSION else ()


def _too_much_imputed(forecast: Forecast, quality: Quality) -> tuple[str, ...]:
    return (
        *_imputed("direction", forecast.direction, quality),
        *_imputed("volatility", forecast.iv, quality),
    )


def _imputed(
    name: str, model: DirectionForecast | IvForecast | MoveForecast | None, quality: Quality
) -> tuple[str, ...]:
    if model is None or model.imputed_share <= quality.max_missing_inputs:
        return ()
    unknown = f"{len(model.imputed)} of {model.inputs} inputs of the {name} model are unknown today"
    return (f"{unknown}, more than the {quality.max_missing_inputs:.0%} allowed",)


def least_direction(regime: IvRegime, decision: Decision) -> float:
    """The direction confidence a directional trade needs in that regime."""
    return decision.min_direction_normal if regime is IvRegime.NORMAL else decision.min_direction


def iv_too_low(view: View, settings: Settings) -> str | None:
    """Refuse where the models hardly prefer one volatility regime to another (three of them: 0.33 is a blind guess)."""
    least = settings.decision.min_iv
    if view.confidence.iv >= least:
        return None
    return f"volatility confidence {less_than(view.confidence.iv, least)}"


def direction_too_low(view: View, settings: Settings) -> str | None:
    """Refuse a directional trade whose direction is unproven, or less sure than its cell needs."""
    if view.trusted or view.cell.neutral:
        return None
    if unproven(view.direction, settings.decision):
        return f"no proven skill in direction ({skill(view.direction)}), so it counts as {NO_SKILL:.2f}"
    below = less_than(view.confidence.direction, least_direction(view.iv.regime, settings.decision))
    return f"direction confidence {below}, needed when volatility is {view.iv.regime}"


def overall_too_low(view: View, settings: Settings) -> str | None:
    """Refuse where direction and volatility together are not sure enough for half size."""
    least = max(settings.decision.min_overall, settings.decision.floor_overall)
    if view.confidence.overall >= least:
        return None
    return f"overall confidence {less_than(view.confidence.overall, least)}, needed for half size"


def risk_undefined(view: View, settings: Settings) -> str | None:
    """Refuse a structure whose loss has no limit, unless settings allow it."""
    if settings.decision.allow_undefined_risk or defined_risk(view.cell.legs):
        return None
    return f"{view.cell.strategy} has no limit to its loss, and the setting allow_undefined_risk is off"


def held_over_earnings(view: View, settings: Settings) -> str | None:
    """Refuse a trade with a possible reaction to earnings in its window, unless settings say to hold it."""
    if view.over is None or view.on_purpose or settings.decision.earnings == "hold":
        return None
    too_near = ", too near to be left before" if settings.decision.earnings == "leave_before" else ""
    return f"it would be held over {in_words(view.over)}{too_near}"


def nothing_to_risk(view: View, settings: Settings) -> str | None:
    """Refuse while the overlay leaves no risk to take."""
    overlay = settings.risk.overlay
    if risk_share(view.cell.risk_share, TIER[Size.HALF], overlay) > 0.0:
        return None
    return f"the overlay is {overlay:g}, which leaves nothing to risk"


REFUSALS: tuple[Callable[[View, Settings], str | None], ...] = (
    iv_too_low,
    direction_too_low,
    overall_too_low,
    risk_undefined,
    held_over_earnings,
    nothing_to_risk,
)


def unproven(direction: DirectionForecast, decision: Decision) -> bool:
    """Whether the direction has no proven skill and settings do not lift the rule."""
    return not direction.proven and not decision.trade_unproven


def skill(direction: DirectionForecast) -> str:
    """The out-of-fold figures with their 95 % intervals: "Brier skill 0.4 % [-0.9, 1.7], AUC 0.52 [0.48, 0.56]"."""
    low, high = 100 * direction.brier_skill_low, 100 * direction.brier_skill_high
    return (
        f"Brier skill {100 * direction.brier_skill:.1f} % [{low:.1f}, {high:.1f}], "
        f"AUC {direction.auc:.2f} [{direction.auc_low:.2f}, {direction.auc_high:.2f}]"
    )


def less_than(value: float, least: float) -> str:
    """The pair in words, with as many decimals as it takes to tell the two apart.

    Examples
    --------
    >>> less_than(0.53, 0.55)
    '0.53 is below 0.55'
    >>> less_than(0.5499, 0.55)
    '0.5499 is below 0.5500'
    """
    decimals = next((n for n in range(2, 10) if f"{value:.{n}f}" != f"{least:.{n}f}"), 10)
    return f"{value:.{decimals}f} is below {least:.{decimals}f}"
