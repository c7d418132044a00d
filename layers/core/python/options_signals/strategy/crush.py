"""The strategy `iv_crush`: sell the move that options price on earnings where a model expects a smaller one.

Implied volatility falls at the open after an announcement, whatever was announced; a seller wins if the move is
smaller than what was paid for it. Options price a standard deviation, the model foretells the median of the absolute
move; half of a normal variable's moves are below 0.6745 standard deviations, so that is compared with the model's
median. Source of what options price: Dubinsky, Johannes, Kaeck and Seeger, Option pricing of earnings announcement
risks, 2019.
"""

from dataclasses import replace
from statistics import NormalDist

import numpy as np

from options_signals.features.announcements import entry_evening
from options_signals.signals import Announcement, Forecast, IvRegime, MoveForecast
from options_signals.strategy.bets import BacktestHook, implied_reactions
from options_signals.strategy.earnings import entry_of, in_words
from options_signals.strategy.interface import Choice, Situation, StrategyRule
from options_signals.strategy.matrix import DIRECTIONAL, IRON_CONDOR, SHORT_STRANGLE, Cell

MEDIAN_MOVE = NormalDist().inv_cdf(0.75)  # of a normal variable, in standard deviations, either way
RISK = 0.01  # of the account: a gap passes every stop
LATEST_EXPIRY = 14  # calendar days after the reaction; later ones price the days around it more than the reaction


def probability_below(move: MoveForecast, size: float) -> float:
    """Probability of an absolute move of at most `size` (decimal), from the 10, 50 and 90 % quantiles.

    Linear between them; 0.1 below the first and 0.9 above the last, because nothing is known outside.

    Examples
    --------
    >>> about = {"version": "a", "inputs": 1, "served": "rule", "loss": 0.01, "baseline_loss": 0.01, "coverage": 0.8}
    >>> move = MoveForecast(p10=0.01, p50=0.03, p90=0.07, **about)
    >>> [round(probability_below(move, size), 2) for size in (0.0, 0.02, 0.03, 0.05, 0.2)]
    [0.1, 0.3, 0.5, 0.7, 0.9]
    """
    return round(float(np.interp(size, (move.p10, move.p50, move.p90), (0.1, 0.5, 0.9))), 10)


def _iv_crush(seen: Situation) -> Choice:
    forecast = seen.forecast
    announcement = forecast.announcement
    if announcement is None or announcement.first_reaction <= entry_of(forecast.session):
        known = f": {in_words(announcement)}" if announcement else ""
        return Choice(None, f"no announcement ahead that a trade could still be entered before{known}")
    if len(announcement.reactions) > 1:
        return Choice(None, f"{in_words(announcement)}: which session moves is unknown, so there is no move to sell")
    evening = entry_evening(announcement.first_reaction)
    if forecast.session < evening:
        return Choice(None, f"{in_words(announcement)}: decided on the evening of {evening}")
    if forecast.move is None or forecast.implied_move is None:
        return Choice(None, "; ".join(_missing(forecast)), cause="data")
    return _weighed(seen, announcement, forecast.move, implied=forecast.implied_move)


def _missing(forecast: Forecast) -> list[str]:
    needed = {
        "there is no forecast of the move on earnings": forecast.move,
        "no option chain tells what move on earnings is priced in": forecast.implied_move,
    }
    return [said for said, given in needed.items() if given is None]


def _weighed(seen: Situation, announcement: Announcement, move: MoveForecast, *, implied: float) -> Choice:
    priced, least = MEDIAN_MOVE * implied, move.p50 * (1.0 + seen.decision.crush_margin)
    told = f"options price a median move of {100 * priced:.2f} %, the model expects {100 * move.p50:.2f} %"
    if priced <= least:
        return Choice(None, f"{told} ({100 * least:.2f} % with the margin): nothing to sell")
    return Choice(_sold(seen, announcement), told, sure=probability_below(move, implied))


def _sold(seen: Situation, announcement: Announcement) -> Cell:
    """The structure of the settings in the first expiry after the reaction, left at the reaction's close."""
    cells = {
        "iron_condor": IRON_CONDOR,
        "spread": DIRECTIONAL[seen.direction.direction, IvRegime.HIGH],
        "naked": SHORT_STRANGLE,
    }
    last = announcement.last_reaction
    days = (last - seen.forecast.session).days
    return replace(
        cells[seen.decision.crush_structure],
        days=(days + 1, days + LATEST_EXPIRY),
        soonest=True,
        risk_share=RISK,
        exit_on=last,
    )


IV_CRUSH = StrategyRule(
    name="iv_crush",
    choose=_iv_crush,
    backtest=BacktestHook(
        outcome=implied_reactions, unit="standard deviations of the reaction that options priced", hold_sessions=1
    ),
    bets_on_earnings=True,
)
