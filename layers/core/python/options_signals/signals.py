"""The records of a decision: a Signal or a NoTrade, its reasons and its origin.

They cross process boundaries and are stored for ever, so they are frozen, refuse unknown fields and never hold NaN.
"""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from options_signals.tickets import TicketAnswer

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


class VolatilityRegime(StrEnum):
    """The five of the feature `volatility_regime`, in the order of its codes 0 to 4."""

    LOW_VOL = "low_vol"
    HIGH_VOL = "high_vol"
    IV_EXPANSION = "iv_expansion"
    IV_CONTRACTION = "iv_contraction"
    NEUTRAL = "neutral"


class Strategy(StrEnum):
    """The structures a decision may choose, by their market names."""

    BUY_CALLS = "Buy Calls"
    BUY_PUTS = "Buy Puts"
    BULL_CALL_SPREAD = "Bull Call Spread"
    BEAR_PUT_SPREAD = "Bear Put Spread"
    BULL_PUT_SPREAD = "Bull Put Spread"
    BEAR_CALL_SPREAD = "Bear Call Spread"
    IRON_CONDOR = "Iron Condor"
    LONG_STRADDLE = "Long Straddle"  # not in the matrix: what buys volatility without a direction
    SHORT_STRANGLE = "Short Strangle"  # not in the matrix, and without a limit to its loss


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
    """How often UP happened, walk-forward, in `count` cases where the model gave it between `low` and `high`."""

    low: Probability
    high: Probability
    observed: Probability
    count: int


class _ModelForecast(_Record):
    version: str
    inputs: int = Field(ge=1, description="how many features the served forecast reads")
    imputed: tuple[str, ...] = ()  # those unknown today, filled with the training median

    @property
    def imputed_share(self) -> float:
        """Share of the inputs that are unknown today: 0.05 for 2 of 40."""
        return len(self.imputed) / self.inputs


class DirectionForecast(_ModelForecast):
    """P(UP given a move of more than 1 % in 5 sessions), calibrated, with what is known of its worth."""

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

    @property
    def direction(self) -> Direction:
        """UP above the threshold, else DOWN."""
        return Direction.UP if self.p_up > self.threshold else Direction.DOWN

    @property
    def proven(self) -> bool:
        """Whether the 95 % intervals of the out-of-fold Brier skill and AUC lie above 0 and 0.5.

        Brier skill alone can come from a base rate that drifted between training and test: such a model cannot
        tell an up week from a down week, and its AUC says so.
        """
        return self.brier_skill_low > 0.0 and self.auc_low > 0.5

    @property
    def confidence(self) -> float:
        """Probability of the chosen side; to 10 decimals, so that 1 - 0.42 is 0.58 and not a hair above."""
        return round(self.p_up if self.direction is Direction.UP else 1.0 - self.p_up, 10)


class IvForecast(_ModelForecast):
    """Probabilities of the IV regime in 5 sessions; they sum to 1."""

    index: str  # the index it is about, such as VIX, or "AAPL options" where the ticker's own stand for one
    proxy: bool  # whether that is another market's index, allowed by settings
    own_sessions: int | None = None  # of the last 252 with a volatility of the ticker's own options; None: no year yet
    iv_rank: float = Field(ge=0.0, le=100.0, description="today's")
    p_low: Probability
    p_normal: Probability
    p_high: Probability
    served: str  # model, rule or average
    log_loss: float
    baseline_log_loss: float

    @model_validator(mode="after")
    def _sums_to_one(self) -> Self:
        total = self.p_low + self.p_normal + self.p_high
        if abs(total - 1.0) > 1e-4:  # float32 graphs are off by less
            raise ValueError(f"p_low, p_normal and p_high sum to {total:.4f}, allowed: 1")
        return self

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
        """Probability of the likeliest regime, to 10 decimals."""
        return round(max(self.probabilities.values()), 10)

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


class Announcement(_Record):
    """The next announcement of earnings, as far as it is known.

    `first_reaction` is the first session whose close may follow it, `last_reaction` the last one: the same session
    where the time of the release is known.
    """

    announced_on: dt.date
    release_time: Literal["pre", "post"] | None
    first_reaction: dt.date
    last_reaction: dt.date

    @property
    def reactions(self) -> tuple[dt.date, ...]:
        """The sessions that may react: one, or the first and the last."""
        return tuple(dict.fromkeys((self.first_reaction, self.last_reaction)))


class MoveForecast(_ModelForecast):
    """Quantiles of the absolute close-to-close move of the reaction session, decimal (0.05 = 5 %)."""

    p10: float = Field(ge=0.0)
    p50: float = Field(ge=0.0)
    p90: float = Field(ge=0.0)
    served: str  # the regression, or the simple rule that had the lower loss
    loss: float  # mean pinball loss out of fold, decimal
    baseline_loss: float  # of the best simple rule on the same announcements
    coverage: float  # share of announcements out of fold between the 10 and 90 % quantiles

    @model_validator(mode="after")
    def _ascends(self) -> Self:
        if not self.p10 <= self.p50 <= self.p90:
            raise ValueError(f"quantiles {self.p10}, {self.p50}, {self.p90}, allowed: ascending ones")
        return self


