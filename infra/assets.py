"""What the build made: archives of functions and layers, and which function gets which layers."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Assets:
    """The build's folder with its manifest.

    ```text
    manifest.json   {"layers": {name: {"zip": …, "sha256": …}}, "functions": {folder: {"zip": …, "layers": [name, …]}}}
    ```
    """

    folder: Path
    manifest: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "Assets":
        """From the folder the build wrote.

        Raises
        ------
        FileNotFoundError
            Where nothing was built.
        """
        path = folder / MANIFEST
        if not path.exists():
            raise FileNotFoundError(f"{path} is not there: build the packages first (make package), then repeat")
        return cls(folder, json.loads(path.read_text(encoding="utf-8")))

    @property
    def digest(self) -> str:
        """Twelve hex digits that name exactly these archives."""
        parts = [*self.manifest["layers"].values(), *self.manifest["functions"].values()]
        return hashlib.sha256("".join(sorted(part["sha256"] for part in parts)).encode()).hexdigest()[:12]

    @property
    def layers(self) -> dict[str, Path]:
        """Archive of each layer."""
        return {name: self.folder / layer["zip"] for name, layer in self.manifest["layers"].items()}

    def function(self, folder: str) -> Path:
        """Archive of the function of that folder, such as plan_session."""
        return self.folder / str(self.manifest["functions"][folder]["zip"])

    def layers_of(self, folder: str) -> list[str]:
        """Names of the layers that function gets, in order."""
        return list(self.manifest["functions"][folder]["layers"])
