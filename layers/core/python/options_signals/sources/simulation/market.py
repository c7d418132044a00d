"""The random walk of a made-up market: regimes, stochastic volatility, and each ticker's bars.

Everything is drawn once for the whole known calendar, each name from a stream of its own: asking for other
tickers, another order or a later date changes no value. Prices are rounded to the cent, so that processors that
differ in the last bit agree.

Sources: Hamilton (1989) for the regimes; Heston (1993) for correlated variance; the highest and lowest price of a
Brownian bridge from Glasserman, Monte Carlo Methods in Financial Engineering (2004), section 6.4.
"""

import datetime as dt
import zlib
from bisect import bisect
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from options_signals import sessions

FloatArray = npt.NDArray[np.float64]

FIRST = dt.date(2007, 1, 3)
SESSIONS_PER_YEAR = 252

# Regimes: annual volatility towards which the market is drawn, and how a session's regime follows on another's.
REGIME_VOLS = np.array([0.10, 0.17, 0.42])
REGIME_STEPS = ((0.992, 0.999), (0.014, 0.992), (0.004, 0.045))  # cumulative chances of calm, then nervous
VOL_PERSISTENCE = 0.94  # half of a volatility shock is gone after 11 sessions
VOL_SHOCK = 0.26  # standard deviation of log volatility inside a regime
LEVERAGE = -0.7  # correlation of a return with the change of volatility
LONG_RUN_LOG_VOL = float(np.log(0.145))  # of the market, per year
PREMIUM_PER_SESSION = 0.05 / SESSIONS_PER_YEAR
OVERNIGHT_SHARE = 0.3  # of a session's variance
DIVIDEND = 0.004  # of the price, each quarter

# A ticker's stretch: its shocks of the last days, in standard deviations. The planted edge draws prices back by so
# many standard deviations of a session per unit of stretch: enough for ten years of one ticker to prove it.
STRETCH_PERSISTENCE = 0.7
EDGE = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """How one ticker moves: its share in the market's shocks, its own ones, and where its price starts."""

    beta: float
    own: float  # own shocks, in units of the market's
    price: float  # USD on the first session
    volume: float  # shares on a usual session


