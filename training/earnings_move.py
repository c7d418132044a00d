"""How far the price will move when a company reports: `python -m training.earnings_move`.

Forecast are the 10, 50 and 90 % quantiles of the absolute move of the reaction session, from what was known on the last
evening on which a trade on it could be decided. Beside a linear quantile regression stand four simple rules; on each
part of time that one is served whose mean pinball loss was the lowest on the parts before it, be it a rule or the
regression. This command measures; `signals train-earnings` publishes what it found.

```sh
python -m training.earnings_move --data ../shared/data
```
"""

import argparse
import datetime as dt
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from options_signals.errors import FolderError, InvalidValueError
from options_signals.features.announcements import SESSIONS_TO_REACTION
from options_signals.models.moves import INDEX, REGRESSION
from options_signals.sources.base import Sources
from options_signals.sources.registry import open_source

from training.announcement_rows import INDEX_TICKER, announcement_rows
from training.bootstrap import Blocks, FloatArray, Interval, interval, plain, resampled
from training.metrics import mean_of
from training.move_forecasters import FEATURES, FORECASTERS, RULES, fit, values_of
from training.quantiles import inside_band, pinball_losses
from training.report import UNKNOWN, table
from training.splits import walk_forward

UNIVERSE = Path("universe/sp500_daily.parquet")
FIRST_SESSIONS = 126  # with announcements, about two seasons of them, that only train
SPLITS = 6  # the first of them only chooses
BLOCK_SESSIONS = 20  # a month: companies of one season report into the same market

SERVED = "served"


@dataclass(frozen=True, slots=True)
class Fold:
    """A part of time, forecast by those who knew only what came before; `served` is None for the first."""

    test: pd.DataFrame
    forecasts: Mapping[str, FloatArray]
    served: str | None

    @property
    def losses(self) -> dict[str, FloatArray]:
        """Pinball loss of each row, by forecaster; `served` among them."""
        moves = values_of(self.test, "move")
        return {name: pinball_losses(forecast, moves) for name, forecast in self.named.items()}

    @property
    def named(self) -> dict[str, FloatArray]:
        """The forecasts by forecaster, `served` among them."""
        return dict(self.forecasts) | ({SERVED: self.forecasts[self.served]} if self.served else {})


@dataclass(frozen=True, slots=True)
class Figures:
    """One forecaster: decimals of the price, and shares of the rows.

    `behind_best_rule` is its loss less that of the best rule on the same rows: above 0 it is worse.
    """

    loss: Interval
    behind_best_rule: Interval
    coverage: Interval


@dataclass(frozen=True, slots=True)
class Comparison:
    """Everything measured: figures over all judged folds, the folds themselves, and what would be served now."""

    folds: tuple[Fold, ...]
    figures: Mapping[str, Figures]
    best_rule: str
    resamples: int

    @property
    def serves_next(self) -> str:
        """Who had the lowest loss on all folds."""
        return lowest(self.folds)

    @property
    def verdict(self) -> str:
        """Whether the regression beats the best rule, loses to it, or the data cannot tell."""
        behind = self.figures[REGRESSION].behind_best_rule
        if behind.high < 0.0:
            return f"{REGRESSION} wins"
        return f"{self.best_rule} wins" if behind.low > 0.0 else "nobody wins beyond the interval"

    def as_text(self) -> str:
        """The table of figures and the folds, moves in percent of the price."""
        judged = pd.concat([fold.test for fold in self.folds[1:]])
        heading = (
            f"judged out of fold on {len(judged):,} announcements of {judged['ticker'].nunique()} companies, "
            f"{judged['reaction'].min():%Y-%m-%d} to {judged['reaction'].max():%Y-%m-%d}\n"
            f"95 % intervals: {self.resamples:,} resamples of blocks of {BLOCK_SESSIONS} sessions; "
            f"best rule on these rows: {self.best_rule}; {self.verdict}\n"
            f"lowest loss on all folds, to be served next: {self.serves_next}"
        )
        return "\n".join([heading, "", *table(list(_figure_rows(self))), "", *table(list(_fold_rows(self.folds))), ""])


def folds_of(rows: pd.DataFrame) -> Iterator[Fold]:
    """Walk forward: each part of time is forecast by all, and one of them is served for its earlier losses.

    Moves that were not known before the first session of a part teach nothing about it.
    """
    done: list[Fold] = []
    positions = rows["position"].to_numpy()
    for split in walk_forward(positions, splits=SPLITS, horizon=SESSIONS_TO_REACTION, first=FIRST_SESSIONS):
        train, test = rows.iloc[split.train], rows.iloc[split.test]
        forecasts = {name: fit(name, train)(test) for name in FORECASTERS}
        done.append(Fold(test, forecasts, served=lowest(done) if done else None))
        yield done[-1]


def lowest(folds: Sequence[Fold]) -> str:
    """The forecaster with the lowest mean pinball loss on all rows of these folds."""
    means = {name: float(np.concatenate([fold.losses[name] for fold in folds]).mean()) for name in FORECASTERS}
    return min(means, key=means.__getitem__)


