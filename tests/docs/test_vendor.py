"""The worked example of docs/data.md runs."""

import datetime as dt
import json
import sys
from pathlib import Path

import pytest
from options_signals import sessions
from options_signals.errors import InvalidValueError
from options_signals.sources.http import ApiKey
from options_signals.sources.registry import open_source
from options_signals.tables import BARS, validate

from tests.sources.web_server import AFTER_CLOSE, HTML, Reply, serving

EXAMPLES = Path(__file__).parents[2] / "docs/examples"
FIRST, LAST = dt.date(2022, 11, 21), dt.date(2022, 11, 23)
DAYS = ["2022-11-23", "2022-11-22", "2022-11-21", "2022-11-20"]
BODY = json.dumps([{"date": day, "o": 9.0, "h": 11.0, "l": 8.0, "c": 10.0, "v": 100} for day in DAYS])


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.setenv("VENDOR_API_KEY", "s3cr3t")
    monkeypatch.delitem(sys.modules, "vendor", raising=False)


def clock() -> dt.datetime:
    return dt.datetime.fromisoformat(AFTER_CLOSE)


def test_the_example_is_shorter_than_sixty_lines() -> None:
    assert len((EXAMPLES / "vendor.py").read_text().splitlines()) < 60


@pytest.mark.usefixtures("examples")
def test_a_source_of_ones_own_is_opened_by_name() -> None:
    sources = open_source("python:vendor:sources", clock=clock)

    assert (sources.namespace, sources.world) == ("vendor", "market")
    assert sources.macro is None


@pytest.mark.usefixtures("examples")
def test_the_example_delivers_bars_and_says_which_it_could_not() -> None:
    from vendor import VendorBars  # type: ignore[import-not-found]  # noqa: PLC0415 - docs/examples is not installed

    with serving({"daily/SPY": BODY, "daily/ODD": HTML, "daily/GONE": Reply(status=404)}) as outside:
        source = VendorBars(outside.web(), ApiKey(name="VENDOR_API_KEY", value="s3cr3t"))
        fetched = source.bars(["SPY", "ODD", "GONE"], first=FIRST, last=LAST)

    assert list(fetched.frame["session"].dt.date) == sessions.between(FIRST, LAST)
    assert set(fetched.failures) == {"ODD", "GONE"}
    assert validate(BARS, fetched.frame).equals(fetched.frame)


@pytest.mark.parametrize("spec", ["python:no_such_module:sources", "python:vendor:no_such_function", "python:"])
@pytest.mark.usefixtures("examples")
def test_a_source_that_cannot_be_opened_says_what_python_says(spec: str) -> None:
    with pytest.raises(InvalidValueError, match="Python says: "):
        open_source(spec, clock=clock)
