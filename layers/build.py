"""Build what Lambda runs, without Docker: the layers and the functions, as zips.

```text
python -m layers.build      build/layers/*.zip, build/functions/*.zip, build/manifest.json
```

What has not changed is not built again.
"""

import hashlib
import json
import platform
import sys
import tempfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from layers.archive import compile_tree, contents, pack
from layers.errors import MIB, BudgetError, BuildError, GroupsError
from layers.groups import CORE, Groups, Layer, read
from layers.lock import alone_in
from layers.slim import slim
from layers.wheels import PLATFORM, install

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
FUNCTIONS = ROOT / "functions"
MANIFEST = "manifest.json"
BUDGET = 230 * MIB

type Part = dict[str, Any]  # one archive in the manifest
type Files = Mapping[str, bytes]


def build(folder: Path = BUILD) -> dict[str, Any]:
    """Bring the archives in that folder up to date; answer the manifest.

    ```text
    {"layers":    {name:   {zip, sha256, inputs, unzipped_bytes}},
     "functions": {folder: {zip, sha256, inputs, unzipped_bytes, layers}}}
    ```

    `zip` is relative to the folder, `inputs` the digest of what the archive was made from; `layers` stand in order,
    and the `unzipped_bytes` of a function count them too.

    Raises
    ------
    BuildError
        GroupsError, BudgetError, or ToolError if uv or the compiler fails.
    """
    groups = read_groups()
    with alone_in(folder):
        manifest = _built(groups, folder)
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest


def read_groups() -> Groups:
    """From `groups.toml` and `uv.lock`; GroupsError where they do not name exactly the functions there are."""
    groups = read((ROOT / "layers/groups.toml").read_text("utf-8"), (ROOT / "uv.lock").read_text("utf-8"))
    there = {path.parent.name for path in FUNCTIONS.glob("*/handler.py")}
    if differing := there ^ groups.functions.keys():
        raise GroupsError(
            f"[functions] and the folder functions/ differ in {', '.join(sorted(differing))}",
            remedy="Name each function there with the layers it needs.",
        )
    return groups


def _built(groups: Groups, folder: Path) -> dict[str, Any]:
    before = _parts_before(folder)
    layers = {CORE: _core(folder, before)}
    layers |= {name: _third_party(folder, before, layer) for name, layer in groups.layers.items()}
    functions = {
        name: _function(folder, before, name) | {"layers": list(names)} for name, names in groups.functions.items()
    }
    for name, function in functions.items():
        function["unzipped_bytes"] = _within_budget(
            folder, name, [function, *(layers[it] for it in function["layers"])]
        )
    return {"layers": layers, "functions": functions}


def _core(folder: Path, before: Mapping[str, Part]) -> Part:
    files = _sources(ROOT / "layers/core/python")
    return _layer_archive(folder, before, CORE, _digest(files), lambda tree: _write(files, tree))


def _third_party(folder: Path, before: Mapping[str, Part], layer: Layer) -> Part:
    recipe = json.dumps([PLATFORM, layer.pins, layer.drop, layer.keep])
    return _layer_archive(folder, before, layer.name, recipe, lambda tree: _install(layer, tree))


def _layer_archive(
    folder: Path, before: Mapping[str, Part], name: str, recipe: str, fill: Callable[[Path], None]
) -> Part:
    part = _archive(folder, before, f"layers/{name}.zip", recipe, fill, at="/opt", top="python/")
    return part | {"unzipped_bytes": sum(contents(folder / part["zip"]).values())}


def _function(folder: Path, before: Mapping[str, Part], name: str) -> Part:
    files = _sources(FUNCTIONS / name)
    archive = f"functions/{name}.zip"
    return _archive(folder, before, archive, _digest(files), lambda tree: _write(files, tree), at="/var/task")


def _archive(
    folder: Path,
    before: Mapping[str, Part],
    name: str,
    recipe: str,
    fill: Callable[[Path], None],
    *,
    at: str,
    top: str = "",
) -> Part:
    """The part as it was, if recipe and builder are the same and the archive still is what was built."""
    inputs = hashlib.sha256(f"{_builder()}\n{recipe}".encode()).hexdigest()
    archive, part = folder / name, before.get(name)
    if part and part["inputs"] == inputs and archive.exists() and _sha256(archive) == part["sha256"]:
        return {key: part[key] for key in ("zip", "sha256", "inputs")}
    print(f"building {name}", flush=True)  # noqa: T201 - the first build takes a minute
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / archive.stem
        fill(tree)
        compile_tree(tree, mounted_at=f"{at}/{top}")
        pack(tree, archive, top=top)
    return {"zip": name, "sha256": _sha256(archive), "inputs": inputs}


def _install(layer: Layer, tree: Path) -> None:
    install(layer.pins, tree)
    slim(tree, drop=layer.drop, keep=layer.keep)


def _within_budget(folder: Path, function: str, parts: Sequence[Part]) -> int:
    """Size of these archives together, in bytes."""
    files = [(size, name) for part in parts for name, size in contents(folder / part["zip"]).items()]
    if (total := sum(size for size, _ in files)) > BUDGET:
        largest = [name for _, name in sorted(files, reverse=True)[:5]]
        raise BudgetError(function=function, size=total, budget=BUDGET, largest=largest)
    return total


@cache
def _builder() -> str:
    """What decides an archive's bytes beside its recipe: this package, Python's compiler and its zlib."""
    code = {path.name: path.read_bytes() for path in Path(__file__).parent.glob("*.py")}
    return "\n".join([_digest(code), platform.python_version(), zlib.ZLIB_RUNTIME_VERSION])


def _sources(folder: Path) -> Files:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _write(files: Files, tree: Path) -> None:
    for name, content in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(content)


def _digest(files: Files) -> str:
    named = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return hashlib.sha256(json.dumps(named, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parts_before(folder: Path) -> dict[str, Part]:
    manifest = folder / MANIFEST
    if not manifest.exists():
        return {}
    built = json.loads(manifest.read_text(encoding="utf-8"))
    return {part["zip"]: part for kind in ("layers", "functions") for part in built[kind].values()}


if __name__ == "__main__":
    try:
        build()
    except BuildError as error:
        sys.exit(f"build: {error}")
