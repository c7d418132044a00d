"""The simulated market with option chains as large as a large fund's: `python:benchmarks.full_chains:sources`.

SPY's real chain of an evening has about 9,000 rows in 31 expiries, up to 275 strikes each; so have these.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from options_signals import sessions
from options_signals.features.arrays import FloatArray
from options_signals.pricing.black_scholes import bsm_price
from options_signals.sources.base import Fetched, Sources
from options_signals.sources.registry import open_source
from options_signals.sources.simulated import SimulatedSource
from options_signals.tables import CHAIN, validate

DAILY, WEEKLY, MONTHLY = 10, 8, 13  # expiries of each kind
STRIKES = 145
SIDES = ("put", "call")
VOLATILITY, RATE, DIVIDENDS = 0.22, 0.04, 0.015  # decimals per year


def sources(*, clock: Callable[[], dt.datetime]) -> Sources:
    """The simulated market's, but for the chains."""
    return replace(open_source("simulated", clock=clock), chain=FullChains())


class FullChains:
    """About 9,000 contracts for each underlying."""

    def chain(self, underlyings: Sequence[str], *, session: dt.date) -> Fetched:
        """Table `chain` at the close of a session."""
        bars = SimulatedSource().bars(underlyings, first=session, last=session)
        spots = zip(bars.frame["ticker"], bars.frame["close"], strict=True)
        frame = pd.concat([_chain(str(ticker), float(spot), session) for ticker, spot in spots], ignore_index=True)
        return Fetched(frame=validate(CHAIN, frame), origin=bars.origin)


def _chain(ticker: str, spot: float, session: dt.date) -> pd.DataFrame:
    chain = pd.concat([_side(ticker, day, right, spot, session) for day in _expirations(session) for right in SIDES])
    years = (chain["expiration"] - pd.Timestamp(session)).dt.days / 365
    value = bsm_price(
        spot=spot,
        strike=chain["strike"],
        years=years,
        rate=RATE,
        dividend_yield=DIVIDENDS,
        volatility=chain["implied_vol"],
        is_call=chain["right"] == "call",
    )
    half_spread = 0.01 + 0.005 * value
    return chain.assign(
        underlying=ticker,
        captured_at=sessions.close_of(session),
        spot=spot,
        bid=np.floor(np.maximum(value - half_spread, 0.0) * 100) / 100,
        ask=np.ceil((value + half_spread) * 100) / 100,
        last=np.round(value, 2),
        volume=10.0,
        open_interest=1000.0,
    )


def _side(ticker: str, expiration: dt.date, right: str, spot: float, session: dt.date) -> pd.DataFrame:
    strikes = _strikes(spot, (expiration - session).days)
    z = np.log(strikes / spot) / (VOLATILITY * np.sqrt((expiration - session).days / 365))
    return pd.DataFrame(
        {
            "contract": [f"{ticker}{expiration:%y%m%d}{right[0].upper()}{round(1000 * one):08d}" for one in strikes],
            "expiration": pd.Timestamp(expiration),
            "right": right,
            "strike": strikes,
            "implied_vol": VOLATILITY * (1 - 0.06 * z + 0.012 * z**2),
        }
    )


def _strikes(spot: float, days: int) -> FloatArray:
    """Evenly from four standard deviations below the spot to three above."""
    deviation = VOLATILITY * np.sqrt(days / 365)
    return np.linspace(spot * np.exp(-4 * deviation), spot * np.exp(3 * deviation), STRIKES).round(2)


def _expirations(session: dt.date) -> list[dt.date]:
    """The next ten sessions, the Fridays of the next weeks and the third Fridays of a good year."""
    daily = [sessions.shift(session, count) for count in range(1, DAILY + 1)]
    ahead = [daily[-1] + dt.timedelta(days=count) for count in range(1, 500)]
    fridays = [day if sessions.is_session(day) else sessions.shift(day, -1) for day in ahead if day.weekday() == 4]
    later = fridays[WEEKLY:]
    monthly = [day for day in later if 15 <= (day + dt.timedelta(days=4 - day.weekday())).day <= 21]
    return [*daily, *fridays[:WEEKLY], *monthly[:MONTHLY]]
