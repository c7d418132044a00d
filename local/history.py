"""What the laptop's table remembers."""

import datetime as dt

from options_signals.jobs import ledger
from options_signals.signals import NoTrade, Signal

from local.cloud import LaptopCloud
from local.home import Home
from local.world import namespaces, spoken


def stored_decisions(
    home: Home, *, ticker: str | None, namespace: str | None, sessions: int
) -> list[tuple[str, Signal | NoTrade]]:
    """(namespace, decision) of the newest stored sessions, newest first; of one ticker or all."""
    wanted = [spoken(folder.name) for folder in namespaces(home) if namespace in (None, spoken(folder.name))]
    found = [(name, decision) for name in wanted for decision in _decisions(home, name, sessions)]
    mine = [(name, decision) for name, decision in found if ticker in (None, decision.ticker)]
    return sorted(mine, key=lambda pair: (-pair[1].session.toordinal(), pair[0]))


def _decisions(home: Home, namespace: str, sessions: int) -> list[Signal | NoTrade]:
    folder = home.table / namespace.replace(":", "-")
    days = tuple(sorted(path.stem for path in folder.glob("*.jsonl")))[-sessions:]
    with LaptopCloud(home=home, namespace=namespace, environment={}, sessions=days) as cloud:
        return [d for day in days for d in ledger.decisions(cloud.table, namespace, dt.date.fromisoformat(day))]
