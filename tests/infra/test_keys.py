"""Keys of data providers: where a function finds them, and that nothing else of them leaves the account's store."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from options_signals.adapters.keys import VARIABLES, folder_of
from options_signals.jobs.deps import Deps

from infra.keys import NAMES
from tests.infra.stacks import Deployed, deployed

READERS = ("PlanSession", "FetchData", "Watchdog")  # those that open the source
FOLDER = "/options-signals/prod"


@pytest.fixture(scope="module")
def live(assets: Path) -> Deployed:
    return deployed(assets, source="live")


@pytest.fixture
def parameters(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, object]]]:
    """A store with one key; the calls made for it."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.setup_default_session()
        boto3.client("ssm").put_parameter(Name=f"{FOLDER}/finnhub", Value="s3cr3t", Type="SecureString")
        calls: list[dict[str, object]] = []
        session = boto3._get_default_session()
        session.events.register(
            "provide-client-params.ssm", lambda params, model, **_: calls.append({model.name: params})
        )
        yield calls
    boto3.DEFAULT_SESSION = None


def reads(stack: Deployed, function: str) -> set[str]:
    return {resource for action, resource in stack.grants(f"{function}/Role") if action == "ssm:GetParameters"}


def test_the_template_names_the_keys_the_product_reads() -> None:
    assert sorted(VARIABLES) == sorted(NAMES)
    assert folder_of("prod") == FOLDER


@pytest.mark.parametrize("function", READERS)
def test_a_function_of_the_live_source_may_read_these_keys_of_its_own_stage(live: Deployed, function: str) -> None:
    parameter = "arn:AWS::Partition:ssm:AWS::Region:AWS::AccountId:parameter/options-signals/prod"

    assert reads(live, function) == {f"{parameter}/{name}" for name in ("bls", "finnhub", "fred")}
    variables = live.the("AWS::Lambda::Function", f"{function}/Function")["Environment"]["Variables"]
    assert variables["PROVIDER_KEYS"] == FOLDER


def test_nobody_else_may_read_a_key_and_no_other_source_reads_any(live: Deployed, stack: Deployed) -> None:
    functions = {role.split("/")[0] for role in live.of("AWS::IAM::Policy")} - {"Schedules", "Day"}

    assert {function for function in functions if reads(live, function)} == set(READERS)
    assert not any(reads(stack, function) for function in functions)


def test_opening_the_live_source_asks_for_the_granted_parameters_by_name(parameters: list[dict[str, object]]) -> None:
    sources = Deps({"SIGNALS_SOURCE": "live", "PROVIDER_KEYS": FOLDER}).sources

    names = [f"{FOLDER}/{name}" for name in ("bls", "finnhub", "fred")]
    assert parameters == [{"GetParameters": {"Names": names, "WithDecryption": True}}]
    assert sources.second_bars is not None  # which only a key to Finnhub brings


def test_without_a_place_for_keys_none_is_asked_for(parameters: list[dict[str, object]]) -> None:
    assert Deps({"SIGNALS_SOURCE": "live"}).sources.second_bars is None
    assert parameters == []