def compare(rows: pd.DataFrame, *, resamples: int = 1000) -> Comparison:
    """Judge the model, the rules and what was served on every fold but the first, which only chooses.

    Parameters
    ----------
    rows
        From `announcement_rows`, with `FEATURES`.
    resamples
        Samples of the bootstrap.

    Raises
    ------
    InvalidValueError
        Where there are too few sessions with announcements; see `splits.walk_forward`.
    """
    folds = tuple(folds_of(rows))
    judged = folds[1:]
    moves = np.concatenate([values_of(fold.test, "move") for fold in judged])
    forecasts = {name: np.concatenate([fold.named[name] for fold in judged]) for name in (SERVED, *FORECASTERS)}
    losses = {name: pinball_losses(forecast, moves) for name, forecast in forecasts.items()}
    best = min(RULES, key=lambda name: losses[name].mean())
    positions = np.concatenate([fold.test["position"].to_numpy() for fold in judged])
    blocks = Blocks(length=BLOCK_SESSIONS, resamples=resamples)

    def figures(name: str) -> Figures:
        inside = inside_band(forecasts[name], moves)
        per_row = {"loss": losses[name], "behind": losses[name] - losses[best], "inside": inside}
        statistics = {figure: mean_of(values) for figure, values in per_row.items()}
        drawn = resampled(statistics, positions, blocks)
        return Figures(*(interval(plain(statistics[each], len(moves)), drawn[each]) for each in statistics))

    return Comparison(folds, {name: figures(name) for name in forecasts}, best, resamples)


def companies_in(folder: Path) -> list[str]:
    """The companies of `universe/sp500_daily.parquet`; FolderError where there is no such file."""
    path = folder / UNIVERSE
    if not path.is_file():
        remedy = "It needs the bars of many companies there."
        raise FolderError(path=str(path), action="read companies from", detail="no such file", remedy=remedy)
    return sorted(pq.read_table(path, columns=["symbol"])["symbol"].unique().to_pylist())


class Announced(NamedTuple):
    """One row per announcement, see `announcement_rows`, and who told the prices."""

    rows: pd.DataFrame
    source: str


def announced(sources: Sources, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> Announced:
    """The announcements of these companies between two dates; one without prices teaches nothing.

    Raises
    ------
    InvalidValueError
        Where the source has no announcements, as the simulated market, or none that can teach.
    """
    if sources.earnings is None:
        raise InvalidValueError(
            name="source",
            value=sources.namespace,
            allowed="one with announcements of earnings",
            remedy="No company reports on the simulated market; a folder needs earnings/ and universe/.",
        )
    bars = sources.bars.bars([*tickers, INDEX_TICKER], first=first, last=last)
    earnings = sources.earnings.earnings(tickers, first=first, last=last)
    vix = sources.vol_indices.vol_indices([INDEX], first=first, last=last)
    rows = announcement_rows(tickers, FEATURES, bars=bars.frame, vol_indices=vix.frame, earnings=earnings.frame)
    return Announced(rows, bars.origin.source)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    asked = _parser().parse_args(arguments)
    sources = open_source(f"files:{asked.data}", clock=lambda: dt.datetime.now(dt.UTC))
    rows, *_ = announced(sources, companies_in(asked.data), first=asked.first, last=asked.last)
    sys.stdout.write(compare(rows, resamples=asked.resamples).as_text() + "\n")


def _figure_rows(seen: Comparison) -> Iterator[list[str]]:
    yield [
        "percent",
        "pinball loss",
        "95 % interval",
        "less best rule",
        "95 % interval",
        "in 10-90",
        "95 % interval",
    ]
    for name, figures in seen.figures.items():
        yield [
            name,
            *_spoken(figures.loss, "{:.3f}"),
            *_spoken(figures.behind_best_rule, "{:+.3f}"),
            *_spoken(figures.coverage, "{:.1f}"),
        ]


def _spoken(figure: Interval, form: str) -> tuple[str, str]:
    value, low, high = (form.format(100.0 * number) for number in (figure.value, figure.low, figure.high))
    return value, f"{low} to {high}"


def _fold_rows(folds: Sequence[Fold]) -> Iterator[list[str]]:
    yield ["fold", "reactions", "rows", *FORECASTERS, SERVED, "in 10-90"]
    for number, fold in enumerate(folds, start=1):
        yield [
            str(number),
            f"{fold.test['reaction'].min():%Y-%m-%d} to {fold.test['reaction'].max():%Y-%m-%d}",
            f"{len(fold.test):,}",
            *(f"{100.0 * fold.losses[name].mean():.3f}" for name in FORECASTERS),
            fold.served or "only chooses",
            f"{100.0 * inside_band(fold.named[SERVED], values_of(fold.test, 'move')).mean():.1f}"
            if fold.served
            else UNKNOWN,
        ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.earnings_move", description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder laid out as sources/files.py says")
    parser.add_argument("--first", type=dt.date.fromisoformat, default=dt.date(2018, 1, 2), metavar="DATE")
    parser.add_argument("--last", type=dt.date.fromisoformat, default=dt.date(2022, 12, 30), metavar="DATE")
    parser.add_argument("--resamples", type=int, default=1000, help="of the bootstrap, default %(default)s")
    return parser


if __name__ == "__main__":
    main()
