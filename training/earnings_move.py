"""How far the price will move when a company reports: `python -m training.earnings_move`.

Forecast are the 10, 50 and 90 % quantiles of the absolute move of the reaction session, from what was known at the last
close before the announcement. Beside a linear quantile regression stand four simple rules; on each part of time that
one is served whose mean pinball loss was the lowest on the parts before it, be it a rule or the regression.

This command measures. No model of it is published, and no signal rests on it.

```sh
python -m training.earnings_move --data ../shared/data
```
"""

import argparse
import datetime as dt
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from options_signals.errors import FolderError
from options_signals.features.announcements import FORMER_NAMES
from options_signals.models.chain import complete
from options_signals.sources.files import FilesSource
from sklearn.linear_model import QuantileRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # scikit-learn's own, without stubs

from training.announcement_rows import INDEX, INDEX_TICKER, announcement_rows
from training.bootstrap import Blocks, FloatArray, Interval, interval, plain, resampled
from training.metrics import mean_of
from training.quantiles import LEVELS, factor, in_order, inside_band, pinball_losses
from training.report import UNKNOWN, table
from training.splits import walk_forward

UNIVERSE = Path("universe/sp500_daily.parquet")
HORIZON = 1  # sessions after a row's own until its move is known
FIRST_SESSIONS = 126  # with announcements, about two seasons of them, that only train
SPLITS = 6  # the first of them only chooses
BLOCK_SESSIONS = 20  # a month: companies of one season report into the same market
PRIOR_MOVES = 4.0  # announcements of its own, a year of them, until a ticker's mean weighs as much as k x ATR

MODEL = "quantile regression"
SERVED = "served"
LAST_FOUR, ATR = "earnings_move_median_4q", "atr_pct_20"
MEAN, COUNT = "earnings_move_mean_8q", "earnings_move_count_8q"
FEATURES = (
    "earnings_move_mean_1q",
    LAST_FOUR,
    MEAN,
    "earnings_move_std_8q",
    "earnings_move_max_8q",
    COUNT,
    "atr_pct_10",
    ATR,
    "atr_pct_50",
    "bb_width_10",
    "bb_width",
    "bb_width_50",
    "hv_10",
    "hv_20",
    "hv_50",
    "hv_10_percentile",
    "hv_percentile",
    "hv_50_percentile",
    "vix_close",
)

Forecaster = Callable[[pd.DataFrame], FloatArray]
"""Rows to quantiles: one column per level, decimals, in ascending order."""

Fit = Callable[[pd.DataFrame], Forecaster]
"""Rows whose moves are known to a forecaster."""


def fit_everybody(train: pd.DataFrame) -> Forecaster:
    """The quantiles of all moves of all companies."""
    quantiles = np.quantile(train["move"], LEVELS)
    return lambda rows: np.tile(quantiles, (len(rows), 1))


def fit_last_four(train: pd.DataFrame) -> Forecaster:
    """The median of the ticker's last four moves, as many as are known; 10 and 90 % are multiples of it."""
    return _multiples(train, lambda rows: _values(rows, LAST_FOUR), middle=1.0)


def fit_atr(train: pd.DataFrame) -> Forecaster:
    """Multiples of the mean true range of 20 sessions."""
    return _multiples(train, lambda rows: _values(rows, ATR))


def fit_shrunk_mean(train: pd.DataFrame) -> Forecaster:
    """Multiples of the ticker's mean move over eight quarters, shrunk towards k x ATR while it is of few moves."""
    known = train.dropna(subset=ATR)
    k = known["move"].mean() / known[ATR].mean()

    def size(rows: pd.DataFrame) -> FloatArray:
        count, mean = (np.nan_to_num(_values(rows, name)) for name in (COUNT, MEAN))
        return (count * mean + PRIOR_MOVES * k * _values(rows, ATR)) / (count + PRIOR_MOVES)

    return _multiples(train, size)


def fit_regression(train: pd.DataFrame) -> Forecaster:
    """One linear quantile regression per level, on the features that at least half of the rows know.

    Its inputs are decimals like the move, so that every multiple of the rules is one of its lines. The penalty is the
    size that chance alone would give the largest coefficient's gradient; nothing about it is tuned.

    References
    ----------
    Belloni and Chernozhukov, "L1-penalized quantile regression in high-dimensional sparse models" (2011).
    """
    names = [name for name in FEATURES if train[name].notna().mean() >= 0.5]
    medians = tuple(train[names].median())
    matrix = complete(_values(train, names), medians)
    lines = [_line(matrix, _values(train, "move"), level) for level in LEVELS]

    def forecast(rows: pd.DataFrame) -> FloatArray:
        filled = complete(_values(rows, names), medians)
        return in_order(np.column_stack([line.predict(filled) for line in lines]))

    return forecast


