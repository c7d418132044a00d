import json
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore import exceptions
from botocore.awsrequest import AWSResponse
from options_signals.adapters.sns import SnsChannel
from options_signals.digest import Texts
from options_signals.errors import (
    DeliveryDeferredError,
    DeliveryRejectedError,
    DeliveryUnknownError,
    InvalidValueError,
    SignalError,
)

from tests.adapters.answers import answer, xml_error

TEXTS = Texts(subject="Wed 23 Nov 2022: 1 signal", email="SPY · BULL CALL SPREAD\nhalf", sms="23Nov: SPY")


@pytest.fixture
def channel(aws: str) -> SnsChannel:
    return SnsChannel(boto3.client("sns").create_topic(Name=aws)["TopicArn"])


def test_one_publish_is_one_message_with_its_subject_text_and_id(channel: SnsChannel) -> None:
    sqs = boto3.client("sqs")
    url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    channel.client.subscribe(TopicArn=channel.topic_arn, Protocol="sqs", Endpoint=queue)

    channel.publish(TEXTS, digest_id="3fa2b1c0")

    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    body = json.loads(message["Body"])

    assert body["Subject"] == TEXTS.subject
    assert body["Message"] == TEXTS.email
    assert body["MessageAttributes"]["digest_id"]["Value"] == "3fa2b1c0"


def test_the_sms_has_a_text_of_its_own(channel: SnsChannel) -> None:
    sent: list[Any] = []
    channel.client.meta.events.register(
        "before-parameter-build.sns.Publish", lambda params, **_: sent.append(dict(params))
    )

    channel.publish(TEXTS, digest_id="3fa2b1c0")

    assert sent[0]["MessageStructure"] == "json"
    assert json.loads(sent[0]["Message"]) == {"default": TEXTS.email, "sms": TEXTS.sms}


CONNECTION: dict[str, Any] = {"endpoint_url": "https://sns", "error": "said so"}
FAILURES: list[tuple[AWSResponse | Exception, type[SignalError]]] = [
    (xml_error(400, "InvalidParameter"), DeliveryRejectedError),
    (xml_error(403, "AuthorizationError"), DeliveryRejectedError),
    (xml_error(404, "NotFound"), DeliveryRejectedError),
    (exceptions.NoCredentialsError(), DeliveryRejectedError),
    (xml_error(400, "Throttling"), DeliveryDeferredError),
    (xml_error(400, "KMSThrottlingException"), DeliveryDeferredError),
    (xml_error(429, "TooManyRequests"), DeliveryDeferredError),
    (exceptions.EndpointConnectionError(**CONNECTION), DeliveryDeferredError),
    (exceptions.ConnectTimeoutError(**CONNECTION), DeliveryDeferredError),
    (xml_error(500, "InternalError"), DeliveryUnknownError),
    (xml_error(503, "ServiceUnavailable"), DeliveryUnknownError),
    (exceptions.ReadTimeoutError(**CONNECTION), DeliveryUnknownError),
    (exceptions.ConnectionClosedError(**CONNECTION), DeliveryUnknownError),
    (exceptions.SSLError(**CONNECTION), DeliveryUnknownError),
]


@pytest.mark.parametrize(
    ("failure", "kind"), FAILURES, ids=[f"{n}-{kind.__name__}" for n, (_, kind) in enumerate(FAILURES)]
)
def test_each_failure_is_sorted_and_tried_once(
    channel: SnsChannel, failure: AWSResponse | Exception, kind: type[SignalError]
) -> None:
    tries = []

    def respond(_: Any) -> AWSResponse:
        tries.append(1)
        if isinstance(failure, Exception):
            raise failure
        return failure

    answer(channel.client, "Publish", respond)

    with pytest.raises(kind):
        channel.publish(TEXTS, digest_id="3fa2b1c0")
    assert len(tries) == 1


def test_a_parameter_the_sdk_itself_refuses_was_never_sent(channel: SnsChannel) -> None:
    with pytest.raises(DeliveryRejectedError, match="Parameter validation failed"):
        channel.publish(TEXTS, digest_id=None)  # type: ignore[arg-type]  # that is the fault


def test_a_refusal_names_the_topic_the_cause_and_what_to_do(channel: SnsChannel) -> None:
    answer(channel.client, "Publish", lambda _: xml_error(404, "NotFound"))

    with pytest.raises(DeliveryRejectedError) as refused:
        channel.publish(TEXTS, digest_id="3fa2b1c0")

    assert str(refused.value) == (
        f"message 3fa2b1c0 to {channel.topic_arn} was refused: NotFound: said so. "
        "Nothing was sent; correct the cause and run the session again."
    )


def test_texts_within_the_limits_pass(channel: SnsChannel) -> None:
    channel.check(replace(TEXTS, subject="x" * 99, email="é" * 131_000))


@pytest.mark.parametrize("subject", ["", " x", "x" * 100, "two\nlines", "25 °C", "tab\tbed"])
def test_a_subject_that_aws_refuses_is_refused_here(channel: SnsChannel, subject: str) -> None:
    with pytest.raises(InvalidValueError, match="1 to 99 printable ASCII characters on one line"):
        channel.check(replace(TEXTS, subject=subject))


def test_a_message_is_measured_in_bytes(channel: SnsChannel) -> None:
    with pytest.raises(InvalidValueError, match="less than 262144 bytes, email and SMS together"):
        channel.check(replace(TEXTS, email="é" * 131_072))


def test_an_sms_that_aws_refuses_is_refused_here(channel: SnsChannel) -> None:
    with pytest.raises(InvalidValueError, match="length of the SMS is 1601"):
        channel.check(replace(TEXTS, sms="x" * 1_601))
