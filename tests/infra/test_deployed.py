"""The synthesised template, deployed with boto3, runs a day from the built packages: without an AWS account."""

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from options_signals.adapters.dynamo import DynamoTable
from options_signals.adapters.s3 import S3Store
from options_signals.jobs import ledger
from options_signals.models import registry

from layers import build
from layers.emulator import started
from layers.errors import BuildError, ToolError
from tests.e2e.day import EVENING
from tests.infra.account import Account, deployed_account
from tests.models.bundles import direction_bundle, regime_bundle

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Tried to parse .* not supported by moto:UserWarning"),
]

TICKERS = ("SPY", "QQQ")
SESSION = EVENING.date()
SKIPPED_BY_MOTO = {  # while it says CREATE_COMPLETE; what they should be is asserted on the template
    "AWS::CloudWatch::Alarm",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::Schedule",
    "AWS::Scheduler::ScheduleGroup",
}
STEPS = ["plan_session", "fetch_data", "build_features", "run_inference", "select_strategies", "publish_signals"]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    try:
        made = build.build()
    except ToolError as error:
        pytest.skip(f"the wheels cannot be fetched here: {error}")
    try:
        with started(STEPS[0]):
            return made
    except BuildError as error:
        pytest.skip(f"the Lambda emulator does not run here: {error}")


@pytest.fixture(scope="module")
def account(manifest: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The stack, models in its bucket, and a queue that listens to each of its topics."""
    assert manifest["functions"]
    folder = tmp_path_factory.mktemp("assembly")
    with deployed_account(build.BUILD, folder, source="simulated", watchlist=",".join(TICKERS)) as account:
        store = S3Store(account.outputs["LakeBucket"])
        for ticker in TICKERS:
            for bundle in (direction_bundle(scope=ticker), regime_bundle(scope=ticker)):
                registry.promote(store, registry.publish(store, bundle.card, bundle.graph), when=EVENING)
        yield account


@pytest.fixture(scope="module")
def inbox(account: Account) -> str:
    return _listening_to(account.outputs["AlertsTopic"], "reader")


@pytest.fixture(scope="module")
def evening(account: Account, inbox: str) -> dict[str, Any]:
    """The first slot's execution, and what the reader received."""
    state = account.run(account.event_of("At1645", "2022-11-23T21:45:00Z"))
    return {**state, "received": _received(inbox)}


def _listening_to(topic: str, name: str) -> str:
    sqs = boto3.client("sqs")
    url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def _received(url: str) -> list[str]:
    found = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        boto3.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"])["Message"] for message in found]


def test_everything_in_the_template_is_there_but_what_moto_skips(account: Account) -> None:
    missing = {it["Type"] for key, it in account.template["Resources"].items() if key not in account.physical}

    assert missing == SKIPPED_BY_MOTO


def test_what_is_deployed_is_what_was_built(account: Account, manifest: dict[str, Any]) -> None:
    client = boto3.client("lambda")
    deployed = {
        folder: base64.b64decode(client.get_function_configuration(FunctionName=name)["CodeSha256"]).hex()
        for name, folder in account.folder_of.items()
    }

    assert deployed == {folder: part["sha256"] for folder, part in manifest["functions"].items()}


def test_the_layers_that_are_published_are_those_that_were_built(account: Account, manifest: dict[str, Any]) -> None:
    names = {layer["Properties"]["Content"]["S3Key"] for layer in account.of("AWS::Lambda::LayerVersion").values()}
    published = {hashlib.sha256((account.assembly / f"asset.{name}").read_bytes()).hexdigest() for name in names}

    assert published == {layer["sha256"] for layer in manifest["layers"].values()}


def test_an_evening_runs_through_every_built_function(account: Account, evening: dict[str, Any]) -> None:
    assert (evening["status"], evening.get("cause")) == ("SUCCEEDED", None)
    assert set(account.invoked) >= set(STEPS)


def test_its_decisions_lie_in_the_deployed_table(account: Account, evening: dict[str, Any]) -> None:
    table = DynamoTable(account.outputs["SignalsTable"])

    decisions = ledger.decisions(table, "simulated", SESSION)

    assert evening["status"] == "SUCCEEDED"
    assert {decision.ticker for decision in decisions} == set(TICKERS)


def test_its_digest_reaches_a_queue_on_the_alerts_topic_once(account: Account, evening: dict[str, Any]) -> None:
    digest = ledger.digest(DynamoTable(account.outputs["SignalsTable"]), "simulated", SESSION)

    assert digest is not None
    assert digest.finished
    assert evening["received"] == [digest.email]


@pytest.mark.usefixtures("evening")
def test_a_later_slot_finds_it_sent_and_sends_nothing(account: Account, inbox: str) -> None:
    state = account.run(account.event_of("At1845", "2022-11-23T23:45:00Z"))

    assert "sent before" in json.loads(state["output"])["reason"]
    assert _received(inbox) == []


@pytest.mark.usefixtures("evening")
@pytest.mark.parametrize(("instant", "well"), [("2022-11-24T02:15:00Z", True), ("2022-11-26T02:15:00Z", False)])
def test_the_watchdog_tells_the_operator_of_a_session_that_was_not_sent(
    account: Account, instant: str, *, well: bool
) -> None:
    operator = _listening_to(account.outputs["OperatorTopic"], f"operator-{well}")
    event = account.event_of("Watchdog", instant)

    answer = boto3.client("lambda").invoke(
        FunctionName=account.outputs["WatchdogFunction"], Payload=json.dumps(event).encode()
    )

    assert json.load(answer["Payload"])["well"] == well
    assert len(_received(operator)) == (0 if well else 1)


@pytest.mark.usefixtures("evening")
def test_a_missing_model_ends_the_execution_under_the_errors_own_name(account: Account) -> None:
    bucket, key = account.outputs["LakeBucket"], "models/simulated/direction/QQQ/champion"
    pointer = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    boto3.client("s3").delete_object(Bucket=bucket, Key=key)

    state = account.run({"session": "2022-11-22"})

    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=pointer)
    assert (state["status"], state["error"]) == ("FAILED", "ModelMissingError")
    assert "no champion of direction for QQQ" in state["cause"]
