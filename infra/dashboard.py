"""A page in the CloudWatch console, for those who want one."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from infra.functions import METRICS, SERVICE

DAY = Duration.days(1)


class Dashboard(Construct):
    """How the runs ended, how long the functions took, what was decided."""

    def __init__(
        self, scope: Construct, name: str, *, machine: sfn.StateMachine, functions: Sequence[lambda_.Function]
    ) -> None:
        super().__init__(scope, name)
        runs = [machine.metric_succeeded(period=DAY), machine.metric_failed(period=DAY)]
        durations = [function.metric_duration(statistic="Maximum", period=DAY) for function in functions]
        page = cloudwatch.Dashboard(self, "Page")
        page.add_widgets(
            cloudwatch.GraphWidget(title="Runs a day", left=runs),
            cloudwatch.GraphWidget(title="Longest call (ms)", left=durations),
            cloudwatch.GraphWidget(title="Decisions", left=[_counted("Signals"), _counted("Refusals")]),
        )


def _counted(name: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=METRICS, metric_name=name, dimensions_map={"service": SERVICE}, statistic="Sum", period=DAY
    )