ETFS = {
    "SPY": Name(beta=1.0, own=0.05, price=142.0, volume=8e7),
    "QQQ": Name(beta=1.15, own=0.5, price=43.0, volume=5e7),
    "IWM": Name(beta=1.15, own=0.6, price=78.0, volume=3e7),
    "DIA": Name(beta=0.92, own=0.25, price=125.0, volume=4e6),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What all tickers share, one value per session; shocks have unit variance."""

    overnight: FloatArray
    intraday: FloatArray
    log_vol: FloatArray  # of the coming session, per year; known at the close


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """One ticker's whole life, one value per session."""

    bars: dict[str, FloatArray]
    log_vol: FloatArray  # of the coming session, per year; known at the close
    stretch: FloatArray  # how far the last days went up, in standard deviations


@cache
def days() -> npt.NDArray[np.datetime64]:
    """Every session of the simulated market, to the end of the known calendar."""
    known = sessions.all_sessions()
    return known[known >= np.datetime64(FIRST)]


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one name, independent of who else is asked for."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))


def shocks(seed: int, name: str, columns: int) -> FloatArray:
    """Independent standard normal numbers of one name: so many rows, one value per session."""
    return stream(seed, name).standard_normal((columns, len(days())))


def reverting(noise: FloatArray, persistence: float) -> FloatArray:
    """An autoregression of unit variance that forgets all but `persistence` of itself each session."""
    settled = noise.copy()
    settled[0] *= np.sqrt((1 - persistence) / (1 + persistence))
    smooth = pd.Series(settled).ewm(alpha=1 - persistence, adjust=False).mean().to_numpy()
    return np.asarray(smooth * np.sqrt((1 + persistence) / (1 - persistence)))


@lru_cache(maxsize=4)
def market_of(seed: int) -> Market:
    """What all tickers of one market share."""
    overnight, intraday, variance = shocks(seed, "market", 3)
    shock = np.sqrt(OVERNIGHT_SHARE) * overnight + np.sqrt(1 - OVERNIGHT_SHARE) * intraday
    towards = np.log(REGIME_VOLS)[_regimes(stream(seed, "regimes").random(len(days())))]
    level = pd.Series(towards).ewm(alpha=1 - VOL_PERSISTENCE, adjust=False).mean().to_numpy()
    wobble = reverting(LEVERAGE * shock + np.sqrt(1 - LEVERAGE**2) * variance, VOL_PERSISTENCE)
    return Market(
        overnight=overnight,
        intraday=intraday,
        log_vol=np.asarray(level + VOL_SHOCK * wobble),
    )


def _regimes(draws: FloatArray) -> list[int]:
    regime, regimes = 0, []
    for draw in draws.tolist():
        regime = bisect(REGIME_STEPS[regime], draw)
        regimes.append(regime)
    return regimes


def before(values: FloatArray) -> FloatArray:
    """What was known when the session began: the value of the close before."""
    return np.concatenate([values[:1], values[:-1]])


def log_size(beta: float, own: FloatArray | float) -> FloatArray:
    """Log volatility of a ticker less that of the market."""
    return np.asarray(0.5 * np.log(beta**2 + np.square(own)))


def character(ticker: str, seed: int) -> Name:
    """How that ticker moves: as its name says for the four index funds, drawn for others."""
    if ticker in ETFS:
        return ETFS[ticker]
    draw = stream(seed, f"{ticker} character").random(4)
    return Name(
        beta=0.6 + 0.9 * draw[0],
        own=0.8 + 1.0 * draw[1],
        price=40.0 + 160.0 * draw[2],
        volume=1e6 * np.exp(3.0 * draw[3]),
    )


def walk_of(ticker: str, *, seed: int, edge: bool) -> Walk:
    """The bars and the volatility of a ticker, with or without the planted edge in its returns."""
    name, market = character(ticker, seed), market_of(seed)
    overnight, intraday, up, up_too, down, down_too, own_vol, trade = shocks(seed, ticker, 8)
    own = name.own * np.exp(0.15 * reverting(own_vol, 0.97))
    log_vol = market.log_vol + log_size(name.beta, own)

    unit = np.exp(before(market.log_vol)) / np.sqrt(SESSIONS_PER_YEAR)
    vol = np.exp(before(log_vol)) / np.sqrt(SESSIONS_PER_YEAR)
    dark = np.sqrt(OVERNIGHT_SHARE) * unit * (name.beta * market.overnight + before(own) * overnight)
    light = np.sqrt(1 - OVERNIGHT_SHARE) * unit * (name.beta * market.intraday + before(own) * intraday)
    stretch = reverting((dark + light) / vol, STRETCH_PERSISTENCE)
    drift = PREMIUM_PER_SESSION - (EDGE if edge else 0.0) * vol * before(stretch)
    dark, light = dark + OVERNIGHT_SHARE * drift, light + (1 - OVERNIGHT_SHARE) * drift

    light_vol = np.sqrt(1 - OVERNIGHT_SHARE) * vol
    prices = _prices(
        name.price,
        dark=dark,
        light=light,
        highest=(light + np.sqrt(light**2 + light_vol**2 * (up**2 + up_too**2))) / 2,
        lowest=(light - np.sqrt(light**2 + light_vol**2 * (down**2 + down_too**2))) / 2,
    )
    surprise = np.abs(dark + light) / vol
    volume = np.round(name.volume * np.exp(0.25 * reverting(trade, 0.7) + 0.3 * (surprise - 0.8)))
    return Walk(bars=prices | {"volume": volume}, log_vol=log_vol, stretch=stretch)


def _prices(
    start: float, *, dark: FloatArray, light: FloatArray, highest: FloatArray, lowest: FloatArray
) -> dict[str, FloatArray]:
    """Traded prices and the total return, from log returns overnight and by day and the day's extremes."""
    paid = np.cumsum(np.where(_goes_ex(), -np.log1p(-DIVIDEND), 0.0))
    opened = start * np.exp(np.cumsum(dark + light) - light - paid)
    closed = np.round(opened * np.exp(light), 2)
    return {
        "open": np.round(opened, 2),
        "high": np.round(opened * np.exp(highest), 2),
        "low": np.round(opened * np.exp(lowest), 2),
        "close": closed,
        "adj_close": np.round(closed * np.exp(paid), 6),
    }


@cache
def _goes_ex() -> npt.NDArray[np.bool_]:
    """The sessions that begin without the quarter's dividend: the first from the 15th of March, June, and so on."""
    dates = pd.DatetimeIndex(days())
    month, day = dates.month.to_numpy(), dates.day.to_numpy()
    past = (month % 3 == 0) & (day >= 15)
    return np.concatenate([[False], past[1:] & ~past[:-1]])
