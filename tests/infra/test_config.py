from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from options_signals.settings import Settings

from infra.assets import Assets
from infra.config import LAST_SLOT, Config
from infra.stack import WATCHDOG_AT
from tests.infra.stacks import Deployed, context, deployed


def config(**changes: Any) -> Config:
    return Config.from_context(App(context=context(Path("build"), **changes)).node)


def test_what_cdk_json_holds_are_the_defaults_of_the_product() -> None:
    chosen, product = config(), Settings()

    assert chosen.stack_name == "options-signals-prod"
    assert chosen.watchlist == product.tickers
    assert chosen.slots == product.slots
    assert chosen.account_usd == product.risk.account_usd
    assert chosen.settings == {}
    assert not chosen.dashboard
    assert chosen.slack_webhook_secret == ""


def test_the_watchdog_looks_after_the_last_slot_there_can_be() -> None:
    assert LAST_SLOT < WATCHDOG_AT


def test_options_of_the_command_line_are_text_and_mean_the_same() -> None:
    chosen = config(
        slots=["16:45", "20:30"], watchlist="SPY, BRK.B", **{"account-usd": "1e5", "log-retention-days": "7"}
    )

    assert chosen.watchlist == ("SPY", "BRK.B")
    assert chosen.slots == ("16:45", "20:30")
    assert (chosen.account_usd, chosen.log_retention_days) == (100_000.0, 7)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("stage", "Prod!", "the context value stage is 'Prod!'; allowed: small letters"),
        ("watchlist", "SPY,,QQQ", "allowed: tickers in capitals, such as SPY,BRK.B"),
        ("watchlist", "spy", "allowed: tickers in capitals"),
        ("slots", "25:00", "allowed: times such as 16:45,18:45"),
        ("slots", "16:45,", "allowed: times such as 16:45,18:45"),
        ("slots", "13:15", "the last one from 16:00 to 20:45"),
        ("slots", "16:45,21:30", "slots is '21:30'; allowed: the last one from 16:00 to 20:45"),  # watched at 21:15
        ("account-usd", "-1", "allowed: more than 0"),
        ("log-retention-days", "8", "allowed: one of 7, 30, 90, 365"),
        ("settings", "[1]", "allowed: a mapping such as"),
        ("settings", '{"lake": "s3://another"}', r"settings is \['lake'\]; allowed: keys without"),
        ("slack-webhook-secret", "https://hooks.slack.example/T0/B0", "the name of a secret, such as options-signals"),
        ("source", None, "the context value source is None; allowed: a value"),
    ],
)
def test_a_choice_that_cannot_be_deployed_is_refused_with_what_can(key: str, value: object, said: str) -> None:
    with pytest.raises(ValueError, match=f"(?s){key}.*{said}|{said}"):
        config(**{key: value})


def test_an_address_given_for_the_name_of_its_secret_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="slack-webhook-secret") as refused:
        config(**{"slack-webhook-secret": "https://hooks.slack.example/T0/B0/sesame"})

    assert "sesame" not in str(refused.value)


def test_two_stages_live_side_by_side_in_one_account(assets: Path, stack: Deployed) -> None:
    other = deployed(assets, stage="test")
    named = "AWS::Logs::LogGroup", "AWS::Scheduler::ScheduleGroup"

    assert names_given(stack, *named).isdisjoint(names_given(other, *named))
    assert names_given(stack, *named) == {"/aws/vendedlogs/states/options-signals-prod", "options-signals-prod"}


def names_given(stack: Deployed, *kinds: str) -> set[str]:
    found = [properties for kind in kinds for properties in stack.of(kind).values()]
    return {it[key] for it in found for key in ("LogGroupName", "Name") if key in it}


def test_without_packages_the_builder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="build the packages first"):
        Assets.read(tmp_path)


def test_other_packages_have_another_digest(assets: Path) -> None:
    read = Assets.read(assets)
    core = {**read.manifest["layers"]["core"], "sha256": "f" * 64}
    changed = Assets(read.folder, {**read.manifest, "layers": {**read.manifest["layers"], "core": core}})

    assert read.digest == Assets.read(assets).digest != changed.digest
    assert len(read.digest) == 12


@pytest.mark.parametrize(
    ("ticker", "good"), [("BRK.B", True), ("ON", True), ("spy", False), ("^VIX", False), ("", False)]
)
def test_a_ticker_is_refused_at_deployment_if_and_only_if_the_product_refuses_it(ticker: str, good: bool) -> None:
    assert _takes(lambda: config(watchlist=[ticker])) == _takes(lambda: Settings(tickers=(ticker,))) == good


def _takes(make: Callable[[], object]) -> bool:
    try:
        make()
    except ValueError:
        return False
    return True
