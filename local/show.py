"""What the terminal shows. Colour is decoration: everything reads in black and white."""

from collections.abc import Sequence

from options_signals.digest import tabulate
from options_signals.models.registry import Version
from options_signals.signals import NoTrade, Signal
from options_signals.snapshot import Manifest
from options_signals.strategy.portfolio import Holdings
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

CALL_STYLE = {"NO TRADE": "yellow", "REFUSED": "red"}
STATUS_STYLE = {"ok": "green", "degraded": "yellow", "refused": "red"}


def digest(
    console: Console,
    manifest: Manifest,
    decisions: Sequence[Signal | NoTrade],
    holdings: Holdings,
    *,
    stored: bool,
) -> None:
    """The digest as a table: signals first, then refusals with their reasons and what the matrix leaned to.

    Of one that is not `stored` nothing can be replayed, and its last note, which says how to, is left out.
    """
    shown = tabulate(manifest, decisions, holdings, unpictured={})
    table = Table(title=f"{shown.title} · {shown.outcome}", title_justify="left", show_lines=True)
    for column in ("ticker", "call", "size", "risk", "confidence"):
        table.add_column(column, no_wrap=column in {"ticker", "size"})
    table.add_column("details", ratio=1)
    for row in shown.rows:
        lean = [f"leans {row.lean}"] if row.lean else []
        call = Text(row.call, style=CALL_STYLE.get(row.call, "bold green"))
        table.add_row(row.ticker, call, row.size, row.risk, row.confidence, Text("\n".join([*row.lines, *lean])))
    console.print(table)
    for note in shown.notes if stored else shown.notes[:-1]:
        console.print(note, markup=False, highlight=False)


def verdicts(console: Console, manifest: Manifest, *, title: str) -> None:
    """The quality verdict of each ticker, and where each table came from."""
    table = Table("ticker", "data", "why", title=title, title_justify="left")
    for ticker, verdict in manifest.verdicts.items():
        table.add_row(ticker, Text(verdict.status, style=STATUS_STYLE[verdict.status]), "; ".join(verdict.reasons))
    console.print(table)
    origins = Table("table", "rows", "source", "captured", "rights", title="stored tables", title_justify="left")
    for name, ref in manifest.tables.items():
        captured = f"{ref.origin.captured_at:%Y-%m-%d %H:%M} UTC"
        origins.add_row(name, f"{ref.rows:,}", ref.origin.source, captured, ref.origin.rights)
    console.print(origins)


# Those of a model that are shown, and their decimals.
FIGURES = {"auc": 3, "brier_skill": 3, "log_loss": 3, "accuracy": 3, "pinball_loss": 4, "coverage": 3}


def models(console: Console, stored: Sequence[Version]) -> None:
    """Every bundle in the registry, the served ones marked."""
    version = Column("version", no_wrap=True)  # it is typed again, into promote
    table = Table("model", "for", version, "served", "data through", "figures (out of fold, 95 % interval)")
    for item in stored:
        card = item.card
        figures = "; ".join(
            f"{name} {metric.value:.{digits}f} [{metric.low:.{digits}f}, {metric.high:.{digits}f}]"
            for name, metric in card.metrics.items()
            if (digits := FIGURES.get(name))
        )
        served = "yes" if item.champion else ""
        table.add_row(card.name, card.scope, card.version, served, card.trained_through.isoformat(), figures)
    console.print(table)


def history(console: Console, taken: Sequence[tuple[str, Signal | NoTrade]]) -> None:
    """What was said, newest first."""
    if not taken:
        console.print("nothing is stored of that; `signals history` alone lists all", markup=False)
        return
    table = Table("session", Column("namespace", overflow="fold"), "ticker", "decision", "confidence", "why")
    for namespace, decision in taken:
        table.add_row(
            decision.session.isoformat(),
            namespace,
            decision.ticker,
            decision.in_brief,
            f"{decision.confidence.overall:.2f}" if decision.confidence else "",
            Text("; ".join(decision.reasons)),
        )
    console.print(table)
