"""The decision: a forecast, a verdict on its data and the settings give a Signal or a NoTrade. Always the same one."""

import datetime as dt

from options_signals.settings import Decision, Settings
from options_signals.signals import Confidence, DirectionForecast, Forecast, IvForecast, NoTrade, Signal, Size, Strategy
from options_signals.snapshot import Verdict
from options_signals.strategy.choosers import STRATEGIES
from options_signals.strategy.interface import Choice, Situation, StrategyRule
from options_signals.strategy.matrix import plan_of
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
    """Decide on one ticker after one session, by the strategy that the settings name.

    Parameters
    ----------
    forecast
        What the models say; a missing part is refused with the forecast's own reasons.
    verdict
        Whether the ticker's data is good enough. Its reasons become warnings where it is `degraded`.

    Returns
    -------
    Signal
        The trade of the chosen cell, with its size and its share of the account at risk.
    NoTrade
        Every reason that refuses, in the order of `rules`; with confidences and lean where both forecasts exist.
    """
    return decide_by(STRATEGIES[settings.decision.strategy], forecast, verdict, settings)


def decide_by(strategy: StrategyRule, forecast: Forecast, verdict: Verdict, settings: Settings) -> Signal | NoTrade:
    """The same by one strategy, whatever the settings name: what a backtest compares."""
    unfit = (*unfit_data(forecast, verdict, settings.quality), *_unknown(strategy, forecast))
    situation = _situation(forecast, forecast.direction, forecast.iv, settings.decision)
    choice = strategy.choose(situation) if situation and not _unknown(strategy, forecast) else None
    view = _view(situation, choice, settings.decision) if situation and choice else None
    refused = tuple(reason for rule in REFUSALS if view and (reason := rule(view, settings)))
    reasons = unfit or refused or ((choice.why,) if choice and view is None else ())
    warnings = _warnings(forecast, verdict, view, settings)
    if reasons or view is None or choice is None:
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
    return _signal(forecast, view, choice.why, warnings, settings)


def refuse(*, ticker: str, session: dt.date, reasons: tuple[str, ...]) -> NoTrade:
    """The refusal of a ticker that got no forecast at all: bad data, no features, a failed step."""
    return NoTrade(ticker=ticker, session=session, forecast=None, reasons=reasons, cause="data")


def _unknown(strategy: StrategyRule, forecast: Forecast) -> tuple[str, ...]:
    return tuple(f"{name} is unknown" for name in strategy.needs if getattr(forecast, name) is None)


def _situation(
    forecast: Forecast, direction: DirectionForecast | None, iv: IvForecast | None, decision: Decision
) -> Situation | None:
    """What a strategy sees; None where a forecast is missing."""
    if direction is None or iv is None:
        return None
    trusted = not unproven(direction, decision) and direction.confidence >= least_direction(iv.regime, decision)
    return Situation(forecast=forecast, direction=direction, iv=iv, trusted=trusted, decision=decision)


def _view(seen: Situation, choice: Choice, decision: Decision) -> View | None:
    """What the rules weigh; None where the strategy chose nothing."""
    if choice.cell is None:
        return None
    sure = NO_SKILL if unproven(seen.direction, decision) else seen.direction.confidence
    weight = 0.0 if choice.cell.neutral else decision.direction_weight
    overall = round(weight * sure + (1.0 - weight) * seen.iv.confidence, 10)  # so that 0.6 x 0.7 + 0.4 x 0.7 is 0.7
    return View(
        direction=seen.direction,
        iv=seen.iv,
        cell=choice.cell,
        confidence=Confidence(direction=sure, iv=seen.iv.confidence, overall=overall),
        trusted=seen.trusted,
    )


def _signal(forecast: Forecast, view: View, why: str, warnings: tuple[str, ...], settings: Settings) -> Signal:
    half_at_most = view.cell.neutral or not view.direction.proven
    size = size_for(view.confidence.overall, half_at_most=half_at_most, decision=settings.decision)
    return Signal(
        ticker=forecast.ticker,
        session=forecast.session,
        forecast=forecast,
        reasons=(why, _why_this_size(view, size, settings.decision)),
        warnings=warnings,
        strategy=view.cell.strategy,
        size=size,
        risk_share=risk_share(view.cell.risk_share, TIER[size], settings.risk.overlay),
        confidence=view.confidence,
        plan=plan_of(view.cell, spot=forecast.spot),
    )


def _why_this_size(view: View, size: Size, decision: Decision) -> str:
    if view.cell.neutral:
        return f"half size at most, because {_article(view.cell.strategy)} bets on no direction"
    if not view.direction.proven:
        return "half size at most, because the direction has no proven skill"
    overall, full_from = view.confidence.overall, decision.full_size_from
    if size is Size.FULL:
        return f"full size, because overall confidence {overall:.2f} reaches {full_from:.2f}"
    return f"half size, because overall confidence {less_than(overall, full_from)}, needed for full size"


def _article(strategy: Strategy) -> str:
    """As in "an iron condor", "a long straddle"."""
    name = strategy.value.lower()
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


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
