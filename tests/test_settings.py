import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from options_signals.errors import SettingsError
from options_signals.features.inputs import UNDERLYING, WINDOW
from options_signals.settings import WIRING, Decision, Index, Quality, Settings, describe, load
from pydantic import ValidationError

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "signals.yaml"


def problems(file: Path | None = None, **environ: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(file, environ)
    return caught.value.problems


def test_without_file_and_environment_the_defaults_hold() -> None:
    assert load(None, {}) == Settings()


def test_file_sets_what_it_names_and_leaves_the_rest(file: Path) -> None:
    file.write_text("tickers: [SPY, QQQ]\ndecision:\n  min_iv: 0.4\n")

    settings = load(file, {})

    assert settings.tickers == ("SPY", "QQQ")
    assert settings.decision == Decision(min_iv=0.4)
    assert settings.risk == Settings().risk


def test_environment_wins_over_the_file_key_by_key(file: Path) -> None:
    file.write_text("decision:\n  min_iv: 0.4\n  min_overall: 0.6\n")

    settings = load(file, {"SIGNALS_DECISION__MIN_IV": "0.5"})

    assert settings.decision == Decision(min_iv=0.5, min_overall=0.6)


@pytest.mark.parametrize("text", ["SPY,QQQ", "SPY, QQQ", "[SPY, QQQ]", '["SPY","QQQ"]'])
def test_list_in_the_environment_may_be_written_with_commas_or_as_yaml(text: str) -> None:
    assert load(None, {"SIGNALS_TICKERS": text}).tickers == ("SPY", "QQQ")


def test_mapping_in_the_environment_is_written_as_yaml() -> None:
    assert load(None, {"SIGNALS_ALLOW_IV_PROXY": "{AAPL: VIX}"}).allow_iv_proxy == {"AAPL": "VIX"}


def test_yaml_does_not_turn_tickers_into_booleans_nor_times_into_numbers(file: Path) -> None:
    file.write_text("tickers: [ON, NO]\nslots: [16:45, 18:45]\n")

    settings = load(file, {})

    assert settings.tickers == ("ON", "NO")
    assert settings.slots == ("16:45", "18:45")


def test_empty_file_changes_nothing(file: Path) -> None:
    file.write_text("# all defaults\n")

    assert load(file, {}) == Settings()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rsik: 1", "rsik is not a setting"),
        ("decision: {min_vi: 0.4}", "decision.min_vi is not a setting"),
        ("quality: {min_sessions: 20}", "quality.min_sessions is '20', allowed: greater than or equal to 280"),
        ("decision: {min_iv: 1.2}", "decision.min_iv is '1.2', allowed: less than or equal to 1"),
        ("decision: {min_iv: nan}", "decision.min_iv is 'nan', allowed: a finite number"),
        ("risk: {account_usd: 0}", "risk.account_usd is '0', allowed: greater than 0"),
        ("risk: {account_usd: inf}", "risk.account_usd is 'inf', allowed: a finite number"),
        ("risk: {overlay: 1.5}", "risk.overlay is '1.5', allowed: less than or equal to 1"),
        ("risk:", "risk is '', allowed: settings of its own beneath it"),
        ("chunks: 41", "chunks is '41', allowed: less than or equal to 40"),
        ("tickers: [SPY, spy]", "tickers.1 is 'spy', allowed: a ticker in capitals, such as SPY or BRK.B"),
        ("tickers: []", "tickers is [], allowed: at least one, and none of them twice"),
        ("tickers: SPY,SPY", "tickers is 'SPY,SPY', allowed: at least one, and none of them twice"),
        ("allow_iv_proxy: {AAPL: VIX3M}", "allow_iv_proxy.AAPL is 'VIX3M', allowed: 'VIX', 'VXN', 'RVX' or 'VXD'"),
        ("model_scope: both", "model_scope is 'both', allowed: 'ticker' or 'pooled'"),
        ("slots: ['9:45']", "slots.0 is '9:45', allowed: a New York time such as 16:45"),
        ("slots: ['16:60']", "slots.0 is '16:60', allowed: a New York time such as 16:45"),
        (
            "slots: ['13:30']",
            "slots is ['13:30'], allowed: at least one time from 16:00 on, when the exchange has closed",
        ),
        (
            "decision: {min_overall: 0.8}",
            "decision is {'min_overall': '0.8'}, allowed: min_overall (0.8) up to full_size_from (0.7)",
        ),
        ("- SPY", "it holds a list, allowed: key: value"),
        ("tickers: [SPY", "it cannot be read: line 1, expected ',' or ']', but got '<stream end>'"),
        ("risk: {overlay: 0.5}\nchunks: 2\nrisk: {}", "it cannot be read: line 1, risk stands there twice"),
    ],
)
def test_file_is_refused_with_key_value_and_what_is_allowed(file: Path, text: str, problem: str) -> None:
    file.write_text(text)

    assert problems(file) == (problem,)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("SIGNALS_RSIK", "1", "SIGNALS_RSIK is not a setting"),
        ("SIGNALS_DECISION__MIN_VI", "0.4", "SIGNALS_DECISION__MIN_VI is not a setting"),
        ("SIGNALS_DECISION__MIN_IV", "", "SIGNALS_DECISION__MIN_IV is '', allowed: a valid number"),
        ("SIGNALS_TICKERS", "SPY;QQQ", "SIGNALS_TICKERS.0 is 'SPY;QQQ', allowed: a ticker in capitals"),
        ("SIGNALS_ALLOW_IV_PROXY", "{AAPL: VIX3M}", "SIGNALS_ALLOW_IV_PROXY.AAPL is 'VIX3M', allowed: 'VIX', 'VXN'"),
        ("SIGNALS_DECISION", "bold", "SIGNALS_DECISION is 'bold', allowed: settings of its own beneath it"),
    ],
)
def test_variable_is_refused_by_its_own_name(name: str, text: str, problem: str) -> None:
    (told,) = problems(None, **{name: text})

    assert told.startswith(problem)


