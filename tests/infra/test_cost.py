"""What a month costs: from the template as it is, by hand-made and by measured usage."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from options_signals.errors import InvalidValueError

from local import cost
from local.cost import PRICES, Item, Usage, estimate, evening_of, read_measured, total
from tests.infra.stacks import FUNCTIONS, ROOT, Deployed, deployed
from tests.local.shell import Shell

IDLE = Usage(
    seconds={"plan_session": 0.0},
    calls={"plan_session": 1},
    transitions=4,
    lake_puts=0,
    lake_gets=0,
    lake_bytes=0,
    table_writes=0,
    table_reads=2,
    table_bytes=0,
    messages=0,
    events=0,
    log_bytes=0,
)
WORK = Usage(
    seconds={"run_inference": 10.0},
    calls={"run_inference": 2},
    transitions=100,
    lake_puts=40,
    lake_gets=400,
    lake_bytes=1_000_000,
    table_writes=200,
    table_reads=20,
    table_bytes=100_000,
    messages=1,
    events=1,
    log_bytes=500_000,
)
NOTHING_TO_START = dict.fromkeys(FUNCTIONS, 0.0)
WEEKDAYS, DAYS = 365.25 / 12 * 5 / 7, 365.25 / 12


def measured(*, init: Mapping[str, float] = NOTHING_TO_START) -> dict[str, Any]:
    """Two sizes that use the same: the figures below are for any number of tickers."""
    return {
        "measured_on": "2026-01-02",
        "init_seconds": init,
        "later_slot": asdict(IDLE),
        "sizes": {"1": asdict(WORK), "10": asdict(WORK)},
        "package_bytes": 0,
    }


def items(stack: Deployed, **changes: Any) -> dict[str, Item]:
    given: dict[str, Any] = {"tickers": 5, "measured": measured()} | changes
    return {item.name: item for item in estimate(stack.template, **given)}


def test_the_default_stack_costs_at_most_one_dollar_a_month_for_50_tickers(stack: Deployed) -> None:
    found = estimate(stack.template, tickers=50, months=12, measured=read_measured())

    assert 0 < total(found, after_free=True) < total(found) <= 1.0


@pytest.mark.parametrize(
    ("name", "amount"),
    [
        ("Scheduler", 3 * WEEKDAYS + DAYS),
        ("Step Functions", WEEKDAYS * (100 + 2 * 4)),
        ("Lambda requests", WEEKDAYS * (2 + 2 * 1) + DAYS),
        ("DynamoDB writes", WEEKDAYS * 200 * 2),
        ("DynamoDB recovery", WEEKDAYS * 100_000 * 12 / 1e9),
        ("S3 storage", WEEKDAYS * 1_000_000 * 12 / 1e9),
        ("CloudWatch logs", WEEKDAYS * 500_000 / 1e9),
        ("CloudWatch log storage", WEEKDAYS * 500_000 / 1e9),
        ("CloudWatch alarms", 3),
        ("CloudWatch dashboards", 0),
        ("EventBridge API destinations", 0),
        ("Secrets Manager", 0),
        ("SNS emails", WEEKDAYS),
    ],
)
def test_what_a_month_uses_is_three_weekday_slots_of_which_one_works(stack: Deployed, name: str, amount: float) -> None:
    assert items(stack)[name].amount == pytest.approx(amount)


def test_compute_is_memory_times_slowed_seconds_of_work_starts_waiting_and_the_watchdog(stack: Deployed) -> None:
    found = items(stack, measured=measured(init=NOTHING_TO_START | {"run_inference": 0.5}))["Lambda compute"]

    inference = 1769 / 1024 * 2 * (10.0 + 2 * 0.5) * WEEKDAYS
    fetching = 5 * 1.0 * WEEKDAYS  # 1024 MiB, waiting a second a ticker
    watching = 512 / 1024 * 2 * (1769 / 512) * 1.0 * DAYS
    assert found.amount == pytest.approx(inference + fetching + watching)


def test_more_slots_a_dashboard_and_less_log_show_in_the_estimate(assets: Path) -> None:
    found = items(deployed(assets, slots="16:45", dashboard=True, **{"log-retention-days": 90}))

    assert found["Scheduler"].amount == pytest.approx(WEEKDAYS + DAYS)
    assert found["CloudWatch dashboards"].usd == 3.0
    assert found["CloudWatch dashboards"].usd_after_free == 0.0
    assert found["CloudWatch log storage"].amount == pytest.approx(3 * found["CloudWatch logs"].amount)


def test_slack_costs_its_secret_an_alarm_and_next_to_nothing_for_messages(assets: Path) -> None:
    found = items(deployed(assets, **{"slack-webhook-secret": "options-signals/slack"}))

    assert found["Secrets Manager"].usd == pytest.approx(0.40)
    assert found["CloudWatch alarms"].amount == 4
    assert found["EventBridge API destinations"].amount == pytest.approx(WEEKDAYS)


def test_the_free_tier_is_subtracted_before_the_price_is_applied() -> None:
    assert Item("Step Functions", 5_000).usd == pytest.approx(0.125)
    assert Item("Step Functions", 5_000).usd_after_free == pytest.approx(0.025)
    assert Item("Step Functions", 3_000).usd_after_free == 0.0


@pytest.mark.parametrize(("tickers", "puts"), [(1, 10.0), (4, 40.0), (10, 100.0), (20, 120.0), (30, 140.0)])
def test_usage_lies_on_lines_between_and_beyond_the_measured_sizes(tickers: int, puts: float) -> None:
    sizes = {str(size): asdict(replace(WORK, lake_puts=at)) for size, at in ((1, 10), (10, 100), (20, 120))}

    assert evening_of({"sizes": sizes}, tickers).lake_puts == pytest.approx(puts)


@pytest.mark.parametrize("change", [{"tickers": 0}, {"months": 0}, {"tickers": 12_001}])
def test_an_impossible_question_is_refused(stack: Deployed, change: dict[str, int]) -> None:
    with pytest.raises(InvalidValueError, match="allowed: 1 to"):
        items(stack, **change)


def test_every_priced_item_is_in_the_estimate(stack: Deployed) -> None:
    assert set(items(stack)) == set(PRICES)


def test_custom_metrics_are_counted_as_the_functions_count() -> None:
    handlers = (ROOT / "functions").glob("*/handler.py")
    counted = [name for path in handlers for name in re.findall(r'add_metric\(name="(\w+)"', path.read_text())]

    assert counted == ["Signals", "Refusals", "Sent"]
    assert len(counted) == cost.CUSTOM_METRICS


def test_the_measured_figures_cover_every_function() -> None:
    assert sorted(read_measured()["init_seconds"]) == FUNCTIONS


def test_the_command_prints_items_totals_and_the_date_of_the_prices(
    stack: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    shell = Shell(monkeypatch, capsys)
    code, _, err = shell("cost")
    (tmp_path / "cdk.out").mkdir()
    (tmp_path / "cdk.out/options-signals-prod.template.json").write_text(json.dumps(stack.template))

    _, out, _ = shell("cost", "--tickers", "50")

    assert (code, "`make synth` writes it" in err) == (1, True)
    assert all(name in out for name in PRICES)
    assert "as of November 2025" in out
    assert shell.json("cost")["usd"] <= 1.0
