"""Digests in a Slack channel: only for those who ask, and the webhook's address stands nowhere."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks
from options_signals.adapters.events import DETAIL_TYPE, SOURCE
from options_signals.digest.chat import write_chat

from tests.infra.stacks import STACK, Deployed, Json, app_with_stack, deployed

SECRET = "options-signals/slack"  # noqa: S105 - its name
DESTINATION, CONNECTION, RULE = "AWS::Events::ApiDestination", "AWS::Events::Connection", "AWS::Events::Rule"


@pytest.fixture(scope="module")
def slack(assets: Path) -> Deployed:
    return deployed(assets, source="yahoo", **{"slack-webhook-secret": SECRET})


def target(slack: Deployed) -> dict[str, Json]:
    (found,) = slack.the(RULE, "Slack/Rule")["Targets"]
    return dict(found)


def posted(transformer: dict[str, Any], detail: dict[str, Json]) -> str:
    """The body as EventBridge writes it: a variable outside quotes becomes the JSON of what its path points to."""
    body: str = transformer["InputTemplate"]
    assert not re.search(r'"[^"]*<[^"]*"', body)  # inside quotes nobody would escape it
    for name, path in transformer["InputPathsMap"].items():
        body = body.replace(f"<{name}>", json.dumps(detail[path.removeprefix("$.detail.")]))
    return body


def test_there_is_nothing_of_it_for_those_who_do_not_ask(stack: Deployed, slack: Deployed) -> None:
    added = slack.template["Resources"].keys() - stack.template["Resources"].keys()

    assert {slack.name(key).split("/")[0] for key in added} == {"Slack", "Alarms"}
    assert stack.of(DESTINATION) == stack.of(CONNECTION) == {}


def test_the_address_is_a_reference_that_cloudformation_resolves(slack: Deployed) -> None:
    destination = slack.the(DESTINATION, "Slack/Destination/ApiDestination")

    assert destination == {
        "ConnectionArn": "Slack/Connection/Connection",
        "HttpMethod": "POST",
        "InvocationEndpoint": "{{resolve:secretsmanager:options-signals/slack:SecretString:::}}",
        "InvocationRateLimitPerSecond": 1,
    }


def test_the_header_that_a_destination_demands_is_no_secret(slack: Deployed) -> None:
    assert slack.the(CONNECTION, "Slack/Connection/Connection") == {
        "AuthorizationType": "API_KEY",
        "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "X-Sender", "ApiKeyValue": STACK}},
    }


def test_what_it_listens_to_is_what_the_product_puts(slack: Deployed) -> None:
    rule = slack.the(RULE, "Slack/Rule")

    assert rule["EventPattern"] == {"source": [SOURCE], "detail-type": [DETAIL_TYPE]}
    assert rule["EventBusName"] == "Events/Bus"


@pytest.mark.parametrize(
    "sms", ["26Sep: QQQ IRON CONDOR half .74. Not advice.", 'a "quoted" \\ word', "two\nlines", "<!channel> & co", "é€"]
)
def test_the_message_is_one_text_whatever_stands_in_it(slack: Deployed, sms: str) -> None:
    chat = write_chat(sms, digest_id="3fa2b1c0")

    body = json.loads(posted(target(slack)["InputTransformer"], {"chat": chat}))

    assert body == {"text": chat}
    assert body["text"].endswith("(digest 3fa2b1c0)")


def test_a_message_is_tried_for_an_hour_and_then_a_dead_letter_that_rings(slack: Deployed) -> None:
    alarm = slack.the("AWS::CloudWatch::Alarm", "Alarms/SlackUndelivered")

    assert target(slack)["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600}
    assert target(slack)["DeadLetterConfig"] == {"Arn": "Slack/DeadLetters"}
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": "Slack/DeadLetters"}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["AlarmActions"] == ["Topics/Operator"]


def test_the_rule_may_invoke_that_destination_and_nothing_else(slack: Deployed) -> None:
    role = target(slack)["RoleArn"]

    assert slack.grants(role) == {("events:InvokeApiDestination", "Slack/Destination/ApiDestination")}
    (trust,) = slack.the("AWS::IAM::Role", role)["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "events.amazonaws.com"}


def test_only_that_rule_writes_dead_letters_and_nobody_without_tls(slack: Deployed) -> None:
    (policy,) = [it for it in slack.of("AWS::SQS::QueuePolicy").values() if it["Queues"] == ["Slack/DeadLetters"]]
    denied, allowed = sorted(policy["PolicyDocument"]["Statement"], key=lambda it: it["Effect"], reverse=True)

    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": "Slack/Rule"}}


def test_it_passes_the_rules_of_cdk_nag(assets: Path, tmp_path: Path) -> None:
    app, _ = app_with_stack(assets, tmp_path, **{"slack-webhook-secret": SECRET})
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))

    app.synth()

    assert "Slack" in (tmp_path / f"{STACK}.template.json").read_text()
