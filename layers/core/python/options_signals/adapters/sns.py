"""The message to people, on an SNS topic: one publish per call, never repeated by the SDK.

boto3 would send a publish again after a read timeout and so send it twice. Here its retries are off, and each
failure is sorted: refused for certain, not taken for certain, or unknown.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import boto3
from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from options_signals.adapters.aws import detail_of, is_throttle, status_of
from options_signals.errors import (
    DeliveryDeferredError,
    DeliveryRejectedError,
    DeliveryUnknownError,
    InvalidValueError,
)

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

    from options_signals.digest import Texts

ONCE = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 1})
SUBJECT = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,98}")  # SNS: ASCII, no control characters, under 100
MAX_BYTES = 262_144
MAX_SMS = 1_600

NEVER_CONNECTED = (
    exceptions.EndpointConnectionError,
    exceptions.ConnectTimeoutError,
    exceptions.ProxyConnectionError,
    exceptions.CredentialRetrievalError,
)
NEVER_SIGNED = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.ParamValidationError,
)


class SnsChannel:
    """Fulfils the jobs' Channel on one topic; its region stands in the ARN."""

    def __init__(self, topic_arn: str) -> None:
        self.topic_arn = topic_arn
        self.client: SNSClient = boto3.client("sns", region_name=topic_arn.split(":")[3], config=ONCE)

    def check(self, texts: Texts) -> None:
        """Raise InvalidValueError where SNS could never take these texts."""
        if not SUBJECT.fullmatch(texts.subject):
            raise InvalidValueError(
                name="subject",
                value=texts.subject,
                allowed="1 to 99 printable ASCII characters on one line, the first no space",
            )
        if len(texts.sms) > MAX_SMS:
            raise InvalidValueError(
                name="length of the SMS", value=len(texts.sms), allowed=f"at most {MAX_SMS} characters"
            )
        size = len(_message(texts).encode())
        if size >= MAX_BYTES:
            raise InvalidValueError(
                name="size of the message",
                value=size,
                allowed=f"less than {MAX_BYTES} bytes, email and SMS together",
                remedy="Shorten the email.",
            )

    def publish(self, texts: Texts, *, digest_id: str) -> str:
        """Publish once; return the id SNS gives the message. The attribute `digest_id` goes with it."""
        try:
            answer = self.client.publish(
                TopicArn=self.topic_arn,
                Subject=texts.subject,
                Message=_message(texts),
                MessageStructure="json",
                MessageAttributes={"digest_id": {"DataType": "String", "StringValue": digest_id}},
            )
        except (ClientError, BotoCoreError) as error:
            raise self._sorted(error, digest_id) from error
        return answer["MessageId"]

    def _sorted(
        self, error: ClientError | BotoCoreError, digest_id: str
    ) -> DeliveryDeferredError | DeliveryRejectedError | DeliveryUnknownError:
        kind = _outcome(error)
        return kind(channel=self.topic_arn, message_id=digest_id, detail=detail_of(error))


def _outcome(
    error: ClientError | BotoCoreError,
) -> type[DeliveryDeferredError | DeliveryRejectedError | DeliveryUnknownError]:
    if isinstance(error, ClientError):
        if is_throttle(error):
            return DeliveryDeferredError
        return DeliveryRejectedError if 400 <= status_of(error) < 500 else DeliveryUnknownError
    if isinstance(error, NEVER_CONNECTED):
        return DeliveryDeferredError
    return DeliveryRejectedError if isinstance(error, NEVER_SIGNED) else DeliveryUnknownError


def _message(texts: Texts) -> str:
    """One text for SMS and one for everything else; an `email` entry would count the same bytes twice."""
    return json.dumps({"default": texts.email, "sms": texts.sms}, ensure_ascii=False)
