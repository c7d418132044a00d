"""When things start: New York wall-clock times, so that a change of the clocks changes nothing."""

import json

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra.dead_letters import dead_letter_queue

TIME_ZONE = "America/New_York"  # EventBridge rules know UTC only; its Scheduler knows time zones
WEEKDAYS = "MON-FRI"
EVERY_DAY = "SUN-SAT"
LATEST_START = Duration.hours(1)
EVENT = {"scheduled_time": "<aws.scheduler.scheduled-time>"}  # the scheduler puts the UTC instant here


class Schedules(Construct):
    """A group of schedules, the role they start things with, and the queue of what could not be started."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.dead_letters = dead_letter_queue(self, "DeadLetters")
        stack = Stack.of(self)
        self.group_name = stack.stack_name
        self._group = scheduler.CfnScheduleGroup(self, "Group", name=self.group_name)
        group_arn = stack.format_arn(service="scheduler", resource="schedule-group", resource_name=self.group_name)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceArn": group_arn}},
            ),
        )
        self.role.add_to_policy(
            iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[self.dead_letters.queue_arn])
        )

    def add(self, name: str, *, at: str, days: str, target: str, action: str) -> None:
        """Start the target (an ARN) at that New York time; `action` is the permission it takes.

        A start that fails is repeated for an hour and then becomes a dead letter. An execution gets no name: a
        name stays taken for 90 days and would block a second run of the same slot.
        """
        hour, minute = at.split(":")
        self.role.add_to_policy(iam.PolicyStatement(actions=[action], resources=[target]))
        scheduler.CfnSchedule(
            self,
            name,
            group_name=self.group_name,
            schedule_expression=f"cron({int(minute)} {int(hour)} ? * {days} *)",
            schedule_expression_timezone=TIME_ZONE,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=target,
                role_arn=self.role.role_arn,
                input=json.dumps(EVENT),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=LATEST_START.to_seconds()
                ),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=self.dead_letters.queue_arn),
            ),
        ).node.add_dependency(self.role, self._group)
