"""What rings the operator when nothing else would."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

SILENT_HOURS = 26  # the watchdog runs once a day: 25 hours pass between two runs when the clocks go back


class Alarms(Construct):
    """Three alarms, each to the operator topic; `on_dead_letters` adds one for a further queue."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        dead_letters: sqs.Queue,
        watchdog: lambda_.Function,
        alerts: sns.Topic,
        operator: sns.Topic,
    ) -> None:
        super().__init__(scope, name)
        self.to_operator = actions.SnsAction(operator)
        self.on_dead_letters(
            "DeadLetters",
            "A run or the watchdog could not be started, or the watchdog failed: see the dead-letter queue.",
            dead_letters,
        )
        self._alarm(
            "WatchdogSilent",
            f"The watchdog has not run for {SILENT_HOURS} hours, so nobody would notice a missing digest. "
            "After a first deployment this stands until the watchdog has run once.",
            watchdog.metric_invocations(statistic="Sum", period=Duration.hours(1)),
            cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.BREACHING,
            at=1,
            periods=SILENT_HOURS,
        )
        self._alarm(
            "NotDelivered",
            "SNS could not deliver an alert to one of its subscribers.",
            alerts.metric_number_of_notifications_failed(statistic="Sum", period=Duration.minutes(5)),
            cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.NOT_BREACHING,
            at=0,
        )

    def on_dead_letters(self, name: str, description: str, queue: sqs.Queue) -> None:
        """Ring while something lies in the queue."""
        self._alarm(
            name,
            description,
            queue.metric_approximate_number_of_messages_visible(statistic="Maximum", period=Duration.minutes(5)),
            cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            missing=cloudwatch.TreatMissingData.NOT_BREACHING,
            at=0,
        )

    def _alarm(
        self,
        name: str,
        description: str,
        metric: cloudwatch.Metric,
        comparison: cloudwatch.ComparisonOperator,
        *,
        missing: cloudwatch.TreatMissingData,
        at: int,
        periods: int = 1,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            alarm_description=description,
            metric=metric,
            comparison_operator=comparison,
            threshold=at,
            evaluation_periods=periods,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(self.to_operator)
