"""Training from the command line, and moving the pointer to what is served."""

import datetime as dt
import os

import pandas as pd
from options_signals import snapshot
from options_signals.errors import InvalidValueError, NotFoundError
from options_signals.lake import ObjectStore
from options_signals.models import registry
from options_signals.models.card import ModelName
from options_signals.sources.files import FilesSource
from options_signals.tables import IV_HISTORY
from rich.console import Console

from local.day import asked_session
from local.world import World
from training.captures import enough, gather
from training.earnings_move import UNIVERSE, companies_in
from training.move_model import TrainedMoves, train_moves
from training.report import Report
from training.train import Scope, train_all


def train_and_show(
    world: World,
    names: tuple[ModelName, ...],
    *,
    through: str | None,
    scope: Scope | None,
    console: Console,
    own_iv: pd.DataFrame | None = None,
    sentiment: bool = False,
) -> Report:
    """Train, store and promote; tell each model's worth beside simple rules as it is done."""
    settings = world.settings
    captures = gather(world.home.store(), world.sources.namespace) if sentiment else None
    return train_all(
        world.sources,
        settings.tickers,
        through=asked_session(through),
        store=world.home.store(),
        now=dt.datetime.now(dt.UTC),
        scope=scope or settings.model_scope,
        models=names,
        proxies=settings.allow_iv_proxy,
        own_iv=own_iv,
        captures=None if captures is None else enough(captures, settings.tickers),
        workers=min(len(settings.tickers), os.cpu_count() or 1),
        tracked_in=world.home.root / "mlflow",
        progress=lambda line: console.print(line, markup=False, highlight=False),
    )


def stored_own_iv(store: ObjectStore, namespace: str) -> pd.DataFrame:
    """Table `iv_history` as the newest snapshot holds it; NotFoundError where none does."""
    for session in reversed(snapshot.sessions_of(store, namespace)):
        ref = snapshot.newest_manifest(store, namespace, session).tables.get(IV_HISTORY.name)
        if ref is not None:
            return snapshot.read_table(store, IV_HISTORY.name, ref)
    raise NotFoundError(
        what=f"history of own implied volatility in the namespace {namespace}",
        where=store.where("snapshots/"),
        remedy="It grows by a row a session for each option chain that the daily run fetches.",
    )


def train_moves_and_show(world: World, *, through: str | None, console: Console) -> TrainedMoves:
    """Train, store and promote the model of moves on earnings: of the folder's companies, else of the watchlist."""
    calendar = world.sources.earnings
    return train_moves(
        world.sources,
        companies_in(calendar.folder) if isinstance(calendar, FilesSource) else world.settings.tickers,
        through=asked_session(through),
        store=world.home.store(),
        now=dt.datetime.now(dt.UTC),
        tracked_in=world.home.root / "mlflow",
        progress=lambda line: console.print(line, markup=False, highlight=False),
    )


def moves_if_any(world: World, *, through: str | None, console: Console) -> TrainedMoves | None:
    """The same where a folder has companies and enough announcements; elsewhere say so: a day goes on without it."""
    try:
        if _has_companies(world):
            return train_moves_and_show(world, through=through, console=console)
        reason = f"{world.source} has no table of many companies that announce earnings"
    except InvalidValueError as error:
        reason = str(error)
    console.print(f"earnings_move is not trained: {reason}", markup=False, highlight=False, soft_wrap=True)
    return None


def _has_companies(world: World) -> bool:
    calendar = world.sources.earnings
    return isinstance(calendar, FilesSource) and (calendar.folder / UNIVERSE).is_file()


def promote_version(store: ObjectStore, name: str, scope: str, version: str, world: str) -> str:
    """Serve that version; answer in one line."""
    registry.promote(store, registry.find(store, world, name, scope, version), when=dt.datetime.now(dt.UTC))
    return f"{name} for {scope} now serves {version}"


def roll_back(store: ObjectStore, name: str, scope: str, world: str) -> str:
    """Serve the version before; answer in one line."""
    ref = registry.rollback(store, world, name, scope, when=dt.datetime.now(dt.UTC))
    return f"{name} for {scope} serves {ref.version} again"
