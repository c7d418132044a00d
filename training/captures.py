"""Sentiment has no history that is free: it grows here, one capture a day, and is gathered from the snapshots.

A capture is what a run stored for its session, at the time it was made; nothing is filled in between two of them. Two
instruments (a provider's own score, and headlines scored by a lexicon) measure different things and are never mixed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

import pandas as pd
from options_signals import snapshot
from options_signals.errors import InvalidValueError
from options_signals.lake import ObjectStore
from options_signals.snapshot import Manifest
from options_signals.tables import SENTIMENT, validate

ENOUGH = 504  # sessions, two years: as many as the shortest training part of the other models


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


def refuse_too_few(captures: Mapping[str, pd.DataFrame], ticker: str, *, least: int = ENOUGH) -> str:
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


def _first_manifests(store: ObjectStore, namespace: str) -> Iterator[Manifest]:
    """Of each session the first committed snapshot that holds a capture."""
    for session in snapshot.sessions_of(store, namespace):
        for attempt in snapshot.committed_attempts(store, namespace, session):
            manifest = snapshot.read_manifest(store, namespace, session, attempt)
            if SENTIMENT.name in manifest.tables:
                yield manifest
                break
