"""What a command works on: settings, a source of data, and the home folder; from options and the environment."""

import datetime as dt
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from options_signals import settings as settings_file
from options_signals.errors import InvalidValueError, NotFoundError
from options_signals.settings import Settings
from options_signals.sources.base import Sources
from options_signals.sources.registry import open_source

from local.home import Home

ROOT = Path(__file__).resolve().parent.parent
SETTINGS_FILE = "signals.yaml"


@dataclass(frozen=True)
class World:
    """One command's surroundings. Nothing is opened before it is used."""

    home: Home
    source: str
    environment: Mapping[str, str]

    @classmethod
    def of(cls, *, source: str, tickers: str | None = None, home: Home | None = None) -> "World":
        """The surroundings as options and environment give them; `tickers` such as "SPY,QQQ" replace the watchlist."""
        environment = {name: value for name, value in os.environ.items() if name.startswith("SIGNALS_")}
        environment["SIGNALS_SOURCE"] = source
        environment["SIGNALS_CODE"] = code_version()
        if "SIGNALS_SETTINGS" not in environment and Path(SETTINGS_FILE).exists():
            environment["SIGNALS_SETTINGS"] = str(Path(SETTINGS_FILE).absolute())
        if tickers:
            environment["SIGNALS_TICKERS"] = json.dumps([ticker.strip() for ticker in tickers.upper().split(",")])
        return cls(home=home or Home.from_env(), source=source, environment=environment)

    @cached_property
    def settings(self) -> Settings:
        """From the settings file, the environment and the options."""
        path = self.environment.get("SIGNALS_SETTINGS")
        return settings_file.load(Path(path) if path else None, self.environment)

    @cached_property
    def sources(self) -> Sources:
        """Who is asked for data."""
        return open_source(self.source, clock=lambda: dt.datetime.now(dt.UTC))


def code_version() -> str:
    """The commit of this checkout, `+` if files differ from it; the package's version where there is no git."""
    try:
        asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+"]
        return subprocess.run(asked, capture_output=True, check=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return version("options-signals")


def namespace_of(home: Home, session: dt.date) -> str:
    """The one namespace that has a digest of the session.

    Raises
    ------
    NotFoundError, InvalidValueError
        Where there is none, or more than one.
    """
    found = [folder.name for folder in namespaces(home) if (folder / f"{session}.jsonl").exists()]
    if not found:
        raise NotFoundError(
            what=f"stored session {session}", where=str(home.table), remedy="`signals history` lists what is stored."
        )
    if len(found) > 1:
        raise InvalidValueError(
            name="namespace", value=None, allowed=" or ".join(map(spoken, found)), remedy="Name one with --namespace."
        )
    return spoken(found[0])


def namespaces(home: Home) -> Sequence[Path]:
    """The folder of each namespace that has something in the table."""
    return sorted(path for path in home.table.glob("*") if path.is_dir()) if home.table.exists() else []


def spoken(folder: str) -> str:
    """The namespace a folder's name stands for: files-1a2b is files:1a2b."""
    kind, dash, digest = folder.partition("-")
    return f"{kind}:{digest}" if dash else kind
