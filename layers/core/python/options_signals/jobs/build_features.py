"""Third step: one row of features per ticker of a chunk, from the snapshot alone."""

import numpy as np
import pandas as pd

from options_signals import snapshot
from options_signals.errors import Permanent
from options_signals.features import catalog
from options_signals.features.inputs import Columns, columns_for, feature_table
from options_signals.jobs.documents import folder_of
from options_signals.jobs.messages import Chunk
from options_signals.jobs.verdicts import refusals
from options_signals.lake import ObjectStore
from options_signals.settings import Settings
from options_signals.snapshot import Manifest, Origin
from options_signals.tables import FEATURES


def build_features(chunk: Chunk, *, store: ObjectStore) -> Chunk:
    """Store the features of the chunk's tickers at the session; the chunk comes back with the reference.

    A feature whose input nobody delivers here is NaN, as the manifest's `absent` says. A ticker whose features
    cannot be computed is named in `refused` with the reason, and the others go on.

    Raises
    ------
    CorruptError
        Where the snapshot is not what its manifest pins.
    """
    run = chunk.run
    manifest = snapshot.read_manifest(store, run.namespace, run.session, run.attempt)
    tables = {name: snapshot.read_table(store, name, ref) for name, ref in manifest.tables.items()}
    refused = refusals(manifest, chunk.tickers)
    rows = []
    for ticker in chunk.tickers:
        if ticker in refused:
            continue
        try:
            rows.append(_row(ticker, tables, manifest))
        except Permanent as error:
            refused[ticker] = str(error)
    frame = pd.concat(rows) if rows else FEATURES.empty()
    ref = snapshot.write_table(store, folder_of(run), FEATURES, frame, _origin(manifest))
    return chunk.model_copy(update={"features": ref, "refused": refused})


def _row(ticker: str, tables: dict[str, pd.DataFrame], manifest: Manifest) -> pd.DataFrame:
    columns = columns_for(
        ticker,
        bars=tables["bars"],
        vol_indices=tables["vol_indices"],
        macro=tables.get("macro"),
        proxies=Settings.model_validate(manifest.settings).allow_iv_proxy,
    )
    whole = feature_table(_with_unknown_inputs(columns))
    return whole[whole["session"] == pd.Timestamp(manifest.session)]


def _with_unknown_inputs(columns: Columns) -> Columns:
    """The same columns, and NaN for each input that nobody delivers in this world."""
    unknown = np.full(len(columns.sessions), np.nan)
    absent = {name: unknown for name in catalog.inputs_of(catalog.names()) if name not in columns.arrays}
    return Columns(
        ticker=columns.ticker,
        sessions=columns.sessions,
        arrays={**columns.arrays, **absent},
        price_basis=columns.price_basis,
        index=columns.index,
        index_is_proxy=columns.index_is_proxy,
    )


def _origin(manifest: Manifest) -> Origin:
    return Origin(source="features", captured_at=manifest.created_at, rights="derived from the snapshot's tables")
