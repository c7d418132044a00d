"""What a provider is asked for, and what it answers.

A provider is an object with one or more of the methods below. `Sources` says who is asked for what in one
world; a table that nobody delivers is None there, and the digest says so.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd

from options_signals.models.card import World
from options_signals.snapshot import Origin

REPORTS_NOTHING = "Funds report nothing."  # in the reason why a ticker has no announcements of earnings, nor will have

# Names of the environment variables in which a provider's key is given.
FRED_KEY, FINNHUB_KEY, BLS_KEY = "FRED_API_KEY", "FINNHUB_API_KEY", "BLS_API_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A table as delivered, where it came from, and what could not be had.

    Every name asked for is in the frame or in `failures`, which says why it is not. A provider that cannot be
    reached, or answers nonsense, raises a Retryable error instead. The frame has passed `tables.validate` and
    holds exchange sessions only, none of them after the last one asked for.
    """

    frame: pd.DataFrame
    origin: Origin
    failures: Mapping[str, str] = field(default_factory=dict)


def without_rows(names: Sequence[str], frame: pd.DataFrame, *, first: dt.date, last: dt.date) -> dict[str, str]:
    """Why each of these names is missing from the frame, whose first column names them."""
    found = set(frame[frame.columns[0]].unique())
    return {name: f"it has no rows from {first} to {last}" for name in names if name not in found}


class BarSource(Protocol):
    """Daily bars."""

    def bars(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `bars` of these tickers, from the first to the last session, both included."""
        ...


class VolIndexSource(Protocol):
    """Volatility indices."""

    def vol_indices(self, indices: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `vol_indices` of these indices, both dates included."""
        ...


class MacroSource(Protocol):
    """Macroeconomic series."""

    def macro(self, series: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `macro` of these series: all rows with first <= available_on <= last."""
        ...


class ChainSource(Protocol):
    """Option chains."""

    def chain(self, underlyings: Sequence[str], *, session: dt.date) -> Fetched:
        """Table `chain` of these underlyings as quoted at the close of the session."""
        ...


class SentimentSource(Protocol):
    """What people say of a company."""

    def sentiment(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `sentiment`: captures of these New York dates. A live source has one, of now."""
        ...


class EarningsSource(Protocol):
    """Announcements of earnings."""

    def earnings(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `earnings`: announcements of these dates, both included; `last` may lie ahead."""
        ...


class DividendSource(Protocol):
    """Dividends paid, and those announced."""

    def dividends(self, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `dividends`: ex-dates of these dates, both included; `last` may lie ahead."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Who is asked for what in one world.

    Attributes
    ----------
    namespace
        Keeps stored things apart: `live`, `simulated`, `files:<digest>`.
    world
        `market` or `simulated`: a model of one is never served in the other.
    second_bars, second_vol_indices
        Other providers of the same, asked for the session's closes only, to confirm or contradict the first. A name of
        which they say nothing, neither row nor failure, is one they never carry.
    """

    namespace: str
    world: World
    bars: BarSource
    vol_indices: VolIndexSource
    macro: MacroSource | None = None
    chain: ChainSource | None = None
    sentiment: SentimentSource | None = None
    earnings: EarningsSource | None = None
    dividends: DividendSource | None = None
    second_bars: BarSource | None = None
    second_vol_indices: VolIndexSource | None = None
