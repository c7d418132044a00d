"""From tables to the input columns of one ticker, point in time.

```text
open high low close               model basis: traded prices times adj_close / close where adj_close exists
traded_open ... traded_close      USD as traded;  volume: shares
index_open ... index_close        the volatility index that matches the ticker;  vix vix3m: VIX and VIX3M themselves
                                  or closes only: 100 times the 30-day volatility of the ticker's own options
index_underlying_close            what that index speaks of: the ticker, or its proxy's own underlying
dff dgs2 dgs10 dgs3mo t10y2y t10yie dfii10 vixcls unrate          macro series as known at each session
cpi_yoy_known cpi_yoy_change_3m_known unrate_change_3m_known      comparisons of published months
policy_change policy_change_age policy_reversal_age               from the dated FOMC table
fomc_next_days fomc_last_days fomc_this_week, cpi_... payrolls_...  from dated tables, see `calendar_events`
bullish_share bearish_share sector_bullish_share articles buzz mentions_24h mentions_24h_before   that day's capture
earnings_next_days ... earnings_move_8                            announcements, see `announcements`
```

A column whose index or series a table does not hold is left out, so that only features which need it fail, by name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import pandas as pd

from options_signals.errors import InvalidValueError, NoIndexError, NotFoundError
from options_signals.features import catalog
from options_signals.features.announcements import earnings_columns
from options_signals.features.arrays import FloatArray
from options_signals.features.calendar_events import event_columns
from options_signals.features.calendar_fomc import policy_columns
from options_signals.sessions import NEW_YORK, all_sessions

WINDOW = 504  # sessions that serving fetches and that every feature's last value is content with

OWN_INDEX = {"SPY": "VIX", "QQQ": "VXN", "IWM": "RVX", "DIA": "VXD"}
UNDERLYING = {index: ticker for ticker, index in OWN_INDEX.items()}

PRICES = ("open", "high", "low", "close")
MARKET_INDICES = ("VIX", "VIX3M")  # every ticker's term slope and volatility regime look at these
DAILY_SERIES = ("DFF", "DGS2", "DGS10", "DGS3MO", "T10Y2Y", "T10YIE", "DFII10", "VIXCLS")
MACRO_SERIES = (*DAILY_SERIES, "UNRATE", "CPIAUCSL")
SENTIMENT_COLUMNS = {
    "bullish_share": "bullish_share",
    "bearish_share": "bearish_share",
    "sector_bullish_share": "sector_bullish_share",
    "articles": "articles",
    "buzz": "buzz",
    "reddit_mentions": "mentions_24h",
    "reddit_mentions_24h_ago": "mentions_24h_before",
}
STALE_DAILY = 10  # sessions after its available_on
STALE_MONTHLY = 70  # calendar days after its available_on: one release missed and another late

Days = npt.NDArray[np.datetime64]


class PriceBasis(StrEnum):
    """What `open high low close` mean; a model is served on the basis it was trained on only."""

    TOTAL_RETURN = "total_return"
    TRADED = "traded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The input columns of one ticker: float64 arrays over its sessions, and what they were made from."""

    ticker: str
    sessions: pd.DatetimeIndex
    arrays: Mapping[str, FloatArray]
    price_basis: PriceBasis
    index: str | None  # the volatility index; None when no table of indices was given
    index_is_proxy: bool


def index_of(ticker: str, proxies: Mapping[str, str] | None = None) -> str:
    """The volatility index of a ticker: its own, else the proxy named for it.

    Raises
    ------
    NoIndexError
        When it has neither. No index is ever taken silently.
    InvalidValueError
        When a proxy is named for a ticker that has an index of its own, or when it is not the index of another
        ticker, with which it could be compared.
    """
    own, proxy = OWN_INDEX.get(ticker), (proxies or {}).get(ticker)
    if own is not None and proxy not in {None, own}:
        raise InvalidValueError(
            name=f"proxy of {ticker}", value=proxy, allowed=f"none: {ticker} has {own} as its own index"
        )
    index = own or proxy
    if index is None:
        raise NoIndexError(ticker=ticker, known=tuple(OWN_INDEX))
    if index not in UNDERLYING:
        raise InvalidValueError(name=f"proxy of {ticker}", value=index, allowed=", ".join(UNDERLYING))
    return index


