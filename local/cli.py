"""`signals`: everything a person does on a laptop.

Exit codes: 0 for a completed run (also one without signals), 1 for a failed run, 2 for bad usage.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from options_signals.errors import InvalidValueError, SettingsError, SignalError
from rich.console import Console

if TYPE_CHECKING:
    from options_signals.lake import ObjectStore

    from local.account import Account
    from local.world import World

app = typer.Typer(
    help="Option trade signals after each US market close, with their odds, their reasons and their refusals.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models_app = typer.Typer(
    help="Which models are stored and which are served.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(models_app, name="models")
keys_app = typer.Typer(
    help="Keys of data providers, encrypted in your account.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(keys_app, name="keys")

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
ModelName = Literal["direction", "iv_regime"]

Stage = Annotated[str, typer.Option(help="Which deployment of this account.")]
Deployed = Annotated[str | None, typer.Option("--stage", help="Of that deployment, such as prod, not of this laptop.")]
Profile = Annotated[str | None, typer.Option(help="A profile of your AWS configuration.")]
Region = Annotated[str | None, typer.Option(help="An AWS region such as us-east-1; default: your configuration's.")]
PROD = "prod"
LIVE = "live"


def main() -> None:
    """Run a command; turn our own errors into one clear message and an exit code."""
    try:
        app(standalone_mode=True)
    except SignalError as error:
        Console(stderr=True).print(f"signals: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(2 if isinstance(error, InvalidValueError | SettingsError) else 1)


@app.command()
def demo(keep: Annotated[bool, typer.Option(help="Keep what an earlier demo stored.")] = False) -> None:
    """Train small models on a simulated market and run one day, end to end.

    Example: signals demo
    """
    from local.demo import run_demo

    sys.exit(run_demo(Console(), keep=keep))


@app.command()
def run(
    source: Source = LIVE,
    session: Session = None,
    tickers: Tickers = None,
    revise: Annotated[bool, typer.Option(help="Decide again: under other settings, or on healed data.")] = False,
    send: Annotated[
        bool | None, typer.Option(help="Send the digest (on a laptop: show it). Default: yes, but not a revision.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run one day through every step: fetch, features, models, decision, store, alert.

    Example: signals run --source files:../shared/data --session 2022-11-23 --tickers SPY,QQQ,IWM
    """
    from options_signals.jobs.messages import RunRequest

    from local.day import parsed_date
    from local.run import run_and_show
    from local.world import World

    sending = not revise if send is None else send
    request = RunRequest(session=parsed_date(session) if session else None, revise=revise, send=sending)
    sys.exit(run_and_show(World.of(source=source, tickers=tickers), request, Console(), as_json=as_json))


@app.command()
def fetch(source: Source = LIVE, session: Session = None, tickers: Tickers = None, as_json: AsJson = False) -> None:
    """Fetch a session into a snapshot and say how good each ticker's data is.

    Example: signals fetch --tickers SPY
    """
    from local import show
    from local.day import asked_session, fetch_only
    from local.world import World

    world = World.of(source=source, tickers=tickers)
    _, manifest = fetch_only(world, asked_session(session), store=world.home.store(), with_models=False)
    _print(as_json, manifest, lambda console: show.verdicts(console, manifest, title=f"session {manifest.session}"))


@app.command()
def signal(ticker: str, source: Source = LIVE, session: Session = None, as_json: AsJson = False) -> None:
    """Decide on one ticker and store nothing.

    Example: signals signal SPY --source files:../shared/data --session 2022-11-23
    """
    _decide(source, ticker, session, as_json)


