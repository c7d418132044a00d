"""The day as a state machine, from the definition file that the laptop runs, too."""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.nag import acknowledge

DEFINITION = Path(__file__).with_name("state_machine.asl.json")


class DailySignals(Construct):
    """The state machine; `functions` by the name that stands for each in the definition."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        functions: Mapping[str, lambda_.Function],
        log_name: str,
        log_retention: logs.RetentionDays,
    ) -> None:
        super().__init__(scope, name)
        log_group = logs.LogGroup(
            self, "Log", log_group_name=log_name, retention=log_retention, removal_policy=RemovalPolicy.DESTROY
        )
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            definition_body=sfn.DefinitionBody.from_string(DEFINITION.read_text(encoding="utf-8")),
            definition_substitutions={function: each.function_arn for function, each in functions.items()},
            logs=sfn.LogOptions(destination=log_group, level=sfn.LogLevel.ALL, include_execution_data=True),
        )
        self.machine.add_to_role_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"], resources=[each.function_arn for each in functions.values()]
            )
        )
        acknowledge(
            self.machine,
            "AwsSolutions-SF2",
            "The log of all events already says how long each step took; X-Ray would need permissions on *.",
        )
        acknowledge(
            self.machine,
            "AwsSolutions-IAM5[Resource::*]",
            "Log deliveries to CloudWatch have no resource of their own; AWS documents exactly this statement.",
        )
