"""What a ticket needs to know beside the chain. All of it is as of the session; nothing here looks anything up."""

import datetime as dt
from dataclasses import dataclass

from options_signals.pricing.discount import RateCurve

# Index options are exercised at expiry only; those on shares and funds on any day.
EUROPEAN = frozenset({"SPX", "SPXW", "XSP", "NDX", "NDXP", "XND", "RUT", "RUTW", "MRUT", "DJX", "VIX", "VIXW"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dividend:
    """One dividend to come: first day without it, USD per share; both a guess where it is not announced."""

    ex_date: dt.date
    amount: float
    announced: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The circumstances of a ticket.

    Attributes
    ----------
    session
        The session whose close it is made after.
    rates
        Discount rates of that day: `rate_curve` of the macro table, or `flat_curve` of a given rate.
    as_of
        The moment the quotes are for; older ones are refused. None: the close of the session.
    spot
        The traded close, USD, to compare the chain's own spot with; None compares nothing.
    realised_vol
        Volatility of the last 20 sessions, decimal per year (0.20 = 20 %); None if unknown.
    p_up
        The model's probability of a rise given a move of more than 1 % in 5 sessions; None without a model.
    dividends
        Those announced or expected; an empty tuple says there are none, None that nobody knows.
    earnings_on
        Day of the next announcement, if one is known.
    halted
        Whether trading in the underlying is halted.
    """

    session: dt.date
    rates: RateCurve
    as_of: dt.datetime | None = None
    spot: float | None = None
    realised_vol: float | None = None
    p_up: float | None = None
    dividends: tuple[Dividend, ...] | None = None
    earnings_on: dt.date | None = None
    halted: bool = False

    def earnings_by(self, expiration: dt.date) -> bool:
        """Whether an announcement is known that options of this expiration live through."""
        return self.earnings_on is not None and self.session <= self.earnings_on <= expiration