def bucket(iv_rank: float) -> IvRegime:
    """The regime of an IV rank, 0-100: LOW below 30, NORMAL below 60, else HIGH."""
    return IvRegime.LOW if iv_rank < 30.0 else IvRegime.NORMAL if iv_rank < 60.0 else IvRegime.HIGH


class Forecast(_Record):
    """What the models say of one ticker after one session, and what else a decision may look at; None: unknown."""

    ticker: str
    session: dt.date
    spot: float = Field(gt=0, description="traded close, USD")
    direction: DirectionForecast | None
    iv: IvForecast | None
    refusals: tuple[str, ...] = ()  # why a forecast is missing
    hv_iv_ratio: float | None = None  # realised over implied volatility, of the index's own underlying
    hv_20: float | None = None  # realised volatility of 20 sessions, decimal per year
    volatility_regime: VolatilityRegime | None = None
    announcement: Announcement | None = None  # of earnings; None: none is known ahead
    move: MoveForecast | None = None  # of its reaction session, on the last evening on which a trade can be entered
    implied_move: float | None = None  # one standard deviation of it, as the options price it, decimal


class Leg(_Record):
    """One leg as the matrix asks for it: which option to look for in the chain.

    Deltas are absolute (0.30 for a put of -0.30). At the money is written as a delta of 0.50.
    """

    action: Literal["buy", "sell"]
    right: Literal["call", "put"]
    min_delta: float = Field(gt=0.0, lt=1.0)
    max_delta: float = Field(gt=0.0, lt=1.0)

    @property
    def words(self) -> str:
        """As people say it: "buy the ATM call", "sell the 0.30-delta put"."""
        if self.min_delta == self.max_delta == 0.5:
            return f"{self.action} the ATM {self.right}"
        low, high = f"{self.min_delta:.2f}", f"{self.max_delta:.2f}"
        return f"{self.action} the {low if low == high else f'{low}-{high}'}-delta {self.right}"


class Plan(_Record):
    """How the trade is built and left: the cell of the matrix, before a chain gives exact contracts."""

    min_days: int
    max_days: int
    legs: tuple[Leg, ...]
    risk_share: float  # of the account, at full size: 0.02 = 2 %
    target: str
    stop: str
    stop_underlying_usd: float | None = None  # where the stop is a price of the underlying
    exit_on: dt.date | None = None  # the session at whose close it is left; None: the time exit of the settings
    soonest: bool = False  # take the first expiry of the window, not the preferred kind nearest to its middle


class Confidence(_Record):
    """The three probabilities a decision rests on; `direction` is 0.50 where it has no proven skill."""

    direction: Probability
    iv: Probability
    overall: Probability


class Cut(_Record):
    """What one rule of the portfolio took from a trade, in shares of the account: from 0.015 to 0.0075."""

    rule: str
    before: float = Field(gt=0)
    after: float = Field(ge=0)
    reason: str

    @model_validator(mode="after")
    def _only_takes(self) -> Self:
        if self.after >= self.before:
            raise ValueError(f"a cut from {self.before} to {self.after}, allowed: to less")
        return self


class _Decision(_Record):
    ticker: str
    session: dt.date
    forecast: Forecast | None
    reasons: tuple[str, ...] = Field(min_length=1)
    warnings: tuple[str, ...] = ()  # degraded data, proxies, imputed inputs, a direction traded without proven skill
    cuts: tuple[Cut, ...] = ()  # by the portfolio, in the order of its rules


class Signal(_Decision):
    """A trade worth considering, sized; its reasons say why this structure and why this size."""

    kind: Literal["signal"] = "signal"
    strategy: Strategy
    size: Size
    risk_share: float = Field(gt=0, description="of the account, after size, overlay and cuts: 0.0075 = 0.75 %")
    confidence: Confidence
    plan: Plan
    ticket: TicketAnswer | None = None  # exact contracts, or why there are none; None: chains were not asked for

    @property
    def in_brief(self) -> str:
        """What was said, to compare with another session's: "BULL CALL SPREAD half"."""
        return f"{self.strategy.value.upper()} {self.size.value}"


class NoTrade(_Decision):
    """A refusal with its reasons; `lean` is what the matrix would have chosen, where the data let us know.

    `cause` is "data" where nothing could be weighed, "rule" where a rule of the decision declined.
    """

    kind: Literal["no_trade"] = "no_trade"
    cause: Literal["data", "rule"] = "data"
    lean: Strategy | None = None
    confidence: Confidence | None = None

    @classmethod
    def instead_of(cls, signal: Signal, *, reasons: tuple[str, ...], cuts: tuple[Cut, ...] = ()) -> Self:
        """The refusal of a trade that was decided, and declined for what else there is that session."""
        return cls(
            ticker=signal.ticker,
            session=signal.session,
            forecast=signal.forecast,
            reasons=reasons,
            warnings=signal.warnings,
            cuts=cuts,
            cause="rule",
            lean=signal.strategy,
            confidence=signal.confidence,
        )

    @property
    def in_brief(self) -> str:
        """What was said, to compare with another session's: "NO TRADE", or "REFUSED" for want of data."""
        return "REFUSED" if self.cause == "data" else "NO TRADE"


Decision = Annotated[Signal | NoTrade, Field(discriminator="kind")]