RULES: Mapping[str, Fit] = {
    "quantiles of all moves": fit_everybody,
    "median of last four": fit_last_four,
    "k x ATR": fit_atr,
    "shrunk mean": fit_shrunk_mean,
}
FITS: Mapping[str, Fit] = {MODEL: fit_regression, **RULES}


@dataclass(frozen=True, slots=True)
class Fold:
    """A part of time, forecast by those who knew only what came before; `served` is None for the first."""

    test: pd.DataFrame
    forecasts: Mapping[str, FloatArray]
    served: str | None

    @property
    def losses(self) -> dict[str, FloatArray]:
        """Pinball loss of each row, by forecaster; `served` among them."""
        moves = _values(self.test, "move")
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
        behind = self.figures[MODEL].behind_best_rule
        if behind.high < 0.0:
            return f"{MODEL} wins"
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
    for split in walk_forward(positions, splits=SPLITS, horizon=HORIZON, first=FIRST_SESSIONS):
        train, test = rows.iloc[split.train], rows.iloc[split.test]
        forecasts = {name: fit(train)(test) for name, fit in FITS.items()}
        done.append(Fold(test, forecasts, served=lowest(done) if done else None))
        yield done[-1]


def lowest(folds: Sequence[Fold]) -> str:
    """The forecaster with the lowest mean pinball loss on all rows of these folds."""
    means = {name: float(np.concatenate([fold.losses[name] for fold in folds]).mean()) for name in FITS}
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
    moves = np.concatenate([_values(fold.test, "move") for fold in judged])
    forecasts = {name: np.concatenate([fold.named[name] for fold in judged]) for name in (SERVED, *FITS)}
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


def tickers_in(folder: Path) -> list[str]:
    """The companies of `universe/sp500_daily.parquet`; FolderError where there is no such file."""
    path = folder / UNIVERSE
    if not path.is_file():
        remedy = "It needs the bars of many companies there."
        raise FolderError(path=str(path), action="read companies from", detail="no such file", remedy=remedy)
    return sorted(pq.read_table(path, columns=["symbol"])["symbol"].unique().to_pylist())


def rows_from(files: FilesSource, tickers: Sequence[str], *, first: dt.date, last: dt.date) -> pd.DataFrame:
    """The rows of these tickers' announcements between two dates; those without prices have none."""
    former = [FORMER_NAMES[ticker][0] for ticker in tickers if ticker in FORMER_NAMES]
    return announcement_rows(
        tickers,
        FEATURES,
        bars=files.bars([*tickers, INDEX_TICKER], first=first, last=last).frame,
        vol_indices=files.vol_indices([INDEX], first=first, last=last).frame,
        earnings=files.earnings([*tickers, *former], first=first, last=last).frame,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    asked = _parser().parse_args(arguments)
    rows = rows_from(FilesSource(asked.data), tickers_in(asked.data), first=asked.first, last=asked.last)
    sys.stdout.write(compare(rows, resamples=asked.resamples).as_text() + "\n")


def _multiples(
    train: pd.DataFrame, size: Callable[[pd.DataFrame], FloatArray], middle: float | None = None
) -> Forecaster:
    """Quantiles as multiples of a size; a row whose size is not known has the quantiles of all moves."""
    everybody, sizes = fit_everybody(train), size(train)
    known = sizes > 0.0
    if not known.any():
        return everybody
    factors = np.array([factor(_values(train, "move")[known], sizes[known], level) for level in LEVELS])
    factors[1] = factors[1] if middle is None else middle

    def forecast(rows: pd.DataFrame) -> FloatArray:
        own = size(rows)[:, None]
        return in_order(np.where(np.isnan(own), everybody(rows), own * factors))

    return forecast


def _line(matrix: FloatArray, moves: FloatArray, level: float) -> Pipeline:
    rows, features = matrix.shape
    penalty = np.sqrt(level * (1.0 - level) * 2.0 * np.log(2.0 * features) / rows)
    with threadpool_limits(limits=1):
        return make_pipeline(StandardScaler(), QuantileRegressor(quantile=level, alpha=penalty)).fit(matrix, moves)


def _values(rows: pd.DataFrame, names: str | list[str]) -> FloatArray:
    return rows[names].to_numpy(dtype=np.float64)


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
    yield ["fold", "reactions", "rows", *FITS, SERVED, "in 10-90"]
    for number, fold in enumerate(folds, start=1):
        yield [
            str(number),
            f"{fold.test['reaction'].min():%Y-%m-%d} to {fold.test['reaction'].max():%Y-%m-%d}",
            f"{len(fold.test):,}",
            *(f"{100.0 * fold.losses[name].mean():.3f}" for name in FITS),
            fold.served or "only chooses",
            f"{100.0 * inside_band(fold.named[SERVED], _values(fold.test, 'move')).mean():.1f}"
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
