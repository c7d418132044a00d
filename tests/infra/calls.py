"""Who calls what of AWS: recorded while a day runs through the real state machine and handlers."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

ACTIONS = {"s3:ListObjectsV2": "s3:ListBucket"}  # where a permission has another name than its call

type Handler = Callable[[Any, Any], Any]
type Call = tuple[str, str]  # action and resource, as in a policy: ("s3:GetObject", "Lake/Bucket/models/...")


@dataclass
class Recorder:
    """The calls of clients made from now on, by the function that is running in their thread."""

    topics: Mapping[str, str]  # ARN -> name in the stack
    made: dict[str, set[Call]] = field(default_factory=dict)
    events: dict[str, Any] = field(default_factory=dict)
    _running: threading.local = field(default_factory=threading.local)

    def listen(self) -> None:
        boto3._get_default_session().events.register("provide-client-params", self._on_call)

    def around(self, function: str, handler: Handler) -> Handler:
        """The handler, its calls recorded under that name."""

        def recorded(event: Any, lambda_context: Any) -> Any:
            self.events[function], self._running.function = event, function
            try:
                return handler(event, lambda_context)
            finally:
                self._running.function = None

        return recorded

    def _on_call(self, model: Any, params: Mapping[str, Any], **_: Any) -> None:
        function: str | None = getattr(self._running, "function", None)
        if function:
            called = f"{model.service_model.signing_name}:{model.name}"
            call = (ACTIONS.get(called, called), self._resource(params))
            self.made.setdefault(function, set()).add(call)

    def _resource(self, params: Mapping[str, Any]) -> str:
        match params:
            case {"Bucket": _, "Key": key}:
                return f"Lake/Bucket/{key}"
            case {"Bucket": _}:
                return "Lake/Bucket"
            case {"TableName": _, "IndexName": index}:
                return f"Signals/Table/index/{index}"
            case {"TableName": _}:
                return "Signals/Table"
            case {"TopicArn": arn}:
                return self.topics[arn]
            case {"Entries": [{"EventBusName": _}]}:
                return "Events/Bus"
        raise AssertionError(f"a call on something unknown: {sorted(params)}")
