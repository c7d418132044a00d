from collections.abc import Iterator
from uuid import uuid4

import pytest
from moto import mock_aws

NAMES = ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION")
VALUES = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


@pytest.fixture(scope="module")
def account() -> Iterator[None]:
    """An AWS account in this process; nothing of the machine's own configuration is read."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        for name in NAMES:
            environment.delenv(name, raising=False)
        for name, value in VALUES.items():
            environment.setenv(name, value)
        yield


@pytest.fixture
def aws(account: None, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: ARG001 - it holds the account open
    """A name for what a test makes in the account; the SDK's own tries follow each other at once."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    return f"test-{uuid4().hex[:12]}"
