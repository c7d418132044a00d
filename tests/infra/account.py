"""The stack in an account: the packages built, the template synthesised from them, both deployed into moto.

Each Lambda task starts the function's own archive and layers under the Lambda emulator, with the environment and the
memory that were deployed; it reaches the same account through a local address.
"""

import contextlib
import json
import logging
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from moto import mock_aws
from moto.server import ThreadedMotoServer

from layers.emulator import started
from local import seams
from local.cloud import folder_of
from tests.infra.stacks import STACK, Json, app_with_stack

ACCOUNT, REGION = "123456789012", "us-east-1"
EXECUTING = {"stepfunctions": {"execute_state_machine": True}}


@dataclass
class Account:
    """An account with the stack in it; `template` as CloudFormation got it."""

    template: dict[str, Json]
    folder_of: dict[str, str]  # physical name of a function -> its folder, such as plan_session
    address: str
    assembly: Path
    invoked: list[str] = field(default_factory=list)

    @cached_property
    def outputs(self) -> dict[str, str]:
        stack = boto3.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    @cached_property
    def physical(self) -> dict[str, str]:
        """Logical id -> physical name or ARN, of what moto made."""
        answer = boto3.client("cloudformation").list_stack_resources(StackName=STACK)["StackResourceSummaries"]
        return {each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in answer}

    def of(self, kind: str) -> dict[str, Json]:
        """Resources of a type, by logical id."""
        return {key: it for key, it in self.template["Resources"].items() if it["Type"] == kind}

    def event_of(self, schedule: str, instant: str) -> Json:
        """What that schedule hands over when it is due at the instant."""
        (found,) = [it for key, it in self.of("AWS::Scheduler::Schedule").items() if schedule in key]
        return json.loads(found["Properties"]["Target"]["Input"].replace("<aws.scheduler.scheduled-time>", instant))

    def run(self, event: Json) -> Json:
        """One execution of the deployed machine, to its end."""
        client = boto3.client("stepfunctions")
        run = client.start_execution(
            stateMachineArn=self.outputs["StateMachine"], name=uuid.uuid4().hex, input=json.dumps(event)
        )["executionArn"]
        while (state := client.describe_execution(executionArn=run))["status"] == "RUNNING":
            time.sleep(0.05)
        return state

    def invoke(self, function: str, event: Json) -> tuple[str, bool, str]:
        """Start a deployed function and let it answer, as moto wants to hear it: JSON, whether it raised, its log."""
        deployed = boto3.client("lambda").get_function_configuration(FunctionName=function)
        environment = deployed["Environment"]["Variables"] | {"AWS_ENDPOINT_URL": self.address}
        folder = self.folder_of[function]
        self.invoked.append(folder)
        with started(folder, environment=environment, memory_mib=deployed["MemorySize"]) as running:
            answer = running.invoke(event)
        return json.dumps(answer), "errorType" in answer, ""

    def machine_as_deployed(self) -> tuple[str, str, str]:
        """Name, definition and role of the machine. moto's CloudFormation keeps it where nothing executes it."""
        ((logical_id, machine),) = self.of("AWS::StepFunctions::StateMachine").items()
        definition = machine["Properties"]["DefinitionString"]
        for name, reference in machine["Properties"]["DefinitionSubstitutions"].items():
            definition = definition.replace(f"${{{name}}}", self.arn(reference))
        name = self.physical[logical_id].rsplit(":", 1)[-1]
        return name, definition, self.arn(machine["Properties"]["RoleArn"])

    def arn(self, reference: Json) -> str:
        """The ARN that {"Fn::GetAtt": [logical id, "Arn"]} stands for, of a function or a role."""
        logical_id = reference["Fn::GetAtt"][0]
        service = {
            "AWS::Lambda::Function": ("lambda", f"{REGION}:", "function:"),
            "AWS::IAM::Role": ("iam", ":", "role/"),
        }
        name, region, kind = service[self.template["Resources"][logical_id]["Type"]]
        return f"arn:aws:{name}:{region}{ACCOUNT}:{kind}{self.physical[logical_id]}"


@contextlib.contextmanager
def deployed_account(build: Path, assembly: Path, **context: Any) -> Iterator[Account]:
    """Deploy what is in that build folder, with these context values."""
    app_with_stack(build, assembly, **context)[0].synth()
    template = json.loads((assembly / f"{STACK}.template.json").read_text())
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with (
        seams.environment({"AWS_DEFAULT_REGION": REGION}),
        seams.quiet("moto"),
        mock_aws(config=EXECUTING),
        _address() as address,
    ):
        boto3.setup_default_session()
        _publish_assets(assembly)
        boto3.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String")
        boto3.client("cloudformation").create_stack(
            StackName=STACK, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
        )
        account = Account(template, {}, address, assembly)
        account.folder_of = {
            account.physical[key]: folder_of(key.split("Function")[0]) for key in account.of("AWS::Lambda::Function")
        }
        name, definition, role = account.machine_as_deployed()
        boto3.client("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=role)
        with seams.routed_to(account.invoke):
            yield account
    boto3.DEFAULT_SESSION = None


@contextlib.contextmanager
def _address() -> Iterator[str]:
    """The same account for functions in processes of their own."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def _publish_assets(assembly: Path) -> None:
    """What the CDK command line does before it deploys."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}")
    for asset in json.loads((assembly / f"{STACK}.assets.json").read_text())["files"].values():
        for place in asset["destinations"].values():
            bucket = place["bucketName"].replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Region}", REGION)
            s3.put_object(Bucket=bucket, Key=place["objectKey"], Body=(assembly / asset["source"]["path"]).read_bytes())
