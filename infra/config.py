"""What a user may choose at deployment, from the CDK context: `cdk.json`, or `-c key=value`."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aws_cdk import aws_logs as logs
from constructs import Node

TICKER = re.compile(r"[A-Z][A-Z0-9.\-]{0,9}")  # as in options_signals.settings, so that it fails here and not at 16:45
SLOT = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
STAGE = re.compile(r"[a-z][a-z0-9-]{0,19}")
SECRET_NAME = re.compile(r"[A-Za-z0-9/_+=.@-]{0,512}")  # no colon, so never a URL
FIRST_SLOT, LAST_SLOT = "16:00", "20:45"  # the close of a full session; half an hour before the watchdog looks
OWN_CONTEXT = frozenset(
    {"tickers", "slots", "source", "settings", "lake", "table", "topic", "operator_topic", "bus", "code"}
)
RETENTIONS = {
    7: logs.RetentionDays.ONE_WEEK,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One deployment's choices, checked as far as the infrastructure is concerned.

    Attributes
    ----------
    stage
        Keeps two deployments in one account apart, such as `prod`.
    watchlist
        Tickers, such as ("SPY", "QQQ").
    slots
        New York times of the weekday runs, such as ("16:45", "18:45").
    source
        Where data comes from: `yahoo`, `simulated`.
    account_usd
        Size of the trading account in USD.
    log_retention_days
        How long logs are kept: 7, 30, 90 or 365.
    dashboard
        Whether to make a CloudWatch dashboard (the first three of an account are free).
    slack_webhook_secret
        Name of the Secrets Manager secret that holds a Slack webhook's address; empty: no messages to Slack.
    settings
        Further settings by key, such as {"allow_iv_proxy": {"AAPL": "VIX"}}.
    assets
        Folder with what the build made.

    Raises
    ------
    ValueError
        Naming the key, the value and what is allowed.
    """

    stage: str
    watchlist: tuple[str, ...]
    slots: tuple[str, ...]
    source: str
    account_usd: float
    log_retention_days: int
    dashboard: bool
    slack_webhook_secret: str
    assets: Path
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what CloudFormation would refuse late, or not at all."""
        _check(
            "stage", self.stage, STAGE.fullmatch(self.stage), "small letters, digits and -, at most 20, such as prod"
        )
        _check("watchlist", self.watchlist, _all(TICKER, self.watchlist), "tickers in capitals, such as SPY,BRK.B")
        _check("slots", self.slots, _all(SLOT, self.slots), "times such as 16:45,18:45")
        last = max(self.slots)
        _check("slots", last, FIRST_SLOT <= last <= LAST_SLOT, f"the last one from {FIRST_SLOT} to {LAST_SLOT}")
        _check("account-usd", self.account_usd, self.account_usd > 0, "more than 0")
        taken = sorted(OWN_CONTEXT.intersection(self.settings))
        _check("settings", taken, not taken, "keys without a context value or a resource of their own")
        days = self.log_retention_days
        _check(
            "slack-webhook-secret",
            "not shown here",  # it may be the webhook's address itself
            SECRET_NAME.fullmatch(self.slack_webhook_secret),
            "the name of a secret, such as options-signals/slack, that holds the webhook's address",
        )
        _check("log-retention-days", days, days in RETENTIONS, f"one of {', '.join(map(str, RETENTIONS))}")

    @classmethod
    def from_context(cls, node: Node) -> "Config":
        """From `cdk.json` and the options `-c key=value`, which are always text."""

        def read(key: str) -> Any:
            value = node.try_get_context(key)
            _check(key, value, value is not None, "a value; cdk.json holds the default")
            return value

        return cls(
            stage=read("stage"),
            watchlist=_listed(read("watchlist")),
            slots=_listed(read("slots")),
            source=read("source"),
            account_usd=float(read("account-usd")),
            log_retention_days=int(read("log-retention-days")),
            dashboard=str(read("dashboard")).lower() == "true",
            slack_webhook_secret=read("slack-webhook-secret"),
            assets=Path(read("assets")),
            settings=_mapping(read("settings")),
        )

    @property
    def stack_name(self) -> str:
        """Of the CloudFormation stack, such as `options-signals-prod`."""
        return f"options-signals-{self.stage}"

    @property
    def log_retention(self) -> logs.RetentionDays:
        """How long logs are kept, as the CDK calls it."""
        return RETENTIONS[self.log_retention_days]

    @property
    def environment(self) -> dict[str, str]:
        """The settings as the functions read them: SIGNALS_TICKERS and so on."""
        values = {
            "tickers": list(self.watchlist),
            "slots": list(self.slots),
            "risk__account_usd": self.account_usd,
            **self.settings,
        }
        return {f"SIGNALS_{key.upper()}": _text(value) for key, value in values.items()}


def _all(pattern: re.Pattern[str], texts: tuple[str, ...]) -> bool:
    return bool(texts) and all(map(pattern.fullmatch, texts))


def _listed(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(part.strip() for part in parts)


def _mapping(value: Any) -> Mapping[str, Any]:
    parsed = json.loads(value) if isinstance(value, str) else value
    _check("settings", value, isinstance(parsed, Mapping), 'a mapping such as {"allow_iv_proxy": {"AAPL": "VIX"}}')
    return dict(parsed)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _check(key: str, value: object, good: object, allowed: str) -> None:
    if not good:
        raise ValueError(f"the context value {key} is {value!r}; allowed: {allowed}")
