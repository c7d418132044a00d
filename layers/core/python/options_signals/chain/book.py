"""One underlying's chain at one moment, with what we make of it: forward, smile and deltas of each expiry."""

import datetime as dt
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from options_signals.chain.quotes import TRADABLE, Fault, clean, counted
from options_signals.errors import InvalidValueError
from options_signals.pricing.black_scholes import DAYS_PER_YEAR, Greeks, bsm_greeks
from options_signals.pricing.discount import RateCurve
from options_signals.pricing.forward import implied_dividend_yield, parity_forward
from options_signals.pricing.implied import implied_volatility
from options_signals.pricing.normal import FloatArray
from options_signals.pricing.smile import LEAST_QUOTES, Smile, fit_smile

MOST_ERROR = 0.2  # of the volatility at the money; quotes farther off are not of one moment
MAX_AGE = dt.timedelta(minutes=15)  # of a quote against the newest of its chain


class NoSmile(NamedTuple):
    """An expiry without a smile, and why."""

    reason: str


class Book:
    """The chain of one underlying, cleaned; smiles are fitted when they are first asked for, and kept.

    Parameters
    ----------
    chain
        Table `chain`, at least one row, of one underlying.
    session
        The session whose prices these are; years to expiry count from it.
    rates
        Discount rates of that day.

    Raises
    ------
    InvalidValueError
        For a chain without rows or of several underlyings.
    """

    def __init__(self, chain: pd.DataFrame, *, session: dt.date, rates: RateCurve) -> None:
        names = sorted(chain["underlying"].unique())
        if len(names) != 1:
            raise InvalidValueError(name="underlyings of the chain", value=names, allowed="exactly one")
        self.underlying: str = names[0]
        self.session, self.rates = session, rates
        newest = chain.sort_values("captured_at", kind="stable").iloc[-1]
        self.captured_at: dt.datetime = newest["captured_at"].to_pydatetime()
        self.spot = float(newest["spot"])
        self.quotes = clean(chain, session=session, max_age=MAX_AGE)
        self._smiles: dict[dt.date, Smile | NoSmile] = {}

    @cached_property
    def faults(self) -> dict[str, int]:
        """How many quotes were left out, by fault."""
        return counted(self.quotes)

    @cached_property
    def tradable(self) -> pd.DataFrame:
        """The rows with a two-sided quote of this moment."""
        return self.quotes[self.quotes["fault"].isin(TRADABLE)]

    @cached_property
    def expirations(self) -> tuple[dt.date, ...]:
        """Days on which tradable options expire, ascending."""
        return tuple(day.date() for day in sorted(self.tradable["expiration"].unique()))

    def days(self, expiration: dt.date) -> int:
        """Calendar days from the session to an expiration."""
        return (expiration - self.session).days

    def smile(self, expiration: dt.date) -> Smile | NoSmile:
        """The smile of one expiry, from the mid quotes of its out-of-the-money options; or why there is none."""
        if expiration not in self._smiles:
            self._smiles[expiration] = self._fit(expiration)
        return self._smiles[expiration]

    def options(self, expiration: dt.date, smile: Smile) -> pd.DataFrame:
        """The tradable options of one expiry, with `delta` (per share, puts negative) and `volatility` of our own.

        Both come from the smile, so that a noisy quote does not move its own delta.
        """
        rows = self.tradable[self.tradable["expiration"] == pd.Timestamp(expiration)]
        greeks = self.greeks(rows, smile)
        return rows.assign(delta=greeks.delta, volatility=smile.volatility(rows["strike"]))

    def greeks(self, options: pd.DataFrame, smile: Smile) -> Greeks:
        """Greeks per share of one expiry's options (columns strike and right) at the smile's volatilities."""
        return bsm_greeks(
            spot=self.spot,
            strike=options["strike"],
            years=smile.years,
            rate=self.rates.rate(smile.years),
            dividend_yield=implied_dividend_yield(
                forward=smile.forward, spot=self.spot, discount=smile.discount, years=smile.years
            ),
            volatility=smile.volatility(options["strike"]),
            is_call=options["right"] == "call",
        )

    def _fit(self, expiration: dt.date) -> Smile | NoSmile:
        years = self.days(expiration) / DAYS_PER_YEAR
        discount = float(self.rates.discount(years))
        rows = self.tradable[self.tradable["expiration"] == pd.Timestamp(expiration)]
        forward = _forward(rows, discount)
        if not forward > 0:  # nor NaN
            return NoSmile("no strike has two-sided quotes of both call and put, so there is no forward")
        good = rows[(rows["fault"] == Fault.NONE) & ((rows["strike"] >= forward) == (rows["right"] == "call"))]
        low, middle, high = (_volatility(good, side, forward, years, discount) for side in ("bid", "mid", "ask"))
        known = np.isfinite(middle) & (high > low)  # NaN compares as false
        if known.sum() < LEAST_QUOTES:
            return NoSmile(f"{known.sum()} usable out-of-the-money quotes, needed: {LEAST_QUOTES}")
        smile = fit_smile(
            strike=good["strike"][known],
            volatility=middle[known],
            error=(high - low)[known] / 2,
            years=years,
            forward=forward,
            discount=discount,
        )
        if smile.error > MOST_ERROR * smile.at_the_money:
            return NoSmile(f"quotes near the money lie {100 * smile.error:.1f} points off any smooth volatility")
        return smile


def _forward(rows: pd.DataFrame, discount: float) -> float:
    calls, puts = (rows.loc[rows["right"] == right, ["strike", "bid", "ask"]] for right in ("call", "put"))
    both = calls.merge(puts, on="strike", suffixes=("_call", "_put"))
    return parity_forward(
        strike=both["strike"],
        call_bid=both["bid_call"],
        call_ask=both["ask_call"],
        put_bid=both["bid_put"],
        put_ask=both["ask_put"],
        discount=discount,
    ).forward


def _volatility(rows: pd.DataFrame, side: str, forward: float, years: float, discount: float) -> FloatArray:
    return implied_volatility(
        price=rows[side],
        forward=forward,
        strike=rows["strike"],
        years=years,
        discount=discount,
        is_call=rows["right"] == "call",
    ).volatility