@app.command()
def ticket(
    ticker: Annotated[str | None, typer.Argument(help="The ticker of a stored signal.")] = None,
    source: Source = LIVE,
    session: Session = None,
    chain: Annotated[Path | None, typer.Option(help="A chain file instead of a stored signal.")] = None,
    structure: Annotated[str | None, typer.Option(help="With --chain: such as bull_call_spread.")] = None,
    rate: Annotated[float | None, typer.Option(help="With --chain: discount rate, 0.04 = 4 %.")] = None,
    underlying: Annotated[str | None, typer.Option(help="With --chain: which one, if the file holds several.")] = None,
    as_json: AsJson = False,
) -> None:
    """Turn a signal into exact contracts, prices and risks, with a payoff picture.

    Example: signals ticket SPY --source simulated --session 2022-11-23

    Example: signals ticket --chain chain.parquet --underlying SPY --structure bull_call_spread --rate 0.04
    """
    from local.day import asked_session, parsed_date
    from local.ticket import show_ticket, ticket_of_file, ticket_of_signal
    from local.world import World

    world = World.of(source=source)
    if chain is not None:
        if structure is None or rate is None:
            raise InvalidValueError(name="--structure and --rate", value=None, allowed="both, beside --chain")
        day = parsed_date(session) if session else None
        answer = ticket_of_file(
            chain, structure=structure, rate=rate, underlying=underlying, session=day, settings=world.settings
        )
    elif ticker is None:
        raise InvalidValueError(name="ticker", value=None, allowed="the ticker of a stored signal, or --chain FILE")
    else:
        answer = ticket_of_signal(world, ticker.upper(), asked_session(session))
    simulated = chain is None and source.startswith("simulated")
    _print(as_json, answer, lambda console: show_ticket(console, answer, world.home, simulated=simulated))


