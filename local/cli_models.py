"""`signals models`: which models are stored and which are served, on this laptop or on a deployed stage."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from local.options import PROD, AsJson, Deployed, ModelName, ModelWorld, Profile, Region, Stage, on_stage, tell

if TYPE_CHECKING:
    from options_signals.lake import ObjectStore

app = typer.Typer(help="Which models are stored and which are served.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def models_list(
    world: ModelWorld = "market",
    stage: Deployed = None,
    profile: Profile = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """List every stored model with its figures; the served ones are marked.

    Example: signals models list
    """
    from options_signals.models.registry import versions

    from local import show

    with _registry("listing the models", stage, profile, region) as store:
        found = versions(store, world)
    records = [{"champion": item.champion, **item.card.model_dump(mode="json", exclude={"golden"})} for item in found]
    tell(as_json, records, lambda console: show.models(console, found))


@app.command("promote")
def models_promote(
    name: Annotated[ModelName, typer.Argument()],
    scope: Annotated[str, typer.Argument(help="a ticker, or pooled")],
    version: str,
    world: ModelWorld = "market",
    stage: Deployed = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Serve a stored version from now on.

    Example: signals models promote direction SPY 2022-11-22-1a2b3c4
    """
    from local.models import promote_version

    with _registry("promoting a model", stage, profile, region) as store:
        typer.echo(promote_version(store, name, scope, version, world))


@app.command("rollback")
def models_rollback(
    name: Annotated[ModelName, typer.Argument()],
    scope: Annotated[str, typer.Argument(help="a ticker, or pooled")],
    world: ModelWorld = "market",
    stage: Deployed = None,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Serve the version that was served before this one.

    Example: signals models rollback direction SPY
    """
    from local.models import roll_back

    with _registry("rolling a model back", stage, profile, region) as store:
        typer.echo(roll_back(store, name, scope, world))


@app.command("upload")
def models_upload(stage: Stage = PROD, profile: Profile = None, region: Region = None) -> None:
    """Copy the models of this laptop to the deployed system, check them there, and serve there what is served here.

    Example: signals models upload --stage prod
    """
    import datetime as dt

    from local.home import Home
    from local.upload import upload_models

    with _registry("uploading the models", stage, profile, region) as store:
        typer.echo("\n".join(upload_models(Home.from_env().store(), store, when=dt.datetime.now(dt.UTC))))


@contextmanager
def _registry(action: str, stage: str | None, profile: str | None, region: str | None) -> Iterator["ObjectStore"]:
    """The lake of that deployed stage, or of this laptop."""
    from local.home import Home
    from local.upload import deployed_store

    if stage is None:
        yield Home.from_env().store()
        return
    with on_stage(action, stage, profile, region) as account:
        yield deployed_store(account)
