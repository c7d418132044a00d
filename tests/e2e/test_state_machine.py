"""The definition file, read as data: what it lists by name must be what the code raises."""

import json
import runpy
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from options_signals.errors import ModelError, Retryable, SignalError, leaves
from options_signals.jobs.messages import Chunk, Fetch, Plan
from options_signals.settings import Settings

State = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
DEFINITION: State = json.loads((ROOT / "infra" / "state_machine.asl.json").read_text(encoding="utf-8"))
MAP = DEFINITION["States"]["EachChunk"]
CHUNK: State = MAP["ItemProcessor"]

# What Lambda itself answers when it is the one to try again (AWS, "Handle Lambda service exceptions").
LAMBDA = {
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",  # the function ran out of memory, or of time on older runtimes
    "Sandbox.Timedout",
}


def names(root: type[SignalError]) -> set[str]:
    return {leaf.__name__ for leaf in leaves(root)}


def tasks(machine: State) -> dict[str, State]:
    return {name: state for name, state in machine["States"].items() if state["Type"] == "Task"}


STEPS = tasks(DEFINITION) | tasks(CHUNK)
STATES: dict[str, State] = DEFINITION["States"] | CHUNK["States"]
each_task = pytest.mark.parametrize("task", STEPS.values(), ids=STEPS)
each_task_of_a_chunk = pytest.mark.parametrize("task", tasks(CHUNK).values(), ids=tasks(CHUNK))
each_machine = pytest.mark.parametrize("machine", [DEFINITION, CHUNK], ids=["day", "chunk"])


def test_there_is_a_task_for_each_function_and_a_function_for_each_task() -> None:
    folders = {handler.parent.name for handler in (ROOT / "functions").glob("*/handler.py")}
    called = {task["Parameters"]["FunctionName"] for task in STEPS.values()}

    assert len(called) == 6
    assert called <= {"${" + folder.title().replace("_", "") + "}" for folder in folders}


@each_task
def test_task_retries_every_retryable_error_and_no_other(task: State) -> None:
    listed = [error for retry in task["Retry"] for error in retry["ErrorEquals"]]

    assert len(listed) == len(set(listed))
    assert set(listed) == names(Retryable) | LAMBDA


@each_task
def test_retry_waits_longer_each_time_or_a_fixed_time_and_ends(task: State) -> None:
    assert all(retry["IntervalSeconds"] >= 1 and retry["BackoffRate"] >= 1 for retry in task["Retry"])
    assert all(1 <= retry["MaxAttempts"] <= 5 for retry in task["Retry"])


@pytest.mark.parametrize("error", ["DeliveryUnknownError", "PublishingElsewhereError"])
def test_message_of_unknown_fate_is_retried_only_when_its_lease_has_ended(error: str) -> None:
    lease: timedelta = runpy.run_path(str(ROOT / "functions" / "publish_signals" / "handler.py"))["LEASE"]
    (retry,) = [retry for retry in STEPS["PublishSignals"]["Retry"] if error in retry["ErrorEquals"]]

    assert timedelta(seconds=retry["IntervalSeconds"]) > lease
    assert retry.get("JitterStrategy", "NONE") == "NONE"  # full jitter would draw a wait from zero on


def test_all_retries_of_the_publication_end_before_the_day_times_out() -> None:
    waits = [
        retry["IntervalSeconds"] * retry["BackoffRate"] ** attempt
        for retry in STEPS["PublishSignals"]["Retry"]
        for attempt in range(retry["MaxAttempts"])
    ]

    assert sum(waits) < DEFINITION["TimeoutSeconds"] / 2


def test_day_times_out_before_the_next_slot_begins() -> None:
    slots = [minutes(slot) for slot in Settings().slots]

    assert min(later - earlier for earlier, later in pairwise(slots)) > DEFINITION["TimeoutSeconds"] / 60


def minutes(slot: str) -> int:
    return 60 * int(slot[:2]) + int(slot[3:])


