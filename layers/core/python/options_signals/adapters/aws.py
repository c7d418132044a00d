"""What the AWS adapters share: timeouts, and which failures may pass."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from options_signals.errors import StoreUnavailableError

# Calls that may be repeated: stores under conditions, and events that are heard at least once.
REPEATABLE = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 4})
BROKEN = (exceptions.ConnectionError, exceptions.HTTPClientError, exceptions.IncompleteReadError)
THROTTLES = frozenset(
    {
        "KMSThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


def code_of(error: ClientError) -> str:
    """The service's name of the error, such as `NoSuchKey`; S3 answers `404` to some calls."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def status_of(error: ClientError) -> int:
    """The HTTP status; 500 where the answer has none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500))


def is_throttle(error: ClientError) -> bool:
    """Whether the service asked for less, and so did nothing."""
    return code_of(error) in THROTTLES or status_of(error) == 429


@contextmanager
def reaching(store: str, action: str) -> Iterator[None]:
    """Turn throttles, server errors and broken connections into StoreUnavailableError; the rest passes through."""
    try:
        yield
    except ClientError as error:
        if is_throttle(error) or status_of(error) >= 500:
            raise StoreUnavailableError(store=store, action=action, detail=detail_of(error)) from error
        raise
    except BROKEN as error:
        raise StoreUnavailableError(store=store, action=action, detail=detail_of(error)) from error


def detail_of(error: BotoCoreError | ClientError) -> str:
    """The error in one clause: `Throttling: Rate exceeded`, or what the connection broke on."""
    if isinstance(error, ClientError):
        return f"{code_of(error)}: {error.response.get('Error', {}).get('Message', 'no message')}".rstrip(".")
    return str(error).rstrip(".")
