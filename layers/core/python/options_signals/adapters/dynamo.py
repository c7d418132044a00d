"""The signal table on DynamoDB.

Partition key `pk` (`live#2022-11-23`), sort key `sk` (`signal#SPY#bull-call-spread`, `digest`), and an index by
`ticker` and `session` for the rows that have a ticker. Numbers are stored as Decimal of 10 significant digits.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from options_signals.adapters.aws import REPEATABLE, reaching
from options_signals.errors import InvalidValueError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TICKER_INDEX = "by-ticker"
SMALLEST, LARGEST = 1e-128, 1e125  # of a DynamoDB number, with room to round

_serializer, _deserializer = TypeSerializer(), TypeDeserializer()


class DynamoTable:
    """Fulfils the jobs' SignalTable. Reads of a partition are strongly consistent, those of the index cannot be."""

    def __init__(self, name: str, *, client: DynamoDBClient | None = None) -> None:
        self.name = name
        self.client: DynamoDBClient = client or boto3.client("dynamodb", config=REPEATABLE)

    def get(self, pk: str, sk: str) -> dict[str, Any] | None:
        """The row as of now; None without one."""
        with reaching(self.name, f"reading {sk} of {pk}"):
            answer = self.client.get_item(TableName=self.name, Key=_key(pk, sk), ConsistentRead=True)
        return _row(answer["Item"]) if "Item" in answer else None

    def add(self, pk: str, sk: str, row: Mapping[str, Any]) -> bool:
        """Write the row unless its key is taken; return whether it was written."""
        item = _item({**row, "pk": pk, "sk": sk})
        try:
            with reaching(self.name, f"writing {sk} of {pk}"):
                self.client.put_item(TableName=self.name, Item=item, ConditionExpression="attribute_not_exists(pk)")
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def update(self, pk: str, sk: str, changes: Mapping[str, Any], *, expected: Mapping[str, Any]) -> bool:
        """Change these fields only where the row exists and every expected field has that value; return whether."""
        names = {f"#{field}": field for field in {**changes, **expected}}
        new, old = to_stored(changes), to_stored(expected)
        values = {f":new_{field}": new[field] for field in new} | {f":old_{field}": old[field] for field in old}
        conditions = ["attribute_exists(pk)", *(f"#{field} = :old_{field}" for field in expected)]
        try:
            with reaching(self.name, f"changing {sk} of {pk}"):
                self.client.update_item(
                    TableName=self.name,
                    Key=_key(pk, sk),
                    UpdateExpression="SET " + ", ".join(f"#{field} = :new_{field}" for field in changes),
                    ConditionExpression=" AND ".join(conditions),
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=_item(values),
                )
        except self.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def of_partition(self, pk: str, sk_prefix: str) -> list[dict[str, Any]]:
        """The rows whose sort key starts so, by ascending sort key."""
        return self._query(
            f"reading {sk_prefix} of {pk}",
            KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
            ExpressionAttributeValues=_item({":pk": pk, ":prefix": sk_prefix}),
            ConsistentRead=True,
        )

    def of_ticker(self, ticker: str, *, since: dt.date) -> list[dict[str, Any]]:
        """The rows of all namespaces with that ticker and a session from then on, ascending; a moment late."""
        return self._query(
            f"reading {ticker}",
            IndexName=TICKER_INDEX,
            KeyConditionExpression="ticker = :ticker AND #session >= :since",
            ExpressionAttributeNames={"#session": "session"},  # a reserved word
            ExpressionAttributeValues=_item({":ticker": ticker, ":since": since.isoformat()}),
        )

    def _query(self, action: str, **query: Any) -> list[dict[str, Any]]:
        with reaching(self.name, action):
            pages = self.client.get_paginator("query").paginate(TableName=self.name, **query)
            return [_row(item) for page in pages for item in page["Items"]]


def create_table(client: DynamoDBClient, name: str) -> None:
    """Make the table as the infrastructure does: for the laptop and for tests."""
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk", "ticker", "session")
        ],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[
            {
                "IndexName": TICKER_INDEX,
                "KeySchema": [
                    {"AttributeName": "ticker", "KeyType": "HASH"},
                    {"AttributeName": "session", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def to_stored(value: Any, *, name: str = "") -> Any:
    """The value with every float as a Decimal of 10 significant digits.

    Raises
    ------
    InvalidValueError
        For NaN, an infinity, or a number that DynamoDB cannot hold (1e125 and more); `name` says where it stands.
    """
    if isinstance(value, float):
        return _decimal(value, name)
    if isinstance(value, Mapping):
        return {key: to_stored(inner, name=f"{name}.{key}".lstrip(".")) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [to_stored(inner, name=f"{name}[{at}]") for at, inner in enumerate(value)]
    return value


def from_stored(value: Any) -> Any:
    """The value with every Decimal as an int where it is whole, else as a float."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {key: from_stored(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [from_stored(inner) for inner in value]
    return value


def _decimal(value: float, name: str) -> Decimal:
    if not math.isfinite(value) or abs(value) >= LARGEST:
        raise InvalidValueError(
            name=name,
            value=value,
            allowed="finite numbers below 1e125",
            remedy="A value that cannot be known is null; nothing of this row was stored.",
        )
    return Decimal(f"{value:.10g}") if abs(value) > SMALLEST else Decimal(0)


def _key(pk: str, sk: str) -> dict[str, Any]:
    return _item({"pk": pk, "sk": sk})


def _item(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _serializer.serialize(value) for key, value in to_stored(row).items()}


def _row(item: Mapping[str, Any]) -> dict[str, Any]:
    return {key: from_stored(_deserializer.deserialize(value)) for key, value in item.items()}
