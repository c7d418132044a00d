"""What each function weighs on Lambda, and how fast and in how much memory it answers there.

```text
python -m benchmarks.packages
```

Packages that are not up to date are built first. Each function then runs under AWS's own runtime client and emulator
(`layers.emulator`), one after the other through one session of the simulated market; lake, table and topics are
moto's, over HTTP. Init is the median of the starts with the smallest and the largest; peak is the most memory held
up to the answer, interpreter and libraries included.
"""

import datetime as dt
import logging
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import requests
from moto.server import ThreadedMotoServer
from options_signals.adapters.dynamo import create_table
from options_signals.adapters.s3 import S3Store
from options_signals.models import registry

from layers.build import BUDGET, build
from layers.emulator import MEMORY_MIB, NO_VARIABLES, started, what_is_missing
from layers.errors import MIB, BuildError
from tests.models.bundles import direction_bundle, regime_bundle

SESSION = dt.date(2022, 11, 23)
EVENING = dt.datetime(2022, 11, 24, 2, 15, tzinfo=dt.UTC)  # 21:15 in New York, when the watchdog looks
TICKERS = ("SPY", "QQQ", "IWM")
STARTS = 3

type Json = Any
type Clients = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Run:
    """One function's answer, and what it took."""

    answer: Json
    init_ms: tuple[float, ...]
    peak_mib: float


def main() -> None:
    manifest = build()
    sizes(manifest)
    print(f"\nUnder the runtime client, {MEMORY_MIB} MiB of data at most; {STARTS} starts each")
    if missing := what_is_missing():
        print(f"  without {missing}")
    print(f"  {'':<18} {'init ms':>22} {'peak MiB':>9}   answer")
    for function, run in day(starts=STARTS).items():
        low, middle, high = min(run.init_ms), statistics.median(run.init_ms), max(run.init_ms)
        spread = f"{middle:.0f} ({low:.0f} .. {high:.0f})"
        print(f"  {function:<18} {spread:>22} {run.peak_mib:9.0f}   {in_words(run.answer)}")


def sizes(manifest: Mapping[str, Json]) -> None:
    print(f"MiB unzipped, byte code included; allowed per function with its layers: {BUDGET / MIB:.0f}")
    for name, layer in manifest["layers"].items():
        print(f"  {'layer ' + name:<18} {layer['unzipped_bytes'] / MIB:7.1f}")
    for name, function in manifest["functions"].items():
        print(f"  {name:<18} {function['unzipped_bytes'] / MIB:7.1f}   {', '.join(function['layers'])}")


def day(*, starts: int = 1) -> dict[str, Run]:
    """Each function's part in one session, from planning to the watchdog, in the order of the state machine."""
    runs: dict[str, Run] = {}

    with account() as environment:

        def ask(function: str, event: Json) -> Json:
            runs[function] = asked(function, event, environment, starts=starts)
            return runs[function].answer

        plan = ask("plan_session", {"session": f"{SESSION}"})
        fetched = ask("fetch_data", {"plan": plan})
        chunk = {"run": fetched["run"], "tickers": fetched["chunks"][0]}
        for step in ("build_features", "run_inference", "select_strategies"):
            chunk = ask(step, chunk)
        ask("publish_signals", {**fetched, "results": [chunk]})
        ask("watchdog", {"scheduled_time": EVENING.isoformat()})
    return runs


def asked(function: str, event: Json, environment: Mapping[str, str], *, starts: int) -> Run:
    with started(function, environment=environment) as running:
        answer, init_ms, peak_mib = running.invoke(event), running.init_ms, running.peak_mib
    if "errorType" in answer:
        raise BuildError(f"{function} failed: {answer['errorType']}: {answer['errorMessage']}")
    return Run(answer, (init_ms, *(init_alone(function) for _ in range(starts - 1))), peak_mib)


def init_alone(function: str) -> float:
    """Milliseconds to start; no event reaches further than the handler's own check."""
    with started(function, environment=NO_VARIABLES) as running:
        running.invoke({})
        return running.init_ms


@contextmanager
def account() -> Iterator[dict[str, str]]:
    """An AWS account behind a local address, with two models per ticker; answers the functions' environment."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # not every request in the table
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        address = f"http://{host}:{port}"
        requests.post(f"{address}/moto-api/reset", timeout=10)  # what this process has left in moto before
        yield {"AWS_ENDPOINT_URL": address, **furnished(clients_of(address))}
    finally:
        server.stop()


def clients_of(address: str) -> Clients:
    session = boto3.Session("testing", "testing", region_name="us-east-1")
    return lambda service: session.client(service, endpoint_url=address)


def furnished(client: Clients) -> dict[str, str]:
    client("s3").create_bucket(Bucket="lake")
    create_table(client("dynamodb"), "signals")
    client("events").create_event_bus(Name="signals")
    serve_models(S3Store("lake", client=client("s3")))
    return {
        "SIGNALS_LAKE": "s3://lake",
        "SIGNALS_TABLE": "signals",
        "SIGNALS_TOPIC": client("sns").create_topic(Name="alerts")["TopicArn"],
        "SIGNALS_OPERATOR_TOPIC": client("sns").create_topic(Name="operator")["TopicArn"],
        "SIGNALS_BUS": "signals",
        "SIGNALS_SOURCE": "simulated",
        "SIGNALS_TICKERS": ",".join(TICKERS),
        "POWERTOOLS_SERVICE_NAME": "options-signals",
        "POWERTOOLS_METRICS_NAMESPACE": "OptionsSignals",
    }


def serve_models(store: S3Store) -> None:
    for ticker in TICKERS:
        for bundle in (direction_bundle(scope=ticker), regime_bundle(scope=ticker)):
            registry.promote(store, registry.publish(store, bundle.card, bundle.graph), when=EVENING)


def in_words(answer: Json) -> str:
    return str(answer.get("reason") or answer.get("state") or f"{len(answer['tickers'])} tickers")


if __name__ == "__main__":
    try:
        main()
    except BuildError as error:
        sys.exit(f"packages: {error}")
