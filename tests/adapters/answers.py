"""What a service or the network may answer, put in the place of the real call."""

from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSResponse


class _Raw:
    """A response's body as urllib3 gives it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> list[bytes]:
        return [self._body]


def answer(client: Any, call: str, respond: Callable[[Any], AWSResponse | None]) -> None:
    """Before each such call is sent, ask `respond`: a response or an exception of its own, or None to go on."""
    service = client.meta.service_model.service_id.hyphenize()

    def before_send(request: Any, **_: Any) -> AWSResponse | None:
        return respond(request)

    client.meta.events.register_first(f"before-send.{service}.{call}", before_send)


def lose_first_answers(client: Any, call: str) -> list[int]:
    """Have the SDK repeat each such call once, though it had its effect; return the tries as they are made."""
    tries: list[int] = []

    def repeat(attempts: int, **_: Any) -> int | None:
        tries.append(attempts)
        return 0 if attempts == 1 else None

    client.meta.events.register_first(f"needs-retry.{client.meta.service_model.service_id.hyphenize()}.{call}", repeat)
    return tries


def xml_error(status: int, code: str) -> AWSResponse:
    return _response(
        status, f"<ErrorResponse><Error><Code>{code}</Code><Message>said so.</Message></Error></ErrorResponse>"
    )


def json_error(status: int, code: str) -> AWSResponse:
    return _response(status, f'{{"__type": "{code}", "message": "said so."}}')


def json_answer(body: str) -> AWSResponse:
    return _response(200, body)


def _response(status: int, body: str) -> AWSResponse:
    return AWSResponse("https://service", status, {}, _Raw(body.encode()))  # type: ignore[arg-type]  # any mapping does
