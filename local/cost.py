"""`signals cost`: what a month costs, item by item, from the synthesised template and from measured evenings.

Prices are public list prices; usage is that of the simulated market (`python -m benchmarks.usage` measures it), with
every call of a function taken as a cold start and a Lambda processor taken as half as fast as the measuring machine.
"""

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from options_signals.errors import InvalidValueError, NotFoundError
from rich.console import Console
from rich.table import Table

from local.cloud import folder_of

MEASURED = Path(__file__).with_name("measured.json")
TEMPLATES = Path("cdk.out")
PRICED = "AWS price pages, US East (N. Virginia), on demand, as of November 2025"
GB = 1e9
DAYS = {"MON-FRI": 365.25 / 12 * 5 / 7, "SUN-SAT": 365.25 / 12}  # per month
HOURS = 365.25 / 12 * 24
WHOLE_PROCESSOR_MIB = 1769
SLOWER = 2.0  # a Lambda processor than the machine that measured
PROVIDER_SECONDS = 1.0  # a ticker's bars, waited for at the provider's pace
WATCHDOG_SECONDS = 1.0  # one query
CUSTOM_METRICS = 3  # Signals, Refusals and Sent, which publish_signals counts
PUBLISHING_HOURS = 2  # a day in which a metric may get a value; CloudWatch meters a metric by such hours
LATEST_MONTHS = 120

type Template = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Price:
    """USD for one unit, and how many units a month every account gets free for ever."""

    usd: float
    unit: str
    free: float = 0.0


PRICES = {
    "Lambda requests": Price(0.20e-6, "requests", free=1e6),
    "Lambda compute": Price(0.0000166667, "GB-seconds", free=400_000),
    "Step Functions": Price(0.025e-3, "transitions", free=4_000),
    "Scheduler": Price(1e-6, "starts", free=14e6),
    "DynamoDB writes": Price(0.625e-6, "units"),
    "DynamoDB reads": Price(0.125e-6, "units"),
    "DynamoDB storage": Price(0.25, "GB-months", free=25),
    "DynamoDB recovery": Price(0.20, "GB-months"),
    "S3 writes": Price(5e-6, "requests"),
    "S3 reads": Price(0.4e-6, "requests"),
    "S3 storage": Price(0.023, "GB-months"),
    "SNS publishes": Price(0.5e-6, "requests", free=1e6),
    "SNS emails": Price(20e-6, "emails", free=1_000),
    "EventBridge": Price(1e-6, "events"),
    "EventBridge API destinations": Price(0.20e-6, "invocations"),
    "CloudWatch logs": Price(0.50, "GB", free=5),
    "CloudWatch log storage": Price(0.03, "GB-months", free=5),
    "CloudWatch alarms": Price(0.10, "alarms", free=10),
    "CloudWatch metrics": Price(0.30, "metric-months", free=10),
    "CloudWatch dashboards": Price(3.00, "dashboards", free=3),
    "SSM parameters": Price(0.0, "standard parameters"),
    "Secrets Manager": Price(0.40, "secrets"),
}


