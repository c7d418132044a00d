"""Two providers asked for the same closes: where they disagree, nobody can tell which is right, and neither is used."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from options_signals.errors import SignalError
from options_signals.sources.base import Fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How far two honest closes may lie apart: a share of the price, or points."""

    most: float
    relative: bool

    def broken(self, one: pd.Series, other: pd.Series) -> pd.Series:
        """Where both are known and lie further apart."""
        apart = (one - other).abs()
        return (apart / one if self.relative else apart) > self.most * ROUNDING

    def __str__(self) -> str:
        return f"{self.most:.1%}" if self.relative else f"{self.most:g} points"


ROUNDING = 1.0 + 1e-9
PRICES = Tolerance(most=0.005, relative=True)
INDICES = Tolerance(most=0.1, relative=False)


def confirmed(
    primary: Fetched, second: Callable[[], Fetched], session: dt.date, tolerance: Tolerance
) -> tuple[Fetched, tuple[str, ...]]:
    """The primary's table without the session's rows that the second provider contradicts.

    Returns
    -------
    Fetched
        A name that is contradicted is among its failures, which quote both.
    tuple of str
        Whose close was not compared, and why: the silence of a second provider contradicts nobody. What it never
        carries, and so does not mention, is no doubt.
    """
    try:
        other = second()
    except SignalError as error:
        return primary, (f"closes were not compared with a second source: {error}",)
    name = primary.frame.columns[0]
    today = primary.frame["session"] == pd.Timestamp(session)
    ours = primary.frame[today].set_index(name)["close"]
    theirs = other.frame[other.frame["session"] == pd.Timestamp(session)].set_index(name)["close"].reindex(ours.index)
    broken = tolerance.broken(ours, theirs)
    contradicted = {
        str(one): f"two sources disagree on the close of {session}: {primary.origin.source} says {ours[one]:.2f}, "
        f"{other.origin.source} {theirs[one]:.2f}, more than {tolerance} apart"
        for one in ours.index[broken]
    }
    kept = primary.frame[~(today & primary.frame[name].isin(contradicted))].reset_index(drop=True)
    doubts = _not_compared(ours.index[theirs.isna()], other, session)
    return replace(primary, frame=kept, failures={**primary.failures, **contradicted}), doubts


def _not_compared(names: pd.Index, other: Fetched, session: dt.date) -> tuple[str, ...]:
    mentioned = {*other.failures, *other.frame.iloc[:, 0]}
    silent = [str(one) for one in names if one in mentioned]
    if not silent:
        return ()
    why = other.failures.get(silent[0], "it has no row of that session")
    doubt = f"the close of {', '.join(silent)} of {session} was not compared with a second source"
    return (f"{doubt} ({other.origin.source}: {why})",)
