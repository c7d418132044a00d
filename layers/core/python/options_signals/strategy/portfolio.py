"""What is open and how the account fared: the records that the overlay looks at.

Everything is a share of the account, so that positions of a file and positions assumed from signals add up. Frozen,
without unknown fields, without NaN: they are stored beside the snapshot.
"""

import datetime as dt
from itertools import pairwise
from math import fsum
from typing import Annotated, Self

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from options_signals.features.arrays import FloatArray
from options_signals.sessions import is_session
from options_signals.tickets import Ticket


def _session(day: dt.date) -> dt.date:
    if not is_session(day):
        raise ValueError("a trading day of the New York Stock Exchange")
    return day


Session = Annotated[dt.date, AfterValidator(_session)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Greeks(_Record):
    """Of a position or a trade, in accounts, so that a limit means the same for any size of account."""

    delta: float  # dollar delta: 0.5 gains 0.5 % of the account when the underlying gains 1 %
    vega: float  # per point of volatility: 0.001 gains 0.1 % of the account

    @classmethod
    def of(cls, ticket: Ticket, *, contracts: float, account_usd: float) -> Self:
        """Of so many contracts of a ticket, as of its session."""
        whole = contracts / account_usd
        return cls(delta=ticket.greeks.delta_shares * float(ticket.spot) * whole, vega=ticket.greeks.vega_usd * whole)


class Position(_Record):
    """Something open: what it can lose, and its Greeks where they are known."""

    ticker: str
    risk_share: float = Field(ge=0, description="most it can lose, of the account: 0.01 = 1 %")
    assumed: bool  # a published signal that nobody confirmed to have been traded
    greeks: Greeks | None = None


class EquityPoint(_Record):
    """What the account was worth at the close of a session, and what was paid in (or, negative, out) during it."""

    session: Session
    equity_usd: float = Field(gt=0)
    flow_usd: float = 0.0


class Event(_Record):
    """A day before which no trade is opened: in one underlying, or (without a ticker) in any."""

    on: dt.date
    name: str = Field(min_length=1)
    ticker: str | None = None


class Holdings(_Record):
    """What one session's overlay knows.

    Attributes
    ----------
    account_of
        Session whose evening the account file describes; None without one, and all positions are assumed then.
    equity
        Ascending, none after the session; empty: unknown.
    """

    positions: tuple[Position, ...] = ()
    account_of: dt.date | None = None
    equity: tuple[EquityPoint, ...] = ()
    events: tuple[Event, ...] = ()

    @model_validator(mode="after")
    def _equity_ascends(self) -> Self:
        days = [point.session for point in self.equity]
        if any(later <= earlier for earlier, later in pairwise(days)):
            raise ValueError("sessions of equity that do not ascend, allowed: each once, oldest first")
        return self

    def account_usd(self, otherwise: float) -> float:
        """Size of the account, USD: its newest equity, or what settings say where no equity is known."""
        return self.equity[-1].equity_usd if self.equity else otherwise

    @property
    def open_shares(self) -> dict[str, float]:
        """Share of the account at risk in what is open, by underlying."""
        risks: dict[str, list[float]] = {}
        for position in self.positions:
            risks.setdefault(position.ticker, []).append(position.risk_share)
        return {ticker: fsum(shares) for ticker, shares in risks.items()}

    @property
    def total_share(self) -> float:
        """Share of the account at risk in everything open."""
        return fsum(position.risk_share for position in self.positions)


def returns_of(equity: tuple[EquityPoint, ...]) -> FloatArray:
    """Return of each session after the first, decimal (0.01 = 1 %), payments taken out.

    `(equity - flow) / equity before - 1`: a payment counts as made before the session's gains. One value less than
    points; a session missing in the history makes its neighbour's return one of two sessions. Source: the
    time-weighted return of the Global Investment Performance Standards.
    """
    worth = np.array([point.equity_usd for point in equity])
    flows = np.array([point.flow_usd for point in equity])
    return np.asarray((worth - flows)[1:] / worth[:-1] - 1.0, dtype=np.float64)
