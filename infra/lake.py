"""The lake: snapshots, models and intermediate results, in one private bucket."""

from typing import cast

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.nag import acknowledge

RUNS_KEPT = Duration.days(90)  # what a run derived; `signals replay` makes it again from the snapshot
OLD_VERSIONS_KEPT = Duration.days(30)


class Lake(Construct):
    """A bucket that outlives the stack."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            versioned=True,
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
            lifecycle_rules=[
                s3.LifecycleRule(id="what-runs-derived", prefix="runs/", expiration=RUNS_KEPT),
                s3.LifecycleRule(
                    id="old-versions",
                    noncurrent_version_expiration=OLD_VERSIONS_KEPT,
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                ),
                s3.LifecycleRule(id="delete-markers", expired_object_delete_marker=True),
            ],
        )
        acknowledge(
            self.bucket,
            "AwsSolutions-S1",
            "One owner, no public access, versions kept: logs of access would need a second bucket and tell little.",
        )

    def arn_of(self, folder: str) -> str:
        """ARN of everything below a folder such as `models`."""
        return self.bucket.arn_for_objects(f"{folder}/*")

    def finding_on(self, folder: str) -> str:
        """What cdk-nag calls a grant on that folder."""
        return f"AwsSolutions-IAM5[Resource::<{self._logical_id}.Arn>/{folder}/*]"

    @property
    def _logical_id(self) -> str:
        bucket = cast("s3.CfnBucket", self.bucket.node.default_child)
        return Stack.of(self).get_logical_id(bucket)
