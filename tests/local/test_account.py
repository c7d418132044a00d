"""The commands for a deployed system, against a mocked account."""

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from options_signals.adapters.keys import ParameterKeys
from options_signals.jobs.messages import RunRequest

from local import subscriptions
from local.account import Account
from tests.local import accounts
from tests.local.shell import Shell

LINK = "https://sns.us-east-1.amazonaws.com/confirmation.html?TopicArn={}&Token={}&Endpoint=you@example.com"


@pytest.fixture
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials, whatever this machine has."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def empty(nobody: None) -> Iterator[None]:
    """An account with nothing in it."""
    assert nobody is None
    with mock_aws():
        boto3.setup_default_session()
        yield
    boto3.DEFAULT_SESSION = None


@pytest.fixture
def account(empty: None) -> Account:
    assert empty is None
    accounts.deploy()
    return Account("prod")


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capsys)


def calls_of(account: Account, operation: str) -> list[dict[str, Any]]:
    """What is sent from now on, appended as it is sent."""
    sent: list[dict[str, Any]] = []
    account.session.events.register(f"provide-client-params.sns.{operation}", lambda params, **_: sent.append(params))
    return sent


def found(shell: Shell) -> dict[str, dict[str, str]]:
    return {finding["what"]: finding for finding in shell.json("status")}


@pytest.mark.usefixtures("account")
def test_an_email_address_is_subscribed_to_digests_and_failures(shell: Shell) -> None:
    code, out, _ = shell("subscribe", "--email", "you@example.com")

    assert code == 0
    assert "signals confirm 'LINK'" in out
    assert [(each.topic, each.protocol) for each in subscriptions.subscriptions(Account("prod"))] == [
        ("digests", "email"),
        ("failures", "email"),
    ]


@pytest.mark.usefixtures("account")
def test_a_phone_is_subscribed_to_digests_only_and_its_owner_hears_what_else_it_takes(shell: Shell) -> None:
    _, out, _ = shell("subscribe", "--sms", "+12065550100")

    assert [(each.topic, each.protocol) for each in subscriptions.subscriptions(Account("prod"))] == [
        ("digests", "sms")
    ]
    assert all(word in out for word in ("sandbox", "origination number", "spending limit"))


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("subscribe",), "one of --email ADDRESS and --sms NUMBER"),
        (("subscribe", "--email", "you"), "email is 'you'; allowed: an address"),
        (("subscribe", "--sms", "206 555 0100"), "allowed: a number with its country"),
        (("subscribe", "--email", "you@example.com", "--sms", "+12065550100"), "one of --email"),
        (("keys", "set", "bloomberg"), "provider is 'bloomberg'; allowed: bls, finnhub, fred"),
    ],
)
def test_bad_usage_says_what_is_allowed(arguments: tuple[str, ...], told: str, shell: Shell) -> None:
    code, _, err = shell(*arguments)

    assert code == 2
    assert told in err


def test_a_subscription_is_confirmed_so_that_only_its_owner_can_end_it(account: Account) -> None:
    sent, topic = calls_of(account, "ConfirmSubscription"), account.outputs["OperatorTopic"]

    told = subscriptions.confirm(account, LINK.format(topic, "2336412f"))

    assert told == "confirmed: failures"
    assert sent == [{"TopicArn": topic, "Token": "2336412f", "AuthenticateOnUnsubscribe": "true"}]


def test_a_bare_token_is_tried_on_both_topics(account: Account) -> None:
    assert subscriptions.confirm(account, "2336412f") == "confirmed: digests"


@pytest.mark.usefixtures("account")
def test_a_link_of_another_topic_is_refused_and_not_shown_whole(shell: Shell) -> None:
    link = LINK.format("arn:aws:sns:us-east-1:123456789012:other", "2336412f37secret")

    code, _, err = shell("confirm", link)

    assert code == 2
    assert "token is '2336412f…'; allowed: the link or the token of a mail of options-signals-prod" in err
    assert "secret" not in err


@pytest.mark.usefixtures("account")
def test_who_unsubscribes_gets_nothing_more(shell: Shell) -> None:
    shell("subscribe", "--email", "you@example.com")

    _, out, _ = shell("unsubscribe", "you@example.com")

    assert "gets no more digests and failures" in out
    assert subscriptions.subscriptions(Account("prod")) == []
    assert "no confirmed subscription of you@example.com" in shell("unsubscribe", "you@example.com")[2]


@pytest.mark.usefixtures("account")
def test_a_key_is_stored_encrypted_listed_by_name_only_and_removed(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("s3cr3t\n"))
    _, stored, _ = shell("keys", "set", "finnhub")
    _, listed, _ = shell("keys", "list")
    parameter = boto3.client("ssm").get_parameter(Name="/options-signals/prod/finnhub", WithDecryption=True)[
        "Parameter"
    ]

    assert (parameter["Type"], parameter["Value"]) == ("SecureString", "s3cr3t")
    assert "s3cr3t" not in stored + listed
    assert listed.splitlines() == ["bls      -", "finnhub  stored", "fred     -"]
    assert "finnhub: removed" in shell("keys", "remove", "finnhub")[1]
    assert "finnhub: there was none" in shell("keys", "remove", "finnhub")[1]


@pytest.mark.usefixtures("account")
def test_an_empty_key_is_refused(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))

    assert "key of finnhub is None; allowed: some text" in shell("keys", "set", "finnhub")[2]


