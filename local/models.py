"""Training from the command line, and moving the pointer to what is served."""

import datetime as dt
import os

from options_signals.errors import NotFoundError
from options_signals.models import registry
from options_signals.models.card import ModelName
from options_signals.models.card import World as ModelWorld
from rich.console import Console
from training.report import Report

from local.day import asked_session
from local.home import Home
from local.world import World
from training.train import train_all

MODEL_NAMES: tuple[ModelName, ...] = ("direction", "iv_regime")
WORLDS: tuple[ModelWorld, ...] = ("market", "simulated")


def train_and_show(
    world: World, names: tuple[ModelName, ...], *, through: str | None, scope: str | None, console: Console
) -> Report:
    """Train, store and promote; print each model's worth beside simple rules."""
    settings = world.settings
    with console.status("training"):
        report = train_all(
            world.sources,
            settings.tickers,
            through=asked_session(through),
            store=world.home.store(),
            now=dt.datetime.now(dt.UTC),
            scope=_scope(scope or settings.model_scope),
            models=names,
            proxies=settings.allow_iv_proxy,
            workers=min(len(settings.tickers), os.cpu_count() or 1),
            tracked_in=world.home.root / "mlflow",
            progress=lambda line: console.print(line, markup=False, highlight=False),
        )
    return report


def promote_version(name: str, scope: str, version: str, world: str) -> str:
    """Serve that version; answer in one line."""
    store = Home.from_env().store()
    stored = registry.versions(store, world=_world(world), name=_name(name), scope=scope)
    wanted = [item for item in stored if item.card.version == version]
    if not wanted:
        raise NotFoundError(
            what=f"version {version} of {name} for {scope}",
            where=store.where("models/"),
            remedy="`signals models list` shows what there is.",
        )
    registry.promote(store, wanted[0].ref, when=dt.datetime.now(dt.UTC))
    return f"{name} for {scope} now serves {version}"


def roll_back(name: str, scope: str, world: str) -> str:
    """Serve the version before; answer in one line."""
    ref = registry.rollback(Home.from_env().store(), _world(world), _name(name), scope, when=dt.datetime.now(dt.UTC))
    return f"{name} for {scope} serves {ref.version} again"
