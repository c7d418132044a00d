"""How long the tickets of a day take, on whole simulated chains.

```text
python -m benchmarks.tickets
```

Every figure is processor time of one core: the median over the rounds with the smallest and the largest. The chains
are simulated; a real one of a large fund has about 9,000 rows.
"""

import datetime as dt
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable

import pandas as pd
from options_signals.chain.book import Book
from options_signals.chain.summary import summarise
from options_signals.digest.picture import draw_payoff
from options_signals.pricing.discount import flat_curve
from options_signals.settings import Risk, Settings
from options_signals.sources.simulated import SimulatedSource
from options_signals.strategy.facts import Facts
from options_signals.strategy.structures import structure_named
from options_signals.strategy.ticket import ticket_for
from options_signals.tickets import Ticket

SESSION = dt.date(2022, 11, 23)
TICKERS = ("SPY", "QQQ", "AAPL")
RATES = flat_curve(rate=0.04, as_of=SESSION)
SETTINGS = Settings(risk=Risk(account_usd=10_000_000))
ROUNDS = 7


def main() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    chains = {ticker: SimulatedSource().chain([ticker], session=SESSION).frame for ticker in TICKERS}
    rows = sum(map(len, chains.values()))
    print(f"{len(chains)} chains, {rows} rows, one core, {platform.machine()}; {ROUNDS} rounds: median (range), ms")
    report("clean, fit and summarise the chains", lambda: [summary(chain) for chain in chains.values()])
    report("an iron condor on each", lambda: [condor(chain) for chain in chains.values()])
    tickets = [condor(chain) for chain in chains.values()]
    report("their pictures", lambda: [draw_payoff(ticket) for ticket in tickets])
    print(f"most memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def summary(chain: pd.DataFrame) -> object:
    return summarise(Book(chain, session=SESSION, rates=RATES))


def condor(chain: pd.DataFrame) -> Ticket:
    facts = Facts(session=SESSION, rates=RATES, realised_vol=0.2, p_up=0.6, dividends=())
    found = ticket_for(chain, structure_named("iron_condor"), facts, SETTINGS)
    assert isinstance(found, Ticket), found
    return found


def report(name: str, work: Callable[[], object]) -> None:
    work()
    times = sorted(1000 * timed(work) for _ in range(ROUNDS))
    print(f"{name:40} {statistics.median(times):8.1f} ({times[0]:.1f} .. {times[-1]:.1f})")


def timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    main()
