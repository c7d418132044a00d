"""Fourth step: what the pinned models say of a chunk's feature rows."""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from options_signals import snapshot
from options_signals.errors import InvalidValueError, MissingColumnError, ModelMissingError
from options_signals.features.announcements import (
    SESSIONS_TO_REACTION,
    entry_evening,
    lately,
    next_announcement,
)
from options_signals.features.inputs import (
    PriceBasis,
    basis_of,
    feature_table,
    index_columns,
    index_of,
    is_proxy,
    own_index,
)
from options_signals.jobs import documents
from options_signals.jobs.build_features import columns_in
from options_signals.jobs.messages import Chunk
from options_signals.lake import ObjectStore
from options_signals.models.bundle import Bundle, load
from options_signals.models.card import ModelCard
from options_signals.models.forecast import forecast_direction, forecast_iv, forecast_move
from options_signals.models.moves import INDEX
from options_signals.settings import Settings
from options_signals.signals import (
    Announcement,
    DirectionForecast,
    Forecast,
    IvForecast,
    MoveForecast,
    VolatilityRegime,
)
from options_signals.snapshot import BundleRef, Manifest
from options_signals.tables import BARS, EARNINGS, IV_HISTORY, VOL_INDICES, Table

type Row = Mapping[str, float]


def run_inference(chunk: Chunk, *, store: ObjectStore) -> Chunk:
    """Store one forecast per ticker that has features; the chunk comes back with the reference.

    A ticker whose row a model cannot take gets a forecast without that part, and the reason. The move on earnings is an
    extra: where it cannot be forecast it is unknown, and nothing is refused for it.

    Raises
    ------
    ModelError
        Where a pinned bundle is gone or fails its checks: no ticker is served then.
    """
    run = chunk.run
    manifest = snapshot.read_manifest(store, run.namespace, run.session, run.attempt)
    if chunk.features is None or chunk.features.rows == 0:
        return chunk.model_copy(update={"forecasts": documents.write(store, run, "forecasts", [])})
    rows = _rows(snapshot.read_table(store, "features", chunk.features))
    tables = _Tables(manifest, store)
    forecaster = _Forecaster(manifest, store, tables)
    bars = tables.of(BARS)
    prices = _prices(bars[bars["ticker"].isin(list(rows))], manifest.session)
    forecasts = [forecaster.forecast(ticker, row, prices[ticker]) for ticker, row in rows.items()]
    return chunk.model_copy(update={"forecasts": documents.write(store, run, "forecasts", forecasts)})


def _rows(features: pd.DataFrame) -> dict[str, Row]:
    """Feature values by ticker and name."""
    names = [name for name in features.columns if name not in {"ticker", "session"}]
    values = features[names].to_numpy()
    return {
        str(t): dict(zip(names, row.tolist(), strict=True)) for t, row in zip(features["ticker"], values, strict=True)
    }


@dataclass(frozen=True, slots=True)
class _Prices:
    spot: float  # traded close of the session, USD
    basis: PriceBasis


def _prices(bars: pd.DataFrame, session: dt.date) -> dict[str, _Prices]:
    return {
        str(ticker): _Prices(
            spot=float(own.loc[own["session"] == pd.Timestamp(session), "close"].iloc[0]), basis=basis_of(own)
        )
        for ticker, own in bars.groupby("ticker")
    }


def _known(row: Row, name: str) -> float | None:
    value = row.get(name, math.nan)
    return None if math.isnan(value) else value


def _regime(row: Row) -> VolatilityRegime | None:
    code = _known(row, "volatility_regime")
    return None if code is None else list(VolatilityRegime)[int(code)]


def _implied_moves(iv_history: pd.DataFrame, session: dt.date) -> dict[str, float]:
    """By ticker the move on earnings that the options of this session price, where they price one."""
    today = iv_history[iv_history["session"] == pd.Timestamp(session)].dropna(subset="implied_earnings_move")
    return dict(zip(today["underlying"].astype(str), today["implied_earnings_move"].tolist(), strict=True))


class _Tables:
    """The snapshot's tables, each read once; no rows of one that it is without."""

    def __init__(self, manifest: Manifest, store: ObjectStore) -> None:
        self._manifest = manifest
        self._store = store
        self._read: dict[Table, pd.DataFrame] = {}

    def of(self, table: Table) -> pd.DataFrame:
        """The whole table."""
        if table not in self._read:
            self._read[table] = snapshot.table_of(self._store, self._manifest, table)
        return self._read[table]


