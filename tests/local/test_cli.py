"""The command line: exit codes, JSON, and messages that name the remedy."""

from pathlib import Path

import pandas as pd
import pytest
from options_signals.models import registry
from typer.testing import CliRunner

from local import cli
from local.home import Home
from tests.chains import flat_chain
from tests.e2e.day import EVENING
from tests.local.shell import Shell
from tests.models.bundles import direction_bundle, move_bundle, regime_bundle, shrunk_mean_bundle
from training.report import Report, Untrained

RUN = ["run", "--source", "simulated", "--session", "2022-11-23", "--tickers", "SPY"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty home in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIGNALS_HOME", str(tmp_path / "home"))
    return Home(tmp_path / "home")


@pytest.fixture
def stocked(home: Home) -> Home:
    """A home that serves two versions of the direction model, the second one now, and one of the other."""
    store = home.store()
    for bundle in (direction_bundle(threshold=0.4), direction_bundle(), regime_bundle()):
        registry.promote(store, registry.publish(store, bundle.card, bundle.graph), when=EVENING)
    return home


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


@pytest.mark.usefixtures("stocked")
def test_a_run_prints_the_digest_and_where_things_lie(shell: Shell) -> None:
    code, out, _ = shell(*RUN)

    assert code == 0
    assert "SIMULATED" in out
    assert "not investment advice" in out
    assert "1 message(s) received" in out


@pytest.mark.usefixtures("stocked")
def test_a_revision_that_is_not_sent_says_that_nobody_got_it(shell: Shell) -> None:
    shell(*RUN)

    _, out, _ = shell(*RUN, "--revise")

    assert "digest: RECORDED, sent to nobody" in out
    assert "message(s) received" not in out


@pytest.mark.usefixtures("stocked")
def test_a_second_run_says_that_there_is_nothing_to_do(shell: Shell) -> None:
    shell(*RUN)

    code, out, _ = shell(*RUN)

    assert code == 0
    assert out.startswith("nothing to do: the digest of 2022-11-23 was sent before")


@pytest.mark.usefixtures("home")
def test_a_run_without_models_fails_with_the_remedy(shell: Shell) -> None:
    code, out, _ = shell(*RUN)

    assert code == 1
    assert "no champion of direction for SPY" in out
    assert "signals train-all" in out


def test_a_home_that_cannot_be_made_is_named_with_the_remedy(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SIGNALS_HOME", str(tmp_path / "file" / "home"))

    code, _, err = shell(*RUN)

    assert code == 1
    assert f"cannot lock {tmp_path}/file/home" in err
    assert "owner and permissions" in err


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "--source", "bloomberg"), "source is 'bloomberg'; allowed: simulated"),
        (
            ("fetch", "--source", "simulated", "--session", "2022-11-24"),
            "session is '2022-11-24'; allowed: a trading day",
        ),
        (("fetch", "--source", "simulated", "--session", "yesterday"), "date is 'yesterday'; allowed: a date such as"),
        (("fetch", "--source", "simulated", "--session", "2035-11-23"), "allowed: a session that has closed"),
        (("run", "--no-such-option"), "No such option"),
    ],
)
def test_bad_usage_exits_with_2_and_says_what_is_allowed(arguments: tuple[str, ...], told: str, shell: Shell) -> None:
    code, _, err = shell(*arguments)

    assert code == 2
    assert told in err


