"""The real packages: built from the lock file, imported alone, and run under AWS's own runtime client for a day."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import packages
from layers import build
from layers.archive import contents
from layers.emulator import MEMORY_MIB, in_lambdas_file_system, started, unpack, what_is_missing
from layers.errors import BuildError, ToolError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the packages are for Linux, and only run there"),
]

FUNCTIONS = sorted(path.parent.name for path in build.FUNCTIONS.glob("*/handler.py"))
NOT_AT_START = {"fetch_data": "options_signals.sources.yahoo"}  # loaded at the first question

type Alone = Callable[[str, str], Any]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    try:
        return build.build()
    except ToolError as error:
        pytest.skip(f"the wheels cannot be fetched here: {error}")


@pytest.fixture(scope="module")
def emulated(manifest: dict[str, Any]) -> None:
    try:
        with started(FUNCTIONS[0]):
            assert FUNCTIONS[0] in manifest["functions"]
    except BuildError as error:
        pytest.skip(f"the emulator does not run here: {error}")


@pytest.fixture(scope="module")
def day(emulated: None) -> dict[str, packages.Run]:
    assert emulated is None
    return packages.day()


@pytest.fixture
def alone(manifest: dict[str, Any]) -> Iterator[Alone]:
    """Runs a program in an interpreter that knows nothing but one function and its layers; answers what it prints."""
    with tempfile.TemporaryDirectory(dir=build.BUILD) as scratch:

        def run(function: str, program: str) -> Any:
            assert function in manifest["functions"]
            folder = Path(scratch).resolve()
            unpack(function, folder)
            paths = [f"{folder}/task", f"{folder}/opt/python"]
            command = [sys.executable, "-I", "-S", "-c", f"import json, sys; sys.path[:0] = {paths}; {program}"]
            done = subprocess.run(command, cwd=folder / "opt", capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        yield run


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_fits_into_lambda_with_room_to_spare(function: str, manifest: dict[str, Any]) -> None:
    part = manifest["functions"][function]
    archives = [part["zip"], *(manifest["layers"][layer]["zip"] for layer in part["layers"])]

    assert part["unzipped_bytes"] == sum(sum(contents(build.BUILD / name).values()) for name in archives)
    assert part["unzipped_bytes"] <= build.BUDGET
    assert len(part["layers"]) <= 5


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_starts_from_its_own_packages_and_uses_each_of_its_layers(
    function: str, manifest: dict[str, Any], alone: Alone
) -> None:
    modules = f"handler, {NOT_AT_START.get(function, 'json')}"
    files = alone(
        function,
        f"import {modules}; print(json.dumps([getattr(m, '__file__', None) or '' for m in sys.modules.values()]))",
    )

    loaded = {file.partition("/opt/")[2] for file in files}
    layers = manifest["functions"][function]["layers"]
    unused = [it for it in layers if loaded.isdisjoint(contents(build.BUILD / manifest["layers"][it]["zip"]))]
    assert unused == []


@pytest.mark.parametrize("function", ["plan_session", "watchdog"])
def test_who_only_names_the_source_needs_no_provider(function: str, alone: Alone) -> None:
    program = (
        "from importlib.util import find_spec; from options_signals.sources.registry import open_source;"
        "print(json.dumps([find_spec('yfinance') is None, open_source('yahoo', clock=None).namespace]))"
    )

    assert alone(function, program) == [True, "live"]


def test_a_package_still_answers_for_its_version(alone: Alone) -> None:
    asked = (
        "from importlib.metadata import version; import numpy; print(json.dumps([version('numpy'), numpy.__version__]))"
    )

    by_metadata, by_itself = alone("plan_session", asked)
    assert by_metadata == by_itself


def test_a_layer_built_once_more_elsewhere_is_the_same_to_the_byte(manifest: dict[str, Any], tmp_path: Path) -> None:
    again = build._third_party(tmp_path, {}, build.read_groups().layers["providers"])

    assert again["sha256"] == manifest["layers"]["providers"]["sha256"]


def test_the_products_own_layer_built_twice_is_the_same_to_the_byte(tmp_path: Path) -> None:
    once, again = build._core(tmp_path / "once", {}), build._core(tmp_path / "again", {})

    assert once["sha256"] == again["sha256"]


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("plan_session", "2022-11-23 is to be worked on"),
        ("fetch_data", "3 of 3 tickers usable"),
        ("build_features", "3 tickers"),
        ("run_inference", "3 tickers"),
        ("select_strategies", "3 tickers"),
        ("publish_signals", "SENT"),
    ],
)
def test_under_awss_runtime_client_a_function_does_its_part_of_a_day(
    function: str, said: str, day: dict[str, packages.Run]
) -> None:
    assert packages.in_words(day[function].answer) == said


def test_the_watchdog_finds_that_day_well(day: dict[str, packages.Run]) -> None:
    assert day["watchdog"].answer["well"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_init_and_peak_memory_are_measured(function: str, day: dict[str, packages.Run]) -> None:
    assert day[function].init_ms[0] > 50.0  # nothing imports pandas in less
    assert 50.0 < day[function].peak_mib < MEMORY_MIB


@pytest.mark.usefixtures("emulated")
def test_a_missing_variable_is_named() -> None:
    with started("plan_session") as function:
        answer = function.invoke({})

    assert answer["errorType"] == "SettingsError"
    assert "SIGNALS_SOURCE is not set" in answer["errorMessage"]


@pytest.mark.usefixtures("emulated")
def test_yahoos_library_needs_no_more_than_tmp_to_find_the_line_dead() -> None:
    plan = {"proceed": True, "reason": "", "run": {"namespace": "live", "session": "2026-11-19", "attempt": 1}}
    dead_line = {"https_proxy": "http://127.0.0.1:9", "SIGNALS_SOURCE": "yahoo", "SIGNALS_TICKERS": "SPY"}

    with packages.account() as account, started("fetch_data", environment={**account, **dead_line}) as function:
        answer = function.invoke({"plan": plan})

    assert answer["errorType"] == "ProviderUnavailableError"
    assert "Failed to connect to query2.finance.yahoo.com" in answer["errorMessage"]


@pytest.mark.usefixtures("emulated")
def test_a_function_dies_where_it_needs_more_memory_than_it_is_given() -> None:
    with (
        started("plan_session", memory_mib=64) as function,
        pytest.raises(ToolError, match="Runtime exited with error"),
    ):
        function.invoke({})


@pytest.mark.skipif(bool(what_is_missing()), reason=f"not on this machine: {what_is_missing()}")
@pytest.mark.parametrize(
    ("command", "succeeds"),
    [
        ("touch /tmp/file", True),
        ("touch /var/task/file", False),
        ("touch /opt/file", False),
        ("touch /file", False),
        ("touch /usr/file", False),
        ("ls /var/task/handler.py", True),
        (f"ls {build.ROOT}", False),
    ],
)
def test_a_function_sees_itself_and_may_write_to_tmp_alone(command: str, *, succeeds: bool, tmp_path: Path) -> None:
    for place in ("lang", "runtime", "opt", "task"):
        (tmp_path / place).mkdir()
    (tmp_path / "task/handler.py").touch()
    places = [tmp_path / place for place in ("lang", "runtime", "opt", "task")]
    inside = [*in_lambdas_file_system(tmp_path / "root", places), "/bin/sh", "-c", command]

    assert (subprocess.run(inside, capture_output=True, check=False).returncode == 0) == succeeds
