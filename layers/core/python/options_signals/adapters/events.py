"""The event for other programs, on EventBridge.

`SignalsPublished` may arrive more than once for one session; its `digest_id` tells one digest from another. It carries
the digest's `subject`, its `sms`, and `chat`: the same line for a chat, with the digest's id in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3

from options_signals.adapters.aws import REPEATABLE, THROTTLES, reaching
from options_signals.errors import DeliveryRejectedError, StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "options-signals"
DETAIL_TYPE = "SignalsPublished"
PASSING = THROTTLES | {"InternalFailure", "InternalException", "ServiceUnavailable"}


class EventBridgeBus:
    """Fulfils the jobs' EventBus on the event bus of that name."""

    def __init__(self, name: str, *, client: EventBridgeClient | None = None) -> None:
        self.name = name
        self.client: EventBridgeClient = client or boto3.client("events", config=REPEATABLE)

    def signals_published(self, detail: Mapping[str, Any]) -> None:
        """Put the event; an entry the bus did not take is an error, though the call succeeded."""
        entry = {"EventBusName": self.name, "Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": json.dumps(detail)}
        with reaching(self.name, f"putting {DETAIL_TYPE}"):
            answer = self.client.put_events(Entries=[entry])  # type: ignore[list-item]  # a TypedDict at run time
        if answer["FailedEntryCount"]:
            self._raise(answer["Entries"][0], str(detail["digest_id"]))

    def _raise(self, failed: Mapping[str, Any], digest_id: str) -> None:
        said = f"{failed.get('ErrorCode')}: {failed.get('ErrorMessage')}".rstrip(".")
        if failed.get("ErrorCode") in PASSING:
            raise StoreUnavailableError(store=self.name, action=f"putting {DETAIL_TYPE}", detail=said)
        raise DeliveryRejectedError(channel=f"the event bus {self.name}", message_id=digest_id, detail=said)