@app.command()
def signal_all(
    source: Source = LIVE,
    session: Session = None,
    tickers: Tickers = None,
    record: Annotated[bool, typer.Option("--record", help="Store the decisions; send nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Decide on the whole watchlist; with --record the decisions are stored, and nothing is sent.

    Example: signals signal-all --source files:../shared/data --session 2022-11-23 --record
    """
    if record:
        run(source=source, session=session, tickers=tickers, send=False, as_json=as_json)
    _decide(source, tickers, session, as_json)


@app.command()
def train(
    source: Source = LIVE,
    tickers: Tickers = None,
    through: Through = None,
    scope: Scope = None,
    as_json: AsJson = False,
) -> None:
    """Train the direction models and print what they are worth beside simple rules.

    Example: signals train --source files:../shared/data --through 2022-11-22 --tickers SPY
    """
    from local.world import World

    _train(("direction",), World.of(source=source, tickers=tickers), through, scope, as_json=as_json)


@app.command()
def train_volatility(
    source: Source = LIVE,
    tickers: Tickers = None,
    through: Through = None,
    scope: Scope = None,
    as_json: AsJson = False,
) -> None:
    """Train the volatility-regime models and print what they are worth beside simple rules.

    Example: signals train-volatility --source simulated --tickers SPY
    """
    from local.world import World

    _train(("iv_regime",), World.of(source=source, tickers=tickers), through, scope, as_json=as_json)


@app.command()
def train_all(
    source: Source = LIVE,
    tickers: Tickers = None,
    through: Through = None,
    scope: Scope = None,
    upload: Annotated[bool, typer.Option("--upload", help="Then serve them on the deployed system.")] = False,
    stage: Stage = PROD,
    profile: Profile = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Train every model the daily run needs; with --upload, serve them on the deployed system.

    Example: signals train-all --source files:../shared/data --through 2022-11-22
    """
    from local.world import World

    if upload:  # what would go wrong then is told before hours of training
        from local.upload import check_destination

        with _account("looking for the deployed system", stage, profile, region) as account:
            check_destination(account, source)
    _train(("direction", "iv_regime"), World.of(source=source, tickers=tickers), through, scope, as_json=as_json)
    if upload:
        models_upload(stage, profile, region)


@app.command()
def replay(session: str, namespace: Namespace = None, as_json: AsJson = False) -> None:
    """Decide a stored session again from its snapshot, and say whether anything differs. Exit code 1 if so.

    Example: signals replay 2022-11-23
    """
    from local import show
    from local.day import parsed_date, replay_day
    from local.home import Home
    from local.world import code_version, namespace_of

    home, day = Home.from_env(), parsed_date(session)
    answer = replay_day(home, namespace or namespace_of(home, day), day)
    record = {
        "identical": not answer.differences,
        "differences": answer.differences,
        "decisions": [decision.model_dump(mode="json") for decision in answer.decisions],
    }

    def display(console: Console) -> None:
        show.digest(console, answer.manifest, answer.decisions, answer.holdings)
        codes = f"stored by code {answer.manifest.code_version}, decided again by {code_version()}"
        told = "identical: the same decisions, the same digest" if not answer.differences else f"DIFFERENT ({codes})"
        console.print("\n".join((told, *answer.differences)), markup=False)

    _print(as_json, record, display)
    sys.exit(1 if answer.differences else 0)


@app.command()
def history(
    ticker: Annotated[str | None, typer.Argument(help="One ticker; default: all.")] = None,
    namespace: Namespace = None,
    sessions: Annotated[int, typer.Option(help="How many of the newest stored sessions.")] = 30,
    as_json: AsJson = False,
) -> None:
    """List what was said, newest session first.

    Example: signals history SPY
    """
    from local import show
    from local.history import stored_decisions
    from local.home import Home

    found = stored_decisions(Home.from_env(), ticker=ticker and ticker.upper(), namespace=namespace, sessions=sessions)
    records = [{"namespace": name, **decision.model_dump(mode="json")} for name, decision in found]
    _print(as_json, records, lambda console: show.history(console, found))


@app.command()
def doctor(source: Source = LIVE, as_json: AsJson = False) -> None:
    """Say what is configured, what is missing, and what to do about it. Exit code 1 if a run could not work.

    Example: signals doctor --source files:../shared/data
    """
    from local.doctor import examine, show_findings, show_settings
    from local.world import World

    findings = examine(World.of(source=source))

    def display(console: Console) -> None:
        show_findings(console, findings)
        show_settings(console)

    _print(as_json, [finding.as_record() for finding in findings], display)
    sys.exit(1 if any(finding.status == "missing" for finding in findings) else 0)


@app.command()
def subscribe(
    email: Annotated[str | None, typer.Option(help="An address: digests, and what went wrong.")] = None,
    sms: Annotated[str | None, typer.Option(help="A number such as +12065550100: digests in one line.")] = None,
    stage: Stage = PROD,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Send what the deployed system says to an email address or a phone.

    Example: signals subscribe --email you@example.com
    """
    from local import subscriptions

    with _account("subscribing", stage, profile, region) as account:
        typer.echo(subscriptions.subscribe(account, email=email, sms=sms))


@app.command()
def confirm(
    link: Annotated[str, typer.Argument(help="The link of a confirmation mail, in quotes, or its token.")],
    stage: Stage = PROD,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Confirm a subscription so that only you can end it, and no mail scanner that follows links.

    Example: signals confirm 'https://sns.us-east-1.amazonaws.com/confirmation.html?TopicArn=...&Token=...'
    """
    from local import subscriptions

    with _account("confirming", stage, profile, region) as account:
        typer.echo(subscriptions.confirm(account, link))


@app.command()
def unsubscribe(
    endpoint: Annotated[str, typer.Argument(help="The address or number.")],
    stage: Stage = PROD,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Send nothing more to an address or a phone.

    Example: signals unsubscribe you@example.com
    """
    from local import subscriptions

    with _account("unsubscribing", stage, profile, region) as account:
        typer.echo(subscriptions.unsubscribe(account, endpoint))


@app.command()
def start(session: Session = None, stage: Stage = PROD, profile: Profile = None, region: Region = None) -> None:
    """Run a session on the deployed system now. A session that was sent before stays as it is.

    Example: signals start
    """
    from local import status as deployed
    from local.day import asked_session

    with _account("starting a run", stage, profile, region) as account:
        typer.echo(deployed.start(account, asked_session(session) if session else None))


@app.command()
def status(stage: Stage = PROD, profile: Profile = None, region: Region = None, as_json: AsJson = False) -> None:
    """Say how the deployed system is: schedule, last run, digest, readers, alarms. Exit code 1 if something is missing.

    Example: signals status
    """
    from local import status as deployed
    from local.doctor import show_findings

    with _account("asking for the status", stage, profile, region) as account:
        findings = deployed.examine(account)
    _print(as_json, [finding.as_record() for finding in findings], lambda console: show_findings(console, findings))
    sys.exit(1 if any(finding.status == "missing" for finding in findings) else 0)


@app.command()
def cost(
    tickers: Annotated[int, typer.Option(help="How many tickers the watchlist has.")] = 50,
    months: Annotated[int, typer.Option(help="In which month after the first deployment: what is stored grows.")] = 12,
    stage: Stage = PROD,
    as_json: AsJson = False,
) -> None:
    """Estimate what a month on AWS costs, item by item, from the synthesised stack (`make synth`).

    Example: signals cost --tickers 50
    """
    from local import cost as costs

    measured = costs.read_measured()
    items = costs.estimate(costs.read_template(stage), tickers=tickers, months=months, measured=measured)
    title = f"USD a month, {tickers} tickers, {months} months after the first deployment, no SMS"
    _print(
        as_json,
        costs.as_record(items, measured),
        lambda console: costs.show(console, items, title=title, measured=measured),
    )


@keys_app.command("set")
def keys_set(
    name: Annotated[str, typer.Argument(help="bls, finnhub or fred")],
    stage: Stage = PROD,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Store a key, typed unseen or piped in.

    Example: signals keys set finnhub
    """
    from local import keys

    with _account(f"storing the key of {name}", stage, profile, region) as account:
        typer.echo(keys.set_key(account, name))


@keys_app.command("list")
def keys_list(stage: Stage = PROD, profile: Profile = None, region: Region = None) -> None:
    """Say which keys are stored; none is shown.

    Example: signals keys list
    """
    from local import keys

    with _account("listing the keys", stage, profile, region) as account:
        typer.echo(keys.list_keys(account))


@keys_app.command("remove")
def keys_remove(
    name: Annotated[str, typer.Argument(help="bls, finnhub or fred")],
    stage: Stage = PROD,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Delete a key.

    Example: signals keys remove finnhub
    """
    from local import keys

    with _account(f"removing the key of {name}", stage, profile, region) as account:
        typer.echo(keys.remove_key(account, name))


@models_app.command("list")
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
    _print(as_json, records, lambda console: show.models(console, found))


@models_app.command("promote")
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


@models_app.command("rollback")
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


@models_app.command("upload")
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
def _account(action: str, stage: str, profile: str | None, region: str | None) -> Iterator["Account"]:
    """The deployed stage; what boto3 raises becomes one clear message."""
    from local.account import Account, asked

    with asked(action):
        yield Account(stage, profile, region)


@contextmanager
def _registry(action: str, stage: str | None, profile: str | None, region: str | None) -> Iterator["ObjectStore"]:
    """The lake of that deployed stage, or of this laptop."""
    from local.home import Home
    from local.upload import deployed_store

    if stage is None:
        yield Home.from_env().store()
        return
    with _account(action, stage, profile, region) as account:
        yield deployed_store(account)


def _decide(source: str, tickers: str | None, session: str | None, as_json: bool) -> None:
    from local import show
    from local.day import asked_session, decide_only
    from local.world import World

    decided = decide_only(World.of(source=source, tickers=tickers), asked_session(session))
    _print(as_json, decided.decisions, lambda console: show.digest(console, *decided))


def _train(names: tuple[ModelName, ...], world: "World", through: str | None, scope: Scope, *, as_json: bool) -> None:
    from local.models import train_and_show

    report = train_and_show(world, names, through=through, scope=scope, console=Console(stderr=True))
    _print(as_json, report.as_json(), lambda _: typer.echo(report.as_text()))


def _print(as_json: bool, value: Any, display: Callable[[Console], None]) -> None:
    """The value as JSON on standard output, or the display for people."""
    if as_json:
        typer.echo(json.dumps(_plain(value), indent=2, default=str))
    else:
        display(Console())


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


if __name__ == "__main__":
    main()
