from pathlib import Path

import pytest

from tests.infra.stacks import Deployed, Json, deployed

ALARM = "AWS::CloudWatch::Alarm"


def in_brief(alarm: dict[str, Json]) -> dict[str, Json]:
    wanted = ("Namespace", "MetricName", "Statistic", "Period", "EvaluationPeriods", "ComparisonOperator", "Threshold")
    return {key: alarm[key] for key in (*wanted, "TreatMissingData", "Dimensions")}


def test_there_are_few_alarms_and_each_rings_the_operator(stack: Deployed) -> None:
    alarms = stack.of(ALARM)

    assert sorted(alarms) == ["Alarms/DeadLetters", "Alarms/NotDelivered", "Alarms/WatchdogSilent"]
    assert len(alarms) <= 5
    assert {tuple(alarm["AlarmActions"]) for alarm in alarms.values()} == {("Topics/Operator",)}


def test_a_dead_letter_rings(stack: Deployed) -> None:
    assert in_brief(stack.the(ALARM, "Alarms/DeadLetters")) == {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateNumberOfMessagesVisible",
        "Dimensions": [{"Name": "QueueName", "Value": "Schedules/DeadLetters"}],
        "Statistic": "Maximum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0,
        "TreatMissingData": "notBreaching",
    }


def test_a_day_without_a_run_of_the_watchdog_rings_and_an_hour_of_winter_time_does_not(stack: Deployed) -> None:
    assert in_brief(stack.the(ALARM, "Alarms/WatchdogSilent")) == {
        "Namespace": "AWS/Lambda",
        "MetricName": "Invocations",
        "Dimensions": [{"Name": "FunctionName", "Value": "Watchdog/Function"}],
        "Statistic": "Sum",
        "Period": 3600,
        "EvaluationPeriods": 26,  # 25 hours lie between two runs when the clocks go back
        "ComparisonOperator": "LessThanThreshold",
        "Threshold": 1,
        "TreatMissingData": "breaching",  # a function that does not run reports nothing
    }


def test_an_alert_that_could_not_be_delivered_rings(stack: Deployed) -> None:
    assert in_brief(stack.the(ALARM, "Alarms/NotDelivered")) == {
        "Namespace": "AWS/SNS",
        "MetricName": "NumberOfNotificationsFailed",
        "Dimensions": [{"Name": "TopicName", "Value": "Topics/Alerts"}],
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 0,
        "TreatMissingData": "notBreaching",
    }


@pytest.mark.parametrize(("flag", "pages"), [(False, 0), ("false", 0), ("true", 1)])
def test_a_dashboard_is_made_only_for_those_who_ask(assets: Path, flag: bool | str, pages: int) -> None:
    assert len(deployed(assets, dashboard=flag).of("AWS::CloudWatch::Dashboard")) == pages