class _Forecaster:
    """The manifest's models, each opened and verified once."""

    def __init__(self, manifest: Manifest, store: ObjectStore, tables: _Tables) -> None:
        self._manifest = manifest
        self._store = store
        self._proxies = Settings.model_validate(manifest.settings).allow_iv_proxy
        self._opened: dict[BundleRef, Bundle] = {}
        self._tables = tables
        self._earnings = lately(tables.of(EARNINGS), manifest.session)
        self._implied = _implied_moves(tables.of(IV_HISTORY), manifest.session)

    def forecast(self, ticker: str, row: Row, prices: _Prices) -> Forecast:
        """The models' words on one ticker."""
        direction, why_no_direction = self._direction(ticker, row, prices.basis)
        iv, why_no_iv = self._iv(ticker, row, prices.basis)
        ahead = self._announcement(ticker)
        return Forecast(
            ticker=ticker,
            session=self._manifest.session,
            spot=prices.spot,
            direction=direction,
            iv=iv,
            refusals=tuple(reason for reason in (why_no_direction, why_no_iv) if reason),
            hv_iv_ratio=_known(row, "hv_iv_ratio"),
            hv_20=_known(row, "hv_20"),
            volatility_regime=_regime(row),
            announcement=ahead,
            move=self._move(ticker) if ahead and self._is_last_evening(ahead) else None,
            implied_move=self._implied.get(ticker),
        )

    def _direction(self, ticker: str, row: Row, basis: PriceBasis) -> tuple[DirectionForecast | None, str]:
        try:
            return forecast_direction(self._bundle("direction", ticker, basis), row), ""
        except (InvalidValueError, MissingColumnError) as error:
            return None, str(error)

    def _iv(self, ticker: str, row: Row, basis: PriceBasis) -> tuple[IvForecast | None, str]:
        index = self._index(ticker)
        try:
            forecast = forecast_iv(
                self._bundle("iv_regime", ticker, basis), row, index=index, proxy=is_proxy(ticker, index)
            )
        except (InvalidValueError, MissingColumnError) as error:
            return None, str(error)
        year = self._manifest.own_iv.get(ticker)
        return (forecast.model_copy(update={"own_sessions": year.sessions}) if year else forecast), ""

    def _index(self, ticker: str) -> str:
        """The volatility index that the ticker's features were made of."""
        return own_index(ticker) if self._manifest.serves_own_iv(ticker) else index_of(ticker, self._proxies)

    def _announcement(self, ticker: str) -> Announcement | None:
        ahead = next_announcement(ticker, self._earnings, session=self._manifest.session)
        return None if ahead is None else Announcement.model_validate(ahead._asdict())

    def _is_last_evening(self, ahead: Announcement) -> bool:
        """Whether the reaction session is known, and a trade on it can be decided today and not later."""
        return (
            ahead.first_reaction == ahead.last_reaction and entry_evening(ahead.last_reaction) == self._manifest.session
        )

    def _move(self, ticker: str) -> MoveForecast | None:
        ref = self._manifest.model_for("earnings_move", ticker)
        if ref is None:
            return None
        card = self._open(ref).card
        if (card.price_basis, card.horizon) != (PriceBasis.TRADED.value, SESSIONS_TO_REACTION):
            return None
        try:
            return forecast_move(self._open(ref), self._as_traded(ticker, card.inputs))
        except (InvalidValueError, MissingColumnError):
            return None

    def _as_traded(self, ticker: str, names: tuple[str, ...]) -> Row:
        """Features as the model of moves learned them: on traded prices and beside VIX.

        Those of the row may rest on total returns, and on another index.
        """
        tables = {table.name: self._tables.of(table) for table in (BARS, VOL_INDICES, EARNINGS, IV_HISTORY)}
        tables["bars"] = tables["bars"].drop(columns="adj_close", errors="ignore")
        columns = columns_in(self._manifest, tables, ticker)
        others = {name: values for name, values in columns.arrays.items() if not name.startswith("index_")}
        beside_vix = others | index_columns(INDEX, columns.sessions, tables["vol_indices"])
        table = feature_table(replace(columns, arrays=beside_vix), names)
        return _rows(table[table["session"] == pd.Timestamp(self._manifest.session)])[ticker]

    def _bundle(self, name: str, ticker: str, basis: PriceBasis) -> Bundle:
        ref = self._manifest.model_for(name, ticker)
        if ref is None:
            raise ModelMissingError(model=name, scope=ticker, where="the snapshot's manifest")
        self._refuse_other_inputs(ticker, self._open(ref).card, basis)
        return self._open(ref)

    def _open(self, ref: BundleRef) -> Bundle:
        if ref not in self._opened:
            self._opened[ref] = load(self._store, ref)
        return self._opened[ref]

    def _refuse_other_inputs(self, ticker: str, card: ModelCard, basis: PriceBasis) -> None:
        """Another price basis, volatility index or origin of sentiment than the model was tested with."""
        index, said = self._index(ticker), self._manifest.tables.get("sentiment")
        heard = said.origin.source if said and card.sentiment else card.sentiment  # without any the inputs are unknown
        pairs = (
            ("price basis", basis.value, card.price_basis, "Fetch bars with (or without) adj_close, or train anew."),
            ("volatility index", index, card.index or index, _other_index(card)),
            ("origin of sentiment", heard, card.sentiment, "Ask those providers, or train anew."),
        )
        for what, found, trained_on, remedy in pairs:
            if found != trained_on:
                raise InvalidValueError(
                    name=f"{what} of {ticker}",
                    value=found,
                    allowed=f"{trained_on}, which the {card.name} model {card.version} was trained on",
                    remedy=remedy,
                )


def _other_index(card: ModelCard) -> str:
    if card.index == own_index(card.scope):
        return "It needs a chain of the session and a year of them before it; or train anew, on the proxy."
    return "Name that one in allow_iv_proxy, or train anew."
