"""Who may do what: every permission of every role, word for word."""

import pytest

from tests.infra.stacks import Deployed, Json, listed

ROLES = {
    "PlanSession/Role": {
        ("s3:ListBucket", "Lake/Bucket"),
        ("s3:GetObject", "Lake/Bucket/models/*"),
        ("s3:PutObject", "Lake/Bucket/runs/*"),
        ("dynamodb:Query", "Signals/Table"),
    },
    "FetchData/Role": {
        ("s3:ListBucket", "Lake/Bucket"),
        ("s3:GetObject", "Lake/Bucket/account/*"),
        ("s3:GetObject", "Lake/Bucket/runs/*"),
        ("s3:GetObject", "Lake/Bucket/snapshots/*"),
        ("s3:PutObject", "Lake/Bucket/snapshots/*"),
        ("dynamodb:Query", "Signals/Table"),
    },
    "BuildFeatures/Role": {
        ("s3:GetObject", "Lake/Bucket/snapshots/*"),
        ("s3:PutObject", "Lake/Bucket/runs/*"),
    },
    "RunInference/Role": {
        ("s3:GetObject", "Lake/Bucket/models/*"),
        ("s3:GetObject", "Lake/Bucket/snapshots/*"),
        ("s3:GetObject", "Lake/Bucket/runs/*"),
        ("s3:PutObject", "Lake/Bucket/runs/*"),
    },
    "SelectStrategies/Role": {
        ("s3:GetObject", "Lake/Bucket/snapshots/*"),
        ("s3:GetObject", "Lake/Bucket/runs/*"),
        ("s3:PutObject", "Lake/Bucket/runs/*"),
    },
    "PublishSignals/Role": {
        ("s3:GetObject", "Lake/Bucket/snapshots/*"),
        ("s3:GetObject", "Lake/Bucket/runs/*"),
        ("s3:PutObject", "Lake/Bucket/pictures/*"),
        ("dynamodb:GetItem", "Signals/Table"),
        ("dynamodb:PutItem", "Signals/Table"),
        ("dynamodb:Query", "Signals/Table"),
        ("dynamodb:UpdateItem", "Signals/Table"),
        ("sns:Publish", "Topics/Alerts"),
        ("events:PutEvents", "Events/Bus"),
    },
    "Watchdog/Role": {
        ("dynamodb:Query", "Signals/Table"),
        ("sns:Publish", "Topics/Operator"),
        ("sqs:SendMessage", "Schedules/DeadLetters"),  # Lambda's own call, after three failures
    },
}
STEPS = [role.split("/")[0] for role in ROLES if role != "Watchdog/Role"]

WILDCARDS = {
    "Lake/Bucket/account/*": "keys carry namespaces",
    "Lake/Bucket/models/*": "keys carry tickers and versions",
    "Lake/Bucket/pictures/*": "keys carry sessions and digests",
    "Lake/Bucket/runs/*": "keys carry sessions and digests",
    "Lake/Bucket/snapshots/*": "keys carry sessions and digests",
    "*": "log deliveries of Step Functions have no resource of their own",
}


def own_log(function: str) -> set[tuple[str, str]]:
    return {("logs:CreateLogStream", f"{function}/Log"), ("logs:PutLogEvents", f"{function}/Log")}


@pytest.mark.parametrize("role", ROLES)
def test_a_function_may_do_this_and_write_its_log_and_nothing_else(stack: Deployed, role: str) -> None:
    assert stack.grants(role) == ROLES[role] | own_log(role.removesuffix("/Role"))


def test_the_day_may_invoke_its_steps_and_deliver_its_log(stack: Deployed) -> None:
    grants = stack.grants("Day/Machine/Role")

    assert {grant for grant in grants if grant[1] != "*"} == {
        ("lambda:InvokeFunction", f"{step}/Function") for step in STEPS
    }
    assert {action.split(":")[0] for action, resource in grants if resource == "*"} == {"logs"}


def test_schedules_may_start_the_day_and_the_watchdog(stack: Deployed) -> None:
    assert stack.grants("Schedules/Role") == {
        ("states:StartExecution", "Day/Machine"),
        ("lambda:InvokeFunction", "Watchdog/Function"),
        ("sqs:SendMessage", "Schedules/DeadLetters"),
    }


def test_there_is_no_other_role_and_no_policy_of_another_kind(stack: Deployed) -> None:
    roles = stack.of("AWS::IAM::Role")

    assert sorted(roles) == sorted([*ROLES, "Day/Machine/Role", "Schedules/Role"])
    assert sorted(stack.of("AWS::IAM::Policy")) == sorted(f"{role}/DefaultPolicy" for role in roles)
    assert [role for role in roles.values() if "ManagedPolicyArns" in role or "Policies" in role] == []
    assert stack.of("AWS::Lambda::Permission") == {}


def test_a_wildcard_stands_only_where_a_reason_is_written(stack: Deployed) -> None:
    roles = stack.of("AWS::IAM::Role")
    grants = {grant for role in roles for grant in stack.grants(role)}

    assert {resource for _, resource in grants if "*" in resource} == set(WILDCARDS)
    assert [action for action, _ in grants if "*" in action] == []


@pytest.mark.parametrize("kind", ["AWS::S3::BucketPolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy"])
def test_everything_that_takes_calls_refuses_those_without_tls(stack: Deployed, kind: str) -> None:
    policies = stack.of(kind).values()

    assert len(policies) == {"AWS::S3::BucketPolicy": 1, "AWS::SNS::TopicPolicy": 2, "AWS::SQS::QueuePolicy": 1}[kind]
    assert all(any(map(_refuses_plain_text, policy["PolicyDocument"]["Statement"])) for policy in policies)


def _refuses_plain_text(statement: dict[str, Json]) -> bool:
    wanted = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    return wanted.items() <= statement.items()


def test_functions_are_roles_of_lambda_only(stack: Deployed) -> None:
    trusts = [stack.the("AWS::IAM::Role", role)["AssumeRolePolicyDocument"]["Statement"] for role in ROLES]

    assert {tuple(listed(one["Principal"]["Service"])) for (one,) in trusts} == {("lambda.amazonaws.com",)}
