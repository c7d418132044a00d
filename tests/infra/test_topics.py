import pytest

from tests.infra.stacks import Deployed, Json

TOPICS = ("Topics/Alerts", "Topics/Operator")


def policy_of(stack: Deployed, topic: str) -> list[Json]:
    (policy,) = [one for one in stack.of("AWS::SNS::TopicPolicy").values() if one["Topics"] == [topic]]
    statements: list[Json] = policy["PolicyDocument"]["Statement"]
    return statements


def test_there_are_two_topics(stack: Deployed) -> None:
    assert tuple(sorted(stack.of("AWS::SNS::Topic"))) == TOPICS


@pytest.mark.parametrize("topic", TOPICS)
def test_no_topic_has_a_key_because_alarms_and_events_could_not_publish_to_it(stack: Deployed, topic: str) -> None:
    assert set(stack.the("AWS::SNS::Topic", topic)) == {"DisplayName"}  # a key would be KmsMasterKeyId


@pytest.mark.parametrize("topic", TOPICS)
def test_nobody_publishes_without_tls(stack: Deployed, topic: str) -> None:
    (denied,) = [one for one in policy_of(stack, topic) if one["Effect"] == "Deny"]

    assert denied["Principal"] == "*"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_alarms_and_events_may_tell_the_operator(stack: Deployed) -> None:
    allowed = {
        one["Principal"]["Service"]: (one["Action"], one["Resource"], one.get("Condition"))
        for one in policy_of(stack, "Topics/Operator")
        if one["Effect"] == "Allow"
    }

    own_account = {"StringEquals": {"aws:SourceAccount": "AWS::AccountId"}}
    assert allowed == {
        "cloudwatch.amazonaws.com": ("sns:Publish", "Topics/Operator", own_account),
        "events.amazonaws.com": ("sns:Publish", "Topics/Operator", None),  # it delivers nothing under a condition
    }


def test_no_service_may_write_to_the_readers_of_alerts(stack: Deployed) -> None:
    assert [one for one in policy_of(stack, "Topics/Alerts") if one["Effect"] == "Allow"] == []


def test_subscriptions_are_no_part_of_the_template(stack: Deployed) -> None:
    assert stack.of("AWS::SNS::Subscription") == {}
