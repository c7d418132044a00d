"""What one evening uses of AWS, for the estimate of `signals cost`: over 3, 40 and 100 tickers.

    python -m benchmarks.usage [--write]

The day runs on the laptop's cloud with the lake in S3, two models per ticker and the simulated market; each call to AWS
is counted, each step's processor time is that of its own thread. Memory and init come from the built packages under
the Lambda emulator. `--write` puts the figures into local/measured.json.
"""

import argparse
import datetime as dt
import json
import math
import statistics
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
from options_signals.adapters.s3 import S3Store
from options_signals.models import registry

from benchmarks import packages
from benchmarks.daily import watchlist
from layers.build import BUILD, build
from layers.errors import BuildError
from local import cloud
from local.cost import MEASURED, Usage
from local.home import Home
from tests.models.bundles import direction_bundle, regime_bundle

SIZES = (3, 40, 100)  # 40: from there on the chunks grow, not their number
SLOT, LATER_SLOT = "2022-11-23T21:45:00Z", "2022-11-23T23:45:00Z"
EVENING = dt.datetime(2022, 11, 24, 2, 15, tzinfo=dt.UTC)
BUCKET = "lake"

type Json = Any
type Handler = Callable[[Json, Any], Json]


def main() -> None:
    parser = argparse.ArgumentParser(description="What one evening uses of AWS.")
    parser.add_argument("--write", action="store_true", help="keep the figures for `signals cost`")
    write = parser.parse_args().write
    record = {
        "measured_on": f"{dt.datetime.now(dt.UTC):%Y-%m-%d}",
        "how": "python -m benchmarks.usage: the simulated market, two models per ticker",
        "init_seconds": init_seconds(),
        "later_slot": asdict(evening(SIZES[0], twice=True)),
        "sizes": {str(tickers): asdict(evening(tickers)) for tickers in SIZES},
        "package_bytes": sum(path.stat().st_size for path in BUILD.glob("*/*.zip")),
    }
    print(json.dumps(record, indent=1))
    if write:
        MEASURED.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def init_seconds() -> dict[str, float]:
    """What each function takes to start, seconds: the median of three."""
    starts = {name: [packages.init_alone(name) for _ in range(packages.STARTS)] for name in build()["functions"]}
    return {name: round(statistics.median(each) / 1000, 2) for name, each in starts.items()}


def evening(tickers: int, *, twice: bool = False) -> Usage:
    """One run over that many tickers; with `twice` only what the second slot adds, which finds the digest sent."""
    names = watchlist(tickers)
    environment = {
        "SIGNALS_SOURCE": "simulated",
        "SIGNALS_LAKE": f"s3://{BUCKET}",
        "SIGNALS_TICKERS": json.dumps(names),
        "SIGNALS_ALLOW_IV_PROXY": json.dumps(dict.fromkeys(names[3:], "VIX")),
    }
    with (
        TemporaryDirectory() as folder,
        cloud.LaptopCloud(home=Home(Path(folder)), namespace="simulated", environment=environment) as laptop,
    ):
        serve_models(names)
        meter = Meter()
        laptop._handlers = {name: meter.around(name, run) for name, run in laptop._handlers.items()}  # noqa: SLF001
        meter.listen()
        if twice:
            laptop.run({"scheduled_time": SLOT})
            meter.reset()
        log = Home(Path(folder)).log / "functions.jsonl"
        before, logged = stored_bytes(), log.stat().st_size
        ended = laptop.run({"scheduled_time": LATER_SLOT if twice else SLOT})
        assert ended.status == "SUCCEEDED", ended.cause
        return meter.usage(lake_bytes=stored_bytes() - before, log_bytes=log.stat().st_size - logged)


def serve_models(names: list[str]) -> None:
    """The same pair of models under each ticker's name."""
    boto3.client("s3").create_bucket(Bucket=BUCKET)
    store = S3Store(BUCKET)
    for name in names:
        for bundle in (direction_bundle(scope=name), regime_bundle(scope=name)):
            registry.promote(store, registry.publish(store, bundle.card, bundle.graph), when=EVENING)


def stored_bytes() -> int:
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return sum(found["Size"] for page in pages for found in page.get("Contents", []))


@dataclass
class Meter:
    """Counts what the handlers take and call."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _thread: threading.local = field(default_factory=threading.local)

    def reset(self) -> None:
        """Forget what was counted."""
        self.counts.clear()
        self.seconds.clear()

    def around(self, name: str, handler: Handler) -> Handler:
        """The handler, metered."""

        def metered(event: Json, context: Any) -> Json:
            begun, self._thread.metered = time.thread_time(), True
            answer = handler(event, context)
            self.seconds[cloud.folder_of(name)].append(time.thread_time() - begun)
            self._thread.metered = False
            return answer

        return metered

    def listen(self) -> None:
        """Count the calls of all clients made from now on."""
        events = boto3._get_default_session().events  # noqa: SLF001 - boto3 offers no other way to hear of each call
        events.register("before-call.dynamodb", lambda params, context, **_: context.update(sent=len(params["body"])))
        events.register("after-call", self._on_call)

    def _on_call(self, model: Any, http_response: Any, context: Mapping[str, Any], **_: Any) -> None:
        if not getattr(self._thread, "metered", False):
            return
        name, sent = model.name, context.get("sent", 0)
        match model.service_model.service_name:
            case "s3":
                self.counts["lake_puts" if name.startswith(("Put", "List")) else "lake_gets"] += 1
            case "dynamodb" if name in {"PutItem", "UpdateItem"}:
                self.counts.update(table_writes=math.ceil(sent / 1024), table_bytes=sent)
            case "dynamodb":
                self.counts["table_reads"] += math.ceil(len(http_response.content) / 4096)
            case "sns":
                self.counts["messages"] += 1
            case "events":
                self.counts["events"] += 1

    def usage(self, *, lake_bytes: int, log_bytes: int) -> Usage:
        """All that was counted, with what the state machine did and logged."""
        client = boto3.client("stepfunctions")
        (machine,) = client.list_state_machines()["stateMachines"]
        run = client.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"][0]["executionArn"]
        history = client.get_paginator("get_execution_history").paginate(executionArn=run)
        entries = [event for page in history for event in page["events"]]
        return Usage(
            seconds={name: round(sum(each), 3) for name, each in self.seconds.items()},
            calls={name: len(each) for name, each in self.seconds.items()},
            transitions=1 + sum(entry["type"].endswith("StateEntered") for entry in entries),
            log_bytes=log_bytes + sum(len(json.dumps(entry, default=str)) for entry in entries),
            lake_bytes=lake_bytes,
            **{name: self.counts[name] for name in COUNTED},
        )


COUNTED = ("lake_puts", "lake_gets", "table_writes", "table_reads", "table_bytes", "messages", "events")

if __name__ == "__main__":
    try:
        main()
    except BuildError as error:
        sys.exit(f"usage: {error}")
