import json

import boto3
import pytest
from options_signals.adapters.events import EventBridgeBus
from options_signals.errors import DeliveryRejectedError, StoreUnavailableError

from tests.adapters.answers import answer, json_answer, json_error

DETAIL = {"namespace": "live", "session": "2022-11-23", "digest_id": "3fa2b1c0", "signals": 1, "refusals": 2}


@pytest.fixture
def bus(aws: str) -> EventBridgeBus:
    bus = EventBridgeBus(aws)
    bus.client.create_event_bus(Name=bus.name)
    return bus


def test_the_event_reaches_who_listens(bus: EventBridgeBus) -> None:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bus.client.put_rule(Name="all", EventBusName=bus.name, EventPattern='{"detail-type": ["SignalsPublished"]}')
    bus.client.put_targets(Rule="all", EventBusName=bus.name, Targets=[{"Id": "inbox", "Arn": arn}])

    bus.signals_published(DETAIL)

    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"], event["detail"]) == ("options-signals", "SignalsPublished", DETAIL)


def test_an_entry_the_bus_did_not_take_is_an_error_though_the_call_succeeded(bus: EventBridgeBus) -> None:
    failed = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "NotAuthorized", "ErrorMessage": "no."}]}
    answer(bus.client, "PutEvents", lambda _: json_answer(json.dumps(failed)))

    with pytest.raises(DeliveryRejectedError) as refused:
        bus.signals_published(DETAIL)

    assert str(refused.value) == (
        f"message 3fa2b1c0 to the event bus {bus.name} was refused: NotAuthorized: no. "
        "Nothing was sent; correct the cause and run the session again."
    )


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalFailure"])
def test_an_entry_the_bus_may_take_later_is_an_outage(bus: EventBridgeBus, code: str) -> None:
    failed = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": code, "ErrorMessage": "wait"}]}
    answer(bus.client, "PutEvents", lambda _: json_answer(json.dumps(failed)))

    with pytest.raises(StoreUnavailableError, match=f"SignalsPublished on {bus.name} failed: {code}: wait"):
        bus.signals_published(DETAIL)


def test_a_bus_that_is_down_is_an_outage(bus: EventBridgeBus) -> None:
    answer(bus.client, "PutEvents", lambda _: json_error(500, "InternalException"))

    with pytest.raises(StoreUnavailableError):
        bus.signals_published(DETAIL)
