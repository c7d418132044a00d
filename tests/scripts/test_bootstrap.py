import hashlib
import os
import sys
import zipfile
from pathlib import Path

import pytest

from scripts import bootstrap
from scripts.bootstrap import BootstrapError, LockedUv, Wheel

PROGRAM = b"#!/bin/sh\necho uv 9.8.7\n"

LOCK = f"""\
[[package]]
name = "urllib3"
version = "2.0.0"
wheels = [
    {{ url = "https://example.org/urllib3-2.0.0-py3-none-any.whl", hash = "sha256:{"a" * 64}" }},
]

[[package]]
name = "uv"
version = "0.13.8"
source = {{ registry = "https://example.org/simple" }}
sdist = {{ url = "https://example.org/uv-0.13.8.tar.gz", hash = "sha256:{"b" * 64}" }}
wheels = [
    {{ url = "https://example.org/uv-0.13.8-py3-none-win_amd64.whl", hash = "sha256:{"c" * 64}", size = 7 }},
    {{ url = "https://example.org/uv-0.13.8-py3-none-win_arm64.whl", hash = "sha256:{"d" * 64}" }},
]

[[package]]
name = "uvicorn"
version = "0.54.0"
wheels = [
    {{ url = "https://example.org/uvicorn-0.54.0-py3-none-any.whl", hash = "sha256:{"e" * 64}" }},
]
"""


@pytest.fixture(scope="module")
def locked() -> LockedUv:
    return bootstrap.read_lock((bootstrap.ROOT / "uv.lock").read_text(encoding="utf-8"))


@pytest.fixture
def wheel_file(tmp_path: Path) -> Path:
    file = tmp_path / "served" / "uv-9.8.7-py3-none-manylinux2014_x86_64.whl"
    file.parent.mkdir()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("uv-9.8.7.data/scripts/uvx", b"another program")
        archive.writestr("uv-9.8.7.data/scripts/uv", PROGRAM)
    return file


def offered(wheel_file: Path, sha256: str) -> tuple[LockedUv, Wheel]:
    wheel = Wheel(wheel_file.as_uri(), sha256)
    return LockedUv("9.8.7", [wheel]), wheel


def test_lock_gives_version_and_wheels_of_uv_and_of_no_neighbour() -> None:
    assert bootstrap.read_lock(LOCK) == LockedUv(
        "0.13.8",
        [
            Wheel("https://example.org/uv-0.13.8-py3-none-win_amd64.whl", "c" * 64),
            Wheel("https://example.org/uv-0.13.8-py3-none-win_arm64.whl", "d" * 64),
        ],
    )


def test_lock_without_uv_is_refused() -> None:
    with pytest.raises(BootstrapError, match="pins no uv"):
        bootstrap.read_lock('[[package]]\nname = "uvicorn"\nversion = "0.54.0"\n')


@pytest.mark.parametrize(
    ("system", "machine", "libc", "tag"),
    [
        ("Linux", "x86_64", "glibc", "manylinux2014_x86_64"),
        ("Linux", "x86_64", "", "musllinux_1_1_x86_64"),
        ("Linux", "aarch64", "glibc", "manylinux2014_aarch64"),
        ("Linux", "aarch64", "musl", "musllinux_1_1_aarch64"),
        ("Darwin", "arm64", "", "macosx_11_0_arm64"),
        ("Darwin", "x86_64", "", "macosx_10_12_x86_64"),
        ("Windows", "AMD64", "", "win_amd64"),
    ],
)
def test_each_supported_machine_finds_its_wheel_in_the_real_lock(
    locked: LockedUv, system: str, machine: str, libc: str, tag: str
) -> None:
    assert tag in bootstrap.choose_wheel(locked, system, machine, libc).platforms


@pytest.mark.parametrize(("system", "machine"), [("Linux", "sparc64"), ("Plan9", "x86_64")])
def test_machine_without_a_wheel_is_refused_by_name(locked: LockedUv, system: str, machine: str) -> None:
    with pytest.raises(BootstrapError, match=rf"{machine}|{system} is not supported"):
        bootstrap.choose_wheel(locked, system, machine, "glibc")


@pytest.mark.parametrize(
    ("text", "version"),
    [("uv 0.13.8 (1234abc 2026-11-12)", (0, 13, 8)), ("uv 1.2\n", (1, 2)), ("command not found", ())],
)
def test_version_is_read_as_numbers(text: str, version: tuple[int, ...]) -> None:
    assert bootstrap.version_of(text) == version


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for uv is a shell script")
@pytest.mark.parametrize(
    ("answer", "usable"),
    [
        ("echo uv 0.13.8", True),
        ("echo uv 0.100.0", True),
        ("echo uv 1.0.0", True),
        ("echo uv 0.13.7", False),
        ("echo uv 0.9.30", False),
        ("echo hello", False),
        ("echo uv 0.13.8; exit 1", False),
    ],
)
def test_only_a_uv_that_runs_and_is_not_older_than_the_locked_one_is_used(
    tmp_path: Path, answer: str, usable: bool
) -> None:
    uv = tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\n{answer}\n")
    uv.chmod(0o755)

    assert bootstrap.is_usable(str(uv), "0.13.8") is usable


