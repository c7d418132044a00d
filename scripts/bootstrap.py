"""Set up the project's environment with nothing but a Python 3.9 or later.

Get uv, then let it install what the lock file names. Run as ``python3 scripts/bootstrap.py [--all-groups]``;
``make setup`` does. Only the standard library is used, and neither pip nor ensurepip has to exist.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
STAMP = VENV / ".setup-stamp"
WINDOWS = os.name == "nt"
UV = TOOLS / ("uv.exe" if WINDOWS else "uv")
MINIMUM_PYTHON = (3, 9)
ALL_GROUPS = ["--all-groups"]
TIMEOUT_S = 60

PYTHON_REMEDY = """\
No Python 3.13 was found, and uv could not fetch one. Do one of these, then repeat the command:
  - {uv} python install 3.13
  - install it with the system's package manager (python3.13) or pyenv (pyenv install 3.13)
  - point UV_PYTHON at the python3.13 you have"""

INSTALL_REMEDY = """\
uv could not install the locked packages; its own message stands above. If the network is the reason:
  - name the proxy in HTTPS_PROXY, or an own certificate in SSL_CERT_FILE, and repeat; what was fetched is kept
  - where only a mirror can be reached, install the same versions from it, then repeat the command:
      export UV_DEFAULT_INDEX=<address of the mirror>
      {uv} venv --allow-existing
      {uv} export --frozen --all-groups --no-emit-project --output-file .venv/locked.txt
      {uv} pip install --requirement .venv/locked.txt"""


class BootstrapError(Exception):
    """The environment cannot be set up; the text says what was tried and what to do."""


class Wheel(NamedTuple):
    """One uv wheel as the lock file names it."""

    url: str
    sha256: str

    @property
    def filename(self) -> str:
        """The last part of the URL, for example ``uv-0.13.8-py3-none-win_amd64.whl``."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def platforms(self) -> list[str]:
        """The platform tags in the filename, for example ``["macosx_11_0_arm64"]``."""
        return self.filename[: -len(".whl")].split("-")[-1].split(".")


class LockedUv(NamedTuple):
    """The uv that the lock file pins."""

    version: str
    wheels: list[Wheel]


def read_lock(text: str) -> LockedUv:
    """Find uv in the text of ``uv.lock``.

    Regular expressions, since ``tomllib`` came with Python 3.11; the file is written by uv in one fixed form.
    """
    package = re.search(r'(?ms)^name = "uv"\nversion = "([^"]+)"\n(.*?)(?=^\[\[|\Z)', text)
    if package is None:
        raise BootstrapError("uv.lock pins no uv. Restore the file from the repository: git checkout uv.lock")
    wheels = re.findall(r'url = "([^"]+\.whl)", hash = "sha256:([0-9a-f]{64})"', package[2])
    return LockedUv(package[1], [Wheel(url, sha256) for url, sha256 in wheels])


def platform_family(system: str, libc: str) -> str:
    """Tell how wheel tags for this system begin, for example ``musllinux`` for Linux without glibc."""
    if system == "Linux":
        return "manylinux" if libc == "glibc" else "musllinux"
    families = {"Darwin": "macosx", "Windows": "win"}
    if system not in families:
        raise BootstrapError(f"{system} is not supported: allowed are Linux, macOS (Darwin) and Windows.")
    return families[system]


def choose_wheel(uv: LockedUv, system: str, machine: str, libc: str) -> Wheel:
    """Pick the wheel for a machine as `platform` describes it, for example ``("Darwin", "arm64", "")``."""
    family, ending = platform_family(system, libc), "_" + machine.lower()
    for wheel in uv.wheels:
        if any(tag.startswith(family) and tag.endswith(ending) for tag in wheel.platforms):
            return wheel
    raise BootstrapError(
        f"uv {uv.version} has no wheel for {system} on {machine}. "
        f"Install uv {uv.version} or later yourself, put it on PATH, and repeat the command."
    )


def version_of(text: str) -> tuple[int, ...]:
    """Read the version that ``uv --version`` prints: ``uv 0.13.8 (...)`` is ``(0, 13, 8)``, else ``()``."""
    match = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(map(int, match[0].split("."))) if match else ()


