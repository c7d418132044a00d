"""A simulated market: no network, no key, the same numbers on every machine, and an edge planted in it.

The market's volatility wanders between a calm, a nervous and a crisis regime and falls when prices rise. Prices
are a random walk with that volatility and a constant premium. A hidden mood, which lasts about two weeks, steepens
the term structure of volatility; with the edge on it also pulls the next session's returns, so that term slope
and momentum foretell them. With the edge off nothing foretells them, and honest models must find nothing.

Everything is drawn once for the whole known calendar, each name from a stream of its own: asking for other
tickers, another order or a later date changes no value. Prices are rounded to the cent, so that processors that
differ in the last bit agree.

Sources: Hamilton (1989) for the regimes; Heston (1993) for correlated variance; the highest and lowest price of a
Brownian bridge from Glasserman, Monte Carlo Methods in Financial Engineering (2004), section 6.4.
"""

import datetime as dt
import re
import zlib
from bisect import bisect
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from options_signals import sessions
from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched, without_rows
from options_signals.sources.releases import available_on
from options_signals.tables import BARS, MACRO, VOL_INDICES, Table, validate

FloatArray = npt.NDArray[np.float64]

SOURCE = "SIMULATED market"
RIGHTS = "Made up by this program: free to keep and to show, and no market's data."
FIRST = dt.date(2007, 1, 3)
SEED = 7
SESSIONS_PER_YEAR = 252
TICKER = re.compile(r"[A-Z][A-Z0-9.\-]{0,9}")

# Regimes: annual volatility towards which the market is drawn, and how a session's regime follows on another's.
REGIME_VOLS = np.array([0.10, 0.17, 0.42])
REGIME_STEPS = ((0.992, 0.999), (0.014, 0.992), (0.004, 0.045))  # cumulative chances of calm, then nervous
VOL_PERSISTENCE = 0.94  # half of a volatility shock is gone after 11 sessions
VOL_SHOCK = 0.26  # standard deviation of log volatility inside a regime
LEVERAGE = -0.7  # correlation of a return with the change of volatility
LONG_RUN_LOG_VOL = float(np.log(0.145))
PREMIUM_PER_SESSION = 0.05 / SESSIONS_PER_YEAR
OVERNIGHT_SHARE = 0.3  # of a session's variance
DIVIDEND = 0.004  # of the price, each quarter

MOOD_PERSISTENCE = 0.92
EDGE = 0.33  # drift per unit of mood, in standard deviations of a session
MOOD_IN_TERM_SLOPE = 0.12  # log points of VIX3M per unit of mood

IMPLIED_PREMIUM = 0.16  # log points by which implied volatility exceeds the expected one
# index -> the ticker it speaks of, and its horizon in sessions
INDICES = {
    "VIX": ("SPY", 21),
    "VIX9D": ("SPY", 6),
    "VIX3M": ("SPY", 63),
    "VXN": ("QQQ", 21),
    "RVX": ("IWM", 21),
    "VXD": ("DIA", 21),
    "VVIX": ("SPY", 21),
}


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
    mood: FloatArray  # pulls the coming session; known at the close


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One ticker's whole life, one value per session."""

    bars: dict[str, FloatArray]
    log_vol: FloatArray  # of the coming session, per year; known at the close


