from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, ConnectTimeoutError
from options_signals.adapters.s3 import S3Store
from options_signals.errors import AlreadyStoredError, StoreUnavailableError

from tests.adapters.answers import answer, lose_first_answers, xml_error


@pytest.fixture
def store(aws: str) -> S3Store:
    store = S3Store(aws)
    store.client.create_bucket(Bucket=store.bucket)
    return store


def test_more_keys_than_one_answer_holds_are_all_listed(store: S3Store) -> None:
    store.client.meta.events.register(
        "before-parameter-build.s3.ListObjectsV2", lambda params, **_: params.update(MaxKeys=2)
    )
    for key in ("a/1", "a/2", "a/3", "a/4", "a/5"):
        store.put(key, b"")

    assert store.keys("a/") == ["a/1", "a/2", "a/3", "a/4", "a/5"]


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (400, "Throttling")])
def test_a_store_that_asks_to_wait_is_unavailable(store: S3Store, status: int, code: str) -> None:
    answer(store.client, "PutObject", lambda _: xml_error(status, code))

    with pytest.raises(StoreUnavailableError, match=f"/a/b failed: {code}: said so. Nothing"):
        store.put("a/b", b"")


def test_a_store_that_cannot_be_reached_is_unavailable(store: S3Store) -> None:
    def respond(_: Any) -> AWSResponse:
        raise ConnectTimeoutError(endpoint_url="https://lake")

    answer(store.client, "GetObject", respond)

    with pytest.raises(StoreUnavailableError) as unavailable:
        store.get("a/b")
    assert str(unavailable.value) == (
        f'reading on s3://{store.bucket}/a/b failed: Connect timeout on endpoint URL: "https://lake". '
        "Nothing was half-written; try again."
    )


def test_a_refused_call_is_not_taken_for_an_outage(store: S3Store) -> None:
    answer(store.client, "GetObject", lambda _: xml_error(403, "AccessDenied"))

    with pytest.raises(ClientError, match="AccessDenied"):
        store.get("a/b")


def test_a_write_under_way_elsewhere_counts_as_taken(store: S3Store) -> None:
    answer(store.client, "PutObject", lambda _: xml_error(409, "ConditionalRequestConflict"))

    with pytest.raises(AlreadyStoredError):
        store.put_new("a/b", b"")


def test_a_write_whose_answer_was_lost_is_known_as_ours(store: S3Store) -> None:
    tries = lose_first_answers(store.client, "PutObject")

    store.put_new("a/b", b"ours")

    assert tries == [1, 2]
    assert store.get("a/b") == b"ours"


def test_anothers_write_between_two_tries_is_not_ours(store: S3Store) -> None:
    tries = iter([True])

    def respond(_: Any) -> AWSResponse | None:
        if not next(tries, False):
            return None
        boto3.client("s3").put_object(Bucket=store.bucket, Key="a/b", Body=b"another's")
        return xml_error(500, "InternalError")

    answer(store.client, "PutObject", respond)

    with pytest.raises(AlreadyStoredError):
        store.put_new("a/b", b"ours")


def test_a_link_opens_the_object_in_the_console(store: S3Store) -> None:
    below = S3Store(store.bucket, prefix="lake/", client=store.client)

    assert below.link("pictures/live/SPY.png") == (
        f"https://us-east-1.console.aws.amazon.com/s3/object/{store.bucket}"
        "?region=us-east-1&prefix=lake/pictures/live/SPY.png"
    )


@pytest.mark.parametrize(("name", "kind"), [("SPY.png", "image/png"), ("noname", "application/octet-stream")])
def test_a_browser_is_told_what_it_opens(store: S3Store, name: str, kind: str) -> None:
    store.put(name, b"")

    assert store.client.head_object(Bucket=store.bucket, Key=name)["ContentType"] == kind
