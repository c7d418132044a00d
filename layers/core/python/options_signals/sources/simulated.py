"""A simulated market: no network, no key, the same numbers on every machine, and an edge planted in it.

The market's volatility wanders between a calm, a nervous and a crisis regime and rises when prices fall. Prices are
a random walk with that volatility and a constant premium; after falls, fear makes options dearer for some days.
With the edge on, what prices did over the last days turns back, so that momentum, oscillators and the term slope
of volatility foretell the coming week (and prices stay close to their trend in the long run). With the edge off
nothing foretells them, and honest models must find nothing.
"""

import datetime as dt
import re
from collections.abc import Callable, Container, Sequence

import numpy as np
import pandas as pd

from options_signals import sessions
from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched, without_rows
from options_signals.sources.simulation.chain import chain_of
from options_signals.sources.simulation.indices import INDICES, index_bars
from options_signals.sources.simulation.macro import macro_table
from options_signals.sources.simulation.market import FIRST, FloatArray, days, walk_of
from options_signals.tables import BARS, CHAIN, MACRO, VOL_INDICES, Table, validate

SOURCE = "SIMULATED market"
RIGHTS = "Made up by this program: free to keep and to show, and no market's data."
SEED = 7
TICKER = re.compile(r"[A-Z][A-Z0-9.\-]{0,9}")


class SimulatedSource:
    """Bars, volatility indices, macro series and option chains of a made-up market.

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
            return walk_of(ticker, seed=self.seed, edge=self.edge).bars if TICKER.fullmatch(ticker) else None

        return _by_session(BARS, tickers, columns, first=first, last=last)

    def vol_indices(self, indices: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `vol_indices` of VIX, VIX9D, VIX3M, VXN, RVX, VXD and VVIX."""

        def columns(index: str) -> dict[str, FloatArray] | None:
            return index_bars(index, seed=self.seed) if index in INDICES else None

        return _by_session(VOL_INDICES, indices, columns, first=first, last=last)

    def macro(self, series: Sequence[str], *, first: dt.date, last: dt.date) -> Fetched:
        """Table `macro` of the ten series the features use."""
        everything = macro_table(self.seed)
        wanted = everything["series"].isin(series)
        known = everything["available_on"].between(pd.Timestamp(first), pd.Timestamp(last))
        frame = validate(MACRO, everything[wanted & known])
        return _answer(frame, series, set(everything["series"]), first=first, last=last)

    def chain(self, underlyings: Sequence[str], *, session: dt.date) -> Fetched:
        """Table `chain` at the close of a session."""
        there = [ticker for ticker in dict.fromkeys(underlyings) if TICKER.fullmatch(ticker) and session >= FIRST]
        chains = [chain_of(ticker, session, seed=self.seed, edge=self.edge) for ticker in there]
        frame = validate(CHAIN, pd.concat(chains)) if chains else CHAIN.empty()
        failures = {ticker: _unknown(ticker) for ticker in underlyings if ticker not in there}
        return Fetched(frame=frame, origin=_origin(session), failures=failures)


def _by_session(
    table: Table,
    names: Sequence[str],
    columns: Callable[[str], dict[str, FloatArray] | None],
    *,
    first: dt.date,
    last: dt.date,
) -> Fetched:
    start = np.searchsorted(days(), np.datetime64(first))
    stop = np.searchsorted(days(), np.datetime64(last), side="right")
    window = days()[start:stop].astype("datetime64[s]")
    found = {
        name: {column: values[start:stop].copy() for column, values in whole.items()}  # a view would keep all its years
        for name in dict.fromkeys(names)
        if (whole := columns(name)) is not None
    }
    keys = {table.key[0]: np.repeat(list(found), len(window)), table.key[1]: np.tile(window, len(found))}
    names_of_columns = next(iter(found.values()), {})
    values = {name: np.concatenate([each[name] for each in found.values()]) for name in names_of_columns}
    frame = validate(table, pd.DataFrame(keys | values)) if found else table.empty()
    return _answer(frame, names, found, first=first, last=last)


def _answer(
    frame: pd.DataFrame, names: Sequence[str], there: Container[str], *, first: dt.date, last: dt.date
) -> Fetched:
    unknown = {name: _unknown(name) for name in names if name not in there}
    failures = without_rows(names, frame, first=first, last=last) | unknown
    return Fetched(frame=frame, origin=_origin(last), failures=failures)


def _unknown(name: str) -> str:
    return f"the simulated market knows no {name}"


def _origin(last: dt.date) -> Origin:
    """Captured when the last session closed: the same for every run, so that a replay finds the same words."""
    newest = last if sessions.is_session(last) else sessions.shift(last, -1)
    return Origin(source=SOURCE, captured_at=sessions.close_of(newest).astimezone(dt.UTC), rights=RIGHTS)
