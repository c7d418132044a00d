"""`signals demo`: the whole product in a minute, on a market that does not exist."""

import datetime as dt
import shutil
from dataclasses import replace

from options_signals import sessions
from options_signals.jobs.messages import RunRequest
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from local.home import Home
from local.run import run_and_show
from local.world import World
from training.train import train_all

SOURCE = "simulated"
FIRST = dt.date(2016, 1, 4)
RESAMPLES = 200  # enough to see; 1,000 to quote
ACCOUNT_USD = 500_000  # the made-up funds have grown dear: one option of theirs is beyond the default account


def run_demo(console: Console, *, keep: bool) -> int:
    """Train on the simulated market, run its newest session through every step, show the digest."""
    home = Home(Home.from_env().root / "demo")
    if not keep:
        shutil.rmtree(home.root, ignore_errors=True)
    plain = World.of(source=SOURCE, home=home)
    world = replace(plain, environment={"SIGNALS_RISK__ACCOUNT_USD": str(ACCOUNT_USD), **plain.environment})
    session = sessions.newest_closed(dt.datetime.now(dt.UTC))
    console.print(
        f"SIMULATED market: made-up prices with a planted edge, through {session}, "
        f"and an account of {ACCOUNT_USD:,} USD. Nothing here is advice."
    )
    _train(world, session, console)
    code = run_and_show(world, RunRequest(session=session), console)
    console.print(f"look at it again: SIGNALS_HOME={home.root} signals replay {session}", markup=False, soft_wrap=True)
    return code


def _train(world: World, session: dt.date, console: Console) -> None:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        progress.add_task("SIMULATED: training two small models per ticker")
        train_all(
            world.sources,
            world.settings.tickers,
            through=sessions.shift(session, -1),
            store=world.home.store(),
            now=dt.datetime.now(dt.UTC),
            first=FIRST,
            resamples=RESAMPLES,
            workers=2,
            progress=lambda line: progress.console.print(f"SIMULATED: {line}", markup=False, highlight=False),
        )
