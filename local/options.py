"""What the commands share: their options, the deployed stage they ask, and how they answer.

Nothing slow is imported here, so that `signals --help` answers at once.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

if TYPE_CHECKING:
    from local.account import Account

Source = Annotated[
    str,
    typer.Option(
        envvar="SIGNALS_SOURCE",
        help="Where data comes from: live, yahoo, simulated, files:FOLDER, python:MODULE:FUNCTION (see docs/data.md).",
    ),
]
Session = Annotated[str | None, typer.Option(help="A session such as 2022-11-23; default: the newest that has closed.")]
Tickers = Annotated[str | None, typer.Option(help="Such as SPY,QQQ,IWM; default: the watchlist in the settings.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print records as JSON, for scripts.")]
Through = Annotated[
    str | None, typer.Option(help="Use no data after this session; default: the newest that has closed.")
]
Scope = Annotated[
    Literal["ticker", "pooled"] | None,
    typer.Option(help="ticker: one model each; pooled: one for all. Default: the setting model_scope."),
]
Namespace = Annotated[str | None, typer.Option(help="Such as live, simulated or files:1a2b3c4d5e6f.")]

ModelWorld = Annotated[Literal["market", "simulated"], typer.Option(help="What the model was trained on.")]
ModelName = Literal["direction", "iv_regime", "earnings_move"]

Stage = Annotated[str, typer.Option(help="Which deployment of this account.")]
Deployed = Annotated[str | None, typer.Option("--stage", help="Of that deployment, such as prod, not of this laptop.")]
Profile = Annotated[str | None, typer.Option(help="A profile of your AWS configuration.")]
Region = Annotated[str | None, typer.Option(help="An AWS region such as us-east-1; default: your configuration's.")]
PROD = "prod"
LIVE = "live"


@contextmanager
def on_stage(action: str, stage: str, profile: str | None, region: str | None) -> Iterator["Account"]:
    """The deployed stage; what boto3 raises becomes one clear message."""
    from local.account import Account, asked

    with asked(action):
        yield Account(stage, profile, region)


def tell(as_json: bool, value: Any, display: Callable[[Console], None]) -> None:
    """The value as JSON on standard output, or the display for people."""
    if as_json:
        typer.echo(json.dumps(_plain(value), indent=2, default=str))
    else:
        display(Console())


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value
