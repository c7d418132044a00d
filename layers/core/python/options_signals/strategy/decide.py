"""The decision: a forecast, a verdict on its data and the settings give a Signal or a NoTrade. Always the same one."""

import datetime as dt
from collections.abc import Iterator

from options_signals.settings import Decision, Settings
from options_signals.signals import Confidence, DirectionForecast, Forecast, IvForecast, NoTrade, Signal, Size, Strategy
from options_signals.snapshot import Verdict
from options_signals.strategy.choosers import STRATEGIES
from options_signals.strategy.earnings import held_over, in_words, left_before, time_exit
from options_signals.strategy.interface import Choice, Situation, StrategyRule
from options_signals.strategy.matrix import defined_risk, plan_of
from options_signals.strategy.rules import (
    NO_SKILL,
    REFUSALS,
    View,
    least_direction,
    less_than,
    skill,
    unfit_data,
    unfit_move,
    unproven,
)
from options_signals.strategy.sizing import TIER, risk_share, size_for


def decide(forecast: Forecast, verdict: Verdict, settings: Settings) -> Signal | NoTrade:
    """Decide on one ticker after one session, by the strategy that the settings name.

    With `decision.earnings` iv_crush, that strategy decides on the evenings from which a trade of the usual length
    would be held over an announcement.

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
    return decide_by(STRATEGIES[_name_of_strategy(forecast, settings)], forecast, verdict, settings)


def _name_of_strategy(forecast: Forecast, settings: Settings) -> str:
    decision, last = settings.decision, time_exit(forecast.session, settings)
    return "iv_crush" if decision.earnings == "iv_crush" and held_over(forecast, until=last) else decision.strategy


def decide_by(strategy: StrategyRule, forecast: Forecast, verdict: Verdict, settings: Settings) -> Signal | NoTrade:
    """The same by one strategy, whatever the settings name: what a backtest compares."""
    no_move = unfit_move(forecast, settings.quality) if strategy.bets_on_earnings else ()
    unfit = (*unfit_data(forecast, verdict, settings.quality), *_unknown(strategy, forecast), *no_move)
    situation = _situation(forecast, forecast.direction, forecast.iv, settings.decision)
    choice = strategy.choose(situation) if situation and not _unknown(strategy, forecast) else None
    view = _view(situation, choice, strategy, settings) if situation and choice else None
    refused = tuple(reason for rule in REFUSALS if view and (reason := rule(view, settings)))
    reasons = unfit or refused or ((choice.why,) if choice and view is None else ())
    warnings = _warnings(forecast, verdict, view)
    if reasons or view is None or choice is None:
        return NoTrade(
            ticker=forecast.ticker,
            session=forecast.session,
            forecast=forecast,
            reasons=reasons,
            warnings=warnings,
            cause="data" if unfit or choice is None else choice.cause,
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


def _view(seen: Situation, choice: Choice, strategy: StrategyRule, settings: Settings) -> View | None:
    """What the rules weigh; None where the strategy chose nothing."""
    cell = choice.cell
    if cell is None:
        return None
    if settings.decision.earnings == "leave_before" and not strategy.bets_on_earnings:
        cell = left_before(cell, seen.forecast, settings)
    last = cell.exit_on or time_exit(seen.forecast.session, settings)
    return View(
        direction=seen.direction,
        iv=seen.iv,
        cell=cell,
        confidence=_confidence(seen, choice, neutral=cell.neutral),
        trusted=seen.trusted,
        over=held_over(seen.forecast, until=last),
        on_purpose=strategy.bets_on_earnings,
    )


def _confidence(seen: Situation, choice: Choice, *, neutral: bool) -> Confidence:
    sure = NO_SKILL if unproven(seen.direction, seen.decision) else seen.direction.confidence
    weight = 0.0 if neutral else seen.decision.direction_weight
    weighted = round(weight * sure + (1.0 - weight) * seen.iv.confidence, 10)  # so that 0.6 x 0.7 + 0.4 x 0.7 is 0.7
    overall = weighted if choice.sure is None else choice.sure
    return Confidence(direction=sure, iv=seen.iv.confidence, overall=overall)


def _signal(forecast: Forecast, view: View, why: str, warnings: tuple[str, ...], settings: Settings) -> Signal:
    half_at_most = view.cell.neutral or not view.direction.proven
    size = size_for(view.confidence.overall, half_at_most=half_at_most, decision=settings.decision)
    return Signal(
        ticker=forecast.ticker,
        session=forecast.session,
        forecast=forecast,
        reasons=(why, _why_this_size(view, size, settings.decision), *_why_this_exit(forecast, view)),
        warnings=(*warnings, *_lifted(view, settings.decision), *_of_earnings(forecast, view), *_unlimited(view)),
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


def _why_this_exit(forecast: Forecast, view: View) -> Iterator[str]:
    if view.cell.exit_on and forecast.announcement:
        when = "after" if view.over else "before"
        yield f"left at the close of {view.cell.exit_on}, {when} {in_words(forecast.announcement)}"


def _article(strategy: Strategy) -> str:
    """As in "an iron condor", "a long straddle"."""
    name = strategy.value.lower()
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _warnings(forecast: Forecast, verdict: Verdict, view: View | None) -> tuple[str, ...]:
    degraded = verdict.reasons if verdict.status == "degraded" else ()
    return (
        *degraded,
        *_index(forecast),
        *_imputed(forecast),
        *_of_move(forecast, view),
    )


def _index(forecast: Forecast) -> Iterator[str]:
    """What stands where the ticker has no volatility index of its own."""
    ticker, iv = forecast.ticker, forecast.iv
    if iv is None:
        return
    if iv.own_sessions and not iv.proxy:
        yield f"IV rank from {ticker}'s own options ({iv.own_sessions} sessions)"
    if iv.proxy:
        yield f"{iv.index} stands in for a volatility index of {ticker}'s own (allow_iv_proxy)"
    if iv.own_sessions and iv.proxy:
        yield (
            f"a year of {ticker}'s own implied volatility is there ({iv.own_sessions} sessions), but the models were "
            f"trained on {iv.index}: `signals train-all --scope pooled --own-iv` trains on it"
        )


def _imputed(forecast: Forecast) -> tuple[str, ...]:
    return tuple(
        f"{len(model.imputed)} of {model.inputs} inputs of the {name} model are unknown today and stand at their "
        f"training median: {', '.join(model.imputed)}"
        for name, model in (("direction", forecast.direction), ("volatility", forecast.iv))
        if model and model.imputed
    )


def _of_move(forecast: Forecast, view: View | None) -> Iterator[str]:
    """What a bet on the move does not know of the company: it may have announced before without anybody telling."""
    move = forecast.move
    if view and view.on_purpose and move and move.imputed:
        unknown = ", ".join(move.imputed)
        yield f"{len(move.imputed)} of {move.inputs} inputs of the model of moves are unknown today: {unknown}"


def _lifted(view: View, decision: Decision) -> tuple[str, ...]:
    if view.cell.neutral or view.direction.proven or not decision.trade_unproven:
        return ()
    return (f"traded without proven skill in direction ({skill(view.direction)}), as trade_unproven allows",)


def _of_earnings(forecast: Forecast, view: View) -> Iterator[str]:
    """What to know of a trade that is held over an announcement, or that has to be left before it."""
    if view.over:
        purpose = " on purpose" if view.on_purpose else ""
        yield f"held over {in_words(view.over)}{purpose}: prices may jump past every stop"
    elif view.cell.exit_on and forecast.announcement:
        yield f"only the exit on {view.cell.exit_on} keeps it out of earnings, which its options may outlive"


def _unlimited(view: View) -> Iterator[str]:
    if not defined_risk(view.cell.legs):
        yield f"the loss of {_article(view.cell.strategy)} has no limit: its margin counts as what is at risk"