def test_absent_uv_is_not_usable(tmp_path: Path) -> None:
    assert not bootstrap.is_usable(str(tmp_path / "uv"), "0.13.8")


def test_wheel_as_locked_is_fetched_and_its_program_extracted(tmp_path: Path, wheel_file: Path) -> None:
    uv, wheel = offered(wheel_file, hashlib.sha256(wheel_file.read_bytes()).hexdigest())
    target = tmp_path / "tools" / "uv"

    bootstrap.extract(bootstrap.fetch_wheel(uv, wheel, tmp_path), target)

    assert target.read_bytes() == PROGRAM
    assert os.access(target, os.X_OK)
    assert list(target.parent.iterdir()) == [target]


def test_altered_wheel_is_refused_with_both_digests(tmp_path: Path, wheel_file: Path) -> None:
    uv, wheel = offered(wheel_file, "f" * 64)
    found = hashlib.sha256(wheel_file.read_bytes()).hexdigest()

    with pytest.raises(BootstrapError, match=f"sha256 is {found}, allowed is {'f' * 64}"):
        bootstrap.fetch_wheel(uv, wheel, tmp_path)


def test_pip_is_asked_where_the_address_cannot_be_reached(
    tmp_path: Path, wheel_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = hashlib.sha256(wheel_file.read_bytes()).hexdigest()
    unreachable = Wheel((tmp_path / "absent" / wheel_file.name).as_uri(), sha256)
    monkeypatch.setattr(bootstrap, "download_with_pip", lambda _version, _folder: wheel_file)

    fetched = bootstrap.fetch_wheel(LockedUv("9.8.7", [unreachable]), unreachable, tmp_path)

    assert fetched == wheel_file


def test_error_names_every_way_that_was_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unreachable = Wheel((tmp_path / "absent-py3-none-win_amd64.whl").as_uri(), "f" * 64)

    def no_pip(_version: str, _folder: Path) -> Path:
        raise BootstrapError("No module named pip")

    monkeypatch.setattr(bootstrap, "download_with_pip", no_pip)

    with pytest.raises(BootstrapError) as caught:
        bootstrap.fetch_wheel(LockedUv("9.8.7", [unreachable]), unreachable, tmp_path)

    assert unreachable.url in str(caught.value)
    assert "No module named pip" in str(caught.value)
    assert "HTTPS_PROXY" in str(caught.value)


def test_uv_sees_the_pythons_of_pyenv_without_their_being_on_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for version in ("3.12.1", "3.13.0"):
        (tmp_path / "versions" / version / "bin").mkdir(parents=True)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", "first")

    places = bootstrap.uv_environment()["PATH"].split(os.pathsep)

    assert places == ["first", str(Path(sys.executable).parent), str(tmp_path / "versions/3.13.0/bin")]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder whose environment was installed for the default groups."""
    for name in ("uv.lock", "pyproject.toml", ".python-version"):
        (tmp_path / name).write_text(name)
    python = tmp_path / ".venv" / ("Scripts/python.exe" if bootstrap.WINDOWS else "bin/python")
    python.parent.mkdir(parents=True)
    python.touch()
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / ".venv" / "stamp")
    bootstrap.STAMP.write_text(bootstrap.fingerprint([]))
    return tmp_path


@pytest.mark.usefixtures("project")
def test_installed_environment_is_not_installed_again() -> None:
    assert bootstrap.is_current([])


@pytest.mark.usefixtures("project")
def test_default_groups_do_not_stand_for_all_groups() -> None:
    assert not bootstrap.is_current(bootstrap.ALL_GROUPS)


@pytest.mark.usefixtures("project")
def test_all_groups_stand_for_the_default_groups() -> None:
    bootstrap.STAMP.write_text(bootstrap.fingerprint(bootstrap.ALL_GROUPS))

    assert bootstrap.is_current([])


@pytest.mark.parametrize("name", ["uv.lock", "pyproject.toml", ".python-version"])
def test_changed_file_asks_for_a_new_installation(project: Path, name: str) -> None:
    assert bootstrap.is_current([])

    (project / name).write_text("changed")

    assert not bootstrap.is_current([])


def test_lost_environment_asks_for_a_new_installation(project: Path) -> None:
    assert bootstrap.is_current([])

    next(project.glob(".venv/*/python*")).unlink()

    assert not bootstrap.is_current([])