@each_task_of_a_chunk
def test_broken_model_stops_the_day_and_anything_else_costs_the_chunk(task: State) -> None:
    model, other = task["Catch"]

    assert set(model["ErrorEquals"]) == names(ModelError)
    assert model["Next"] == "ModelBroken"
    assert CHUNK["States"]["ModelBroken"]["Type"] == "Fail"
    assert other["ErrorEquals"] == ["States.ALL"]
    assert other["Next"] == "ChunkFailed"
    assert CHUNK["States"]["ChunkFailed"]["Type"] == "Pass"


def test_day_that_stops_for_a_broken_model_tells_which_error_it_was() -> None:
    broken = CHUNK["States"]["ModelBroken"]

    assert (broken["ErrorPath"], broken["CausePath"]) == ("$.error.Error", "$.error.Cause")
    assert {catch["ResultPath"] for task in tasks(CHUNK).values() for catch in task["Catch"]} == {"$.error"}


def test_providers_that_stay_down_lead_to_a_digest_that_says_so() -> None:
    (catch,) = STEPS["FetchData"]["Catch"]

    assert set(catch["ErrorEquals"]) == {
        "ProviderThrottledError",
        "ProviderUnavailableError",
        "Lambda.Unknown",
        "Sandbox.Timedout",
    }
    assert catch["Next"] == "GiveUpFetching"
    assert STEPS["GiveUpFetching"]["Parameters"]["FunctionName"] == STEPS["FetchData"]["Parameters"]["FunctionName"]
    assert STEPS["GiveUpFetching"]["Parameters"]["Payload"]["gave_up.$"] == f"{catch['ResultPath']}.Cause"


def test_failure_anywhere_else_fails_the_day() -> None:
    catching = {name for name, state in DEFINITION["States"].items() if "Catch" in state}

    assert catching == {"FetchData"}


@each_task
def test_every_error_named_is_one_that_exists(task: State) -> None:
    listed = {error for rule in (*task["Retry"], *task.get("Catch", [])) for error in rule["ErrorEquals"]}
    ours = {error for error in listed if "." not in error}

    assert ours
    assert ours <= names(SignalError)


@each_machine
def test_every_state_is_reached_and_every_way_leads_to_a_state(machine: State) -> None:
    assert reached_from(machine["StartAt"], machine["States"]) == set(machine["States"])


def reached_from(start: str, states: dict[str, State]) -> set[str]:
    reached: set[str] = set()
    to_visit = {start}
    while to_visit:
        reached |= to_visit
        to_visit = {after for name in to_visit for after in successors(states[name])} - reached
    return reached


def successors(state: State) -> Iterator[str]:
    yield from (state[key] for key in ("Next", "Default") if key in state)
    yield from (rule["Next"] for rule in (*state.get("Choices", []), *state.get("Catch", [])))


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_every_state_either_goes_on_or_ends(state: State) -> None:
    ends = state.get("End", False) or state["Type"] in {"Succeed", "Fail"}

    assert ends != bool({"Next", "Default"} & state.keys())


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (DEFINITION["States"]["IsThereWork"]["Choices"][0]["Variable"], Plan),
        (DEFINITION["States"]["IsCommitted"]["Choices"][0]["Variable"], Fetch),
        (MAP["ItemsPath"], Fetch),
    ],
)
def test_path_leads_to_a_field_of_the_message(path: str, message: type[Plan | Fetch]) -> None:
    assert path.removeprefix("$.") in message.model_fields


@pytest.mark.parametrize("made", [MAP["ItemSelector"], CHUNK["States"]["ChunkFailed"]["Parameters"]])
def test_item_of_the_map_is_a_chunk(made: dict[str, str]) -> None:
    given = {key.removesuffix(".$") for key in made}

    assert {"run", "tickers"} <= given <= set(Chunk.model_fields)


def test_every_chunk_that_settings_allow_runs_side_by_side() -> None:
    (most,) = [rule.le for rule in Settings.model_fields["chunks"].metadata if hasattr(rule, "le")]

    assert most == MAP["MaxConcurrency"] == 40
