import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest
from options_signals.errors import InvalidValueError
from options_signals.sources.base import Sources
from options_signals.sources.registry import open_source


def opened(spec: str, folder: Path) -> Sources:
    return open_source(spec, clock=lambda: dt.datetime(2022, 11, 23, 21, 45, tzinfo=dt.UTC), cache_folder=folder)


@pytest.mark.parametrize(
    ("spec", "namespace", "world"),
    [
        ("simulated", "simulated", "simulated"),
        ("simulated:seed=7,edge=on", "simulated", "simulated"),
        ("simulated:seed=3", "simulated:3-edge-on", "simulated"),
        ("simulated:edge=off", "simulated:7-edge-off", "simulated"),
        ("yahoo", "live", "market"),
        ("live", "live", "market"),
    ],
)
def test_a_specification_names_a_namespace_and_a_world(spec: str, namespace: str, world: str, tmp_path: Path) -> None:
    sources = opened(spec, tmp_path)

    assert (sources.namespace, sources.world) == (namespace, world)


def test_a_folder_is_named_by_what_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "prices").mkdir()

    assert opened(f"files:{tmp_path}", tmp_path).namespace == "files:e3b0c44298fc"  # sha256 of nothing


def test_a_folder_that_its_owner_named_keeps_its_name_when_rows_are_added(tmp_path: Path) -> None:
    (tmp_path / "prices").mkdir()
    spec = f"files:{tmp_path},name=mine"
    before, unnamed = opened(spec, tmp_path), opened(f"files:{tmp_path}", tmp_path)

    (tmp_path / "prices" / "SPY.csv").write_text("date,open,high,low,close,volume\n2022-11-23,1,1,1,1,1\n")

    assert before.namespace == opened(spec, tmp_path).namespace == "files:mine"
    assert unnamed.namespace != opened(f"files:{tmp_path}", tmp_path).namespace


def test_the_tables_of_a_named_folder_still_say_which_data_they_are(tmp_path: Path) -> None:
    (tmp_path / "prices").mkdir()
    (tmp_path / "prices" / "SPY.csv").write_text("date,open,high,low,close,volume\n2022-11-23,1,1,1,1,1\n")
    day = dt.date(2022, 11, 23)

    named, unnamed = (
        opened(f"files:{tmp_path}{name}", tmp_path).bars.bars(["SPY"], first=day, last=day) for name in ("", ",name=a")
    )

    assert named.origin.source == unnamed.origin.source != "files:a"


@pytest.mark.parametrize("name", ["", "My Data", "../live", "a" * 31])
def test_a_name_that_could_be_no_folder_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "prices").mkdir()

    with pytest.raises(InvalidValueError, match="allowed: a name of small letters, digits and -"):
        opened(f"files:{tmp_path},name={name}", tmp_path)


@pytest.mark.parametrize(
    "spec",
    ["", "bloomberg", "files:", "files", "yahoo:fast", "simulated:seed=x", "simulated:edge=maybe", "simulated:x"],
)
def test_an_unknown_specification_is_answered_with_the_known_ones(spec: str, tmp_path: Path) -> None:
    with pytest.raises(
        InvalidValueError, match="allowed: simulated, simulated:seed=7,edge=off, files:<folder>, files:"
    ):
        opened(spec, tmp_path)


@pytest.mark.parametrize("spec", ["yahoo", "live"])
def test_knowing_a_source_takes_none_of_the_libraries_it_is_asked_with(spec: str) -> None:
    program = (
        "import datetime as dt, sys\n"
        "from options_signals.sources.registry import open_source\n"
        f"print(open_source({spec!r}, clock=lambda: dt.datetime.now(dt.UTC)).namespace)\n"
        "print({'requests', 'yfinance', 'vaderSentiment'}.intersection(sys.modules) or 'none')\n"
    )

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert run.stdout == "live\nnone\n"
