"""Option chains of the simulated market: Black-Scholes-Merton prices on a smile, with a spread around them.

Exercise is European. Friday expirations for nine weeks, third Fridays for half a year.
"""

import datetime as dt
from bisect import bisect
from typing import NamedTuple

import numpy as np
import pandas as pd

from options_signals import sessions
from options_signals.pricing.black_scholes import DAYS_PER_YEAR, bsm_price
from options_signals.sources.simulation.indices import implied_log_vol
from options_signals.sources.simulation.macro import policy_rate
from options_signals.sources.simulation.market import DIVIDEND, days, stream, walk_of

WEEKLY_DAYS, MONTHLY_DAYS = 63, 183
DIVIDEND_YIELD = 4 * DIVIDEND
# Steps between strikes in USD, for spots up to 50, 500, 2000, and above.
STEPS, STEP_SPOTS = (0.5, 1.0, 5.0, 10.0), (50.0, 500.0, 2000.0)
# The smile over z = ln(strike / spot) in standard deviations to expiry: puts are dearer than calls.
SKEW, CURVATURE, FLAT_BEYOND = -0.06, 0.012, 4.0


def chain_of(ticker: str, session: dt.date, *, seed: int, edge: bool) -> pd.DataFrame:
    """Columns of table `chain` for one underlying at the close of a session."""
    at = int(np.searchsorted(days(), np.datetime64(session)))
    spot = float(walk_of(ticker, seed=seed, edge=edge).bars["close"][at])
    terms = [_Term(session, day, _atm(ticker, session, day, at, seed)) for day in _expirations(session)]
    chain = pd.concat([_contracts(term, spot=spot) for term in terms], ignore_index=True)
    value = bsm_price(
        spot=spot,
        strike=chain["strike"],
        years=chain.pop("years"),
        rate=policy_rate(seed)[at] / 100,
        dividend_yield=DIVIDEND_YIELD,
        volatility=chain["implied_vol"],
        is_call=chain["right"] == "call",
    )
    draws = stream(seed, f"{ticker} chain {session}")
    interest = np.exp(7.0 + draws.standard_normal(len(chain)) - chain.pop("z") ** 2 / 4)
    half_spread = 0.005 + 0.01 * value
    return chain.assign(
        contract=_occ_symbols(ticker, chain),
        underlying=ticker,
        captured_at=sessions.close_of(session),
        spot=spot,
        bid=np.floor(np.maximum(value - half_spread, 0.0) * 100) / 100,
        ask=np.ceil((value + half_spread) * 100) / 100,
        last=np.round(value, 2),
        volume=np.round(interest * draws.random(len(chain)) / 4),
        open_interest=np.round(interest),
    )


class _Term(NamedTuple):
    session: dt.date
    expiration: dt.date
    volatility: float  # at the money

    @property
    def years(self) -> float:
        return (self.expiration - self.session).days / DAYS_PER_YEAR


def _contracts(term: _Term, *, spot: float) -> pd.DataFrame:
    """Strikes from four standard deviations below the spot to three above, a put and a call each."""
    deviation = term.volatility * np.sqrt(term.years)
    step = STEPS[bisect(STEP_SPOTS, spot)]
    strikes = step * np.arange(max(1, spot * np.exp(-4 * deviation) // step), spot * np.exp(3 * deviation) // step + 2)
    z = np.log(strikes / spot) / deviation
    bent = np.clip(z, -FLAT_BEYOND, FLAT_BEYOND)
    one_side = pd.DataFrame(
        {
            "expiration": pd.Timestamp(term.expiration),
            "strike": strikes,
            "implied_vol": np.round(term.volatility * (1 + SKEW * bent + CURVATURE * bent**2), 6),
            "years": term.years,
            "z": z,
        }
    )
    return pd.concat([one_side.assign(right=right) for right in ("put", "call")], ignore_index=True)


def _atm(ticker: str, session: dt.date, expiration: dt.date, at: int, seed: int) -> float:
    horizon = len(sessions.between(session, expiration)) - 1
    return float(np.exp(implied_log_vol(ticker, horizon, seed=seed)[at]))


def _expirations(session: dt.date) -> list[dt.date]:
    """Fridays after the session, or the session before a Friday without trading."""
    ahead = [session + dt.timedelta(days=n) for n in range(1, MONTHLY_DAYS + 1)]
    fridays = [day for day in ahead if day.weekday() == 4]
    listed = [day for day in fridays if (day - session).days <= WEEKLY_DAYS or 15 <= day.day <= 21]
    traded = [day if sessions.is_session(day) else sessions.shift(day, -1) for day in listed]
    return [day for day in traded if day > session]


def _occ_symbols(ticker: str, chain: pd.DataFrame) -> list[str]:
    """SPY221216C00400000: underlying, expiration, right, strike in thousandths of a dollar."""
    return [
        f"{ticker}{expiration:%y%m%d}{right[0].upper()}{round(strike * 1000):08d}"
        for expiration, right, strike in zip(chain["expiration"], chain["right"], chain["strike"], strict=True)
    ]
