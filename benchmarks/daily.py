"""How long a day takes on the laptop cloud, and how much memory each step needs.

    python -m benchmarks.daily [--rounds 3] [--day 3-full-chains]

Over 3 and over 500 tickers of the simulated market; over 3 whose option chains are as large as SPY's; and over 50 of
those, as many as are fetched at most, each with an order and its picture.

A run is a process of its own: imports, the cloud's start, one execution of the real definition file. Time is given on
the clock and as processor time, because a busy machine stretches the first far more. A step's processor time is that
of its own thread, over all its calls.

Memory is measured as Lambda meters it: each step again in a fresh process, with the first event it got in the run, on
the same lake. Given is the most that was resident since the process began, imports included. The steps that speak to
AWS carry moto and an empty table with them; a real function needs less.

Data is the simulated market's (`benchmarks.full_chains` makes the large chains). Names other than the index funds
borrow VIX; one pooled pair of models, the small ones of the tests, judges all.
"""

import argparse
import datetime as dt
import json
import os
import platform
import runpy
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from string import ascii_uppercase
from tempfile import TemporaryDirectory
from typing import Any

type Json = Any

ROOT = Path(__file__).parents[1]

SLOT = "2022-11-23T21:45:00Z"
STEPS = ("plan_session", "fetch_data", "build_features", "run_inference", "select_strategies", "publish_signals")
TARGET_MIB = 512
WITH_AWS = {"plan_session", "fetch_data", "publish_signals"}
FULL = "python:benchmarks.full_chains:sources"
# Floors so low and an account so large that every ticker gets an order.
EVERY_TICKER_TRADED = {
    "SIGNALS_DECISION__MIN_DIRECTION": "0.5",
    "SIGNALS_DECISION__MIN_DIRECTION_NORMAL": "0.5",
    "SIGNALS_DECISION__MIN_OVERALL": "0.4",
    "SIGNALS_DECISION__FLOOR_OVERALL": "0.4",
    "SIGNALS_DECISION__MIN_IV": "0.3",
    "SIGNALS_PORTFOLIO__MAX_TOTAL": "1",
    "SIGNALS_PORTFOLIO__MAX_CORRELATED": "1",
    "SIGNALS_RISK__ACCOUNT_USD": "10_000_000",
}


@dataclass(frozen=True)
class Day:
    """What a run is given; `seconds` is its target, where there is one."""

    tickers: int
    seconds: float | None
    source: str = "simulated"
    settings: Mapping[str, str] = field(default_factory=dict)


DAYS = {
    "3": Day(3, 4),
    "500": Day(500, 60),
    "3-full-chains": Day(3, 6, FULL, EVERY_TICKER_TRADED),
    "50-full-chains": Day(50, None, FULL, EVERY_TICKER_TRADED),
}


