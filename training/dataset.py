"""From tables to training rows: the same feature functions as serving, over the whole history, with labels.

Every feature has a finite memory, held by test, so its value here is the one serving computes on its two years.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from options_signals.chain.summary import ENOUGH_SESSIONS
from options_signals.errors import InvalidValueError
from options_signals.features import catalog
from options_signals.features.inputs import (
    MACRO_SERIES,
    MARKET_INDICES,
    OWN_INDEX,
    UNDERLYING,
    Columns,
    columns_for,
    feature_table,
    index_of,
)
from options_signals.sessions import FIRST_DAY, all_sessions
from options_signals.sources.base import Fetched, Sources
from options_signals.tables import IV_HISTORY

from training import labels
from training.bootstrap import FloatArray, IntArray
from training.captures import Captures

WARM_UP = 252  # sessions without a full year behind them, which year-long features cannot know
RULE_INPUTS = ("iv_rank", "iv_distance_to_30", "iv_distance_to_60")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The tables a model learns from, and where they came from; nothing in them lies after `through`.

    `own_iv` is table `iv_history` of the tickers that learn from the volatility of their own options, `captures` what
    was said of them, where models shall read it.
    """

    bars: pd.DataFrame
    vol_indices: pd.DataFrame
    macro: pd.DataFrame | None
    world: str
    source: str
    through: dt.date
    proxies: Mapping[str, str] = field(default_factory=dict)
    own_iv: pd.DataFrame = field(default_factory=IV_HISTORY.empty)
    captures: Captures | None = None

    def of(self, ticker: str) -> Columns:
        """The input columns of one ticker; errors as in `columns_for`."""
        return columns_for(
            ticker,
            bars=self.bars,
            vol_indices=self.vol_indices,
            macro=self.macro,
            proxies=self.proxies,
            own_iv=self.own_iv if ticker in set(self.own_iv["underlying"]) else None,
            sentiment=self.captures.frame if self.captures else None,
        )


def fetch_history(
    sources: Sources,
    tickers: Sequence[str],
    *,
    through: dt.date,
    first: dt.date | None = None,
    proxies: Mapping[str, str] | None = None,
    own_iv: pd.DataFrame | None = None,
    captures: Captures | None = None,
) -> History:
    """Everything the sources know of these tickers up to a date, and nothing after it.

    Parameters
    ----------
    sources
        Of one world; see `sources.base`.
    tickers
        Such as ``["SPY", "QQQ"]``. What a proxy speaks of is fetched with them.
    through
        The last session. A label that needs a later one stays unknown.
    first
        The first session, where a shorter history is wanted.
    own_iv
        Table `iv_history`: a ticker without an index that has a year of it learns from it, and from no proxy.
    captures
        See `captures.enough`. Their first session is then the first that is learned from.

    Raises
    ------
    InvalidValueError
        Where a ticker or its volatility index could not be had.
    NoIndexError
        Where a ticker has no index and no proxy.
    """
    first, proxies = first or FIRST_DAY, dict(proxies or {})
    own = IV_HISTORY.empty() if own_iv is None else _years_of(own_iv, tickers, through)
    indices = {ticker: index_of(ticker, proxies) for ticker in tickers if ticker not in set(own["underlying"])}
    with_underlyings = [*tickers, *(UNDERLYING[index] for index in indices.values())]
    bars = sources.bars.bars(list(dict.fromkeys(with_underlyings)), first=first, last=through)
    levels = sources.vol_indices.vol_indices(
        list(dict.fromkeys([*indices.values(), *MARKET_INDICES])), first=first, last=through
    )
    _refuse_failures(bars, tickers)
    _refuse_failures(levels, tuple(indices.values()))
    macro = sources.macro.macro(MACRO_SERIES, first=first, last=through) if sources.macro else None
    return History(
        bars=bars.frame,
        vol_indices=levels.frame,
        macro=macro.frame if macro else None,
        world=sources.world,
        source=bars.origin.source,
        through=through,
        proxies=proxies,
        own_iv=own,
        captures=captures,
    )