@dataclass(frozen=True, slots=True)
class Usage:
    """What one run uses. `seconds` and `calls` by function, over all calls of the run."""

    seconds: Mapping[str, float]
    calls: Mapping[str, float]
    transitions: float
    lake_puts: float
    lake_gets: float
    lake_bytes: float
    table_writes: float
    table_reads: float
    table_bytes: float
    messages: float
    events: float
    log_bytes: float


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the estimate."""

    name: str
    amount: float

    @property
    def price(self) -> Price:
        """Of one unit."""
        return PRICES[self.name]

    @property
    def usd(self) -> float:
        """Without any free tier."""
        return self.amount * self.price.usd

    @property
    def usd_after_free(self) -> float:
        """In an account that uses its free tier for nothing else."""
        return max(0.0, self.amount - self.price.free) * self.price.usd

    def as_record(self) -> dict[str, Any]:
        """For --json."""
        return {
            "item": self.name,
            "amount": self.amount,
            "unit": self.price.unit,
            "usd": self.usd,
            "usd_after_free_tier": self.usd_after_free,
        }


def estimate(template: Template, *, tickers: int, months: int = 12, measured: Mapping[str, Any]) -> list[Item]:
    """The month in which the stack becomes that many months old: what is stored has grown until then.

    InvalidValueError for less than one ticker or month.
    """
    for name, value, most in (("tickers", tickers, 12_000), ("months", months, LATEST_MONTHS)):
        if not 1 <= value <= most:
            raise InvalidValueError(name=name, value=value, allowed=f"1 to {most}")
    amounts = _amounts(template, evening_of(measured, tickers), tickers=tickers, months=months, measured=measured)
    return [Item(name, amount) for name, amount in amounts.items()]


def _amounts(
    template: Template, evening: Usage, *, tickers: int, months: int, measured: Mapping[str, Any]
) -> dict[str, float]:
    later = Usage(**measured["later_slot"])
    starts = [DAYS[_days_of(each)] for each in _of(template, "AWS::Scheduler::Schedule")]
    slots = starts.count(DAYS["MON-FRI"])
    weekdays, idle = DAYS["MON-FRI"], DAYS["MON-FRI"] * (slots - 1)

    def monthly(name: str) -> float:
        return float(weekdays * getattr(evening, name) + idle * getattr(later, name))

    table_gb = monthly("table_bytes") * months / GB
    logs_gb = monthly("log_bytes") / GB
    return {
        "Lambda requests": weekdays * sum(evening.calls.values()) + idle * sum(later.calls.values()) + DAYS["SUN-SAT"],
        "Lambda compute": _gb_seconds(template, evening, later, idle=idle, tickers=tickers, measured=measured),
        "Step Functions": monthly("transitions"),
        "Scheduler": sum(starts),
        "DynamoDB writes": 2 * monthly("table_writes"),  # the table, and its index by ticker
        "DynamoDB reads": monthly("table_reads"),
        "DynamoDB storage": 2 * table_gb,
        "DynamoDB recovery": table_gb * _recoverable(template),
        "S3 writes": monthly("lake_puts"),
        "S3 reads": monthly("lake_gets"),
        "S3 storage": (monthly("lake_bytes") * months + measured["package_bytes"]) / GB,
        "SNS publishes": monthly("messages"),
        "SNS emails": monthly("messages"),
        "EventBridge": monthly("events"),
        "EventBridge API destinations": monthly("events") * len(_of(template, "AWS::Events::ApiDestination")),
        "CloudWatch logs": logs_gb,
        "CloudWatch log storage": logs_gb * min(months, _months_of_logs(template)),
        "CloudWatch alarms": len(_of(template, "AWS::CloudWatch::Alarm")),
        "CloudWatch metrics": CUSTOM_METRICS * weekdays * PUBLISHING_HOURS / HOURS,
        "CloudWatch dashboards": len(_of(template, "AWS::CloudWatch::Dashboard")),
        "SSM parameters": 0,
        "Secrets Manager": len(_secrets(template)),
    }


def _gb_seconds(
    template: Template, evening: Usage, later: Usage, *, idle: float, tickers: int, measured: Mapping[str, Any]
) -> float:
    """Of all functions in a month; Lambda bills the start of a function, too."""
    init: Mapping[str, float] = measured["init_seconds"]
    waiting = {"fetch_data": tickers * PROVIDER_SECONDS}
    total = 0.0
    for folder, memory in _memories(template).items():
        slower = SLOWER * max(1.0, WHOLE_PROCESSOR_MIB / memory)
        if folder == "watchdog":
            seconds = DAYS["SUN-SAT"] * slower * (init[folder] + WATCHDOG_SECONDS)
        else:
            worked, waited = _billed(evening, folder, init, slower), waiting.get(folder, 0.0)
            seconds = DAYS["MON-FRI"] * (worked + waited) + idle * _billed(later, folder, init, slower)
        total += seconds * memory / 1024
    return total


def _billed(usage: Usage, folder: str, init: Mapping[str, float], slower: float) -> float:
    return slower * (usage.seconds.get(folder, 0.0) + usage.calls.get(folder, 0.0) * init[folder])


def evening_of(measured: Mapping[str, Any], tickers: int) -> Usage:
    """A working run over that many tickers, on straight lines between and beyond the measured sizes."""
    sizes = {int(size): usage for size, usage in measured["sizes"].items()}
    return Usage(**_between(sizes, tickers))


def _between(sizes: Mapping[int, Any], tickers: int) -> Any:
    """The value at that size, a mapping of numbers part by part."""
    first = next(iter(sizes.values()))
    if isinstance(first, Mapping):
        return {key: _between({size: each[key] for size, each in sizes.items()}, tickers) for key in first}
    pairs = list(itertools.pairwise(sorted(sizes.items())))
    (low, at_low), (high, at_high) = next((pair for pair in pairs if tickers <= pair[1][0]), pairs[-1])
    return max(0.0, at_low + (at_high - at_low) * (tickers - low) / (high - low))


def read_template(stage: str) -> Template:
    """The synthesised template; NotFoundError where nothing was synthesised."""
    path = TEMPLATES / f"options-signals-{stage}.template.json"
    if not path.exists():
        raise NotFoundError(what=path.name, where=str(path.parent), remedy="`make synth` writes it; no account needed.")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def read_measured() -> Mapping[str, Any]:
    """The committed figures."""
    return dict(json.loads(MEASURED.read_text(encoding="utf-8")))


def show(console: Console, items: Sequence[Item], *, title: str, measured: Mapping[str, Any]) -> None:
    """As a table, with totals and what the figures rest on."""
    table = Table("item", title=title, title_justify="left")
    table.add_column("a month", justify="right")
    table.add_column("unit")
    for column in ("USD", "USD after free tier"):
        table.add_column(column, justify="right")
    for item in items:
        usd = (f"{item.usd:.4f}", f"{item.usd_after_free:.4f}")
        table.add_row(item.name, f"{item.amount:,.3g}", item.price.unit, *usd)
    table.add_section()
    table.add_row("all", "", "", f"{total(items):.2f}", f"{total(items, after_free=True):.2f}")
    console.print(table)
    for note in notes(measured):
        console.print(note, markup=False, highlight=False)


def as_record(items: Sequence[Item], measured: Mapping[str, Any]) -> dict[str, Any]:
    """For --json."""
    return {
        "items": [item.as_record() for item in items],
        "usd": total(items),
        "usd_after_free_tier": total(items, after_free=True),
        "notes": list(notes(measured)),
    }


def notes(measured: Mapping[str, Any]) -> Iterator[str]:
    """What the figures rest on."""
    yield f"Prices: {PRICED}. Usage: measured {measured['measured_on']} on the simulated market."
    yield "Free tier: what every account gets for ever, here used for nothing else."
    yield "Not in it: tax, and SMS, where each message and a rented number cost."


def total(items: Sequence[Item], *, after_free: bool = False) -> float:
    """USD a month."""
    return sum(item.usd_after_free if after_free else item.usd for item in items)


def _of(template: Template, kind: str) -> list[dict[str, Any]]:
    return [it.get("Properties", {}) for it in template["Resources"].values() if it["Type"] == kind]


def _secrets(template: Template) -> set[str]:
    """Names of the user's secrets that the template refers to."""
    return set(re.findall(r"\{\{resolve:secretsmanager:([^:}]+)", json.dumps(template)))


def _memories(template: Template) -> dict[str, int]:
    """MiB of each function, by folder."""
    found = template["Resources"].items()
    return {
        folder_of(key.split("Function")[0]): it["Properties"]["MemorySize"]
        for key, it in found
        if it["Type"] == "AWS::Lambda::Function"
    }


def _days_of(schedule: Mapping[str, Any]) -> str:
    """MON-FRI of `cron(45 16 ? * MON-FRI *)`."""
    return str(schedule["ScheduleExpression"]).split()[4]


def _recoverable(template: Template) -> int:
    (table,) = _of(template, "AWS::DynamoDB::Table")
    return int(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"])


def _months_of_logs(template: Template) -> float:
    return max(float(group["RetentionInDays"]) for group in _of(template, "AWS::Logs::LogGroup")) / 30
