"""Sources with one thing wrong each, for tests of what the product does about it."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pandas as pd
from options_signals.errors import ProviderUnavailableError
from options_signals.sources.base import Fetched, Sources

Fault = Callable[[Fetched], Fetched]


@dataclass(frozen=True, slots=True)
class Faulty:
    """Answers as the sources behind it do, but for one fault."""

    behind: Sources
    fault: Fault

    def bars(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        return self.fault(self.behind.bars.bars(tickers, first=first, last=last))

    def vol_indices(self, indices: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        return self.fault(self.behind.vol_indices.vol_indices(indices, first=first, last=last))

    def chain(self, underlyings: Sequence[str], *, session: dt.date) -> Fetched:
        assert self.behind.chain is not None
        return self.fault(self.behind.chain.chain(underlyings, session=session))


def with_bars(sources: Sources, fault: Fault) -> Sources:
    return replace(sources, bars=Faulty(sources, fault))


def with_indices(sources: Sources, fault: Fault) -> Sources:
    return replace(sources, vol_indices=Faulty(sources, fault))


def with_chains(sources: Sources, fault: Fault) -> Sources:
    return replace(sources, chain=Faulty(sources, fault))


def without_chain(ticker: str) -> Fault:
    def fault(fetched: Fetched) -> Fetched:
        rest = fetched.frame[fetched.frame["underlying"] != ticker]
        return replace(fetched, frame=rest.reset_index(drop=True), failures={ticker: "no options listed"})

    return fault


def with_quotes(ticker: str, **values: float) -> Fault:
    """Each quote of the ticker's chain has these values instead."""
    return _quotes(ticker, lambda rows: rows.assign(**values))


def quoted_at(ticker: str, moment: dt.datetime) -> Fault:
    return _quotes(ticker, lambda rows: rows.assign(captured_at=pd.Timestamp(moment).as_unit("us")))


def _quotes(ticker: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Fault:
    def fault(fetched: Fetched) -> Fetched:
        groups = fetched.frame.groupby("underlying", sort=False)
        parts = [change(rows) if name == ticker else rows for name, rows in groups]
        return replace(fetched, frame=pd.concat(parts, ignore_index=True))

    return fault


def without_last_bar(ticker: str) -> Fault:
    return _cut(ticker, lambda rows: rows.iloc[:-1])


def stale(ticker: str, *, sessions: int) -> Fault:
    """The newest bars have not come for that many sessions."""
    return _cut(ticker, lambda rows: rows.iloc[:-sessions])


def short_history(ticker: str, *, sessions: int) -> Fault:
    return _cut(ticker, lambda rows: rows.iloc[-sessions:])


def non_positive(ticker: str, *, price: float = 0.0) -> Fault:
    """The last close is no price."""
    return _cut(ticker, lambda rows: rows.assign(close=rows["close"].where(rows.index != rows.index[-1], price)))


def duplicated(ticker: str) -> Fault:
    """Two bars of one session contradict each other: a source delivers none of that ticker, and says so."""
    return missing(ticker, why="two bars of one session")


def unknown_close(ticker: str) -> Fault:
    """The last bar has volume and no close."""
    return _cut(ticker, lambda rows: rows.assign(close=rows["close"].where(rows.index != rows.index[-1])))


def a_day_early(ticker: str) -> Fault:
    """Midnight in one time zone is the evening before in another: every bar has the date of the day before."""
    return _cut(ticker, lambda rows: rows.assign(session=rows["session"] - pd.Timedelta(days=1)))


def split_unseen(ticker: str, *, parts: float) -> Fault:
    """The last bar is after the split and all others before it, as traded then."""
    before = ["open", "high", "low", "close", "adj_close"]

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        last = rows.index == rows.index[-1]
        return rows.assign(**{name: rows[name].where(~last, rows[name] / parts) for name in before})

    return _cut(ticker, change)


def split_seen(ticker: str, *, parts: float) -> Fault:
    """All bars are on the basis after the split."""
    prices = ["open", "high", "low", "close", "adj_close"]
    return _cut(ticker, lambda rows: rows.assign(**{name: rows[name] / parts for name in prices}))


def out_of_order(ticker: str) -> Fault:
    return _cut(ticker, lambda rows: rows.sample(frac=1.0, random_state=7))


def no_longer_traded(ticker: str, *, since: dt.date) -> Fault:
    return _cut(ticker, lambda rows: rows[rows["session"] < pd.Timestamp(since)])


def with_close(name: str, *, factor: float) -> Fault:
    """Another close on the last day, within the day's range; nothing else looks wrong."""

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        last = rows.index == rows.index[-1]
        close = rows["close"].where(~last, rows["close"] * factor)
        return rows.assign(close=close, high=rows["high"].clip(lower=close), low=rows["low"].clip(upper=close))

    return _cut(name, change)


def on_a_holiday(index: str, *, day: dt.date) -> Fault:
    """The index has a value on a day on which the exchange was closed."""

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        extra = rows.tail(1).assign(session=pd.Timestamp(day).as_unit("s"), close=99.0)
        return pd.concat([rows, extra]).sort_values("session")

    return _cut(index, change)


def missing(name: str, *, why: str = "no such name") -> Fault:
    def fault(fetched: Fetched) -> Fetched:
        rest = fetched.frame[fetched.frame[fetched.frame.columns[0]] != name]
        failures = {**fetched.failures, name: why}
        return replace(fetched, frame=rest.reset_index(drop=True), failures=failures)

    return fault


def down(_: Fetched) -> Fetched:
    raise ProviderUnavailableError(provider="a faulty provider", detail="connection refused")


def _cut(name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Fault:
    def fault(fetched: Fetched) -> Fetched:
        groups = fetched.frame.groupby(fetched.frame.columns[0], sort=False)
        parts = [change(rows) if key == name else rows for key, rows in groups]
        return replace(fetched, frame=pd.concat(parts, ignore_index=True))

    return fault
