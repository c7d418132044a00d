from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError
from options_signals.adapters.dynamo import DynamoTable, create_table
from options_signals.errors import StoreUnavailableError

from tests.adapters.answers import answer, json_error

PK = "live#2022-11-23"


@pytest.fixture
def table(aws: str) -> DynamoTable:
    table = DynamoTable(aws)
    create_table(table.client, table.name)
    return table


CALLS: list[tuple[str, Callable[[DynamoTable], Any]]] = [
    ("GetItem", lambda table: table.get(PK, "digest")),
    ("PutItem", lambda table: table.add(PK, "digest", {})),
    ("UpdateItem", lambda table: table.update(PK, "digest", {"state": "SENT"}, expected={})),
    ("Query", lambda table: table.of_partition(PK, "digest")),
]


@pytest.mark.parametrize(("call", "use"), CALLS, ids=[call for call, _ in CALLS])
@pytest.mark.parametrize(
    ("status", "code"), [(400, "ProvisionedThroughputExceededException"), (400, "ThrottlingException"), (500, "X")]
)
def test_a_table_that_asks_to_wait_is_unavailable(
    table: DynamoTable, call: str, use: Callable[[DynamoTable], Any], status: int, code: str
) -> None:
    answer(table.client, call, lambda _: json_error(status, code))

    with pytest.raises(StoreUnavailableError, match=f"failed: {code}: said so. Nothing"):
        use(table)


def test_a_table_that_cannot_be_reached_is_unavailable(table: DynamoTable) -> None:
    def respond(_: Any) -> AWSResponse:
        raise EndpointConnectionError(endpoint_url="https://table")

    answer(table.client, "GetItem", respond)

    with pytest.raises(StoreUnavailableError) as unavailable:
        table.get(PK, "digest")
    assert str(unavailable.value) == (
        f"reading digest of live#2022-11-23 on {table.name} failed: "
        'Could not connect to the endpoint URL: "https://table". '
        "Nothing was half-written; try again."
    )


def test_a_missing_table_is_not_taken_for_an_outage(table: DynamoTable) -> None:
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        DynamoTable("another", client=table.client).get(PK, "digest")


def test_reads_of_a_partition_are_strongly_consistent(table: DynamoTable) -> None:
    asked: list[bytes] = []
    for call in ("GetItem", "Query"):
        answer(table.client, call, lambda request: asked.append(request.body))

    table.get(PK, "digest")
    table.of_partition(PK, "digest")

    assert len(asked) == 2
    assert all(b'"ConsistentRead": true' in body for body in asked)