class SimulatedSource:
    """Bars, volatility indices and macro series of a made-up market.

    Parameters
    ----------
    seed
        Another seed is another market.
    edge
        Whether the planted edge is there.
    """

    def __init__(self, *, seed: int = SEED, edge: bool = True) -> None:
        self.seed, self.edge = seed, edge

    def bars(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `bars`; every well-formed name trades here, from 2007 on."""

        def columns(ticker: str) -> dict[str, FloatArray] | None:
            return _path(ticker, seed=self.seed, edge=self.edge).bars if TICKER.fullmatch(ticker) else None

        return _fetched(BARS, tickers, columns, first=first, last=last)

    def vol_indices(self, indices: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `vol_indices` of VIX, VIX9D, VIX3M, VXN, RVX, VXD and VVIX."""

        def columns(index: str) -> dict[str, FloatArray] | None:
            return _index(index, seed=self.seed) if index in INDICES else None

        return _fetched(VOL_INDICES, indices, columns, first=first, last=last)

    def macro(self, series: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `macro` of the ten series the features use."""
        wanted = list(dict.fromkeys(series))
        there = _macro(self.seed)
        frames = [_dated(name, there[name]) for name in wanted if name in there]
        frame = pd.concat(frames, ignore_index=True) if frames else MACRO.empty()
        frame = frame[frame["available_on"].between(pd.Timestamp(first), pd.Timestamp(last))]
        return _answer(validate(MACRO, frame), wanted, there, first=first, last=last)


def _fetched(
    table: Table,
    names: Sequence[str],
    columns: Callable[[str], dict[str, FloatArray] | None],
    *,
    first: dt.date,
    last: dt.date,
) -> Fetched:
    wanted = list(dict.fromkeys(names))
    there = {name: found for name in wanted if (found := columns(name)) is not None}
    days = _days()
    window = slice(
        np.searchsorted(days, np.datetime64(first)), np.searchsorted(days, np.datetime64(last), side="right")
    )
    keys = {
        table.key[0]: np.repeat(list(there), len(days[window])),
        table.key[1]: np.tile(days[window].astype("datetime64[s]"), len(there)),
    }
    first_found = next(iter(there.values()), {})
    values = {column: np.concatenate([found[column][window] for found in there.values()]) for column in first_found}
    frame = validate(table, pd.DataFrame(keys | values)) if there else table.empty()
    return _answer(frame, wanted, there, first=first, last=last)


def _answer(
    frame: pd.DataFrame, wanted: Sequence[str], there: Container[str], *, first: dt.date, last: dt.date
) -> Fetched:
    unknown = {name: "the simulated market does not know it" for name in wanted if name not in there}
    failures = without_rows(wanted, frame, first=first, last=last) | unknown
    return Fetched(frame=frame, origin=_origin(last), failures=failures)


def _origin(last: dt.date) -> Origin:
    """Captured when the last session closed: the same for every run, so that a replay finds the same words."""
    newest = last if sessions.is_session(last) else sessions.shift(last, -1)
    return Origin(source=SOURCE, captured_at=sessions.close_of(newest).astimezone(dt.UTC), rights=RIGHTS)


@cache
def _days() -> npt.NDArray[np.datetime64]:
    days = sessions.all_sessions()
    return days[days >= np.datetime64(FIRST)]


def _stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one name, independent of who else is asked for."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))


def _shocks(seed: int, name: str, columns: int) -> FloatArray:
    return _stream(seed, name).standard_normal((columns, len(_days())))


def _reverting(shocks: FloatArray, persistence: float) -> FloatArray:
    """An autoregression of unit variance that forgets all but `persistence` of itself each session."""
    settled = shocks.copy()
    settled[0] *= np.sqrt((1 - persistence) / (1 + persistence))
    smooth = pd.Series(settled).ewm(alpha=1 - persistence, adjust=False).mean().to_numpy()
    return np.asarray(smooth * np.sqrt((1 + persistence) / (1 - persistence)))


@lru_cache(maxsize=4)
def _market(seed: int) -> Market:
    overnight, intraday, variance, mood = _shocks(seed, "market", 4)
    shock = np.sqrt(OVERNIGHT_SHARE) * overnight + np.sqrt(1 - OVERNIGHT_SHARE) * intraday
    towards = np.log(REGIME_VOLS)[_regimes(_stream(seed, "regimes").random(len(_days())))]
    level = pd.Series(towards).ewm(alpha=1 - VOL_PERSISTENCE, adjust=False).mean().to_numpy()
    wobble = _reverting(LEVERAGE * shock + np.sqrt(1 - LEVERAGE**2) * variance, VOL_PERSISTENCE)
    return Market(
        overnight=overnight,
        intraday=intraday,
        log_vol=np.asarray(level + VOL_SHOCK * wobble),
        mood=_reverting(mood, MOOD_PERSISTENCE),
    )


def _regimes(draws: FloatArray) -> list[int]:
    regime, regimes = 0, []
    for draw in draws.tolist():
        regime = bisect(REGIME_STEPS[regime], draw)
        regimes.append(regime)
    return regimes


def _before(values: FloatArray) -> FloatArray:
    """What was known when the session began: the value of the close before."""
    return np.concatenate([values[:1], values[:-1]])


def _name(ticker: str, seed: int) -> Name:
    if ticker in ETFS:
        return ETFS[ticker]
    draw = _stream(seed, f"{ticker} character").random(4)
    return Name(
        beta=0.6 + 0.9 * draw[0],
        own=0.8 + 1.0 * draw[1],
        price=40.0 + 160.0 * draw[2],
        volume=1e6 * np.exp(3.0 * draw[3]),
    )


def _path(ticker: str, *, seed: int, edge: bool) -> Path:
    name, market = _name(ticker, seed), _market(seed)
    overnight, intraday, up, up_too, down, down_too, own_vol, trade = _shocks(seed, ticker, 8)
    own = name.own * np.exp(0.15 * _reverting(own_vol, 0.97))
    log_vol = market.log_vol + 0.5 * np.log(name.beta**2 + own**2)

    unit = np.exp(_before(market.log_vol)) / np.sqrt(SESSIONS_PER_YEAR)
    own_unit = unit * _before(own)
    vol = np.exp(_before(log_vol)) / np.sqrt(SESSIONS_PER_YEAR)
    drift = PREMIUM_PER_SESSION + (EDGE if edge else 0.0) * vol * _before(market.mood)

    dark = np.sqrt(OVERNIGHT_SHARE) * (name.beta * unit * market.overnight + own_unit * overnight)
    light = np.sqrt(1 - OVERNIGHT_SHARE) * (name.beta * unit * market.intraday + own_unit * intraday)
    dark = dark + OVERNIGHT_SHARE * drift
    light = light + (1 - OVERNIGHT_SHARE) * drift

    light_vol = np.sqrt(1 - OVERNIGHT_SHARE) * vol
    highest = (light + np.sqrt(light**2 + light_vol**2 * (up**2 + up_too**2))) / 2
    lowest = (light - np.sqrt(light**2 + light_vol**2 * (down**2 + down_too**2))) / 2

    total = np.cumsum(dark + light)
    paid = np.cumsum(np.where(_goes_ex(), -np.log1p(-DIVIDEND), 0.0))
    opened = name.price * np.exp(total - paid - light)
    closed = opened * np.exp(light)
    surprise = np.abs(dark + light) / vol
    bars = {
        "open": np.round(opened, 2),
        "high": np.round(opened * np.exp(highest), 2),
        "low": np.round(opened * np.exp(lowest), 2),
        "close": np.round(closed, 2),
        "adj_close": np.round(np.round(closed, 2) * np.exp(paid), 6),
        "volume": np.round(name.volume * np.exp(0.25 * _reverting(trade, 0.7) + 0.3 * (surprise - 0.8))),
    }
    return Path(bars=bars, log_vol=log_vol)


@cache
def _goes_ex() -> npt.NDArray[np.bool_]:
    """The sessions that begin without the quarter's dividend: the first from the 15th of March, June, and so on."""
    days = pd.DatetimeIndex(_days())
    month = days.month.to_numpy() * (days.month.to_numpy() % 3 == 0)
    past = (days.day.to_numpy() >= 15) * month
    return np.concatenate([[False], (past[1:] > 0) & (past[:-1] == 0)])


def _index(index: str, *, seed: int) -> dict[str, FloatArray]:
    """Implied volatility in points: what the market expects over the index's horizon, and a premium on it."""
    ticker, horizon = INDICES[index]
    wobble, small, start, high, low = _shocks(seed, index, 5)
    log_vol = _path(ticker, seed=seed, edge=False).log_vol
    name = ETFS[ticker]
    usual = LONG_RUN_LOG_VOL + 0.5 * np.log(name.beta**2 + name.own**2)
    kept = (1 - VOL_PERSISTENCE**horizon) / ((1 - VOL_PERSISTENCE) * horizon)
    level = usual + kept * (log_vol - usual) + IMPLIED_PREMIUM + 0.03 * _reverting(wobble, 0.8) + 0.005 * small
    if index == "VIX3M":
        level = level + MOOD_IN_TERM_SLOPE * _market(seed).mood
    if index == "VVIX":
        level = np.log(0.92) + 0.5 * (log_vol - usual) + 0.05 * _reverting(wobble, 0.9)
    return _index_bars(np.round(100 * np.exp(level), 2), start=start, high=high, low=low)


def _index_bars(close: FloatArray, *, start: FloatArray, high: FloatArray, low: FloatArray) -> dict[str, FloatArray]:
    opened = np.round(_before(close) ** 0.6 * close**0.4 * np.exp(0.01 * start), 2)
    return {
        "open": opened,
        "high": np.round(np.maximum(opened, close) * np.exp(0.015 * np.abs(high)), 2),
        "low": np.round(np.minimum(opened, close) * np.exp(-0.015 * np.abs(low)), 2),
        "close": close,
    }


@lru_cache(maxsize=4)
def _macro(seed: int) -> dict[str, pd.Series]:
    """The ten series by the day or month they speak of."""
    days = pd.DatetimeIndex(_days().astype("datetime64[s]"))
    short, slope, inflation, basis = _shocks(seed, "macro", 4)
    fed_funds = _policy_rate(seed, days)
    two = np.maximum(fed_funds + 0.35 + 0.45 * _reverting(short, 0.995), 0.05)
    ten = np.maximum(0.5 * two + 1.6 + 0.6 * _reverting(slope, 0.998), 0.3)
    breakeven = np.round(2.2 + 0.3 * _reverting(inflation, 0.995), 2)
    two, ten = np.round(two, 2), np.round(ten, 2)
    daily = {
        "DFF": fed_funds,
        "DGS3MO": np.round(np.maximum(fed_funds + 0.05 + 0.06 * _reverting(basis, 0.95), 0.01), 2),
        "DGS2": two,
        "DGS10": ten,
        "T10Y2Y": np.round(ten - two, 2),
        "T10YIE": breakeven,
        "DFII10": np.round(ten - breakeven, 2),
        "VIXCLS": _index("VIX", seed=seed)["close"],
    }
    return {name: pd.Series(values, index=days) for name, values in daily.items()} | _monthly(seed, days)


def _policy_rate(seed: int, days: pd.DatetimeIndex) -> FloatArray:
    """A rate that a committee moves by quarter points, eight times a year, in long campaigns up or down."""
    meets = pd.Series(1, index=days).groupby([days.year, days.month]).cumcount().to_numpy() == 12
    meets &= ~days.month.isin([2, 5, 8, 10])
    campaign = _reverting(_shocks(seed, "policy", 1)[0], 0.996)
    rate, rates = 2.0, []
    for decides, mood in zip(meets.tolist(), campaign.tolist(), strict=True):
        if decides and abs(mood) > 0.5:
            rate = min(max(rate + (0.25 if mood > 0 else -0.25), 0.08), 6.08)
        rates.append(rate)
    return np.asarray(np.round(np.array(rates) + 0.01 * np.sign(_shocks(seed, "fixing", 1)[0]), 2))


def _monthly(seed: int, days: pd.DatetimeIndex) -> dict[str, pd.Series]:
    months = pd.DatetimeIndex(days.to_period("M").unique().to_timestamp().astype("datetime64[s]"))
    prices, jobs = _stream(seed, "monthly").standard_normal((2, len(months)))
    growth = 0.0021 + 0.0012 * _reverting(prices, 0.85)
    return {
        "UNRATE": pd.Series(np.round(np.clip(5.0 + 1.1 * _reverting(jobs, 0.97), 2.5, 14.0), 1), index=months),
        "CPIAUCSL": pd.Series(np.round(203.4 * np.exp(np.cumsum(growth)), 3), index=months),
    }


def _dated(name: str, values: pd.Series) -> pd.DataFrame:
    observed = pd.Series(values.index)
    return pd.DataFrame(
        {
            "series": name,
            "observed_on": observed,
            "value": values.to_numpy(),
            "available_on": available_on(name, observed),
        }
    )
