"""cdk-nag's AwsSolutions rules: what they find is mended, or stands with a reason."""

import json
from pathlib import Path

import pytest
from aws_cdk import App, Stack, Validations
from aws_cdk import aws_s3 as s3
from cdk_nag import AwsSolutionsChecks

from tests.infra.stacks import STACK, app_with_stack

ACKNOWLEDGED = {"AwsSolutions-S1", "AwsSolutions-SQS3", "AwsSolutions-L1", "AwsSolutions-SF2", "AwsSolutions-IAM5"}


def checked(app: App) -> None:
    Validations.of(app).add_plugins(AwsSolutionsChecks(app, write_suppressions_to_cloud_formation=True))
    app.synth()


def test_the_rules_find_an_open_bucket(tmp_path: Path) -> None:
    app = App(outdir=str(tmp_path))
    s3.Bucket(Stack(app, "Open"), "Bucket")

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        checked(app)

    assert "AwsSolutions-S10" in (tmp_path / "validation-report.json").read_text()


def test_the_stack_passes_and_each_finding_that_stands_has_its_reason(assets: Path, tmp_path: Path) -> None:
    app, _ = app_with_stack(assets, tmp_path)

    checked(app)

    resources = json.loads((tmp_path / f"{STACK}.template.json").read_text())["Resources"].values()
    nags = [resource.get("Metadata", {}).get("cdk_nag", {"rules_to_suppress": []}) for resource in resources]
    standing = {rule["id"].split("[")[0]: rule["reason"] for nag in nags for rule in nag["rules_to_suppress"]}
    assert set(standing) == ACKNOWLEDGED
    assert min(map(len, standing.values())) > 30
