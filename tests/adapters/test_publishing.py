"""One publication over the real adapters, on an AWS account inside this process."""

import json
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ReadTimeoutError
from options_signals.adapters.dynamo import DynamoTable, create_table
from options_signals.adapters.events import EventBridgeBus
from options_signals.adapters.sns import SnsChannel
from options_signals.digest import mark_repeat
from options_signals.errors import DeliveryUnknownError
from options_signals.jobs import ledger
from options_signals.jobs.publish_signals import Ports, publish_signals

from tests.adapters.answers import answer, lose_first_answers
from tests.fakes import ManualClock
from tests.jobs.publishing import LATER, LEASE, QQQ, SESSION, SPY, TEXTS, edition


@dataclass
class Account:
    table: DynamoTable
    channel: SnsChannel
    bus: EventBridgeBus
    clock: ManualClock
    inbox: str

    @property
    def ports(self) -> Ports:
        return Ports(table=self.table, channel=self.channel, bus=self.bus, clock=self.clock)

    def received(self) -> list[dict[str, Any]]:
        found = boto3.client("sqs").receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@pytest.fixture
def world(aws: str) -> Account:
    table, bus = DynamoTable(aws), EventBridgeBus("default")
    create_table(table.client, aws)
    channel = SnsChannel(boto3.client("sns").create_topic(Name=aws)["TopicArn"])
    sqs = boto3.client("sqs")
    inbox = sqs.create_queue(QueueName=aws)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    channel.client.subscribe(TopicArn=channel.topic_arn, Protocol="sqs", Endpoint=queue)
    return Account(table=table, channel=channel, bus=bus, clock=ManualClock(), inbox=inbox)


def test_two_runs_store_the_decisions_and_send_one_message(world: Account) -> None:
    first = publish_signals(edition(), ports=world.ports, lease=LEASE)
    second = publish_signals(LATER, ports=world.ports, lease=LEASE)

    assert first.digest == second.digest == ledger.digest(world.table, "live", SESSION)
    assert ledger.decisions(world.table, "live", SESSION) == [SPY, QQQ]
    assert ledger.history(world.table, "live", "SPY", since=SESSION) == [SPY]
    assert [(message["Subject"], message["Message"]) for message in world.received()] == [(TEXTS.subject, TEXTS.email)]


@pytest.mark.parametrize("call", ["PutItem", "UpdateItem"])
def test_writes_that_the_sdk_repeats_because_their_answer_was_lost_send_one_message(world: Account, call: str) -> None:
    tries = lose_first_answers(world.table.client, call)

    outcome = publish_signals(edition(), ports=world.ports, lease=LEASE)

    assert tries == [1, 2] * 3
    assert outcome.digest == ledger.digest(world.table, "live", SESSION)
    assert outcome.digest.finished
    assert [message["Message"] for message in world.received()] == [TEXTS.email]


def test_a_message_taken_without_an_answer_is_repeated_once_and_marked(world: Account) -> None:
    sender = SnsChannel(world.channel.topic_arn)
    tries = iter([True])

    def taken_but_silent(_: Any) -> AWSResponse | None:
        if not next(tries, False):
            return None
        sender.publish(TEXTS, digest_id="lost")
        raise ReadTimeoutError(endpoint_url="https://sns")

    answer(world.channel.client, "Publish", taken_but_silent)
    with pytest.raises(DeliveryUnknownError):
        publish_signals(edition(), ports=world.ports, lease=LEASE)
    world.clock.sleep(LEASE.total_seconds())

    digest = publish_signals(edition(), ports=world.ports, lease=LEASE).digest

    assert [message["Subject"] for message in world.received()] == [
        TEXTS.subject,
        mark_repeat(TEXTS, digest.id).subject,
    ]
