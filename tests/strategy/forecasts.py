"""Hand-made forecasts, so that a test names only what it is about."""

import datetime as dt
from typing import Any

from options_signals import sessions
from options_signals.signals import (
    Announcement,
    Contribution,
    DirectionForecast,
    Forecast,
    IvForecast,
    IvRegime,
    MoveForecast,
    NoTrade,
    Signal,
    TrackRecord,
)
from options_signals.snapshot import Verdict

SESSION = dt.date(2022, 11, 23)
GOOD = Verdict(status="ok")


def direction(p_up: float = 0.6, **changes: Any) -> DirectionForecast:
    values: dict[str, Any] = {
        "version": "2022-11-01a",
        "inputs": 40,
        "p_up": p_up,
        "threshold": 0.5,
        "base_rate": 0.57,
        "brier_skill": 0.012,
        "brier_skill_low": 0.003,
        "brier_skill_high": 0.021,
        "auc": 0.56,
        "auc_low": 0.52,
        "auc_high": 0.6,
        "track_record": TrackRecord(low=0.55, high=0.6, observed=0.54, count=83),
        "contributions": (
            Contribution(feature="returns_20d", value=0.04, log_odds=0.11),
            Contribution(feature="vix_term_slope", value=1.9, log_odds=0.07),
            Contribution(feature="rsi_14", value=62.0, log_odds=0.05),
            Contribution(feature="fed_funds_effective", value=3.83, log_odds=-0.09),
            Contribution(feature="hv_ratio_5_20", value=0.8, log_odds=-0.02),
        ),
    }
    return DirectionForecast(**values | changes)


def unproven(p_up: float = 0.6, **changes: Any) -> DirectionForecast:
    """A direction whose skill may be none: the interval reaches 0."""
    return direction(p_up, brier_skill=0.004, brier_skill_low=-0.009, brier_skill_high=0.017, **changes)


def volatility(regime: IvRegime = IvRegime.NORMAL, confidence: float = 0.66, **changes: Any) -> IvForecast:
    others = (1.0 - confidence) / 2
    shares = {f"p_{name.lower()}": confidence if name == regime else others for name in IvRegime}
    values: dict[str, Any] = {
        "version": "2022-11-01a",
        "inputs": 27,
        "index": "VIX",
        "proxy": False,
        "iv_rank": 41.0,
        "served": "average",
        "log_loss": 0.43,
        "baseline_log_loss": 0.47,
    }
    return IvForecast(**values | shares | changes)


def forecast(
    of_direction: DirectionForecast | None, of_volatility: IvForecast | None, *, ticker: str = "SPY", **changes: Any
) -> Forecast:
    values: dict[str, Any] = {"ticker": ticker, "session": SESSION, "spot": 402.42}
    return Forecast(direction=of_direction, iv=of_volatility, **values | changes)


def announcement(first_reaction: dt.date, last_reaction: dt.date | None = None) -> Announcement:
    """After the close before the reaction; with two possible reactions on the day of the first, time unknown."""
    if last_reaction is None:
        day = sessions.shift(first_reaction, -1)
        return Announcement(
            announced_on=day, release_time="post", first_reaction=first_reaction, last_reaction=first_reaction
        )
    return Announcement(
        announced_on=first_reaction, release_time=None, first_reaction=first_reaction, last_reaction=last_reaction
    )


def move(p10: float = 0.01, p50: float = 0.03, p90: float = 0.07) -> MoveForecast:
    return MoveForecast(
        version="2022-11-01a",
        inputs=19,
        p10=p10,
        p50=p50,
        p90=p90,
        served="last four",
        loss=0.011,
        baseline_loss=0.012,
        coverage=0.8,
    )


def before_earnings(**changes: Any) -> dict[str, Any]:
    """Fields of a forecast on the last evening before earnings; options price a move of 6 %, half of them below 4 %."""
    reaction = sessions.shift(SESSION, 2)
    return {"announcement": announcement(reaction), "move": move(), "implied_move": 0.06} | changes


def traded(decision: Signal | NoTrade) -> Signal:
    assert isinstance(decision, Signal), decision.reasons
    return decision


def refused(decision: Signal | NoTrade) -> NoTrade:
    assert isinstance(decision, NoTrade)
    return decision
