import datetime as dt
import json
from pathlib import Path

import pytest
from options_signals.settings import load

from infra.functions import STEPS, WATCHDOG
from local.cloud import folder_of, function_names
from tests.infra.stacks import FUNCTIONS, Deployed, Json, deployed

NAMES = ("PlanSession", "FetchData", "BuildFeatures", "RunInference", "SelectStrategies", "PublishSignals", "Watchdog")


def function(stack: Deployed, name: str) -> dict[str, Json]:
    return stack.the("AWS::Lambda::Function", f"{name}/Function")


def test_every_handler_is_deployed_and_every_step_of_the_day_is_one() -> None:
    sized = [size.folder for size in (*STEPS, WATCHDOG)]

    assert sorted(sized) == FUNCTIONS
    assert sorted(size.folder for size in STEPS) == sorted(folder_of(name) for name in function_names())


@pytest.mark.parametrize("name", NAMES)
def test_each_function_runs_on_what_its_packages_were_built_for(stack: Deployed, name: str) -> None:
    properties = function(stack, name)

    assert properties["Runtime"] == "python3.13"
    assert properties["Architectures"] == ["x86_64"]
    assert properties["Handler"] == "handler.handler"


@pytest.mark.parametrize("name", NAMES)
def test_each_function_keeps_its_own_log_for_a_while(stack: Deployed, name: str) -> None:
    log = stack.the("AWS::Logs::LogGroup", f"{name}/Log")

    assert function(stack, name)["LoggingConfig"] == {"LogGroup": f"{name}/Log"}
    assert log["RetentionInDays"] == 30


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("RunInference", ["Layers/Core", "Layers/Base", "Layers/Inference"]),
        ("FetchData", ["Layers/Core", "Layers/Base", "Layers/Providers"]),
        ("Watchdog", ["Layers/Core", "Layers/Base"]),
    ],
)
def test_a_function_gets_the_layers_the_build_says_in_that_order(stack: Deployed, name: str, layers: list[str]) -> None:
    assert function(stack, name)["Layers"] == layers


def test_layers_say_what_they_were_built_for(stack: Deployed) -> None:
    found = stack.of("AWS::Lambda::LayerVersion")

    assert sorted(found) == ["Layers/Base", "Layers/Core", "Layers/Inference", "Layers/Providers"]
    assert {tuple(layer["CompatibleRuntimes"]) for layer in found.values()} == {("python3.13",)}
    assert {tuple(layer["CompatibleArchitectures"]) for layer in found.values()} == {("x86_64",)}


def test_whoever_holds_an_expired_lease_of_a_digest_is_dead(stack: Deployed) -> None:
    lease = (Path(__file__).parents[2] / "functions/publish_signals/handler.py").read_text()

    assert "LEASE = dt.timedelta(seconds=120)" in lease
    assert dt.timedelta(seconds=function(stack, "PublishSignals")["Timeout"]) == dt.timedelta(seconds=90)


def test_no_function_outlasts_what_lambda_allows_or_the_day_grants(stack: Deployed) -> None:
    definition = json.loads(stack.the("AWS::StepFunctions::StateMachine", "Day/Machine")["DefinitionString"])
    timeouts = [function(stack, name)["Timeout"] for name in NAMES]

    assert max(timeouts) == 900
    assert sum(timeouts) < definition["TimeoutSeconds"]


@pytest.mark.parametrize("name", NAMES)
def test_a_function_finds_everything_by_its_environment(stack: Deployed, name: str) -> None:
    assert function(stack, name)["Environment"]["Variables"] == {
        "SIGNALS_LAKE": "s3://Lake/Bucket",
        "SIGNALS_TABLE": "Signals/Table",
        "SIGNALS_TOPIC": "Topics/Alerts",
        "SIGNALS_OPERATOR_TOPIC": "Topics/Operator",
        "SIGNALS_BUS": "options-signals-prod",
        "SIGNALS_SOURCE": "yahoo",
        "SIGNALS_CODE": "a1b2c3d",
        "SIGNALS_TICKERS": '["SPY", "QQQ", "IWM"]',
        "SIGNALS_SLOTS": '["16:45", "18:45", "20:45"]',
        "SIGNALS_RISK__ACCOUNT_USD": "25000.0",
        "POWERTOOLS_SERVICE_NAME": "options-signals",
        "POWERTOOLS_METRICS_NAMESPACE": "OptionsSignals",
    }


def test_what_was_chosen_at_deployment_is_what_the_product_reads(assets: Path) -> None:
    further = {"allow_iv_proxy": {"AAPL": "VIX"}, "decision": {"min_iv": 0.4, "trade_unproven": True}, "chunks": 20}
    stack = deployed(
        assets, watchlist="SPY,AAPL", slots="17:00,20:30", **{"account-usd": "60000"}, settings=json.dumps(further)
    )

    settings = load(environ=function(stack, "PlanSession")["Environment"]["Variables"])

    assert settings.tickers == ("SPY", "AAPL")
    assert settings.slots == ("17:00", "20:30")
    assert settings.risk.account_usd == 60_000
    assert dict(settings.allow_iv_proxy) == {"AAPL": "VIX"}
    assert (settings.decision.min_iv, settings.decision.trade_unproven, settings.chunks) == (0.4, True, 20)


def test_what_the_watchdog_could_not_do_in_three_tries_is_a_dead_letter(stack: Deployed) -> None:
    with_dead_letters = {
        name: properties["DeadLetterConfig"]["TargetArn"]
        for name, properties in stack.of("AWS::Lambda::Function").items()
        if "DeadLetterConfig" in properties
    }

    assert with_dead_letters == {"Watchdog/Function": "Schedules/DeadLetters"}
