"""The decision: a forecast, a verdict on its data and the settings give a Signal or a NoTrade. Always the same one."""

import datetime as dt

from options_signals.settings import Decision, Settings
from options_signals.signals import Confidence, DirectionForecast, Forecast, IvForecast, NoTrade, Signal, Size
from options_signals.snapshot import Verdict
from options_signals.strategy.matrix import cell_for, plan_of
from options_signals.strategy.rules import (
    NO_SKILL,
    REFUSALS,
    View,
    least_direction,
    less_than,
    skill,
    unfit_data,
    unproven,
)
from options_signals.strategy.sizing import TIER, risk_share, size_for


def decide(forecast: Forecast, verdict: Verdict, settings: Settings) -> Signal | NoTrade:
    """Decide on one ticker after one session.

    Parameters
    ----------
    forecast
        What the models say; a missing part is refused with the forecast's own reasons.
    verdict
        Whether the ticker's data is good enough. Its reasons become warnings where it is `degraded`.

    Returns
    -------
    Signal
        The trade of the matrix's cell, with its size and its share of the account at risk.
    NoTrade
        Every reason that refuses, in the order of `rules`; with confidences and lean where both forecasts exist.
    """
    unfit = unfit_data(forecast, verdict, settings.quality)
    view = _view(forecast.direction, forecast.iv, settings.decision) if forecast.direction and forecast.iv else None
    reasons = unfit or tuple(reason for rule in REFUSALS if view and (reason := rule(view, settings)))
    warnings = _warnings(forecast, verdict, view, settings)
    if reasons or view is None:
        return NoTrade(
            ticker=forecast.ticker,
            session=forecast.session,
            forecast=forecast,
            reasons=reasons,
            warnings=warnings,
            cause="data" if unfit else "rule",
            lean=view.cell.strategy if view else None,
            confidence=view.confidence if view else None,
        )
    return _signal(forecast, view, warnings, settings)


def refuse(*, ticker: str, session: dt.date, reasons: tuple[str, ...]) -> NoTrade:
    """The refusal of a ticker that got no forecast at all: bad data, no features, a failed step."""
    return NoTrade(ticker=ticker, session=session, forecast=None, reasons=reasons, cause="data")


def _view(direction: DirectionForecast, iv: IvForecast, decision: Decision) -> View:
    sure = NO_SKILL if unproven(direction, decision) else direction.confidence
    trusted = not unproven(direction, decision) and sure >= least_direction(iv.regime, decision)
    cell = cell_for(direction.direction, iv.regime, trusted=trusted)
    weight = 0.0 if cell.neutral else decision.direction_weight
    overall = round(weight * sure + (1.0 - weight) * iv.confidence, 10)  # so that 0.6 x 0.7 + 0.4 x 0.7 is 0.7
    confidence = Confidence(direction=sure, iv=iv.confidence, overall=overall)
    return View(direction=direction, iv=iv, cell=cell, confidence=confidence, trusted=trusted)


def _signal(forecast: Forecast, view: View, warnings: tuple[str, ...], settings: Settings) -> Signal:
    half_at_most = view.cell.neutral or not view.direction.proven
    size = size_for(view.confidence.overall, half_at_most=half_at_most, decision=settings.decision)
    return Signal(
        ticker=forecast.ticker,
        session=forecast.session,
        forecast=forecast,
        reasons=(_why_this_cell(view, settings.decision), _why_this_size(view, size, settings.decision)),
        warnings=warnings,
        strategy=view.cell.strategy,
        size=size,
        risk_share=risk_share(view.cell.risk_share, TIER[size], settings.risk.overlay),
        confidence=view.confidence,
        plan=plan_of(view.cell, spot=forecast.spot),
    )


def _why_this_cell(view: View, decision: Decision) -> str:
    volatility = f"volatility {view.iv.regime} with {view.confidence.iv:.2f}"
    if not view.cell.neutral:
        return f"direction {view.direction.direction} with {view.confidence.direction:.2f} and {volatility}"
    if unproven(view.direction, decision):
        return f"{volatility}, and no proven skill in direction ({skill(view.direction)})"
    return f"{volatility}, and no clear direction ({view.confidence.direction:.2f})"


def _why_this_size(view: View, size: Size, decision: Decision) -> str:
    if view.cell.neutral:
        return "half size at most, because an iron condor bets on no direction"
    if not view.direction.proven:
        return "half size at most, because the direction has no proven skill"
    overall, full_from = view.confidence.overall, decision.full_size_from
    if size is Size.FULL:
        return f"full size, because overall confidence {overall:.2f} reaches {full_from:.2f}"
    return f"half size, because overall confidence {less_than(overall, full_from)}, needed for full size"


def _warnings(forecast: Forecast, verdict: Verdict, view: View | None, settings: Settings) -> tuple[str, ...]:
    degraded = verdict.reasons if verdict.status == "degraded" else ()
    return (*degraded, *_proxy(forecast), *_imputed(forecast), *_lifted(view, settings.decision))


def _proxy(forecast: Forecast) -> tuple[str, ...]:
    if forecast.iv is None or not forecast.iv.proxy:
        return ()
    return (f"{forecast.iv.index} stands in for a volatility index of {forecast.ticker}'s own (allow_iv_proxy)",)


def _imputed(forecast: Forecast) -> tuple[str, ...]:
    return tuple(
        f"{len(model.imputed)} of {model.inputs} inputs of the {name} model are unknown today and stand at their "
        f"training median: {', '.join(model.imputed)}"
        for name, model in (("direction", forecast.direction), ("volatility", forecast.iv))
        if model and model.imputed
    )


def _lifted(view: View | None, decision: Decision) -> tuple[str, ...]:
    if view is None or view.cell.neutral or view.direction.proven or not decision.trade_unproven:
        return ()
    return (f"traded without proven skill in direction ({skill(view.direction)}), as trade_unproven allows",)
