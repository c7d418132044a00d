"""Fetch wheels for Lambda's machine, whatever this one is."""

import shutil
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from layers.errors import BuildError, ToolError
from scripts.bootstrap import BootstrapError, find_or_install_uv

# Lambda's Amazon Linux 2023 has glibc 2.34: wheels for 2.28 run there, and so do those for 2.17 (manylinux2014),
# which uv takes where a package has no other.
PLATFORM = "x86_64-manylinux_2_28"


def install(pins: Iterable[str], tree: Path) -> None:
    """Unpack wheels into a folder, beside which a list of them is written.

    Parameters
    ----------
    pins
        Lines of a requirements file, each with a digest: `numpy==2.5.5 --hash=sha256:…`. Nothing else is fetched.

    Raises
    ------
    BuildError
        Where there is no uv, or, as ToolError, where it cannot fetch a wheel.
    """
    requirements = tree.with_suffix(".txt")
    requirements.write_text("\n".join(pins) + "\n", encoding="utf-8")
    options = ["--python", sys.executable, "--python-platform", PLATFORM, "--python-version", "3.13"]
    options += ["--only-binary", ":all:", "--no-deps", "--require-hashes", "--quiet"]
    options += ["--link-mode", "copy"]  # uv's own files must not change with ours
    command = [_uv(), "pip", "install", *options, "--target", str(tree), "--requirement", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - arguments in a list
    if done.returncode != 0:
        raise ToolError(
            task=f"fetching the wheels for {tree.name}",
            output=done.stderr,
            remedy="Check the network or the proxy (HTTPS_PROXY; a mirror in UV_DEFAULT_INDEX), then repeat.",
        )


@cache
def _uv() -> str:
    try:
        return shutil.which("uv", path=str(Path(sys.executable).parent)) or find_or_install_uv()
    except BootstrapError as error:
        raise BuildError(str(error)) from error
