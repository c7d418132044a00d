"""`signals run`: one day through the cloud, with progress, and the digest as it was sent."""

import json
import sys

import typer
from options_signals.jobs.ledger import DigestRecord, State
from options_signals.jobs.messages import RunRequest
from rich.console import Console

from local.day import Day, run_day
from local.home import Home
from local.world import World

STEP_WORDS = {
    "PlanSession": "planning the session",
    "FetchData": "fetching market data",
    "BuildFeatures": "building features",
    "RunInference": "asking the models",
    "SelectStrategies": "choosing strategies",
    "PublishSignals": "storing and sending",
}


def run_and_show(world: World, request: RunRequest, console: Console, *, as_json: bool = False) -> int:
    """Run the day; print the digest or why there is none; answer the exit code."""
    progress = Console(file=sys.__stderr__)
    with progress.status("starting the cloud") as status:
        day = run_day(world, request, on_step=lambda step, _event: status.update(STEP_WORDS.get(step, step)))
    if as_json:
        typer.echo(json.dumps(_record(day), indent=2))
    else:
        _show(day, world, console)
    return 0 if day.execution.status == "SUCCEEDED" else 1


def _show(day: Day, world: World, console: Console) -> None:
    if day.execution.status != "SUCCEEDED":
        console.print(f"the run failed: {day.execution.cause or day.execution.error}", markup=False, soft_wrap=True)
        for alert in day.execution.alerts:
            console.print(f"the operator was told: {alert}", markup=False, soft_wrap=True)
        return
    if day.digest is None or not _worked(day):
        console.print(f"nothing to do: {day.execution.output['reason']}", markup=False, soft_wrap=True)
        return
    for line in (f"subject: {day.digest.subject}", f"SMS: {day.digest.sms}", "", day.digest.email):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    where = _where(day.digest, len(day.execution.messages), world.home)
    console.print(where, markup=False, highlight=False, soft_wrap=True)


def _worked(day: Day) -> bool:
    return "state" in day.execution.output


def _where(digest: DigestRecord, received: int, home: Home) -> str:
    return "\n".join(
        (
            f"digest: {_told(digest, received)}",
            f"table:  {home.table}",
            f"lake:   {home.lake}",
            f"log:    {home.log / 'functions.jsonl'}",
        )
    )


def _told(digest: DigestRecord, received: int) -> str:
    if digest.state is State.RECORDED:
        return f"{digest.state}, sent to nobody"
    return f"{digest.state} as message {digest.message_id}, {received} message(s) received"


def _record(day: Day) -> dict[str, object]:
    return {
        "status": day.execution.status,
        "output": day.execution.output,
        "error": day.execution.error,
        "cause": day.execution.cause,
        "digest": day.digest.model_dump(mode="json") if day.digest else None,
        "decisions": [decision.model_dump(mode="json") for decision in day.decisions],
    }
