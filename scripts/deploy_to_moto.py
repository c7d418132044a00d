"""The guide's steps with the real CDK command line against a moto server on this machine: no account, no credentials.

    .venv/bin/python -m scripts.deploy_to_moto [-c key=value ...]

bootstrap, deploy, the `signals` commands for a deployed system, destroy. Optional, and no part of `make test`;
docs/deploy.md says what moto leaves out.
"""

from __future__ import annotations

import collections
import json
import logging
import os
import subprocess
import sys

import boto3
from moto.server import ThreadedMotoServer

from infra import deploy

ACCOUNT, REGION, STACK = "123456789012", "us-east-1", "options-signals-prod"
COMMANDS = (  # and what is typed into them
    ("subscribe --email you@example.com", ""),
    ("confirm 2336412f", ""),
    ("keys set finnhub", "not-a-key"),
    ("keys list", ""),
    ("models upload", ""),
    ("models list --stage prod", ""),
    ("start", ""),
    ("status", ""),
    ("cost --tickers 50", ""),
)


def main(options: list[str]) -> int:
    """Take every step; answer the exit code of the CDK."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # not every request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        os.environ.update(environment(f"http://{host}:{port}"))
        code = deploy.main(["bootstrap", f"aws://{ACCOUNT}/{REGION}"]) or deploy.main(
            ["deploy", "--require-approval", "never", "--method", "direct", *options]  # else moto forgets the outputs
        )
        if code == 0:
            report()
            for command, typed in COMMANDS:
                run(command, typed)
            code = deploy.main(["destroy", "--force", *options])
        return code
    finally:
        server.stop()


def environment(address: str) -> dict[str, str]:
    """What sends the CDK and boto3 to that address, with credentials of nobody."""
    return {
        "AWS_ENDPOINT_URL": address,
        # The CDK makes the template's address of this one, and moto finds the bucket in it by the word localhost.
        "AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION": address.replace("127.0.0.1", "localhost"),
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": REGION,
    }


def report() -> None:
    """The stack's state, and which of its resources are not there."""
    template = json.loads((deploy.ROOT / "cdk.out" / f"{STACK}.template.json").read_text(encoding="utf-8"))
    client = boto3.client("cloudformation")
    stack = client.describe_stacks(StackName=STACK)["Stacks"][0]
    made = client.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    missing = template["Resources"].keys() - {resource.get("LogicalResourceId") for resource in made}
    kinds = collections.Counter(template["Resources"][name]["Type"] for name in missing)
    print(f"\n{STACK}: {stack['StackStatus']}, {len(template['Resources']) - len(missing)} resources; moto left out:")
    for kind, count in sorted(kinds.items()):
        print(f"  {count} x {kind}")


def run(command: str, typed: str) -> None:
    """One `signals` command, as a person types it."""
    print(f"\n$ signals {command}", flush=True)
    subprocess.run([sys.executable, "-m", "local.cli", *command.split()], input=typed, text=True, check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
