"""What other programs and the operator hear by event."""

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct


class SignalBus(Construct):
    """The bus on which `SignalsPublished` goes out; a rule on it is how another program joins.

    It has the stack's name, so that other programs can know it beforehand.
    """

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.bus_name = Stack.of(self).stack_name
        self.bus = events.EventBus(self, "Bus", event_bus_name=self.bus_name)


class FailedRuns(Construct):
    """Tells the operator of each execution that did not end well: its name, status, error and cause."""

    def __init__(self, scope: Construct, name: str, *, machine: sfn.StateMachine, operator: sns.Topic) -> None:
        super().__init__(scope, name)
        events.Rule(
            self,
            "Rule",
            description="Daily runs that failed, took too long or were stopped",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": [machine.state_machine_arn], "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
            ),
            # The whole detail, as JSON: it holds the cause, which names the model or the file. A text around fields
            # would have to trust the rule to escape the quotes in them.
            targets=[targets.SnsTopic(operator, message=events.RuleTargetInput.from_event_path("$.detail"))],
        )
