"""`signals doctor`: what is configured, what is missing, what to do."""

import datetime as dt
import importlib.util
import platform
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from options_signals import sessions
from options_signals.adapters.folder import locked
from options_signals.errors import ModelMissingError, NoIndexError, SignalError
from options_signals.features.calendars import Validity, validity
from options_signals.features.inputs import index_of
from options_signals.jobs.plan_session import MODELS, OF_EARNINGS
from options_signals.models import registry
from options_signals.models.bundle import load
from options_signals.settings import describe
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from local.world import World

DAYS_AHEAD = 120  # a dated table that ends within this time wants an update
OLD_MODEL_DAYS = 120
# What a source need not carry: its name in `Sources`, and what its absence means.
OPTIONAL = {
    "macro": ("macro", "Models trained without macro series serve; those trained with them refuse."),
    "option chains": ("chain", "Signals come without tickets; `signals ticket --chain` reads a file."),
    "earnings dates": ("earnings", "No trade is held back or made because a company is about to report."),
    "dividends": ("dividends", "Tickets do not know of ex-dates and say so."),
    "second closes": ("second_bars", "Prices of one provider alone; with `live`, FINNHUB_API_KEY brings a second one."),
}
STYLE = {"ok": "green", "look": "yellow", "missing": "red"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `missing`: a run cannot work; `look`: it can, but a person should know."""

    what: str
    status: Literal["ok", "look", "missing"]
    found: str
    remedy: str = ""

    def as_record(self) -> dict[str, str]:
        """For --json."""
        return {"what": self.what, "status": self.status, "found": self.found, "remedy": self.remedy}


def examine(world: World) -> list[Finding]:
    """Look at everything a run needs; a part that cannot be looked at is a finding, not an end."""
    found = [Finding(what="python", status="ok", found=platform.python_version())]
    for what, look in CHECKS.items():
        try:
            found.extend(look(world))
        except SignalError as error:
            found.append(Finding(what=what, status="missing", found=str(error)))
    return found


def show_findings(console: Console, findings: Sequence[Finding]) -> None:
    """As a table, what is missing in red."""
    table = Table("what", "", *(Column(name, overflow="fold") for name in ("found", "what to do")))
    for finding in findings:
        table.add_row(finding.what, Text(finding.status, style=STYLE[finding.status]), finding.found, finding.remedy)
    console.print(table)


def show_settings(console: Console) -> None:
    """Every setting there is."""
    setting_name = Column("setting", overflow="fold")
    settings = Table(setting_name, "default", "what it is", title="every setting", title_justify="left")
    for setting in describe():
        settings.add_row(setting.key, str(setting.default), setting.description)
    console.print(settings)


def _settings(world: World) -> Iterator[Finding]:
    settings = world.settings
    file = world.environment.get("SIGNALS_SETTINGS")
    yield Finding(
        what="settings",
        status="ok" if file else "look",
        found=f"{file or 'no file: defaults and the environment'} (id {settings.config_id})",
        remedy="" if file else "Write signals.yaml here to choose watchlist and limits; the table below lists all.",
    )
    yield Finding(what="watchlist", status="ok", found=", ".join(settings.tickers))
    yield Finding(
        what="account",
        status="ok" if "account_usd" in settings.risk.model_fields_set else "look",
        found=f"{settings.risk.account_usd:,.0f} USD",
        remedy="" if "account_usd" in settings.risk.model_fields_set else "Set risk.account_usd to your own.",
    )


def _home(world: World) -> Iterator[Finding]:
    with locked(world.home.root), tempfile.TemporaryFile(dir=world.home.root):
        pass
    yield Finding(what="home", status="ok", found=f"{world.home.root} can be written")


def _calendar(world: World) -> Iterator[Finding]:
    del world
    today = dt.datetime.now(dt.UTC)
    yield Finding(what="calendar", status="ok", found=f"newest closed session {sessions.newest_closed(today)}")
    yield from (_dated(table, today.date()) for table in validity())


def _dated(table: Validity, today: dt.date) -> Finding:
    left = (table.through - today).days
    unknown = "What is made from it is unknown since then" if left < 0 else f"It ends in {left} days"
    return Finding(
        what=table.name,
        status="ok" if left > DAYS_AHEAD else "look",
        found=f"known through {table.through}",
        remedy="" if left > DAYS_AHEAD else f"{unknown}: extend {table.module}, or update to a version that did.",
    )


def _source(world: World) -> Iterator[Finding]:
    sources = world.sources
    yield Finding(what="source", status="ok", found=f"{world.source} (namespace {sources.namespace})")
    for what, (provider, remedy) in OPTIONAL.items():
        carried = getattr(sources, provider) is not None
        yield Finding(
            what=what,
            status="ok" if carried else "look",
            found="carried by this source" if carried else "not carried by this source",
            remedy="" if carried else remedy,
        )
    for ticker in world.settings.tickers:
        yield _index(ticker, world)


def _index(ticker: str, world: World) -> Finding:
    try:
        index = index_of(ticker, world.settings.allow_iv_proxy)
    except NoIndexError as error:
        return Finding(what=f"volatility index of {ticker}", status="missing", found="none", remedy=str(error))
    return Finding(what=f"volatility index of {ticker}", status="ok", found=index)


def _models(world: World) -> Iterator[Finding]:
    scopes = ("pooled",) if world.settings.model_scope == "pooled" else world.settings.tickers
    for scope in scopes:
        for name in MODELS:
            yield _model(world, name, scope)
    yield _of_earnings(world)


def _of_earnings(world: World) -> Finding:
    name, scope = OF_EARNINGS
    try:
        registry.champion(world.home.store(), world.sources.world, name, scope)
    except ModelMissingError:
        remedy = "`signals train-earnings` trains one."
        return Finding(what=f"model {name} for {scope}", status="ok", found="none served (optional)", remedy=remedy)
    return _model(world, name, scope)


def _model(world: World, name: str, scope: str) -> Finding:
    store = world.home.store()
    try:
        card = load(store, registry.champion(store, world.sources.world, name, scope)).card
    except SignalError as error:
        return Finding(what=f"model {name} for {scope}", status="missing", found="none served", remedy=str(error))
    age = (dt.datetime.now(dt.UTC).date() - card.trained_through).days
    return Finding(
        what=f"model {name} for {scope}",
        status="ok" if age <= OLD_MODEL_DAYS else "look",
        found=f"{card.version}, data through {card.trained_through}",
        remedy="" if age <= OLD_MODEL_DAYS else f"{age} days old: `signals train-all` trains anew.",
    )


def _extras(world: World) -> Iterator[Finding]:
    del world
    there = importlib.util.find_spec("mlflow") is not None
    yield Finding(
        what="experiment tracking",
        status="ok",
        found="MLflow logs each training" if there else "off (optional)",
        remedy="" if there else "Install the extra `mlflow` to switch it on.",
    )


CHECKS: dict[str, Callable[[World], Iterator[Finding]]] = {
    "settings": _settings,
    "home": _home,
    "calendar": _calendar,
    "source": _source,
    "models": _models,
    "extras": _extras,
}
