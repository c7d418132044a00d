"""Third step: one row of features per ticker of a chunk, from the snapshot alone."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from options_signals import snapshot
from options_signals.errors import Permanent
from options_signals.features import catalog
from options_signals.features.arrays import FloatArray
from options_signals.features.inputs import UNDERLYING, Columns, columns_for, feature_table, macro_columns
from options_signals.jobs.documents import folder_of
from options_signals.jobs.messages import Chunk
from options_signals.lake import ObjectStore
from options_signals.settings import Settings
from options_signals.snapshot import Manifest, Origin
from options_signals.tables import BARS, CHAIN, DIVIDENDS, FEATURES

OF_TICKETS = {CHAIN.name, DIVIDENDS.name}  # half a million rows of chains, for every chunk, and no feature needs one


def build_features(chunk: Chunk, *, store: ObjectStore) -> Chunk:
    """Store the features of the chunk's tickers at the session; the chunk comes back with the reference.

    A feature whose input nobody delivers here is NaN, as the manifest's `absent` says. A ticker whose features
    cannot be computed is named in `refused` with the reason, and the others go on. What the manifest refused is not
    told again: all chunks together are one payload, and on a bad day the reasons of some hundred tickers burst it.

    Raises
    ------
    CorruptError
        Where the snapshot is not what its manifest pins.
    """
    run = chunk.run
    manifest = snapshot.read_manifest(store, run.namespace, run.session, run.attempt)
    tables = {
        name: snapshot.read_table(store, name, ref) for name, ref in manifest.tables.items() if name not in OF_TICKETS
    }
    good = [ticker for ticker in chunk.tickers if manifest.verdicts[ticker].status != "refused"]
    inputs = _Inputs(chunk, manifest, tables)
    rows, refused = [], {}
    for ticker in good:
        try:
            rows.append(inputs.row(ticker))
        except Permanent as error:
            refused[ticker] = str(error)
    frame = pd.concat(rows) if rows else FEATURES.empty()
    ref = snapshot.write_table(store, folder_of(run), FEATURES, frame, _origin(manifest))
    return chunk.model_copy(update={"features": ref, "refused": refused})


def columns_in(manifest: Manifest, tables: Mapping[str, pd.DataFrame], ticker: str) -> Columns:
    """A ticker's input columns from the tables of a snapshot, macro series left out; errors as in `columns_for`."""
    return columns_for(
        ticker,
        bars=tables["bars"],
        vol_indices=tables["vol_indices"],
        sentiment=tables.get("sentiment"),
        earnings=tables.get("earnings"),
        proxies=Settings.model_validate(manifest.settings).allow_iv_proxy,
        own_iv=tables["iv_history"] if manifest.serves_own_iv(ticker) else None,
    )


class _Inputs:
    """The snapshot as its tickers need it: what many of them share is prepared once."""

    def __init__(self, chunk: Chunk, manifest: Manifest, tables: Mapping[str, pd.DataFrame]) -> None:
        self._manifest = manifest
        self._session = pd.Timestamp(manifest.session)
        self._tables = dict(tables)
        bars = tables.get("bars", BARS.empty())
        self._bars = bars[bars["ticker"].isin([*chunk.tickers, *UNDERLYING.values()])]
        self._macro: dict[bytes, dict[str, FloatArray]] = {}

    def row(self, ticker: str) -> pd.DataFrame:
        """The ticker's features at the session."""
        columns = columns_in(self._manifest, self._tables | {"bars": self._bars}, ticker)
        arrays = {**columns.arrays, **self._macro_at(columns.sessions)}
        known = feature_table(replace(columns, arrays=arrays), catalog.computable(arrays))
        return known[known["session"] == self._session].reindex(columns=["ticker", "session", *catalog.names()])

    def _macro_at(self, sessions: pd.DatetimeIndex) -> dict[str, FloatArray]:
        """Macro columns; nearly all tickers have the same sessions."""
        if "macro" not in self._tables:
            return {}
        key = sessions.to_numpy().tobytes()
        if key not in self._macro:
            self._macro[key] = macro_columns(sessions, self._tables["macro"])
        return self._macro[key]


def _origin(manifest: Manifest) -> Origin:
    return Origin(source="features", captured_at=manifest.created_at, rights="derived from the snapshot's tables")