def own_index(ticker: str) -> str:
    """What the volatility of a ticker's own options is called where it stands for an index: "AAPL options"."""
    return f"{ticker} options"


def is_proxy(ticker: str, index: str) -> bool:
    """Whether the index speaks of something else: it is neither the ticker's own nor its own options' volatility."""
    return index not in {OWN_INDEX.get(ticker), own_index(ticker)}


def columns_for(
    ticker: str,
    *,
    bars: pd.DataFrame,
    vol_indices: pd.DataFrame | None = None,
    macro: pd.DataFrame | None = None,
    sentiment: pd.DataFrame | None = None,
    earnings: pd.DataFrame | None = None,
    proxies: Mapping[str, str] | None = None,
    own_iv: pd.DataFrame | None = None,
) -> Columns:
    """The input columns of one ticker at each session it has a bar for.

    Parameters
    ----------
    ticker
        Such as "SPY".
    bars, vol_indices, macro, sentiment, earnings
        Tables as in `tables.py`. Bars also hold the underlying of a proxy. The columns of a table that is not given,
        or that has no row of the ticker, are missing, and only features that need them fail.
    proxies
        Volatility index by ticker for tickers without one of their own, such as ``{"AAPL": "VIX"}``.
    own_iv
        Table `iv_history`, where the 30-day volatility of the ticker's own options is to stand for its index and its
        proxy: 100 times it are the closes, other prices of it are unknown.

    Raises
    ------
    NotFoundError
        When there are no bars of the ticker, or of what its proxy speaks of.
    NoIndexError
        When `vol_indices` are given and the ticker has no index and no proxy.
    InvalidValueError
        For two bars of one session, a price or index that is not positive, a negative volume, an unfit proxy.
    """
    own = _bars_of(ticker, bars)
    sessions = pd.DatetimeIndex(own.index)
    arrays, basis = price_columns(ticker, own)
    index = None
    if vol_indices is not None:
        index = index_of(ticker, proxies) if own_iv is None else own_index(ticker)
        levels = vol_indices if own_iv is None else pd.concat([vol_indices, _own_levels(ticker, own_iv)])
        arrays |= index_columns(index, sessions, levels)
        arrays["index_underlying_close"] = _underlying_close(index, ticker, arrays["close"], sessions, bars)
    if macro is not None:
        arrays |= macro_columns(sessions, macro)
    if sentiment is not None:
        arrays |= sentiment_columns(ticker, sessions, sentiment)
    if earnings is not None:
        arrays |= earnings_columns(ticker, sessions, arrays["close"], earnings)
    arrays |= event_columns(sessions.to_numpy())
    return Columns(
        ticker=ticker,
        sessions=sessions,
        arrays=arrays,
        price_basis=basis,
        index=index,
        index_is_proxy=index is not None and is_proxy(ticker, index),
    )


def feature_table(columns: Columns, names: Iterable[str] | None = None) -> pd.DataFrame:
    """Features of one ticker over all its sessions.

    Returns
    -------
    DataFrame
        `ticker`, `session`, and one float64 column per name, in the order asked for (all features by default).

    Raises
    ------
    InvalidValueError, MissingColumnError
        See `catalog.compute`.
    """
    wanted = catalog.names() if names is None else tuple(names)
    features = catalog.compute(wanted, columns.arrays)
    by_row = np.empty((len(features), len(columns.sessions)))
    for row, values in zip(by_row, features.values(), strict=True):
        row[:] = values
    table = pd.DataFrame(by_row.T, columns=list(features), copy=False)
    table.insert(0, "ticker", columns.ticker)
    table.insert(1, "session", columns.sessions)
    return table