def is_usable(uv: str, wanted: str) -> bool:
    """Say whether the program `uv` runs and is not older than the locked one: such a uv reads the lock."""
    try:
        answer = subprocess.run([uv, "--version"], capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return version_of(answer.stdout) >= version_of(wanted)


def verify(wheel: Path, allowed: list[str]) -> None:
    """Refuse a file whose SHA-256 does not stand in the lock file."""
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found not in allowed:
        raise BootstrapError(
            f"{wheel.name} is not the file that uv.lock names: its sha256 is {found}, allowed is "
            f"{' or '.join(allowed)}. It was not used. Repeat the command; if this stays, something on the "
            "network alters downloads: use another one."
        )


def download(wheel: Wheel, folder: Path) -> Path:
    """Fetch a wheel from the address in the lock file."""
    target = folder / wheel.filename
    opened = urllib.request.urlopen(wheel.url, timeout=TIMEOUT_S)  # noqa: S310 - the lock file's own address
    with opened as source, target.open("wb") as file:
        shutil.copyfileobj(source, file)
    return target


def download_with_pip(version: str, folder: Path) -> Path:
    """Fetch the wheel with the user's pip, whose configuration knows the mirror if there is only a mirror."""
    options = ["--no-deps", "--only-binary", ":all:", "--quiet", "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *options, f"uv=={version}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise BootstrapError(answer.stderr.strip() or "pip failed without a word")
    return next(folder.glob("uv-*.whl"))


def extract(wheel: Path, target: Path) -> None:
    """Put the program inside the wheel at `target`, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel) as archive:
        member = next(name for name in archive.namelist() if name.endswith(".data/scripts/" + target.name))
        handle, unfinished = tempfile.mkstemp(dir=target.parent, prefix=target.name)
        with contextlib.closing(archive.open(member)) as source, os.fdopen(handle, "wb") as file:
            shutil.copyfileobj(source, file)
    Path(unfinished).chmod(0o755)
    Path(unfinished).replace(target)


def fetch_wheel(uv: LockedUv, wheel: Wheel, folder: Path) -> Path:
    """Fetch and verify a wheel from its address, or else through pip."""
    try:
        fetched, allowed = download(wheel, folder), [wheel.sha256]
    except OSError as network:
        try:
            fetched = download_with_pip(uv.version, folder / "pip")
            allowed = [each.sha256 for each in uv.wheels]
        except BootstrapError as pip:
            raise BootstrapError(
                f"uv {uv.version} could not be fetched.\n  {wheel.url}: {network}\n  pip download: {pip}\n"
                "Check the network or the proxy (HTTPS_PROXY), or name your mirror in pip's configuration, "
                f"or install uv {uv.version} or later yourself and put it on PATH; then repeat the command."
            ) from pip
    verify(fetched, allowed)
    return fetched


def find_or_install_uv() -> str:
    """Return a uv that reads this lock file: the one on PATH, the one fetched before, or the pinned one."""
    locked = read_lock((ROOT / "uv.lock").read_text(encoding="utf-8"))
    for candidate in (shutil.which("uv"), str(UV)):
        if candidate and is_usable(candidate, locked.version):
            return candidate
    wheel = choose_wheel(locked, platform.system(), platform.machine(), platform.libc_ver()[0])
    print(f"setup: fetching uv {locked.version} into {TOOLS.name}/", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        extract(fetch_wheel(locked, wheel, Path(folder)), UV)
    return str(UV)


def fingerprint(groups: list[str]) -> str:
    """Name the state that an installed environment answers to: the dependency files and the groups."""
    digest = hashlib.sha256()
    for name in ("uv.lock", "pyproject.toml", ".python-version"):
        digest.update((ROOT / name).read_bytes())
    return " ".join([digest.hexdigest(), *groups])


def is_current(groups: list[str]) -> bool:
    """Say whether the environment holds these groups already, installed from the files as they are now."""
    python = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")
    accepted = {fingerprint(groups), fingerprint(ALL_GROUPS)}
    return python.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") in accepted


def uv_environment() -> dict[str, str]:
    """Point uv at this project's .venv, and at Pythons that need not be on PATH: the running one and pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    places = [Path(sys.executable).parent, *sorted(pyenv.glob("versions/3.13.*/bin"))]
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, places)])
    environment = {**os.environ, "PATH": path, "UV_PROJECT_ENVIRONMENT": str(VENV)}
    environment.pop("VIRTUAL_ENV", None)
    return environment


def sync(uv: str, groups: list[str]) -> None:
    """Install the locked packages; what the user has added to the environment stays."""
    environment = uv_environment()
    quiet = [] if sys.stderr.isatty() else ["--quiet"]  # bars are for people, not for logs
    print(f"setup: installing the locked packages into {VENV.name}/", flush=True)
    command = [uv, "sync", "--frozen", "--inexact", *groups, *quiet]
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode != 0:
        find = [uv, "python", "find", "--system", "3.13"]
        python = subprocess.run(find, cwd=ROOT, env=environment, capture_output=True, check=False)
        raise BootstrapError((PYTHON_REMEDY if python.returncode else INSTALL_REMEDY).format(uv=uv))
    STAMP.write_text(fingerprint(groups), encoding="utf-8")


def main() -> None:
    """Bring the environment up to date, or leave with an error text and exit code 1."""
    if sys.version_info < MINIMUM_PYTHON:
        sys.exit(f"setup: Python {platform.python_version()} is too old: run this with 3.9 or later.")
    parser = argparse.ArgumentParser(description="Set up .venv from uv.lock.")
    parser.add_argument("--all-groups", action="store_true", help="also what only tests and benchmarks need")
    groups = ALL_GROUPS if parser.parse_args().all_groups else []
    if is_current(groups):
        return
    try:
        sync(find_or_install_uv(), groups)
    except BootstrapError as error:
        sys.exit(f"setup: {error}")


if __name__ == "__main__":
    main()
