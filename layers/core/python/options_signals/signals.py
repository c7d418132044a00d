"""The records of a decision: a Signal or a NoTrade, its reasons and its origin.

They cross process boundaries and are stored for ever, so they are frozen, refuse unknown fields and never hold NaN.
"""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0.0, le=1.0)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Direction(StrEnum):
    """Where the underlying may go if it moves more than 1 % in 5 sessions."""

    UP = "UP"
    DOWN = "DOWN"


class IvRegime(StrEnum):
    """Bucket of the IV rank (0-100 over 252 sessions): below 30, 30 to below 60, from 60."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"


class IvTrend(StrEnum):
    """The forecast bucket against today's."""

    EXPANDING = "EXPANDING"
    STABLE = "STABLE"
    CONTRACTING = "CONTRACTING"


class Strategy(StrEnum):
    """The structures of the matrix, by their market names."""

    BUY_CALLS = "Buy Calls"
    BUY_PUTS = "Buy Puts"
    BULL_CALL_SPREAD = "Bull Call Spread"
    BEAR_PUT_SPREAD = "Bear Put Spread"
    BULL_PUT_SPREAD = "Bull Put Spread"
    BEAR_CALL_SPREAD = "Bear Call Spread"
    IRON_CONDOR = "Iron Condor"


class Size(StrEnum):
    """Share of the cell's risk: all of it, or half."""

    FULL = "full"
    HALF = "half"


class Contribution(_Record):
    """What one feature adds to the log-odds of UP, against the average training row."""

    feature: str
    value: float | None
    log_odds: float


class TrackRecord(_Record):
    """How often it happened, walk-forward, when the model said about this much."""

    low: Probability
    high: Probability
    observed: Probability
    count: int


class DirectionForecast(_Record):
    """P(UP given a move of more than 1 % in 5 sessions), calibrated, with what is known of its worth."""

    version: str
    p_up: Probability
    threshold: Probability
    base_rate: Probability
    brier_skill: float
    brier_skill_low: float
    brier_skill_high: float
    auc: float
    auc_low: float
    auc_high: float
    track_record: TrackRecord | None
    contributions: tuple[Contribution, ...]
    imputed: tuple[str, ...] = ()  # inputs unknown today, filled with the training median

    @property
    def direction(self) -> Direction:
        """UP above the threshold, else DOWN."""
        return Direction.UP if self.p_up > self.threshold else Direction.DOWN

    @property
    def proven(self) -> bool:
        """Whether the 95 % interval of the out-of-fold Brier skill lies above 0."""
        return self.brier_skill_low > 0.0

    @property
    def confidence(self) -> float:
        """Probability of the chosen side."""
        return self.p_up if self.direction is Direction.UP else 1.0 - self.p_up


class IvForecast(_Record):
    """Probabilities of the IV regime in 5 sessions."""

    version: str
    index: str  # the index it is about, such as VIX
    proxy: bool  # whether that is another market's index, allowed by settings
    iv_rank: float  # today's, 0-100
    p_low: Probability
    p_normal: Probability
    p_high: Probability
    served: str  # model, rule or average
    log_loss: float
    baseline_log_loss: float
    imputed: tuple[str, ...] = ()

    @property
    def probabilities(self) -> Mapping[IvRegime, float]:
        """By regime."""
        return {IvRegime.LOW: self.p_low, IvRegime.NORMAL: self.p_normal, IvRegime.HIGH: self.p_high}

    @property
    def regime(self) -> IvRegime:
        """The likeliest; of equal ones the calmer."""
        return max(self.probabilities, key=lambda regime: self.probabilities[regime])

    @property
    def confidence(self) -> float:
        """Probability of the likeliest regime."""
        return max(self.probabilities.values())

    @property
    def regime_now(self) -> IvRegime:
        """Today's bucket."""
        return bucket(self.iv_rank)

    @property
    def trend(self) -> IvTrend:
        """The forecast bucket against today's."""
        order = list(IvRegime)
        step = order.index(self.regime) - order.index(self.regime_now)
        return IvTrend.EXPANDING if step > 0 else IvTrend.CONTRACTING if step < 0 else IvTrend.STABLE


def bucket(iv_rank: float) -> IvRegime:
    """The regime of an IV rank, 0-100: LOW below 30, NORMAL below 60, else HIGH."""
    return IvRegime.LOW if iv_rank < 30.0 else IvRegime.NORMAL if iv_rank < 60.0 else IvRegime.HIGH


class Forecast(_Record):
    """What the models say of one ticker after one session, and the prices a plan needs."""

    ticker: str
    session: dt.date
    spot: float = Field(gt=0, description="traded close, USD")
    direction: DirectionForecast | None
    iv: IvForecast | None
    refusals: tuple[str, ...] = ()  # why a forecast is missing


class Plan(_Record):
    """How the trade is built and left: the cell of the matrix, before a chain gives exact contracts."""

    min_days: int
    max_days: int
    legs: tuple[str, ...]  # "buy the call of 0.40-0.50 delta"
    risk_share: float  # of the account, at full size: 0.02 = 2 %
    target: str
    stop: str
    stop_underlying_usd: float | None = None


class Confidence(_Record):
    """The three probabilities a decision rests on."""

    direction: Probability
    iv: Probability
    overall: Probability


class _Decision(_Record):
    ticker: str
    session: dt.date
    forecast: Forecast | None
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()  # degraded data, proxies, imputed inputs


class Signal(_Decision):
    """A trade worth considering, sized."""

    kind: Literal["signal"] = "signal"
    strategy: Strategy
    size: Size
    risk_share: float = Field(gt=0, description="of the account, after size and overlay: 0.0075 = 0.75 %")
    confidence: Confidence
    plan: Plan


class NoTrade(_Decision):
    """A refusal with its reasons; `lean` is what the matrix would have chosen."""

    kind: Literal["no_trade"] = "no_trade"
    lean: Strategy | None = None
    confidence: Confidence | None = None


Decision = Annotated[Signal | NoTrade, Field(discriminator="kind")]
