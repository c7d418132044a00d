"""The user's keys for data providers: encrypted parameters of SSM, read at run time, never shown.

`/options-signals/<stage>/<name>`, each a SecureString under the key that AWS manages for SSM.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import boto3

from options_signals.adapters.aws import REPEATABLE, reaching
from options_signals.sources.base import BLS_KEY, FINNHUB_KEY, FRED_KEY

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

VARIABLES = {"bls": BLS_KEY, "finnhub": FINNHUB_KEY, "fred": FRED_KEY}  # name of the parameter -> of the variable


def folder_of(stage: str) -> str:
    """Where a stage keeps its keys, such as `/options-signals/prod`."""
    return f"/options-signals/{stage}"


class ParameterKeys:
    """The keys below one folder of the parameter store."""

    def __init__(self, folder: str, *, client: SSMClient | None = None) -> None:
        self.folder = folder
        self.client: SSMClient = client or boto3.client("ssm", config=REPEATABLE)

    def read(self) -> dict[str, str]:
        """Those that are stored, by the name of the variable that holds such a key on a laptop: FINNHUB_API_KEY."""
        with reaching(self.folder, "reading the keys"):
            answer = self.client.get_parameters(Names=self._paths(VARIABLES), WithDecryption=True)
        return {VARIABLES[self._name(found["Name"])]: found["Value"] for found in answer["Parameters"]}

    def stored(self) -> list[str]:
        """The names of those that are stored; none is decrypted."""
        with reaching(self.folder, "listing the keys"):
            answer = self.client.get_parameters(Names=self._paths(VARIABLES), WithDecryption=False)
        return sorted(self._name(found["Name"]) for found in answer["Parameters"])

    def put(self, name: str, key: str) -> None:
        """Store or replace one."""
        with reaching(self.folder, f"storing the key {name}"):
            self.client.put_parameter(Name=self._path(name), Value=key, Type="SecureString", Overwrite=True)

    def remove(self, name: str) -> bool:
        """Delete one; return whether there was any."""
        with reaching(self.folder, f"removing the key {name}"):
            answer = self.client.delete_parameters(Names=[self._path(name)])
        return bool(answer["DeletedParameters"])

    def _path(self, name: str) -> str:
        return f"{self.folder}/{name}"

    def _paths(self, names: Iterable[str]) -> list[str]:
        return [self._path(name) for name in sorted(names)]

    def _name(self, path: str) -> str:
        return path.rpartition("/")[2]
