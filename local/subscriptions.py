"""Who receives the digest, and who hears when something goes wrong."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from botocore.exceptions import ClientError
from options_signals.adapters.aws import code_of
from options_signals.errors import InvalidValueError, NotFoundError

from local.account import Account

TOPICS = {"AlertsTopic": "digests", "OperatorTopic": "failures"}  # output of the stack -> what its readers get
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
PENDING = "PendingConfirmation"
NOT_THIS_TOKEN = frozenset({"InvalidParameter", "NotFound"})
SMS_HINT = """\
An SMS is more than a subscription; docs/deploy.md, "SMS", has the steps:
  - a new account is in the SMS sandbox: it sends to numbers verified in the SNS console only
  - carriers of many countries, the USA among them, want a registered origination number (rented by the month)
  - the account's spending limit starts at 1 USD a month; beyond it SNS drops messages without a word
An email costs nothing of this."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One reader of one topic."""

    topic: str
    protocol: str
    endpoint: str
    arn: str

    @property
    def confirmed(self) -> bool:
        """Whether its owner has agreed: nothing is sent before."""
        return self.arn != PENDING


def subscribe(account: Account, *, email: str | None, sms: str | None) -> str:
    """Subscribe an address to digests and failures, or a number to digests; answer what is next."""
    if (email is None) == (sms is None):
        raise InvalidValueError(name="subscription", value=None, allowed="one of --email ADDRESS and --sms NUMBER")
    return _subscribe_email(account, email) if email else _subscribe_sms(account, sms or "")


def _subscribe_email(account: Account, address: str) -> str:
    _check("email", address, EMAIL, "an address such as you@example.com")
    for topic in TOPICS:
        _subscribe(account, topic, "email", address)
    return (
        f"{address} will get two mails, for digests and for failures; nothing else is sent before you confirm.\n"
        'Do not click: copy each link "Confirm subscription" and run\n'
        f"  signals confirm 'LINK' --stage {account.stage}\n"
        "A click would subscribe, too, but then whoever opens the links of a mail, as scanners do, can unsubscribe you."
    )


def _subscribe_sms(account: Account, number: str) -> str:
    _check("sms", number, E164, "a number with its country, such as +12065550100")
    _subscribe(account, "AlertsTopic", "sms", number)
    return f"{number} is subscribed to digests.\n{SMS_HINT}"


def _subscribe(account: Account, topic: str, protocol: str, endpoint: str) -> None:
    account.client("sns").subscribe(
        TopicArn=account.outputs[topic], Protocol=protocol, Endpoint=endpoint, ReturnSubscriptionArn=True
    )


def confirm(account: Account, token: str) -> str:
    """Confirm by the link of a confirmation mail, or by its token; only this account can then unsubscribe."""
    link = parse_qs(urlsplit(token).query)
    found, named = link.get("Token", [token])[0], link.get("TopicArn")
    topics = [output for output in TOPICS if named is None or account.outputs[output] in named]
    for topic in topics:
        try:
            account.client("sns").confirm_subscription(
                TopicArn=account.outputs[topic], Token=found, AuthenticateOnUnsubscribe="true"
            )
        except ClientError as error:
            if code_of(error) not in NOT_THIS_TOKEN:
                raise
        else:
            return f"confirmed: {TOPICS[topic]}"
    raise InvalidValueError(
        name="token",
        value=f"{found[:8]}…",
        allowed=f"the link or the token of a mail of {account.stack}, confirmed within two days",
        remedy="`signals subscribe` sends another.",
    )


def unsubscribe(account: Account, endpoint: str) -> str:
    """Stop sending to an address or a number; NotFoundError where nothing is sent to it."""
    found = [each for each in subscriptions(account) if each.endpoint == endpoint and each.confirmed]
    if not found:
        raise NotFoundError(
            what=f"confirmed subscription of {endpoint}",
            where=account.stack,
            remedy="`signals status` lists them; what is never confirmed ends by itself.",
        )
    for each in found:
        account.client("sns").unsubscribe(SubscriptionArn=each.arn)
    return f"{endpoint} gets no more {' and '.join(each.topic for each in found)}"


def subscriptions(account: Account) -> list[Subscription]:
    """All there are, confirmed or not."""
    pages = account.client("sns").get_paginator("list_subscriptions_by_topic")
    return [
        Subscription(told, found["Protocol"], found["Endpoint"], found["SubscriptionArn"])
        for topic, told in TOPICS.items()
        for page in pages.paginate(TopicArn=account.outputs[topic])
        for found in page["Subscriptions"]
    ]


def _check(name: str, value: str, pattern: re.Pattern[str], allowed: str) -> None:
    if not pattern.fullmatch(value):
        raise InvalidValueError(name=name, value=value, allowed=allowed)
