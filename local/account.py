"""The user's AWS account: which stack, which credentials, and one clear message where something of it is missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError
from options_signals.adapters.aws import code_of, detail_of
from options_signals.errors import AccountError, NotFoundError

LOG_IN = "Run `aws configure` or `aws sso login`, or name a profile with --profile; docs/deploy.md says more"
OTHER_STACK = "Deploy it (`make deploy`), or name another with --stage, --region or --profile."
REMEDIES: dict[type[BotoCoreError], str] = {
    exceptions.NoRegionError: "Name one with --region, or set AWS_REGION.",
    exceptions.ProfileNotFound: "`aws configure list-profiles` lists those there are.",
    exceptions.EndpointConnectionError: "Check the network, and the region's name.",
}
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation"})


@dataclass(frozen=True)
class Account:
    """One deployed stage. Nothing is asked before it is needed."""

    stage: str
    profile: str | None = None
    region: str | None = None

    @property
    def stack(self) -> str:
        """Name of the CloudFormation stack, such as options-signals-prod."""
        return f"options-signals-{self.stage}"

    @cached_property
    def session(self) -> boto3.Session:
        """The user's credentials, from the profile or where boto3 looks."""
        region = self.region or os.environ.get("AWS_REGION")  # which the CDK reads, and boto3 does not
        return boto3.Session(profile_name=self.profile, region_name=region)

    def client(self, service: str) -> Any:
        """A client of a service, such as `sns`."""
        return self.session.client(service)  # type: ignore[call-overload]  # its stubs know literal names only

    @cached_property
    def outputs(self) -> dict[str, str]:
        """What the stack says it made, such as {"LakeBucket": "options-signals-prod-lake…"}.

        NotFoundError where it is not deployed, or not yet.
        """
        try:
            found = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"][0]
        except ClientError as error:
            if code_of(error) != "ValidationError":
                raise
            raise NotFoundError(what=f"stack {self.stack}", where=self.place, remedy=OTHER_STACK) from error
        if not found.get("Outputs"):
            unfinished = f"finished stack {self.stack} ({found['StackStatus']})"
            raise NotFoundError(what=unfinished, where=self.place, remedy="Wait for the deployment, or repeat it.")
        return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}

    @property
    def place(self) -> str:
        """The region, in words."""
        return f"the region {self.session.region_name} of this account"


@contextmanager
def asked(action: str) -> Iterator[None]:
    """Turn what boto3 raises into AccountError, with what to do about it."""
    try:
        yield
    except ClientError as error:
        raise AccountError(action=action, detail=detail_of(error), remedy=_remedy(error)) from error
    except BotoCoreError as error:
        remedy = next((text for kind, text in REMEDIES.items() if isinstance(error, kind)), f"{LOG_IN}.")
        raise AccountError(action=action, detail=detail_of(error), remedy=remedy) from error


def _remedy(error: ClientError) -> str:
    if code_of(error) in DENIED:
        return "Take credentials that may do this; docs/deploy.md lists what each command needs."
    return f"If these credentials have expired: {LOG_IN}."
