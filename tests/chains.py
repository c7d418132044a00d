"""Hand-made option chains: Black prices at one volatility, or along a smile, with a spread around them."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from options_signals import sessions
from options_signals.pricing.black_scholes import black_price
from options_signals.pricing.discount import flat_curve
from options_signals.pricing.normal import FloatArray
from options_signals.strategy.facts import Facts
from options_signals.tables import CHAIN, validate

SESSION = dt.date(2022, 11, 23)  # a Wednesday; Thursday is a holiday, Friday closes at 13:00
NINTH, SIXTEENTH = dt.date(2022, 12, 9), dt.date(2022, 12, 16)  # 16 and 23 days; the second is the monthly one
RATE = 0.04


type Smile = float | Callable[[FloatArray], FloatArray]


def flat_chain(
    *,
    underlying: str = "XYZ",
    spot: float = 100.0,
    expirations: Sequence[dt.date] = (NINTH, SIXTEENTH),
    strikes: Sequence[float] = tuple(range(70, 131)),
    volatility: Smile = 0.20,
    rate: float = RATE,
    half_spread: float = 0.02,
    decimals: int | None = 2,
) -> pd.DataFrame:
    """No dividends; strikes are percent of the spot; volatility is one number, or a function of `ln(strike / forward)`.

    With `decimals=None` quotes are not rounded, and every mid is the exact price.
    """
    sides = [
        _side(underlying, day, right, np.array(strikes) * spot / 100).assign(
            spot=spot, last=lambda side: _prices(side, volatility=volatility, rate=rate)
        )
        for day in expirations
        for right in ("call", "put")
    ]
    chain = pd.concat(sides)
    price = chain["last"] if decimals is None else chain["last"].round(decimals)
    return validate(CHAIN, chain.assign(bid=price - half_spread, ask=price + half_spread, last=price))


def _side(underlying: str, day: dt.date, right: str, strikes: FloatArray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "contract": [f"{underlying}{day:%y%m%d}{right[0].upper()}{round(1000 * strike):08d}" for strike in strikes],
            "underlying": underlying,
            "captured_at": pd.Timestamp(sessions.close_of(SESSION)).tz_convert("UTC"),
            "expiration": pd.Timestamp(day),
            "right": right,
            "strike": strikes,
            "volume": 10.0,
            "open_interest": 1000.0,
            "implied_vol": 0.99,
        }
    )


def _prices(side: pd.DataFrame, *, volatility: Smile, rate: float) -> FloatArray:
    years = (side["expiration"].iloc[0] - pd.Timestamp(SESSION)).days / 365
    forward, strikes = side["spot"].iloc[0] * np.exp(rate * years), side["strike"].to_numpy()
    vols = volatility(np.log(strikes / forward)) if callable(volatility) else volatility
    return black_price(
        forward=forward,
        strike=strikes,
        discount=np.exp(-rate * years),
        total_volatility=vols * np.sqrt(years),
        is_call=side["right"] == "call",
    )


def changed(chain: pd.DataFrame, contracts: str | Sequence[str], **columns: Any) -> pd.DataFrame:
    """The chain with other values in the columns of these contracts."""
    names = [contracts] if isinstance(contracts, str) else list(contracts)
    assert set(names) <= set(chain["contract"])
    return chain.assign(
        **{name: chain[name].mask(chain["contract"].isin(names), value) for name, value in columns.items()}
    )


def facts(**changes: Any) -> Facts:
    """Of the session, at the chain's rate, with dividends known to be none."""
    values: dict[str, Any] = {"session": SESSION, "rates": flat_curve(rate=RATE, as_of=SESSION), "dividends": ()}
    return Facts(**values | changes)
