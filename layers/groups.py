"""Which layer holds which libraries, as `groups.toml` says, and at which version, as `uv.lock` says."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.markers import Marker

from layers.errors import GroupsError

CORE = "core"
MOST_LAYERS = 5  # Lambda's limit
PROJECT = "options-signals"

# Where the packages will run; the machine that builds may be another.
LAMBDA = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.13.0",
    "python_version": "3.13",
    "sys_platform": "linux",
}

type Package = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One third-party layer.

    Attributes
    ----------
    pins
        Lines of a requirements file, such as `numpy==2.5.5 --hash=sha256:…`, sorted.
    drop, keep
        What is left out of the installed packages, as `slim.slim` reads it.
    """

    name: str
    pins: tuple[str, ...]
    drop: tuple[str, ...] = ()
    keep: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Groups:
    """The third-party layers by name, and the names of each function's layers, core first."""

    layers: Mapping[str, Layer]
    functions: Mapping[str, tuple[str, ...]]


def read(groups_toml: str, uv_lock: str) -> Groups:
    """Put the text of both files together.

    Raises
    ------
    GroupsError
        If a dependency of the product is in no layer, a function lacks a layer that another stands on, has a library
        twice or more than five layers.
    """
    described = tomllib.loads(groups_toml)
    locked = {package["name"]: package for package in tomllib.loads(uv_lock)["package"]}
    tables = described["layers"]
    names = {layer: _names(layer, tables, locked) for layer in tables}
    _refuse_unplaced(locked[PROJECT], names)
    for function, layers in described["functions"].items():
        _refuse_unfit(function, layers, tables, names)
    return Groups(
        layers={name: _layer(name, table, names[name], locked) for name, table in tables.items()},
        functions={function: (CORE, *layers) for function, layers in described["functions"].items()},
    )


def _names(layer: str, tables: Mapping[str, Any], locked: Mapping[str, Package]) -> frozenset[str]:
    below = [_names(other, tables, locked) for other in tables[layer].get("on", [])]
    return closure(tables[layer]["packages"], locked).difference(*below)


def closure(roots: Iterable[str], locked: Mapping[str, Package]) -> frozenset[str]:
    """These packages and all they need on Lambda, by the lock file's dependencies."""
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name not in locked:
            raise GroupsError(f"uv.lock has no {name}", remedy="Correct the name, or add it to pyproject.toml.")
        if name not in found:
            found.add(name)
            waiting += [need["name"] for need in locked[name].get("dependencies", []) if _applies(need)]
    return frozenset(found)


def _applies(need: Mapping[str, Any]) -> bool:
    return "marker" not in need or Marker(need["marker"]).evaluate(LAMBDA)


def _layer(name: str, table: Mapping[str, Any], names: Iterable[str], locked: Mapping[str, Package]) -> Layer:
    pins = tuple(pin(locked[package]) for package in sorted(names))
    return Layer(name=name, pins=pins, drop=tuple(table.get("drop", ())), keep=table.get("keep", {}))


def pin(package: Package) -> str:
    """The package's line in a requirements file: its version, and the digest of each wheel the lock file names."""
    hashes = sorted(wheel["hash"] for wheel in package.get("wheels", ()))
    return " ".join([f"{package['name']}=={package['version']}", *(f"--hash={digest}" for digest in hashes)])


def _refuse_unplaced(project: Package, names: Mapping[str, frozenset[str]]) -> None:
    needed = {need["name"] for need in project["dependencies"]}
    if missing := needed.difference(*names.values()):
        raise GroupsError(f"no layer holds {', '.join(sorted(missing))}", remedy="Add it to the layer of its users.")


def _refuse_unfit(
    function: str, layers: Sequence[str], tables: Mapping[str, Any], names: Mapping[str, frozenset[str]]
) -> None:
    if len(layers) >= MOST_LAYERS:
        raise GroupsError(
            f"{function} has {len(layers) + 1} layers with core, allowed are {MOST_LAYERS}", remedy="Join two of them."
        )
    held: set[str] = set()
    for layer in layers:
        if missing := set(tables[layer].get("on", ())).difference(layers):
            raise GroupsError(f"{function} has {layer} without {', '.join(sorted(missing))}", remedy="Add it.")
        if twice := held & names[layer]:
            raise GroupsError(
                f"{function} gets {', '.join(sorted(twice))} from two layers",
                remedy=f"Let {layer} stand on the other.",
            )
        held |= names[layer]