def price_columns(ticker: str, bars: pd.DataFrame) -> tuple[dict[str, FloatArray], PriceBasis]:
    """Prices on the model basis and as traded, volume, and which basis it is; bars of that ticker by session.

    The basis is total return when the bars have any `adj_close`; a session that lacks it is then NaN on that basis.
    """
    traded = {name: _positive(ticker, bars, name) for name in PRICES}
    columns = {f"traded_{name}": values for name, values in traded.items()}
    columns["volume"] = _positive(ticker, bars, "volume", or_zero=True)
    if basis_of(bars) is PriceBasis.TRADED:
        return columns | traded, PriceBasis.TRADED
    adjusted_close = _positive(ticker, bars, "adj_close")
    factor = adjusted_close / traded["close"]
    adjusted = {name: values * factor for name, values in traded.items()} | {"close": adjusted_close}
    return columns | adjusted, PriceBasis.TOTAL_RETURN


def basis_of(bars: pd.DataFrame) -> PriceBasis:
    """Total return when the bars of one ticker have any `adj_close`, else traded."""
    known = "adj_close" in bars and bool(bars["adj_close"].notna().any())
    return PriceBasis.TOTAL_RETURN if known else PriceBasis.TRADED


def index_columns(index: str, sessions: pd.DatetimeIndex, vol_indices: pd.DataFrame) -> dict[str, FloatArray]:
    """Bars of the ticker's volatility index and closes of VIX and VIX3M, on exactly these sessions.

    A session on which an index is missing is NaN; yesterday's fear is not today's.
    """
    by_index = {str(name): bars for name, bars in vol_indices.groupby("index")}
    both = [name for name in ("VIX", "VIX3M") if name in by_index]
    columns = {name.lower(): _on_sessions(name, by_index[name], sessions)["close"] for name in both}
    if index in by_index:
        columns |= {f"index_{name}": values for name, values in _on_sessions(index, by_index[index], sessions).items()}
    return columns


def macro_columns(sessions: pd.DatetimeIndex, macro: pd.DataFrame) -> dict[str, FloatArray]:
    """Macro series, and comparisons of their months, as the public knew them at each session; see `as_known`."""
    days = sessions.to_numpy()
    by_series = {str(name): rows for name, rows in macro.groupby("series")}
    columns = {name.lower(): as_known(days, by_series[name]) for name in DAILY_SERIES if name in by_series}
    columns |= {name: as_known(days, rows, monthly=True) for name, rows in _monthly(by_series).items()}
    return columns | policy_columns(days)


def sentiment_columns(ticker: str, sessions: pd.DatetimeIndex, sentiment: pd.DataFrame) -> dict[str, FloatArray]:
    """The last capture of each session's own New York date; NaN without one, no columns without any."""
    own = sentiment[sentiment["ticker"] == ticker].sort_values("captured_at")
    if own.empty:
        return {}
    days = own["captured_at"].dt.tz_convert(NEW_YORK).dt.tz_localize(None).dt.normalize()
    by_day = own.set_index(days.to_numpy()).groupby(level=0).tail(1).reindex(sessions)
    return {name: _numbers(by_day[column]) for column, name in SENTIMENT_COLUMNS.items() if column in by_day}


def as_known(sessions: Days, observations: pd.DataFrame, *, monthly: bool = False) -> FloatArray:
    """At each session the newest observation that was public by then.

    Among the rows with `available_on` <= session it is the one with the latest `observed_on`, in its latest
    revision; a late revision of an older observation does not come back as news. Between releases the value stays;
    it becomes NaN when none has come for more than 10 sessions (monthly: 70 calendar days) after its
    `available_on`. NaN before the first.
    """
    ordered = observations.sort_values(["available_on", "observed_on"])
    news = ordered[ordered["observed_on"] >= ordered["observed_on"].cummax()]
    available = news["available_on"].to_numpy()
    at = np.searchsorted(available, sessions, side="right") - 1
    since = available[at]
    stale = (sessions - since > np.timedelta64(STALE_MONTHLY, "D")) if monthly else _age(since, sessions) > STALE_DAILY
    return np.where((at < 0) | stale, np.nan, _numbers(news["value"])[at])