@pytest.mark.usefixtures("account")
def test_the_keys_of_another_stage_are_not_these(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("s3cr3t\n"))
    shell("keys", "set", "fred", "--stage", "test")

    assert ParameterKeys("/options-signals/test").read() == {"FRED_API_KEY": "s3cr3t"}
    assert ParameterKeys("/options-signals/prod").read() == {}


@pytest.mark.usefixtures("account")
def test_status_of_a_new_deployment_names_what_is_still_to_do(shell: Shell) -> None:
    code, _, _ = shell("status")
    findings = found(shell)

    assert code == 1
    assert findings["stack"]["found"] == "options-signals-prod: source simulated, code a1b2c3d"
    assert findings["schedule"]["found"] == "cron(45 16 ? * MON-FRI *) America/New_York, ENABLED"
    assert findings["last run"]["found"] == "none yet"
    assert findings["newest digest"]["status"] == "look"
    assert findings["digests to"] == {
        "what": "digests to",
        "status": "missing",
        "found": "nobody",
        "remedy": "`signals subscribe --email ADDRESS`, then confirm.",
    }
    assert findings["dead letters"]["found"] == "0"


@pytest.mark.usefixtures("account")
def test_status_shows_a_run_that_was_started_by_hand(shell: Shell) -> None:
    _, started, _ = shell("start")

    assert "started arn:aws:states:us-east-1:" in started
    assert found(shell)["last run"]["found"].endswith(("RUNNING", "SUCCEEDED"))


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(
    ("arguments", "request_", "told"),
    [
        ((), {}, "works on the newest session that has closed and sends its digest"),
        (("--session", "2022-11-23"), {"session": "2022-11-23"}, "works on 2022-11-23 and sends its digest"),
        (("--revise",), {"revise": True, "send": False}, "stored beside an earlier digest and is sent to nobody"),
        (
            ("--session", "2022-11-23", "--revise", "--send"),
            {"session": "2022-11-23", "revise": True},
            "decides 2022-11-23 again; what it finds is stored beside an earlier digest and is sent to every reader",
        ),
    ],
)
def test_a_run_started_by_hand_is_asked_for_what_its_asker_is_told(
    shell: Shell, arguments: tuple[str, ...], request_: dict[str, Any], told: str
) -> None:
    _, out, _ = shell("start", *arguments)

    run = boto3.client("stepfunctions").describe_execution(executionArn=out.split()[1])
    assert json.loads(run["input"]) == request_
    assert RunRequest.model_validate(request_).send == ("sent to nobody" not in out)
    assert told in out


@pytest.mark.usefixtures("account")
def test_sending_alone_is_refused_because_a_first_digest_is_always_sent(shell: Shell) -> None:
    code, _, err = shell("start", "--send")

    assert code == 2
    assert "--send is True; allowed: only beside --revise. A session that has no digest yet is sent without it." in err
    assert found(shell)["last run"]["found"] == "none yet"


def test_status_shows_an_alarm_with_what_it_means(account: Account, shell: Shell) -> None:
    client = account.client("cloudwatch")
    client.set_alarm_state(AlarmName=f"{account.stack}-WatchdogSilent", StateValue="ALARM", StateReason="no data")

    findings = found(shell)

    assert findings["alarm options-signals-prod-WatchdogSilent"]["found"] == "no data"
    assert findings["alarms"]["found"] == "0 of 1 calm"


def test_status_shows_a_dead_letter(account: Account, shell: Shell) -> None:
    account.client("sqs").send_message(QueueUrl=account.outputs["DeadLetters"], MessageBody="{}")

    assert found(shell)["dead letters"]["status"] == "look"


def test_status_says_who_has_not_confirmed(account: Account, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = subscriptions.Subscription("digests", "email", "you@example.com", subscriptions.PENDING)
    monkeypatch.setattr("local.status.subscriptions", lambda _account: [waiting])

    told = [finding for finding in shell.json("status") if finding["what"] == "digests to"]

    assert account.stage == "prod"
    assert [(finding["status"], finding["found"]) for finding in told] == [
        ("look", "email you@example.com, not confirmed"),
        ("missing", "nobody"),
    ]


@pytest.mark.usefixtures("empty")
def test_a_missing_stack_is_one_message_with_the_remedy(shell: Shell) -> None:
    code, _, err = shell("status", "--stage", "test")

    assert code == 1
    assert err.startswith("signals: no stack options-signals-test in the region us-east-1 of this account. Deploy it")
    assert len(err.splitlines()) == 1


@pytest.mark.usefixtures("nobody")
def test_missing_credentials_are_one_message_with_the_remedy(shell: Shell) -> None:
    code, _, err = shell("subscribe", "--email", "you@example.com")

    assert code == 1
    assert err == (
        "signals: subscribing failed: Unable to locate credentials. Run `aws configure` or `aws sso login`, "
        "or name a profile with --profile; docs/deploy.md says more.\n"
    )


@pytest.mark.usefixtures("empty")
def test_an_unknown_profile_and_a_missing_region_say_what_to_do(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "aws configure list-profiles" in shell("status", "--profile", "nobody")[2]

    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert "Name one with --region" in shell("status")[2]


@pytest.mark.usefixtures("empty")
def test_a_region_is_taken_from_where_the_cdk_takes_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")

    assert "in the region eu-central-1" in shell("status")[2]


@pytest.mark.parametrize("command", ["subscribe", "confirm", "unsubscribe", "start", "status"])
def test_every_command_shows_an_example(command: str, shell: Shell) -> None:
    assert "Example: signals" in shell(command, "--help")[1]
