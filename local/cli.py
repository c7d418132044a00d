"""`signals`: everything a person does on a laptop.

Exit codes: 0 for a completed run (also one without signals), 1 for a failed run, 2 for bad usage.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from options_signals.errors import InvalidValueError, SettingsError, SignalError
from rich.console import Console

from local import cli_account, cli_models
from local.options import (
    LIVE,
    PROD,
    AsJson,
    ModelName,
    Namespace,
    Profile,
    Region,
    Scope,
    Session,
    Source,
    Stage,
    Through,
    Tickers,
    on_stage,
    tell,
)

if TYPE_CHECKING:
    import pandas as pd

    from local.world import World
    from training.report import Report

app = typer.Typer(
    help="Option trade signals after each US market close, with their odds, their reasons and their refusals.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cli_account.app)
app.add_typer(cli_models.app, name="models")
app.add_typer(cli_account.keys_app, name="keys")


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
    revise: Annotated[bool, typer.Option(help="Decide again: other settings or account file, or healed data.")] = False,
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
    tell(as_json, manifest, lambda console: show.verdicts(console, manifest, title=f"session {manifest.session}"))


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
    from local.ticket import asked_of_file, asked_of_signal, show_ticket
    from local.world import World

    world = World.of(source=source)
    of_a_file = {"structure": structure, "rate": rate, "underlying": underlying}
    answer = (
        asked_of_signal(world, ticker, session, of_a_file=of_a_file)
        if chain is None
        else asked_of_file(world, chain, session, ticker=ticker, structure=structure, rate=rate, underlying=underlying)
    )
    simulated = chain is None and source.startswith("simulated")
    tell(as_json, answer, lambda console: show_ticket(console, answer, world.home, simulated=simulated))


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
    sentiment: Annotated[
        bool, typer.Option("--sentiment", help="Learn from the captures of sentiment too, once there are four years.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train the direction models and print what they are worth beside simple rules.

    Example: signals train --source files:../shared/data --through 2022-11-22 --tickers SPY
    """
    from local.world import World

    world = World.of(source=source, tickers=tickers)
    _train(("direction",), world, through, scope, as_json=as_json, sentiment=sentiment)


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
def train_earnings(source: Source = LIVE, through: Through = None, as_json: AsJson = False) -> None:
    """Train the model of moves on earnings, one for all companies, and print its worth beside simple rules.

    It learns from the companies of a folder of market data, else from the watchlist. Days are served without it too.

    Example: signals train-earnings --source files:../shared/data --through 2022-11-22
    """
    from local.models import train_moves_and_show
    from local.world import World

    trained = train_moves_and_show(World.of(source=source), through=through, console=Console(stderr=True))
    tell(as_json, [trained.as_json()], lambda _: typer.echo(trained.as_text()))


@app.command()
def train_all(
    source: Source = LIVE,
    tickers: Tickers = None,
    through: Through = None,
    scope: Scope = None,
    own_iv: Annotated[
        bool,
        typer.Option("--own-iv", help="Tickers without a volatility index learn from their own options' history."),
    ] = False,
    upload: Annotated[bool, typer.Option("--upload", help="Then serve them on the deployed system.")] = False,
    stage: Stage = PROD,
    profile: Profile = None,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """Train every model the daily run needs; with --upload, serve them on the deployed system.

    The model of moves on earnings is among them where the source has many companies and their announcements.

    A ticker with too little data does not stop the others; the exit code is 1 then, and nothing is uploaded.

    With --own-iv (pooled models only) the history is that of the deployed system where they are uploaded, else that of
    this laptop.

    Example: signals train-all --source files:../shared/data --through 2022-11-22
    """
    from local.models import stored_own_iv
    from local.upload import check_destination, deployed_store
    from local.world import World

    world, history = World.of(source=source, tickers=tickers), None
    if own_iv and not upload:
        history = stored_own_iv(world.home.store(), world.sources.namespace)
    if upload:  # what would go wrong then is told before hours of training
        with on_stage("looking for the deployed system", stage, profile, region) as account:
            check_destination(account, source)
            history = stored_own_iv(deployed_store(account), world.sources.namespace) if own_iv else None
    _train(("direction", "iv_regime"), world, through, scope, as_json=as_json, moves=True, own_iv=history)
    if upload:
        cli_models.models_upload(stage, profile, region)


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
        show.digest(console, answer.manifest, answer.decisions, answer.holdings, stored=True)
        codes = f"stored by code {answer.manifest.code_version}, decided again by {code_version()}"
        told = "identical: the same decisions, the same digest" if not answer.differences else f"DIFFERENT ({codes})"
        console.print("\n".join((told, *answer.differences)), markup=False)

    tell(as_json, record, display)
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
    tell(as_json, records, lambda console: show.history(console, found))


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

    tell(as_json, [finding.as_record() for finding in findings], display)
    sys.exit(1 if any(finding.status == "missing" for finding in findings) else 0)


def _decide(source: str, tickers: str | None, session: str | None, as_json: bool) -> None:
    from local import show
    from local.day import asked_session, decide_only
    from local.world import World

    decided = decide_only(World.of(source=source, tickers=tickers), asked_session(session))
    tell(as_json, decided.decisions, lambda console: show.digest(console, *decided, stored=False))


def _train(
    names: tuple[ModelName, ...],
    world: "World",
    through: str | None,
    scope: Scope,
    *,
    as_json: bool,
    moves: bool = False,
    own_iv: "pd.DataFrame | None" = None,
    sentiment: bool = False,
) -> None:
    from local.models import moves_if_any, train_and_show

    console = Console(stderr=True)
    report = train_and_show(
        world, names, through=through, scope=scope, console=console, own_iv=own_iv, sentiment=sentiment
    )
    extra = moves_if_any(world, through=through, console=console) if moves else None
    records = [*report.as_json(), *([extra.as_json()] if extra else [])]
    tell(as_json, records, lambda _: typer.echo("\n".join([report.as_text(), *([extra.as_text()] if extra else [])])))
    if report.untrained:
        _stop_untrained(report)


def _stop_untrained(report: "Report") -> NoReturn:
    scopes = ", ".join(dict.fromkeys(each.scope for each in report.untrained))
    told = f"signals: not trained: {scopes}; {len(report.models)} other models are stored and served on this laptop."
    Console(stderr=True).print(
        f"{told} Correct the data, or take these off the watchlist; `signals models upload` uploads the others.",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    sys.exit(1)


if __name__ == "__main__":
    main()
