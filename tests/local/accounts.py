"""A deployed stage as the `signals` commands find it: the stack's outputs, and the few things behind them."""

import json

import boto3

STACK = "options-signals-prod"
NAMED = {"ScheduleGroup": STACK, "WatchdogFunction": "watchdog", "EventBus": STACK}
RESOURCES = {
    "LakeBucket": {"Type": "AWS::S3::Bucket"},
    "SignalsTable": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        },
    },
    "AlertsTopic": {"Type": "AWS::SNS::Topic"},
    "OperatorTopic": {"Type": "AWS::SNS::Topic"},
    "DeadLetters": {"Type": "AWS::SQS::Queue"},
}
ALARM = {"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "LessThanThreshold"}
METRIC = {"MetricName": "Invocations", "Namespace": "AWS/Lambda", "Period": 3600, "Statistic": "Sum"}


def deploy(*, source: str = "simulated") -> None:
    """Make the stack in the mocked account."""
    role = boto3.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    pass_state = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    machine = boto3.client("stepfunctions").create_state_machine(
        name="day", definition=json.dumps(pass_state), roleArn=role
    )["stateMachineArn"]
    boto3.client("lambda").create_function(
        FunctionName="watchdog",
        Role=role,
        Runtime="python3.13",
        Handler="handler.handler",
        Code={"ZipFile": b"never run"},
        Environment={"Variables": {"SIGNALS_SOURCE": source, "SIGNALS_CODE": "a1b2c3d"}},
    )
    known = NAMED | {"StateMachine": machine}
    made = {name: {"Value": {"Ref": name}} for name in RESOURCES} | {name: {"Value": it} for name, it in known.items()}
    template = {"Resources": RESOURCES, "Outputs": made}
    boto3.client("cloudformation").create_stack(StackName=STACK, TemplateBody=json.dumps(template))
    schedule(role, machine)
    boto3.client("cloudwatch").put_metric_alarm(AlarmName=f"{STACK}-WatchdogSilent", **ALARM, **METRIC)


def outputs() -> set[str]:
    """The names of all that the stack tells."""
    return {*RESOURCES, *NAMED, "StateMachine"}


def schedule(role: str, machine: str) -> None:
    client = boto3.client("scheduler")
    client.create_schedule_group(Name=STACK)
    client.create_schedule(
        GroupName=STACK,
        Name="At1645",
        ScheduleExpression="cron(45 16 ? * MON-FRI *)",
        ScheduleExpressionTimezone="America/New_York",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": machine, "RoleArn": role},
    )
