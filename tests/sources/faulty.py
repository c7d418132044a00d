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


def with_bars(sources: Sources, fault: Fault) -> Sources:
    return replace(sources, bars=Faulty(sources, fault))


def with_indices(sources: Sources, fault: Fault) -> Sources:
    return replace(sources, vol_indices=Faulty(sources, fault))


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
