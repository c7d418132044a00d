"""Sentiment has no history that is free: it grows here, one capture a day, and is gathered from the snapshots.

A capture is what a run stored for its session, at the time it was made; nothing is filled in between two of them. Two
instruments (a provider's own score, and headlines scored by a lexicon) measure different things and are never mixed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from options_signals import snapshot
from options_signals.errors import InvalidValueError
from options_signals.lake import ObjectStore
from options_signals.sessions import NEW_YORK
from options_signals.snapshot import Manifest
from options_signals.tables import SENTIMENT, validate

from training.learners import LEAST_TRAINING

ENOUGH = LEAST_TRAINING + 252  # sessions: three years to learn from, as for the other models, and one to be judged


@dataclass(frozen=True, slots=True)
class Captures:
    """What one instrument measured: table `sentiment`, and the instrument's name."""

    instrument: str
    frame: pd.DataFrame

    @property
    def since(self) -> pd.Timestamp:
        """The New York date of the first of them."""
        first = pd.Timestamp(self.frame["captured_at"].min())
        return first.tz_convert(NEW_YORK).tz_localize(None).normalize()


def gather(store: ObjectStore, namespace: str) -> dict[str, pd.DataFrame]:
    """Every capture of a namespace, by the instrument that measured it.

    Returns
    -------
    dict of DataFrame
        Table `sentiment` under the source that its origin names, such as "ApeWisdom". Of a session that was fetched
        more than once the first committed capture counts: the one the signals of that evening were made with.

    Raises
    ------
    CorruptError
        Where a snapshot is not what its manifest pins.
    """
    parts: defaultdict[str, list[pd.DataFrame]] = defaultdict(list)
    for manifest in _first_manifests(store, namespace):
        ref = manifest.tables[SENTIMENT.name]
        parts[ref.origin.source].append(snapshot.read_table(store, SENTIMENT.name, ref))
    return {source: validate(SENTIMENT, pd.concat(frames, ignore_index=True)) for source, frames in parts.items()}


def instrument_for(captures: Mapping[str, pd.DataFrame], ticker: str, *, least: int = ENOUGH) -> str:
    """The instrument with enough captures of a ticker to learn from.

    Raises
    ------
    InvalidValueError
        Where none has `least` of them, with how many there are: the sentiment model is not trained until then.
    """
    counts = {source: int((frame["ticker"] == ticker).sum()) for source, frame in captures.items()}
    best = max(counts, key=lambda source: counts[source], default="")
    if counts.get(best, 0) < least:
        raise InvalidValueError(
            name=f"captures of sentiment for {ticker}",
            value=counts,
            allowed=f"{least} of one instrument, one a session",
            remedy="Let the daily run archive them; until then models are trained without sentiment.",
        )
    return best


def enough(captures: Mapping[str, pd.DataFrame], tickers: Sequence[str]) -> Captures:
    """The captures to train on: of the one instrument that has enough of every ticker; errors as in `instrument_for`.

    Raises
    ------
    InvalidValueError
        Also where tickers have enough of different instruments only: what one model learns from is one measure.
    """
    instruments = {ticker: instrument_for(captures, ticker) for ticker in tickers}
    if len(set(instruments.values())) > 1:
        raise InvalidValueError(
            name="instrument of the captures of sentiment",
            value=instruments,
            allowed="the same for every ticker",
            remedy="Train these tickers one by one.",
        )
    instrument = next(iter(instruments.values()))
    return Captures(instrument, captures[instrument])


def _first_manifests(store: ObjectStore, namespace: str) -> Iterator[Manifest]:
    """Of each session the first committed snapshot that holds a capture."""
    for session in snapshot.sessions_of(store, namespace):
        for attempt in snapshot.committed_attempts(store, namespace, session):
            manifest = snapshot.read_manifest(store, namespace, session, attempt)
            if SENTIMENT.name in manifest.tables:
                yield manifest
                break
