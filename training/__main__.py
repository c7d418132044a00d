"""`python -m training`: train on a folder of market data, print how good the models are, keep nothing else.

```sh
python -m training --data ../shared/data --through 2022-12-30
python -m training --data ../shared/data --through 2018-12-31 --through 2020-12-31 --pictures docs/pictures
```
"""

import argparse
import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path

from options_signals.lake import MemoryStore
from options_signals.sources.registry import open_source

from training.plots import pictures, to_png
from training.report import Report
from training.train import train_all


def main(arguments: Sequence[str] | None = None) -> None:
    """Train once for each `--through` and print the reports; exit code 1 where a model could not be trained."""
    asked = _parser().parse_args(arguments)
    sources = open_source(f"files:{asked.data}", clock=lambda: dt.datetime.now(dt.UTC))
    complete = True
    for through in asked.through:
        report = train_all(
            sources,
            asked.tickers.split(","),
            through=through,
            store=MemoryStore(),
            now=dt.datetime.now(dt.UTC),
            scope=asked.scope,
            resamples=asked.resamples,
            workers=asked.workers,
            progress=lambda line: sys.stderr.write(f"{line}\n"),
        )
        sys.stdout.write(f"=== through {through} ===\n\n{report.as_text()}\n")
        if asked.pictures:
            _save(report, asked.pictures, through)
        complete = complete and not report.untrained
    if not complete:
        sys.exit(1)


def _save(report: Report, folder: Path, through: dt.date) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for trained in report.models:
        for name, figure in pictures(trained.evaluation, trained.card).items():
            picture = folder / f"{trained.card.name}-{trained.card.scope}-{name}-{through}.png"
            picture.write_bytes(to_png(figure))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description="How good are the models?")
    parser.add_argument("--data", type=Path, required=True, help="a folder laid out as sources/files.py says")
    parser.add_argument("--tickers", default="SPY,QQQ,IWM", help="default: %(default)s")
    parser.add_argument("--through", type=dt.date.fromisoformat, action="append", required=True, metavar="DATE")
    parser.add_argument("--scope", choices=("ticker", "pooled"), default="ticker")
    parser.add_argument("--resamples", type=int, default=1000, help="of the bootstrap, default %(default)s")
    parser.add_argument("--workers", type=int, default=1, help="processes side by side, default %(default)s")
    parser.add_argument("--pictures", type=Path, help="folder for reliability and ROC plots")
    return parser


if __name__ == "__main__":
    main()
