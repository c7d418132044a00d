"""Hand-made forecasts, so that a test names only what it is about."""

import datetime as dt
from typing import Any

from options_signals.signals import (
    Contribution,
    DirectionForecast,
    Forecast,
    IvForecast,
    IvRegime,
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
