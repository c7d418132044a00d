"""What must never enter the repository, whoever adds it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MIB = 1024 * 1024

MACHINE_PATH = re.compile(rb"(?<![\w.~$}-])/(?:root|work|tmp/house|home/[a-z]\w*|Users/[A-Za-z]\w*)(?:/|\b)")
SECRET = re.compile(
    rb"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    rb"|\bgh[opsu]_[A-Za-z0-9]{36}\b"
    rb"|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    rb"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)


def tracked_files() -> list[Path]:
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what is tracked cannot be told")
    listed = subprocess.run([git, "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [file for name in listed.decode().split("\0") if name and (file := ROOT / name).is_file()]


def hits(pattern: re.Pattern[bytes]) -> dict[str, list[bytes]]:
    found = {str(file.relative_to(ROOT)): pattern.findall(file.read_bytes()) for file in tracked_files()}
    return {name: matches for name, matches in found.items() if matches}


def test_this_file_is_tracked_so_the_checks_below_see_something() -> None:
    assert Path(__file__).resolve() in tracked_files()


@pytest.mark.parametrize("path", ["root/x", "work/main", "tmp/house/x", "home/anna/x", "Users/anna/x"])
def test_machine_path_is_recognised(path: str) -> None:
    assert MACHINE_PATH.search(f'open("/{path}")'.encode())


@pytest.mark.parametrize(
    "parts",
    [("https:", "", "example.org", "work", "x"), ("~", "work", "x"), ("framework", "main"), ("$HOME", "root", "x")],
)
def test_address_or_relative_path_is_not_taken_for_a_machine_path(parts: tuple[str, ...]) -> None:
    assert not MACHINE_PATH.search("/".join(parts).encode())


def test_no_tracked_file_names_a_path_of_one_machine() -> None:
    assert hits(MACHINE_PATH) == {}


@pytest.mark.parametrize(
    "text",
    ["AKIA" + "Q" * 16, "ghp_" + "a" * 36, "xoxb-" + "1" * 12, "-----BEGIN RSA " + "PRIVATE KEY-----"],
)
def test_secret_is_recognised(text: str) -> None:
    assert SECRET.search(text.encode())


def test_no_tracked_file_holds_a_secret() -> None:
    assert hits(SECRET) == {}


def test_no_tracked_file_is_larger_than_one_mebibyte() -> None:
    sizes = {str(file.relative_to(ROOT)): file.stat().st_size for file in tracked_files()}

    assert {name: size for name, size in sizes.items() if size > MIB} == {}


def test_lock_file_answers_to_the_project_file() -> None:
    uv = shutil.which("uv", path=str(ROOT / ".venv" / "bin")) or shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")

    command = [uv, "lock", "--check", "--offline"]
    check = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert check.returncode == 0, check.stderr