@pytest.mark.usefixtures("home")
def test_an_unknown_setting_in_the_environment_is_refused(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNALS_RISK__ACOUNT_USD", "1000")

    code, _, err = shell("fetch", "--source", "simulated", "--session", "2022-11-23")

    assert code == 2
    assert "SIGNALS_RISK__ACOUNT_USD is not a setting" in err


@pytest.mark.usefixtures("home")
def test_fetch_says_how_good_the_data_is_and_stores_a_snapshot(shell: Shell) -> None:
    manifest = shell.json("fetch", "--source", "simulated", "--session", "2022-11-23", "--tickers", "SPY")

    assert manifest["verdicts"] == {"SPY": {"status": "ok", "reasons": []}}
    assert set(manifest["tables"]) == {"bars", "vol_indices", "macro", "chain", "iv_history"}


@pytest.mark.usefixtures("stocked")
def test_signal_decides_on_one_ticker_and_stores_nothing(shell: Shell, stocked: Home) -> None:
    (decision,) = shell.json("signal", "SPY", "--source", "simulated", "--session", "2022-11-23")

    assert decision["ticker"] == "SPY"
    assert not stocked.table.exists()
    assert not (stocked.lake / "snapshots").exists()


@pytest.mark.usefixtures("stocked")
def test_only_what_is_stored_says_how_it_is_replayed(shell: Shell) -> None:
    asked = ("signal-all", "--source", "simulated", "--session", "2022-11-23", "--tickers", "SPY")

    _, tried, _ = shell(*asked)
    shell(*asked, "--record")
    _, stored, _ = shell("replay", "2022-11-23")

    assert "replay: signals replay 2022-11-23" in stored
    assert "replay:" not in tried
    assert "not investment advice" in tried


@pytest.mark.usefixtures("stocked")
def test_signal_all_with_record_is_found_in_the_history_and_replays_identically(shell: Shell) -> None:
    asked = ("--source", "simulated", "--session", "2022-11-23", "--tickers", "SPY")
    code, _, _ = shell("signal-all", *asked, "--record")

    history = shell.json("history", "SPY")
    replayed = shell.json("replay", "2022-11-23")

    assert code == 0
    assert [(row["namespace"], row["session"], row["ticker"]) for row in history] == [
        ("simulated", "2022-11-23", "SPY")
    ]
    assert replayed["identical"]
    assert replayed["decisions"][0]["ticker"] == "SPY"


@pytest.mark.usefixtures("home")
def test_a_history_without_anything_says_so(shell: Shell) -> None:
    _, out, _ = shell("history", "SPY")

    assert "nothing is stored of that" in out


@pytest.mark.usefixtures("home")
def test_replay_of_an_unknown_session_says_what_there_is_to_do(shell: Shell) -> None:
    code, _, err = shell("replay", "2022-11-23")

    assert code == 1
    assert "no stored session 2022-11-23" in err
    assert "signals history" in err


@pytest.mark.usefixtures("stocked")
def test_models_are_listed_rolled_back_and_promoted(shell: Shell) -> None:
    def served() -> str:
        listed = shell.json("models", "list", "--world", "simulated")
        return str(next(card["version"] for card in listed if card["champion"] and card["name"] == "direction"))

    second = served()
    _, rolled_back, _ = shell("models", "rollback", "direction", "SPY", "--world", "simulated")
    first = served()
    shell("models", "promote", "direction", "SPY", second, "--world", "simulated")

    assert first != second
    assert f"serves {first} again" in rolled_back
    assert served() == second


@pytest.mark.usefixtures("stocked")
def test_doctor_finds_what_is_missing_and_what_to_do(shell: Shell) -> None:
    code, _, _ = shell("doctor", "--source", "simulated")
    findings = {finding["what"]: finding for finding in shell.json("doctor", "--source", "simulated")}

    assert code == 1
    assert findings["model direction for SPY"]["status"] in {"ok", "look"}
    assert findings["model direction for QQQ"]["status"] == "missing"
    assert "signals train-all" in findings["model direction for QQQ"]["remedy"]


@pytest.mark.usefixtures("home")
def test_doctor_says_what_a_source_carries_and_what_a_key_would_add(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FINNHUB_API_KEY", raising=False)
    without = {finding["what"]: finding for finding in shell.json("doctor", "--source", "live")}
    monkeypatch.setenv("FINNHUB_API_KEY", "s3cr3t")
    with_key = {finding["what"]: finding for finding in shell.json("doctor", "--source", "live")}

    assert {without[what]["status"] for what in ("macro", "option chains", "earnings dates", "dividends")} == {"ok"}
    assert without["second closes"]["status"] == "look"
    assert "FINNHUB_API_KEY" in without["second closes"]["remedy"]
    assert with_key["second closes"]["status"] == "ok"


@pytest.mark.usefixtures("home")
def test_a_training_that_leaves_tickers_out_fails_and_names_them(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    short = [Untrained(model, "IWM", "labelled rows of IWM is 12") for model in ("direction", "iv_regime")]
    monkeypatch.setattr("local.models.train_all", lambda *_args, **_options: Report((), tuple(short)))

    code, out, err = shell("train-all", "--source", "simulated")

    assert code == 1
    assert "NOT TRAINED: direction of IWM: labelled rows of IWM is 12" in out
    assert "signals: not trained: IWM; 0 other models are stored" in err


def test_a_training_on_own_volatility_that_nobody_has_kept_ends_before_it_begins(shell: Shell) -> None:
    code, out, err = shell("train-all", "--source", "simulated", "--scope", "pooled", "--own-iv")

    assert (code, out) == (1, "")
    assert "no history of own implied volatility in the namespace simulated" in err


@pytest.mark.usefixtures("home")
def test_the_simulated_market_has_no_moves_on_earnings_to_learn_and_training_all_goes_on_without(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.models.train_all", lambda *_args, **_options: Report(()))

    code, _, err = shell("train-all", "--source", "simulated")
    assert (code, "earnings_move is not trained: simulated has no table of many companies" in err) == (0, True)

    code, _, err = shell("train-earnings", "--source", "simulated")
    assert (code, "No company reports on the simulated market" in err) == (2, True)


@pytest.mark.usefixtures("home")
def test_a_folder_whose_companies_cannot_teach_their_moves_does_not_end_the_training_of_the_others(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("local.models.train_all", lambda *_args, **_options: Report(()))
    for folder in ("universe", "earnings"):
        (tmp_path / folder).mkdir()
    pd.DataFrame({"symbol": ["NVDA"]}).to_parquet(tmp_path / "universe" / "sp500_daily.parquet")

    code, _, err = shell("train-all", "--source", f"files:{tmp_path}")

    assert (code, "earnings_move is not trained: bars is 'none of SPY'" in err) == (0, True)


def test_the_model_of_moves_on_earnings_is_listed_rolled_back_and_promoted_like_the_others(
    home: Home, shell: Shell
) -> None:
    store = home.store()
    first, second = (registry.publish(store, each.card, each.graph) for each in (move_bundle(), shrunk_mean_bundle()))
    for ref in (first, second):
        registry.promote(store, ref, when=EVENING)

    def served() -> list[str]:
        listed = shell.json("models", "list", "--world", "simulated")
        return [each["version"] for each in listed if each["champion"]]

    assert served() == [second.version]
    shell("models", "rollback", "earnings_move", "pooled", "--world", "simulated")
    assert served() == [first.version]
    shell("models", "promote", "earnings_move", "pooled", second.version, "--world", "simulated")
    assert served() == [second.version]
    assert "0.0081" in shell("models", "list", "--world", "simulated")[1]


COMMANDS = ["demo", "run", "fetch", "signal", "signal-all", "replay", "history", "doctor"]
COMMANDS += ["train", "train-earnings", "train-all"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_an_example(command: str) -> None:
    answer = CliRunner().invoke(cli.app, [command, "--help"])

    assert answer.exit_code == 0
    assert "Example: signals" in answer.output


@pytest.mark.usefixtures("home")
def test_a_ticket_of_a_chain_file_needs_no_model(shell: Shell, tmp_path: Path) -> None:
    flat_chain().to_parquet(tmp_path / "chain.parquet")

    code, out, _ = shell(
        "ticket", "--chain", str(tmp_path / "chain.parquet"), "--structure", "bull_call_spread", "--rate", "0.04"
    )

    assert code == 0
    assert "XYZ BULL CALL SPREAD" in out
    assert (tmp_path / "home" / "tickets" / "XYZ-2022-11-23-bull_call_spread.png").exists()


@pytest.mark.usefixtures("stocked")
def test_a_stored_signal_shows_its_ticket_or_the_refusal_with_its_reason(shell: Shell) -> None:
    shell(*RUN)

    answer = shell.json("ticket", "SPY", "--source", "simulated", "--session", "2022-11-23")

    (stored,) = shell.json("history", "SPY")
    assert answer == stored["ticket"]
    assert answer["underlying"] == "SPY"
    assert answer["kind"] == "ticket" or answer["reason"]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("SPY", "--structure", "iron_condor"), "--structure is 'without --chain'; allowed: beside --chain only"),
        (("SPY", "--chain", "c.csv"), "ticker is 'SPY'; allowed: none beside --chain"),
    ],
)
def test_a_ticket_is_of_a_stored_signal_or_of_a_file(shell: Shell, arguments: tuple[str, ...], complaint: str) -> None:
    code, _, err = shell("ticket", *arguments, "--source", "simulated")

    assert code == 2
    assert complaint in " ".join(err.split())


def test_a_ticket_without_a_stored_session_says_what_to_do(shell: Shell) -> None:
    code, _, err = shell("ticket", "SPY", "--source", "simulated", "--session", "2022-11-23")

    assert code == 1
    assert "Run the session first" in err
