"""The lake's object store on S3."""

from __future__ import annotations

from mimetypes import guess_type
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from options_signals.adapters.aws import REPEATABLE, code_of, reaching, status_of
from options_signals.errors import AlreadyStoredError, NotFoundError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TAKEN = frozenset({412, 409})  # If-None-Match failed; another write to that key was under way


class S3Store:
    """Objects of one bucket, below an optional prefix.

    Parameters
    ----------
    bucket
        Its name.
    prefix
        Such as `models/`; keys are given and answered without it.
    """

    def __init__(self, bucket: str, *, prefix: str = "", client: S3Client | None = None) -> None:
        self.bucket, self.prefix = bucket, prefix
        self.client: S3Client = client or boto3.client("s3", config=REPEATABLE)

    def get(self, key: str) -> bytes:
        """The object's bytes; NotFoundError where there is none."""
        try:
            with reaching(self.where(key), "reading"):
                return self.client.get_object(Bucket=self.bucket, Key=self.prefix + key)["Body"].read()
        except self.client.exceptions.NoSuchKey as error:
            raise NotFoundError(
                what=key, where=self.where(""), remedy="Name what exists, or run the step that writes it."
            ) from error

    def put(self, key: str, body: bytes) -> None:
        """Write or replace; the type by which a browser opens it follows the name."""
        kind = guess_type(key)[0] or "application/octet-stream"
        with reaching(self.where(key), "writing"):
            self.client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=body, ContentType=kind)

    def put_new(self, key: str, body: bytes) -> None:
        """Write only if the key is free; AlreadyStoredError where it is taken."""
        try:
            with reaching(self.where(key), "writing"):
                self.client.put_object(Bucket=self.bucket, Key=self.prefix + key, Body=body, IfNoneMatch="*")
        except ClientError as error:
            if status_of(error) not in TAKEN:
                raise
            if not self._was_ours(error, key, body):
                raise AlreadyStoredError(key=self.where(key)) from error

    def _was_ours(self, error: ClientError, key: str, body: bytes) -> bool:
        """Whether an earlier try of this very call wrote it and only its answer was lost."""
        retried = error.response["ResponseMetadata"].get("RetryAttempts", 0) > 0
        return retried and code_of(error) == "PreconditionFailed" and self.get(key) == body

    def keys(self, prefix: str) -> list[str]:
        """All keys that start with the prefix, ascending."""
        with reaching(self.where(prefix), "listing"):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix + prefix
            )
            return [found["Key"].removeprefix(self.prefix) for page in pages for found in page.get("Contents", [])]

    def where(self, key: str) -> str:
        """The address to show to people."""
        return f"s3://{self.bucket}/{self.prefix}{key}"

    def link(self, key: str) -> str:
        """The object's page in the console, behind its reader's own login: a signed address would end with our role."""
        region = self.client.meta.region_name
        console = f"https://{region}.console.aws.amazon.com/s3/object/{self.bucket}"
        return f"{console}?region={region}&prefix={self.prefix}{key}"