def main() -> None:
    arguments = parsed()
    if arguments.run:
        print(json.dumps(run(arguments.run, Path(arguments.home))))
    elif arguments.step:
        print(json.dumps(one_step(arguments.step, json.load(sys.stdin))))
    else:
        compare(arguments.rounds, arguments.day)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A day on the laptop cloud: seconds and memory.")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each size")
    parser.add_argument("--day", choices=DAYS, action="append", help="one of them; may be repeated; all by default")
    parser.add_argument("--run", help=argparse.SUPPRESS)  # this and the next two: what is measured
    parser.add_argument("--home", help=argparse.SUPPRESS)
    parser.add_argument("--step", help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(rounds: int, days: Sequence[str] | None) -> None:
    print(f"{platform.machine()}, {os.cpu_count()} cores; seconds on the clock [processor seconds]")
    for name in days or DAYS:
        with TemporaryDirectory() as folder:
            runs = [run_in_a_process(name, Path(folder) / str(number)) for number in range(rounds)]
            last = runs[-1]
            print(f"\n{name}: {rounds} runs, median (least .. most); load {os.getloadavg()[0]:.1f}")
            print(f"  {DAYS[name].tickers} tickers, {last['chain_rows']:,} rows of chains, {last['orders']} orders")
            report_seconds(runs, DAYS[name].seconds)
            report_steps(last)


def run_in_a_process(name: str, home: Path) -> Json:
    from options_signals.models import registry  # noqa: PLC0415 - what a run imports, it is to import itself

    from local.home import Home  # noqa: PLC0415
    from tests.models.bundles import direction_bundle, regime_bundle  # noqa: PLC0415

    store = Home(home).store()
    for bundle in (direction_bundle(scope="pooled"), regime_bundle(scope="pooled")):
        made = registry.publish(store, bundle.card, bundle.graph)
        registry.promote(store, made, when=dt.datetime(2022, 11, 24, tzinfo=dt.UTC))
    return child("--run", name, "--home", str(home), environment=settings(DAYS[name]))


def settings(day: Day) -> dict[str, str]:
    """The environment of a run: index funds, and made-up names beside them that borrow VIX."""
    names = watchlist(day.tickers)
    proxies = dict.fromkeys(names[3:], "VIX")
    return {
        "SIGNALS_TICKERS": json.dumps(names),
        "SIGNALS_ALLOW_IV_PROXY": json.dumps(proxies),
        "SIGNALS_MODEL_SCOPE": "pooled",
        **day.settings,
    }


def watchlist(tickers: int) -> list[str]:
    """Index funds and made-up names, without digits: a digit marks the options of a split share."""
    made_up = (f"X{first}{second}" for first in ascii_uppercase for second in ascii_uppercase)
    return ["SPY", "QQQ", "IWM", *islice(made_up, tickers - 3)]


def child(*arguments: str, environment: Mapping[str, str], event: Json = None) -> Json:
    """What this file answers in a process of its own, which may keep its compiled modules, as in daily use."""
    surroundings = {**os.environ, **environment}
    surroundings.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(  # noqa: S603 - this file
        [sys.executable, __file__, *arguments],
        input=json.dumps(event),
        capture_output=True,
        text=True,
        env=surroundings,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


# A run, in its process


def run(name: str, home: Path) -> Json:
    stages: dict[str, tuple[float, float]] = {}
    begun = now()
    from local import cloud  # noqa: PLC0415 - imports are a stage
    from local.home import Home  # noqa: PLC0415
    from local.world import World  # noqa: PLC0415

    for function in cloud.function_names():
        cloud.load_handler(cloud.folder_of(function))
    stages["imports"], begun = since(begun), now()

    calls = Calls(cloud.load_handler)
    cloud.load_handler = calls.load_handler  # the same, with a watch on each call
    world = World.of(source=DAYS[name].source, home=Home(home))
    with cloud.LaptopCloud(home=world.home, namespace="simulated", environment=world.environment) as laptop:
        stages["start of the cloud"], begun = since(begun), now()
        ended = laptop.run({"scheduled_time": SLOT})
        stages["the day"] = since(begun)
    assert ended.status == "SUCCEEDED", (ended.error, ended.cause)
    assert len(ended.messages) == 1
    assert len(world.settings.tickers) == DAYS[name].tickers
    return {
        **contents(world.home.store()),
        "stages": stages,
        "steps": calls.seconds,
        "events": calls.events,
        "environment": {
            **world.environment,
            "SIGNALS_LAKE": str(home / "lake"),
            "POWERTOOLS_SERVICE_NAME": cloud.SERVICE,
            "POWERTOOLS_METRICS_NAMESPACE": "OptionsSignals",
            "AWS_DEFAULT_REGION": cloud.REGION,
        },
    }


def contents(store: Any) -> dict[str, int]:
    """Rows of option chains, and orders with a picture, of the one session that is stored."""
    from options_signals.snapshot import newest_manifest  # noqa: PLC0415 - after what is measured

    manifest = newest_manifest(store, "simulated", dt.date.fromisoformat(SLOT[:10]))
    return {"chain_rows": manifest.tables["chain"].rows, "orders": len(store.keys("pictures/"))}


class Calls:
    """Loads handlers that note their processor time and the first event each was called with."""

    def __init__(self, load_handler: Callable[[str], Callable[[Json, Any], Json]]) -> None:
        self._load_handler = load_handler
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.events: dict[str, Json] = {}

    def load_handler(self, folder: str) -> Callable[[Json, Any], Json]:
        """As the cloud does, with a watch around it."""
        handler = self._load_handler(folder)

        def timed(event: Json, context: Any) -> Json:
            self.events.setdefault(folder, event)
            begun = time.thread_time()
            answer = handler(event, context)
            self.seconds[folder].append(time.thread_time() - begun)
            return answer

        return timed


def now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def since(begun: tuple[float, float]) -> tuple[float, float]:
    clock, processor = now()
    return clock - begun[0], processor - begun[1]


# One step, in its process


def one_step(folder: str, event: Json) -> dict[str, float]:
    """Resident memory in MiB: after imports, and at the most."""
    handler = runpy.run_path(str(ROOT / "functions" / folder / "handler.py"))["handler"]
    imported = most_resident()
    with account() if folder in WITH_AWS else nullcontext():
        handler(event, Context())
    return {"imported": imported, "most": most_resident()}


def most_resident() -> float:
    """Of this process since it began; getrusage would count the parent it was forked from."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


@contextmanager
def account() -> Iterator[None]:
    """An AWS account with nothing in it but the table, the topic and the bus."""
    import boto3  # noqa: PLC0415 - not in the memory of steps that need no AWS
    from moto import mock_aws  # noqa: PLC0415
    from options_signals.adapters.dynamo import create_table  # noqa: PLC0415

    with mock_aws():
        create_table(boto3.client("dynamodb"), "signals")
        boto3.client("events").create_event_bus(Name="signals")
        topic = boto3.client("sns").create_topic(Name="alerts")["TopicArn"]
        os.environ.update(SIGNALS_TABLE="signals", SIGNALS_BUS="signals", SIGNALS_TOPIC=topic)
        yield


@dataclass
class Context:
    """The part of Lambda's context that Powertools reads."""

    function_name: str = "step"
    memory_limit_in_mb: int = TARGET_MIB
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:step"
    aws_request_id: str = "1"


# The report


def report_seconds(runs: Sequence[Json], target: float | None) -> None:
    for stage in runs[0]["stages"]:
        print(f"  {stage:<20} {spread([each['stages'][stage] for each in runs])}")
    after_imports = [total(stages for name, stages in each["stages"].items() if name != "imports") for each in runs]
    aim = "" if target is None else f"   target: under {target:.0f} s"
    print(f"  {'all after imports':<20} {spread(after_imports)}{aim}")


def total(parts: Iterable[Sequence[float]]) -> tuple[float, float]:
    clock, processor = zip(*parts, strict=True)
    return sum(clock), sum(processor)


def spread(pairs: Sequence[Sequence[float]]) -> str:
    clock, processor = zip(*pairs, strict=True)
    return f"{of(clock)}  [{of(processor)}]"


def of(values: Sequence[float]) -> str:
    return f"{statistics.median(values):6.2f} ({min(values):.2f} .. {max(values):.2f})"


def report_steps(run: Json) -> None:
    print(f"  step                 calls   processor s   MiB after imports   MiB at the most (target: {TARGET_MIB})")
    for folder in STEPS:
        seconds = run["steps"][folder]
        memory = child("--step", folder, environment=run["environment"], event=run["events"][folder])
        figures = f"{len(seconds):7}   {sum(seconds):11.2f}   {memory['imported']:17.0f}   {memory['most']:15.0f}"
        print(f"  {folder:<18} {figures}{'   with moto' if folder in WITH_AWS else ''}")


if __name__ == "__main__":
    main()
