"""What a provider is asked for, and what it answers.

A provider is an object with one or more of the methods below. `Sources` says who is asked for what in one
world; a table that nobody delivers is None there, and the digest says so.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import pandas as pd

from options_signals.snapshot import Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A table as delivered, where it came from, and what could not be had.

    `failures` maps a ticker, index or series to what the provider said. A provider that delivers nothing at all
    raises a Retryable error instead.
    """

    frame: pd.DataFrame
    origin: Origin
    failures: Mapping[str, str] = field(default_factory=dict)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Who is asked for what in one world.

    Attributes
    ----------
    namespace
        Keeps stored things apart: `live`, `simulated`, `files:<digest>`.
    world
        `market` or `simulated`: a model of one is never served in the other.
    """

    namespace: str
    world: str
    bars: BarSource
    vol_indices: VolIndexSource
    macro: MacroSource | None = None
