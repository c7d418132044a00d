"""What holds for the template as a whole."""

import json
import re

from tests.infra.stacks import Deployed

# What would let a stranger in, or tell who its owner is. Each pattern is tried on an example, so that it can match.
FORBIDDEN = {
    r"[\w.+-]+@[\w-]+\.[a-z]{2,}": "trader@example.org",
    r"\+\d{8,15}": "+4915112345678",
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b": "AKIA" + "Q" * 16,
    r"(?i)(api_?key|secret|password|token)\W+\w{8,}": 'API_KEY": "a1b2c3d4e5',
    r"\b\d{12}\b": "123456789012",
    r"/(home|root|Users|work)/": "/" + "home/anna",
}


def test_no_address_no_number_no_key_stands_in_the_template(stack: Deployed) -> None:
    text = json.dumps(stack.template)

    assert [example for pattern, example in FORBIDDEN.items() if not re.search(pattern, example)] == []
    assert [found[0] for pattern in FORBIDDEN if (found := re.search(pattern, text))] == []


def test_nothing_is_named_by_hand_that_would_stand_in_the_way_of_its_replacement(stack: Deployed) -> None:
    names = {"BucketName", "TableName", "TopicName", "FunctionName", "QueueName", "RoleName", "StateMachineName"}
    given = [(key, names & it.get("Properties", {}).keys()) for key, it in stack.template["Resources"].items()]

    assert [(key, found) for key, found in given if found] == []


def test_the_deployment_needs_no_code_of_the_cdk_in_the_account(stack: Deployed) -> None:
    kinds = {resource["Type"] for resource in stack.template["Resources"].values()}

    assert "AWS::Lambda::Function" in kinds
    assert [kind for kind in kinds if kind.startswith(("Custom::", "AWS::CloudFormation::CustomResource"))] == []


def test_the_stack_tells_the_command_line_where_things_are(stack: Deployed) -> None:
    outputs = {name: stack.plain(output["Value"]) for name, output in stack.template["Outputs"].items()}

    assert outputs == {
        "LakeBucket": "Lake/Bucket",
        "SignalsTable": "Signals/Table",
        "AlertsTopic": "Topics/Alerts",
        "OperatorTopic": "Topics/Operator",
        "EventBus": "options-signals-prod",
        "StateMachine": "Day/Machine",
        "ScheduleGroup": "options-signals-prod",
        "DeadLetters": "Schedules/DeadLetters",
        "WatchdogFunction": "Watchdog/Function",
    }
