"""The state machine, its schedules, and who hears when it fails."""

import re
from pathlib import Path

import pytest

from infra.state_machine import DEFINITION
from tests.infra.stacks import Deployed, Json, deployed

SCHEDULE = "AWS::Scheduler::Schedule"


def machine(stack: Deployed) -> dict[str, Json]:
    return stack.the("AWS::StepFunctions::StateMachine", "Day/Machine")


def test_the_cloud_runs_the_definition_the_laptop_runs(stack: Deployed) -> None:
    assert machine(stack)["DefinitionString"] == DEFINITION.read_text()


def test_each_name_in_the_definition_stands_for_its_own_function(stack: Deployed) -> None:
    names = set(re.findall(r"\$\{(\w+)\}", DEFINITION.read_text()))

    assert machine(stack)["DefinitionSubstitutions"] == {name: f"{name}/Function" for name in names}
    assert len(names) == 6


def test_every_event_of_a_run_is_logged(stack: Deployed) -> None:
    logging = machine(stack)["LoggingConfiguration"]

    assert (logging["Level"], logging["IncludeExecutionData"]) == ("ALL", True)
    assert logging["Destinations"] == [{"CloudWatchLogsLogGroup": {"LogGroupArn": "Day/Log"}}]
    assert stack.the("AWS::Logs::LogGroup", "Day/Log") == {
        "LogGroupName": "/aws/vendedlogs/states/options-signals-prod",
        "RetentionInDays": 30,
    }


@pytest.mark.parametrize(
    ("name", "cron", "target"),
    [
        ("Schedules/At1645", "cron(45 16 ? * MON-FRI *)", "Day/Machine"),
        ("Schedules/At1845", "cron(45 18 ? * MON-FRI *)", "Day/Machine"),
        ("Schedules/At2045", "cron(45 20 ? * MON-FRI *)", "Day/Machine"),
        ("Schedules/Watchdog", "cron(15 21 ? * SUN-SAT *)", "Watchdog/Function"),
    ],
)
def test_everything_starts_by_new_york_time_with_the_instant_it_was_due(
    stack: Deployed, name: str, cron: str, target: str
) -> None:
    assert stack.the(SCHEDULE, name) == {
        "ScheduleExpression": cron,
        "ScheduleExpressionTimezone": "America/New_York",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "GroupName": "options-signals-prod",
        "Target": {
            "Arn": target,
            "RoleArn": "Schedules/Role",
            "Input": '{"scheduled_time": "<aws.scheduler.scheduled-time>"}',  # and no name, which would be taken
            "RetryPolicy": {"MaximumEventAgeInSeconds": 3600},
            "DeadLetterConfig": {"Arn": "Schedules/DeadLetters"},
        },
    }


def test_there_is_one_schedule_for_each_slot_and_one_for_the_watchdog(assets: Path) -> None:
    stack = deployed(assets, slots="17:05")

    assert sorted(stack.of(SCHEDULE)) == ["Schedules/At1705", "Schedules/Watchdog"]


def test_only_schedules_of_this_stack_start_anything(stack: Deployed) -> None:
    (trust,) = stack.the("AWS::IAM::Role", "Schedules/Role")["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    group = "arn:AWS::Partition:scheduler:AWS::Region:AWS::AccountId:schedule-group/options-signals-prod"
    assert trust["Condition"] == {"StringEquals": {"aws:SourceArn": group}}
    assert stack.the("AWS::Scheduler::ScheduleGroup", "Schedules/Group") == {"Name": "options-signals-prod"}


def test_dead_letters_are_encrypted_kept_for_two_weeks_and_taken_over_tls_only(stack: Deployed) -> None:
    queue = stack.the("AWS::SQS::Queue", "Schedules/DeadLetters")
    (policy,) = stack.of("AWS::SQS::QueuePolicy").values()
    (denied,) = policy["PolicyDocument"]["Statement"]

    assert queue == {"MessageRetentionPeriod": 1_209_600, "SqsManagedSseEnabled": True}
    assert (denied["Effect"], denied["Action"]) == ("Deny", "sqs:*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_each_run_that_does_not_end_well_reaches_the_operator(stack: Deployed) -> None:
    rule = stack.the("AWS::Events::Rule", "FailedRuns/Rule")
    (target,) = rule["Targets"]

    assert rule["EventPattern"] == {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {"stateMachineArn": ["Day/Machine"], "status": ["FAILED", "TIMED_OUT", "ABORTED"]},
    }
    assert target["Arn"] == "Topics/Operator"
    assert target["InputPath"] == "$.detail"  # with error and cause
