"""The real definition file, the real handlers, moto and a folder: the day as the command line runs it."""

import datetime as dt
import json
from pathlib import Path

import pytest
from options_signals.jobs.messages import RunRequest
from options_signals.models import registry
from options_signals.snapshot import newest_manifest

from local.cloud import LaptopCloud, function_names, load_handler
from local.day import Day, replay_day, run_day
from local.home import Home
from local.world import World
from tests.e2e.day import EVENING
from tests.models.bundles import direction_bundle, regime_bundle

SESSION = dt.date(2022, 11, 23)
TICKERS = ("SPY", "QQQ")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A home whose registry serves both models for two tickers, and the simulated market."""
    monkeypatch.chdir(tmp_path)
    home = Home(tmp_path / "home")
    for ticker in TICKERS:
        for bundle in (direction_bundle(scope=ticker), regime_bundle(scope=ticker)):
            registry.promote(home.store(), registry.publish(home.store(), bundle.card, bundle.graph), when=EVENING)
    return World.of(source="simulated", tickers=",".join(TICKERS), home=home)


def run(world: World, **request: object) -> Day:
    return run_day(
        world, RunRequest.model_validate({"session": SESSION, **request}), on_step=lambda _name, _event: None
    )


def test_a_day_is_sent_and_a_second_one_in_a_new_process_sends_nothing(world: World) -> None:
    first = run(world)
    again = run(world)

    assert first.execution.status == again.execution.status == "SUCCEEDED"
    assert len(first.execution.messages) == 1
    assert first.digest is not None
    assert first.digest.email == first.execution.messages[0]
    assert again.execution.messages == ()
    assert "sent before" in again.execution.output["reason"]
    assert again.decisions == first.decisions


def test_a_replay_after_the_cloud_is_gone_is_identical(world: World) -> None:
    run(world)

    answer = replay_day(world.home, "simulated", SESSION)

    assert answer.differences == ()


def test_recorded_without_sending_is_stored_and_sends_nothing(world: World) -> None:
    day = run(world, send=False)

    assert day.execution.messages == ()
    assert day.digest is not None
    assert day.digest.state == "RECORDED"
    assert {decision.ticker for decision in day.decisions} == set(TICKERS)


def test_a_missing_model_fails_the_run_and_the_operator_is_told_which(world: World) -> None:
    (world.home.lake / "models" / "simulated" / "direction" / "QQQ" / "champion").unlink()

    day = run(world)

    assert day.execution.status == "FAILED"
    assert day.execution.error == "ModelMissingError"
    assert "no champion of direction for QQQ" in day.execution.alerts[0]
    assert day.execution.messages == ()


def test_a_holiday_ends_with_a_reason_and_stores_nothing(world: World) -> None:
    cloud = LaptopCloud(home=world.home, namespace="simulated", environment=world.environment)
    with cloud:
        execution = cloud.run({"scheduled_time": "2022-11-24T21:45:00Z"})

    assert execution.status == "SUCCEEDED"
    assert "the exchange was closed on Thursday 2022-11-24" in execution.output["reason"]
    assert not (world.home.lake / "snapshots").exists()


def test_the_functions_log_lies_in_a_file_and_not_in_the_terminal(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    run(world)

    lines = (world.home.log / "functions.jsonl").read_text().splitlines()
    messages = [json.loads(line).get("message") for line in lines if line.startswith("{")]
    assert "published" in messages
    assert capsys.readouterr().out == ""


def test_the_snapshot_pins_code_settings_and_models(world: World) -> None:
    run(world)

    manifest = newest_manifest(world.home.store(), "simulated", SESSION)
    assert manifest.config_id == world.settings.config_id
    assert manifest.code_version == world.environment["SIGNALS_CODE"]
    assert {(ref.name, ref.scope) for ref in manifest.models} == {
        ("direction", "SPY"),
        ("direction", "QQQ"),
        ("iv_regime", "SPY"),
        ("iv_regime", "QQQ"),
    }


def test_handlers_share_nothing_between_clouds() -> None:
    assert load_handler("plan_session") is not load_handler("plan_session")


def test_every_task_of_the_definition_has_a_handler() -> None:
    names = function_names()

    assert names == [
        "BuildFeatures",
        "FetchData",
        "PlanSession",
        "PublishSignals",
        "RunInference",
        "SelectStrategies",
    ]