def test_text_where_a_section_belongs_is_not_hidden_by_a_key_of_that_section() -> None:
    told = problems(None, SIGNALS_DECISION="bold", SIGNALS_DECISION__MIN_IV="0.4")

    assert told == ("SIGNALS_DECISION is 'bold', allowed: settings of its own beneath it",)


def test_every_problem_is_told_at_once(file: Path) -> None:
    file.write_text("rsik: 1\nchunks: 0\n")

    told = problems(file, SIGNALS_RISK__OVERLAY="2")

    assert [problem.split()[0] for problem in told] == ["chunks", "SIGNALS_RISK__OVERLAY", "rsik"]


def test_error_names_the_file_and_the_remedy(file: Path) -> None:
    with pytest.raises(SettingsError, match=r"settings from .*signals\.yaml: it cannot be read: .*No such file"):
        load(file, {})


def test_names_of_places_are_no_settings() -> None:
    assert load(None, {"SIGNALS_LAKE": "s3://lake", "SIGNALS_TABLE": "signals", "PATH": "/bin"}) == Settings()


def test_every_variable_that_the_code_reads_is_known() -> None:
    sources = [path for folder in ("layers/core", "functions", "local") for path in (ROOT / folder).rglob("*.py")]
    read = {name for path in sources for name in re.findall(r'"(SIGNALS_[A-Z_]+[A-Z])"', path.read_text("utf-8"))}

    assert "SIGNALS_LAKE" in read
    assert read <= WIRING | {setting.variable for setting in describe()}


def test_slots_are_put_in_order() -> None:
    assert load(None, {"SIGNALS_SLOTS": "20:45,16:45"}).slots == ("16:45", "20:45")


def test_settings_are_frozen() -> None:
    settings = load(None, {"SIGNALS_ALLOW_IV_PROXY": "{AAPL: VIX}"})

    with pytest.raises(ValidationError, match="frozen"):
        settings.chunks = 2
    with pytest.raises(ValidationError, match="frozen"):
        settings.risk.overlay = 0.5
    with pytest.raises(TypeError, match="item assignment"):
        settings.allow_iv_proxy["MSFT"] = "VXN"  # type: ignore[index]  # the point of it


def test_config_id_does_not_depend_on_the_order_or_the_spelling(file: Path) -> None:
    file.write_text("allow_iv_proxy: {AAPL: VIX, MSFT: VXN}\nrisk: {overlay: 0.5, account_usd: 25000}\n")
    from_environment = {
        "SIGNALS_RISK__OVERLAY": "0.50",
        "SIGNALS_ALLOW_IV_PROXY": "{MSFT: VXN, AAPL: VIX}",
    }

    assert load(file, {}).config_id == load(None, from_environment).config_id
    assert load(file, {}).config_id != Settings().config_id


def test_config_id_is_the_same_in_another_process() -> None:
    code = "from options_signals.settings import *; print(Settings(allow_iv_proxy={'B': 'VIX', 'A': 'VXN'}).config_id)"
    other = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert other.stdout.strip() == Settings(allow_iv_proxy={"A": "VXN", "B": "VIX"}).config_id


def test_settings_come_back_from_a_manifest_with_the_same_id() -> None:
    settings = Settings(allow_iv_proxy={"AAPL": "VIX"}, decision=Decision(min_iv=0.4))

    again = Settings.model_validate(settings.model_dump(mode="json"))

    assert again == settings
    assert again.config_id == settings.config_id


def test_naked_options_before_earnings_need_their_risk_allowed() -> None:
    refused = problems(SIGNALS_DECISION__CRUSH_STRUCTURE="naked")
    allowed = {"SIGNALS_DECISION__CRUSH_STRUCTURE": "naked", "SIGNALS_DECISION__ALLOW_UNDEFINED_RISK": "true"}

    assert "allowed: a crush_structure with a limited loss, or allow_undefined_risk on" in refused[0]
    assert load(None, allowed).decision.crush_structure == "naked"


def test_every_setting_is_described_with_its_key_default_and_variable() -> None:
    by_key = {setting.key: setting for setting in describe()}

    assert by_key["decision.min_iv"].default == 0.35
    assert by_key["decision.min_iv"].description == "least volatility-regime confidence"
    assert by_key["decision.min_iv"].variable == "SIGNALS_DECISION__MIN_IV"
    assert by_key["tickers"].default == ("SPY", "QQQ", "IWM")
    assert all(setting.description for setting in by_key.values())


@pytest.mark.parametrize("setting", describe(), ids=lambda setting: setting.key)
def test_variable_of_every_setting_is_understood(setting: object) -> None:
    variable, default = setting.variable, setting.default  # type: ignore[attr-defined]  # a Described
    text = ",".join(default) if isinstance(default, tuple) else str(default)

    assert load(None, {variable: text}) == Settings()


def test_proxies_allowed_are_the_indices_with_a_known_underlying() -> None:
    assert set(get_args(Index)) == set(UNDERLYING)


def test_history_asked_for_is_at_most_what_is_fetched() -> None:
    assert Quality().min_sessions <= WINDOW
    with pytest.raises(ValidationError):
        Quality(min_sessions=WINDOW + 1)
