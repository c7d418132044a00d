"""Where the laptop keeps its state: `.signals/`, or the folder SIGNALS_HOME names."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from options_signals.adapters.folder import FolderStore

DEFAULT = ".signals"


@dataclass(frozen=True, slots=True)
class Home:
    """The folders under one root; nothing is created before something is stored."""

    root: Path

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> "Home":
        """The root SIGNALS_HOME names, or `.signals` where the command runs."""
        return cls(Path(environ.get("SIGNALS_HOME", DEFAULT)).absolute())

    @property
    def lake(self) -> Path:
        """Snapshots, models, runs: what is S3 in the cloud."""
        return self.root / "lake"

    @property
    def table(self) -> Path:
        """Signals and digests: what is DynamoDB in the cloud."""
        return self.root / "table"

    @property
    def log(self) -> Path:
        """What the functions logged, one JSON object a line."""
        return self.root / "log"

    def store(self) -> FolderStore:
        """The lake as an object store."""
        return FolderStore(self.lake)