def _monthly(by_series: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    series = {}
    if "UNRATE" in by_series:
        series["unrate"] = by_series["UNRATE"]
        series["unrate_change_3m_known"] = _difference(by_series["UNRATE"], months=3)
    if "CPIAUCSL" in by_series:
        paired = _beside_earlier(by_series["CPIAUCSL"], months=12)
        series["cpi_yoy_known"] = paired.assign(value=100.0 * (paired["value"] / paired["earlier"] - 1.0))
        series["cpi_yoy_change_3m_known"] = _difference(series["cpi_yoy_known"], months=3)
    return series


def _difference(observations: pd.DataFrame, *, months: int) -> pd.DataFrame:
    paired = _beside_earlier(observations, months=months)
    return paired.assign(value=paired["value"] - paired["earlier"])


def _beside_earlier(observations: pd.DataFrame, *, months: int) -> pd.DataFrame:
    """Each observation beside the one `months` before it, as that stood when this one came out; NaN if unknown."""
    now = observations[["observed_on", "available_on", "value"]].sort_values("available_on")
    now = now.assign(base=now["observed_on"] - pd.DateOffset(months=months))
    earlier = now[["available_on"]].assign(base=now["observed_on"], earlier=now["value"])
    return pd.merge_asof(now, earlier, on="available_on", by="base")


def _bars_of(ticker: str, bars: pd.DataFrame) -> pd.DataFrame:
    own = bars[bars["ticker"] == ticker].set_index("session").sort_index()
    if own.empty:
        raise NotFoundError(what=f"bars of {ticker}", where="the table bars", remedy="Fetch them, or drop the ticker.")
    if not own.index.is_unique:
        twin = own.index[own.index.duplicated()][0]
        raise InvalidValueError(name=f"bars of {ticker}", value=f"two of {twin:%Y-%m-%d}", allowed="one a session")
    return own


def _underlying_close(
    index: str, ticker: str, close: FloatArray, sessions: pd.DatetimeIndex, bars: pd.DataFrame
) -> FloatArray:
    underlying = UNDERLYING.get(index, ticker)
    if underlying == ticker:
        return close
    proxy_bars = _bars_of(underlying, bars)
    prices, _ = price_columns(underlying, proxy_bars)
    return _numbers(pd.Series(prices["close"], index=proxy_bars.index).reindex(sessions))


def _own_levels(ticker: str, history: pd.DataFrame) -> pd.DataFrame:
    """Rows as of table `vol_indices`, in points."""
    own = history[history["underlying"] == ticker]
    unknown = dict.fromkeys(("open", "high", "low"), np.nan)
    return own[["session"]].assign(index=own_index(ticker), close=100.0 * own["atm_iv_30d"], **unknown)


def _on_sessions(index: str, bars: pd.DataFrame, sessions: pd.DatetimeIndex) -> dict[str, FloatArray]:
    aligned = bars.set_index("session").reindex(sessions)
    return {name: _positive(index, aligned, name) for name in PRICES}


def _positive(symbol: str, bars: pd.DataFrame, name: str, *, or_zero: bool = False) -> FloatArray:
    values = _numbers(bars[name])
    wrong = values < 0.0 if or_zero else values <= 0.0
    if wrong.any():
        at = int(wrong.argmax())
        raise InvalidValueError(
            name=f"{name} of {symbol} on {bars.index[at]:%Y-%m-%d}",
            value=float(values[at]),
            allowed=">= 0" if or_zero else "> 0",
            remedy="Correct the bar, or leave the value unknown.",
        )
    return values


def _numbers(values: pd.Series) -> FloatArray:
    return np.ascontiguousarray(values.to_numpy(), dtype=np.float64)


def _age(first: Days, last: Days) -> npt.NDArray[np.signedinteger]:
    return np.searchsorted(all_sessions(), last) - np.searchsorted(all_sessions(), first)
