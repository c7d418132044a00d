"""What the handlers give the jobs: everything named by the environment, built at first use and kept while warm."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from options_signals import settings as settings_file
from options_signals.adapters.clock import SystemClock
from options_signals.adapters.dynamo import DynamoTable
from options_signals.adapters.events import EventBridgeBus
from options_signals.adapters.folder import FolderStore
from options_signals.adapters.keys import ParameterKeys
from options_signals.adapters.s3 import S3Store
from options_signals.adapters.sns import SnsChannel
from options_signals.errors import SettingsError
from options_signals.jobs.ports import Channel, Clock, EventBus, SignalTable
from options_signals.lake import ObjectStore
from options_signals.settings import Settings
from options_signals.sources.base import Sources
from options_signals.sources.registry import open_source

S3 = "s3://"


@dataclass(frozen=True)
class Deps:
    """The world as the environment describes it; a function builds only the parts it touches.

    ```text
    SIGNALS_SETTINGS   YAML file of settings, optional
    SIGNALS_LAKE       s3://bucket/prefix, or a folder
    SIGNALS_TABLE      DynamoDB table     SIGNALS_TOPIC  ARN of the alerts topic     SIGNALS_BUS  event bus
    SIGNALS_OPERATOR_TOPIC  ARN of the operator topic
    SIGNALS_SOURCE     where data comes from: live, yahoo, simulated, files:FOLDER (see docs/data.md)
    SIGNALS_CODE       version of the deployed code, pinned in each snapshot
    PROVIDER_KEYS      where the keys of data providers lie, such as /options-signals/prod; else in the environment
    ```
    """

    environ: Mapping[str, str]

    @classmethod
    def from_env(cls) -> "Deps":
        """The process's own environment."""
        return cls(os.environ)

    @cached_property
    def settings(self) -> Settings:
        """From the file SIGNALS_SETTINGS names, and the environment."""
        path = self.environ.get("SIGNALS_SETTINGS")
        return settings_file.load(Path(path) if path else None, self.environ)

    @cached_property
    def store(self) -> ObjectStore:
        """The lake."""
        place = self._needed("SIGNALS_LAKE")
        if not place.startswith(S3):
            return FolderStore(Path(place))
        bucket, _, prefix = place.removeprefix(S3).partition("/")
        return S3Store(bucket, prefix=prefix)

    @cached_property
    def table(self) -> SignalTable:
        """Signals and digests."""
        return DynamoTable(self._needed("SIGNALS_TABLE"))

    @cached_property
    def channel(self) -> Channel:
        """Where the digest goes out."""
        return SnsChannel(self._needed("SIGNALS_TOPIC"))

    @cached_property
    def operator(self) -> Channel:
        """Where the operator hears what went wrong."""
        return SnsChannel(self._needed("SIGNALS_OPERATOR_TOPIC"))

    @cached_property
    def bus(self) -> EventBus:
        """Where other programs hear of it."""
        return EventBridgeBus(self._needed("SIGNALS_BUS"))

    @cached_property
    def sources(self) -> Sources:
        """Who is asked for data."""
        folder = self.environ.get("PROVIDER_KEYS")
        keys = ParameterKeys(folder).read() if folder else {}
        return open_source(self._needed("SIGNALS_SOURCE"), clock=self.clock.now, environ={**self.environ, **keys})

    @cached_property
    def clock(self) -> Clock:
        """The machine's."""
        return SystemClock()

    @property
    def code_version(self) -> str:
        """What SIGNALS_CODE says; a checkout without it says so."""
        return self.environ.get("SIGNALS_CODE", "unversioned")

    def _needed(self, name: str) -> str:
        value = self.environ.get(name, "")
        if not value:
            raise SettingsError(origin="the environment", problems=(f"{name} is not set",))
        return value