def _years_of(history: pd.DataFrame, tickers: Sequence[str], through: dt.date) -> pd.DataFrame:
    """The known rows of the tickers without an index that have a year of them."""
    wanted = history["underlying"].isin(set(tickers) - set(OWN_INDEX)) & history["atm_iv_30d"].notna()
    rows = history[wanted & (history["session"] <= pd.Timestamp(through))]
    return rows[rows.groupby("underlying")["session"].transform("size") >= ENOUGH_SESSIONS]


def candidates(columns: Columns) -> tuple[str, ...]:
    """The safe features that can be computed from these columns, in the order of the catalog.

    Those of sentiment are among them where the columns hold captures.
    """
    safe = {*catalog.safe_features(), *catalog.names(catalog.Group.SENTIMENT)}
    return tuple(name for name in catalog.computable(columns.arrays) if name in safe)


def direction_rows(columns: Columns, features: Sequence[str]) -> pd.DataFrame:
    """One row per session: `ticker`, `session`, `position`, the features, `label` and `entered_return`.

    The first 252 sessions are left out. `label` is 1 (UP), 0 (DOWN) or NaN; `entered_return` is that of the next
    open to the close 5 sessions after t, as a decimal.
    """
    places = positions_of(columns.sessions)
    open_, close = (_every_session(columns.arrays[name], places) for name in ("open", "close"))
    rows = feature_table(columns, features).assign(
        position=places,
        label=labels.direction_label(close)[places - places[0]],
        entered_return=labels.entered_return(open_, close)[places - places[0]],
    )
    return rows.iloc[WARM_UP:]


def regime_rows(columns: Columns, features: Sequence[str] = catalog.IV_REGIME_INPUTS) -> pd.DataFrame:
    """One row per session whose IV rank is known: the features, what the rule reads, `label` and `iv_change`.

    `label` is the bucket 5 sessions later (0, 1, 2 or NaN); `iv_change` the log change of the volatility index over
    the 5 sessions, which the rule learns from.
    """
    places = positions_of(columns.sessions)
    table = feature_table(columns, tuple(dict.fromkeys((*features, *RULE_INPUTS))))
    rank = _every_session(table["iv_rank"].to_numpy(), places)
    level = _every_session(columns.arrays["index_close"], places)
    rows = table.assign(
        position=places,
        label=labels.iv_regime_label(rank)[places - places[0]],
        iv_change=labels.iv_change(level)[places - places[0]],
    )
    return rows[rows["iv_rank"].notna()]


def digest_of(rows: pd.DataFrame) -> str:
    """sha256 over the values of training rows: other data or other labels, other digest."""
    return hashlib.sha256(pd.util.hash_pandas_object(rows, index=False).to_numpy().tobytes()).hexdigest()


def positions_of(sessions: pd.DatetimeIndex) -> IntArray:
    """The number of each session in the exchange calendar; InvalidValueError for a day that is none."""
    days = sessions.to_numpy().astype("datetime64[D]")
    strange = days[~np.isin(days, all_sessions())]
    if strange.size:
        raise InvalidValueError(name="session of a bar", value=str(strange[0]), allowed="a day on which NYSE trades")
    return np.searchsorted(all_sessions(), days).astype(np.int64)


def _every_session(values: FloatArray, places: IntArray) -> FloatArray:
    """The values on every session of the exchange from the first to the last one; NaN where there is no bar."""
    dense = np.full(places[-1] - places[0] + 1, np.nan)
    dense[places - places[0]] = values
    return dense


def _refuse_failures(fetched: Fetched, needed: Sequence[str]) -> None:
    missing = {name: reason for name, reason in fetched.failures.items() if name in needed}
    if missing:
        raise InvalidValueError(
            name="training data",
            value=missing,
            allowed="bars and volatility index of every ticker",
            remedy="Correct the source, or leave these tickers out.",
        )
