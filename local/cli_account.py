"""The commands for what is deployed in the user's account, one stage of it."""

import sys
from typing import Annotated

import typer

from local.options import PROD, AsJson, Profile, Region, Session, Stage, on_stage, tell

app = typer.Typer()
keys_app = typer.Typer(
    help="Keys of data providers, encrypted in your account.", no_args_is_help=True, rich_markup_mode=None
)


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

    with on_stage("subscribing", stage, profile, region) as account:
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

    with on_stage("confirming", stage, profile, region) as account:
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

    with on_stage("unsubscribing", stage, profile, region) as account:
        typer.echo(subscriptions.unsubscribe(account, endpoint))


@app.command()
def start(
    session: Session = None,
    revise: Annotated[bool, typer.Option("--revise", help="Decide a finished session again, on healed data.")] = False,
    send: Annotated[bool, typer.Option("--send", help="With --revise: send the revision, too.")] = False,
    stage: Stage = PROD,
    profile: Profile = None,
    region: Region = None,
) -> None:
    """Run a session on the deployed system now. A session that was sent stays as it is, unless with --revise.

    Example: signals start

    Example: signals start --session 2022-11-23 --revise
    """
    from local.day import asked_session
    from local.status import request_of, start_run

    request = request_of(asked_session(session) if session else None, revise=revise, send=send)
    with on_stage("starting a run", stage, profile, region) as account:
        typer.echo(start_run(account, request))


@app.command()
def status(stage: Stage = PROD, profile: Profile = None, region: Region = None, as_json: AsJson = False) -> None:
    """Say how the deployed system is: schedule, last run, digest, readers, alarms. Exit code 1 if something is missing.

    Example: signals status
    """
    from local.doctor import show_findings
    from local.status import examine

    with on_stage("asking for the status", stage, profile, region) as account:
        findings = examine(account)
    tell(as_json, [finding.as_record() for finding in findings], lambda console: show_findings(console, findings))
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
    tell(
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

    with on_stage(f"storing the key of {name}", stage, profile, region) as account:
        typer.echo(keys.set_key(account, name))


@keys_app.command("list")
def keys_list(stage: Stage = PROD, profile: Profile = None, region: Region = None) -> None:
    """Say which keys are stored; none is shown.

    Example: signals keys list
    """
    from local import keys

    with on_stage("listing the keys", stage, profile, region) as account:
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

    with on_stage(f"removing the key of {name}", stage, profile, region) as account:
        typer.echo(keys.remove_key(account, name))
