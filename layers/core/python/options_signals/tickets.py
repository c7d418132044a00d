"""The records of a trade ticket: exact contracts, prices and risks, or the refusal of one.

Like signals they are stored for ever: frozen, without unknown fields, without NaN. Prices are USD per share, amounts
USD; both are Decimal. A contract is an option on 100 shares.
"""

import datetime as dt
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

SHARES = 100  # per contract

Right = Literal["call", "put"]
Action = Literal["buy", "sell"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Refusal(StrEnum):
    """Why there is no ticket."""

    NO_CHAIN = "no chain"
    OTHER_DAY = "chain of another day"
    STALE = "stale quotes"
    HALTED = "trading halted"
    NO_QUOTES = "no two-sided quotes"
    STALE_RATES = "stale discount rates"
    UNDEFINED_RISK = "loss without a limit"
    NO_EXPIRY = "no expiry in the window"
    NO_SMILE = "no smile"
    NO_DELTA = "delta not reachable"
    WIDE = "spread too wide"
    ILLIQUID = "leg illiquid"
    CONTRADICTION = "quotes contradict each other"
    NO_BUDGET = "nothing to risk"
    ABOVE_CAP = "max loss above the cap"


class TicketLeg(_Record):
    """One option of the ticket, its quote, and what we make of it."""

    contract: str  # OCC symbol
    action: Action
    right: Right
    strike: Decimal
    bid: Decimal
    ask: Decimal
    delta: float = Field(ge=-1.0, le=1.0, description="per share, own; negative for puts")
    implied_vol: float = Field(gt=0.0, description="own, from the smile; decimal per year")
    vendor_iv: float | None  # shown, never used
    open_interest: int | None  # contracts; None = unknown

    @property
    def mid(self) -> Decimal:
        """Between bid and ask, USD per share."""
        return (self.bid + self.ask) / 2

    @property
    def option(self) -> str:
        """As people call it: "103 call"."""
        return f"{self.strike.normalize():f} {self.right}"

    @property
    def sign(self) -> int:
        """+1 bought, -1 sold."""
        return 1 if self.action == "buy" else -1


class Limit(_Record):
    """The price of one share of the whole structure, as an order names it."""

    side: Literal["debit", "credit"]
    mid: Decimal = Field(gt=0, description="where to start: the mid, rounded to the cent towards `worst`")
    worst: Decimal = Field(gt=0, description="where to stop: every leg at the market's own price")

    @property
    def cost(self) -> Decimal:
        """What the worst price takes per share; a credit is negative."""
        return self.worst if self.side == "debit" else -self.worst


class Outlook(_Record):
    """What a distribution expects of one contract held to expiry, at the worst price and after commissions."""

    probability_of_profit: float = Field(ge=0.0, le=1.0)
    expected_value_usd: Decimal  # in today's USD


class PositionGreeks(_Record):
    """Of one contract of the structure, now."""

    delta_shares: float  # like so many shares of the underlying
    gamma_shares: float  # by how many shares that changes per USD of the underlying
    theta_usd: float  # per calendar day
    vega_usd: float  # per point of volatility (20 % to 21 %)


class Exits(_Record):
    """When to leave, as numbers. Prices are those of the structure, per share, as `Limit` states them.

    A target or stop counts from the mid price; commissions are not in it.
    """

    target_price: Decimal
    target_usd: Decimal  # profit per contract there
    stop_price: Decimal | None = None
    stop_usd: Decimal | None = None  # loss per contract there
    underlying_below: Decimal | None = None
    underlying_above: Decimal | None = None
    on: dt.date  # time exit


class Reduction(_Record):
    """From the close of a session on, hold only so many contracts."""

    on: dt.date
    contracts: int = Field(ge=1)


class Ticket(_Record):
    """A trade as it can be ordered.

    Amounts are those of one contract, at the worst price and after commissions, so that no fill within the limits can
    lose more; `total_risk_usd` is that of all contracts.
    """

    kind: Literal["ticket"] = "ticket"
    underlying: str
    session: dt.date
    captured_at: dt.datetime
    structure: str  # its market name: bull_call_spread
    expiration: dt.date
    days: int = Field(ge=1, description="calendar days to expiry")
    monthly: bool
    contracts: int = Field(ge=1)
    legs: tuple[TicketLeg, ...] = Field(min_length=1)
    limit: Limit
    commission_usd: Decimal
    costs_usd: Decimal  # commissions and half the spread of every leg
    max_profit_usd: Decimal | None  # None: without a limit
    max_loss_usd: Decimal | None
    margin_usd: Decimal
    breakevens: tuple[Decimal, ...]
    budget_usd: Decimal
    sizing: tuple[str, ...]  # how the budget came about
    spot: Decimal
    forward: float
    atm_iv: float
    smile_error: float  # volatility by which the smile misses quotes near the money
    smile_gap_usd: Decimal  # what the smile makes it worth, less its mid prices
    market: Outlook
    model: Outlook | None
    greeks: PositionGreeks
    exits: Exits
    reductions: tuple[Reduction, ...] = ()
    valid_until: dt.datetime
    warnings: tuple[str, ...] = ()

    @property
    def risk_usd(self) -> Decimal:
        """What one contract counts against a budget: its max loss, or its margin where the loss has no limit."""
        return self.margin_usd if self.max_loss_usd is None else self.max_loss_usd

    @property
    def total_risk_usd(self) -> Decimal:
        """`risk_usd` of all contracts."""
        return self.risk_usd * self.contracts


class Alternative(_Record):
    """The nearest ticket that can be had, and in what it differs from the one asked for."""

    differs: str
    ticket: Ticket


class NoTicket(_Record):
    """Why there is no ticket. The signal stays."""

    kind: Literal["no_ticket"] = "no_ticket"
    underlying: str
    session: dt.date
    structure: str
    refusal: Refusal
    reason: str = Field(min_length=1)
    alternative: Alternative | None = None


TicketAnswer = Annotated[Ticket | NoTicket, Field(discriminator="kind")]
