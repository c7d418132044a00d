import boto3
import pytest
from moto import mock_aws
from options_signals.adapters.dynamo import create_table

from tests.infra.stacks import Deployed, Json

BUCKET, TABLE = "AWS::S3::Bucket", "AWS::DynamoDB::Table"


@pytest.fixture
def lake(stack: Deployed) -> dict[str, Json]:
    return stack.the(BUCKET, "Lake/Bucket")


@pytest.fixture
def table(stack: Deployed) -> dict[str, Json]:
    return stack.the(TABLE, "Signals/Table")


@pytest.mark.parametrize(("kind", "name"), [(BUCKET, "Lake/Bucket"), (TABLE, "Signals/Table")])
def test_what_was_stored_outlives_the_stack(stack: Deployed, kind: str, name: str) -> None:
    attributes = stack.attributes(kind, name)

    assert attributes["UpdateReplacePolicy"] == "Retain"
    assert attributes["DeletionPolicy"] == "RetainExceptOnCreate"  # a first deployment that fails leaves nothing behind


def test_the_lake_is_private_encrypted_and_versioned(lake: dict[str, Json]) -> None:
    assert set(lake["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(lake["PublicAccessBlockConfiguration"]) == 4
    assert lake["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert lake["VersioningConfiguration"] == {"Status": "Enabled"}
    (encryption,) = lake["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_the_lake_answers_nobody_without_tls(stack: Deployed) -> None:
    (policy,) = stack.of("AWS::S3::BucketPolicy").values()

    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Action": "s3:*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Resource": ["Lake/Bucket", "Lake/Bucket/*"],
        }
    ]


def test_only_what_can_be_made_again_expires(lake: dict[str, Json]) -> None:
    rules = {rule["Id"]: rule for rule in lake["LifecycleConfiguration"]["Rules"]}

    assert {name: rule["Prefix"] for name, rule in rules.items() if "ExpirationInDays" in rule} == {
        "what-runs-derived": "runs/"
    }
    assert rules["what-runs-derived"]["ExpirationInDays"] == 90
    assert rules["old-versions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rules["old-versions"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert rules["delete-markers"]["ExpiredObjectDeleteMarker"] is True


def test_the_table_is_the_one_the_adapter_makes_for_tests(table: dict[str, Json]) -> None:
    with mock_aws():
        client = boto3.client("dynamodb", region_name="us-east-1")
        create_table(client, "signals")
        made = client.describe_table(TableName="signals")["Table"]

    def attributes(definitions: Json) -> dict[str, str]:
        return {one["AttributeName"]: one["AttributeType"] for one in definitions}

    (index,), (made_index,) = table["GlobalSecondaryIndexes"], made["GlobalSecondaryIndexes"]
    assert table["KeySchema"] == made["KeySchema"]
    assert attributes(table["AttributeDefinitions"]) == attributes(made["AttributeDefinitions"])
    assert (index["IndexName"], index["KeySchema"]) == (made_index["IndexName"], made_index["KeySchema"])
    assert index["Projection"] == made_index["Projection"]
    assert table["BillingMode"] == made["BillingModeSummary"]["BillingMode"]


def test_the_table_can_be_brought_back_to_any_second(table: dict[str, Json]) -> None:
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
