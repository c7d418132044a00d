"""What a command works on, found from options, environment and files."""

import datetime as dt
from pathlib import Path

import pytest
from options_signals.errors import InvalidValueError, NotFoundError

from local.home import Home
from local.world import World, namespace_of

SESSION = dt.date(2022, 11, 23)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.chdir(tmp_path)
    return Home(tmp_path / "home")


def remember(home: Home, namespace: str) -> None:
    """A table that has something of the session under that namespace."""
    folder = home.table / namespace
    folder.mkdir(parents=True)
    (folder / "2022-11-23.jsonl").touch()


def test_the_one_namespace_that_has_the_session_is_found(home: Home) -> None:
    remember(home, "files-1a2b3c4d5e6f")

    assert namespace_of(home, SESSION) == "files:1a2b3c4d5e6f"


def test_two_namespaces_with_the_session_want_a_choice(home: Home) -> None:
    remember(home, "live")
    remember(home, "simulated")

    with pytest.raises(InvalidValueError, match="allowed: live or simulated"):
        namespace_of(home, SESSION)


def test_a_session_nobody_stored_is_told(home: Home) -> None:
    with pytest.raises(NotFoundError, match="no stored session 2022-11-23"):
        namespace_of(home, SESSION)


@pytest.mark.usefixtures("home")
def test_tickers_of_the_command_replace_the_watchlist() -> None:
    assert World.of(source="simulated", tickers="spy, dia").settings.tickers == ("SPY", "DIA")


def test_a_settings_file_where_the_command_runs_is_used(home: Home) -> None:
    (home.root.parent / "signals.yaml").write_text("tickers: [DIA]\nrisk:\n  account_usd: 10000\n")

    settings = World.of(source="simulated", home=home).settings

    assert settings.tickers == ("DIA",)
    assert settings.risk.account_usd == 10_000


@pytest.mark.usefixtures("home")
def test_the_code_version_is_pinned() -> None:
    assert World.of(source="simulated").environment["SIGNALS_CODE"]
