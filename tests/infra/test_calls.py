"""The permissions of each function are the calls it makes: none is missing, none is to spare."""

import os
from fnmatch import fnmatchcase

import boto3
import pytest
from options_signals.adapters.s3 import S3Store
from options_signals.models import registry

from local.cloud import LaptopCloud, load_handler
from local.home import Home
from tests.e2e.day import EAGER, EVENING
from tests.infra.calls import Call, Recorder
from tests.infra.stacks import Deployed
from tests.infra.test_permissions import ROLES
from tests.models.bundles import direction_bundle, regime_bundle

pytestmark = pytest.mark.slow

FUNCTIONS = [role.removesuffix("/Role") for role in ROLES]
MADE_BY_LAMBDA_ITSELF = {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"}
DAY = {"session": "2022-11-23"}
TRADING = {f"SIGNALS_DECISION__{name.upper()}": str(value) for name, value in EAGER.items()} | {
    "SIGNALS_RISK__ACCOUNT_USD": "250000"  # enough for a contract, and so for a ticket with its picture
}
THAT_EVENING, THE_NEXT_SESSION = "2022-11-24T02:15:00Z", "2022-11-26T02:15:00Z"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[Call]]:
    """The calls of a day whose steps were delivered twice, whose first run died late, and of the watchdog."""
    environment = {"SIGNALS_SOURCE": "simulated", "SIGNALS_TICKERS": "SPY", "SIGNALS_LAKE": "s3://lake"}
    environment |= TRADING
    home = Home(tmp_path_factory.mktemp("home"))
    with (
        LaptopCloud(home=home, namespace="simulated", environment=environment) as cloud,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("SIGNALS_OPERATOR_TOPIC", cloud._operator_topic)
        _serve_models()
        recorder = _recorded(cloud)

        assert cloud.run(DAY).output["state"] == "SENT"
        cloud._invoke("FetchData", recorder.events["FetchData"])  # its answer was lost: asked again
        _forget_the_digest()  # as if the run had died between its decisions and its digest
        assert cloud.run(DAY).output["state"] == "SENT"
        assert '"well": true' in cloud._invoke("Watchdog", {"scheduled_time": THAT_EVENING})[0]
        assert '"well": false' in cloud._invoke("Watchdog", {"scheduled_time": THE_NEXT_SESSION})[0]
    return recorder.made


def _recorded(cloud: LaptopCloud) -> Recorder:
    recorder = Recorder(topics={os.environ["SIGNALS_TOPIC"]: "Topics/Alerts", cloud._operator_topic: "Topics/Operator"})
    handlers = cloud._handlers | {"Watchdog": load_handler("watchdog")}
    cloud._handlers = {name: recorder.around(name, handler) for name, handler in handlers.items()}
    recorder.listen()
    return recorder


def _serve_models() -> None:
    boto3.client("s3").create_bucket(Bucket="lake")
    store = S3Store("lake")
    store.put("account/simulated.yaml", b"as_of: 2022-11-22")
    for bundle in (direction_bundle(scope="SPY"), regime_bundle(scope="SPY")):
        registry.promote(store, registry.publish(store, bundle.card, bundle.graph), when=EVENING)


def _forget_the_digest() -> None:
    key = {"pk": {"S": "simulated#2022-11-23"}, "sk": {"S": "digest"}}
    boto3.client("dynamodb").delete_item(TableName="signals", Key=key)


def granted(stack: Deployed, function: str) -> set[Call]:
    return {grant for grant in stack.grants(f"{function}/Role") if grant[0] not in MADE_BY_LAMBDA_ITSELF}


def covers(grant: Call, call: Call) -> bool:
    return grant[0] == call[0] and fnmatchcase(call[1], grant[1])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_call_of_a_function_is_granted(stack: Deployed, made: dict[str, set[Call]], function: str) -> None:
    grants = granted(stack, function)

    assert made[function]
    assert [call for call in sorted(made[function]) if not any(covers(grant, call) for grant in grants)] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_grant_of_a_function_is_used(stack: Deployed, made: dict[str, set[Call]], function: str) -> None:
    grants = granted(stack, function)

    assert [grant for grant in sorted(grants) if not any(covers(grant, call) for call in made[function])] == []
