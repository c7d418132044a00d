"""What the strategies would have decided, and what came of it: `python -m training.backtest`.

Each strategy is walked forward through the past (`training.walk`) by the same decision code as every evening, and
scored by its own hook: an opinion on moves and volatility, not a fill. Beside it stand what it declined (by its lean)
and two rules that never think, on the sessions it traded. A second table puts its trades, priced by Black-Scholes
(`training.priced`), into an account, before and after the rules of the portfolio.

```sh
python -m training.backtest --data ../shared/data --first 2014-01-02 --through 2022-12-30
```
"""

import argparse
import datetime as dt
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from options_signals import sessions
from options_signals.settings import Settings
from options_signals.signals import NoTrade, Signal, Strategy
from options_signals.snapshot import Verdict
from options_signals.sources.registry import open_source
from options_signals.strategy.bets import Outcome
from options_signals.strategy.choosers import STRATEGIES
from options_signals.strategy.conditioner import condition
from options_signals.strategy.correlation import clusters, correlations
from options_signals.strategy.decide import decide_by
from options_signals.strategy.interface import StrategyRule
from options_signals.strategy.metrics import Performance, performance
from options_signals.strategy.overlay import overlay
from options_signals.strategy.portfolio import EquityPoint, Holdings, Position

from training.bootstrap import Blocks, FloatArray, Interval, interval, plain, resampled
from training.dataset import fetch_history, positions_of
from training.labels import HORIZON
from training.metrics import mean_of
from training.priced import priced
from training.report import UNKNOWN, table
from training.walk import YEAR, Seen, walk

BLOCK_SESSIONS = 10
LEG_COSTS = (0.0, 0.025)  # none, and half of a spread of 5 %
GOOD = Verdict(status="ok")
# Those that free data of the past can judge: what options priced into an announcement is not among it.
WALKED = tuple(rule for rule in STRATEGIES.values() if not rule.bets_on_earnings)
# Rules that never think: what the same sessions would have given.
UNTHINKING = {"always Buy Calls": Strategy.BUY_CALLS, "always Iron Condor": Strategy.IRON_CONDOR}


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, and what was seen of its ticker."""

    decision: Signal | NoTrade
    seen: Seen

    @property
    def session(self) -> dt.date:
        """Of the decision."""
        return self.decision.session

    def score(self, outcome: Outcome) -> float | None:
        """Of the trade, or of what a NoTrade leaned to; None without a lean."""
        of = self.decision.strategy if isinstance(self.decision, Signal) else self.decision.lean
        return None if of is None else outcome(of, self.seen.held)


class Mean(NamedTuple):
    """A mean over so many decisions, with its 95 % interval; None without any."""

    rows: int
    mean: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One strategy in the unit of its hook; `unthinking` and `ahead` are on the sessions it traded.

    `ahead` is the distance of its trades to the better of the unthinking rules.
    """

    strategy: str
    unit: str
    traded: Mean
    declined: Mean
    unthinking: Mapping[str, float]
    ahead: Interval | None


class Fared(NamedTuple):
    """An account in the end: with how many trades, by how much it grew (0.1 = 10 %), and how."""

    trades: int
    growth: float
    performance: Performance


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One strategy before and after the rules of the portfolio."""

    strategy: str
    leg_cost: float
    before: Fared
    after: Fared


def decided(rule: StrategyRule, seen: Sequence[Seen], settings: Settings) -> list[Decided]:
    """The decisions of one strategy on everything seen, on data that counts as good."""
    return [Decided(decide_by(rule, one.forecast, GOOD, settings), one) for one in seen]


def score(rule: StrategyRule, decisions: Sequence[Decided], *, resamples: int) -> Score:
    """How good a strategy's opinions were, with block-bootstrap intervals over sessions."""
    outcome = rule.backtest.outcome
    blocks = Blocks(length=BLOCK_SESSIONS, resamples=resamples)
    traded = [one for one in decisions if isinstance(one.decision, Signal)]
    declined = [one for one in decisions if isinstance(one.decision, NoTrade) and one.decision.lean]
    beside = {
        name: np.array([outcome(strategy, one.seen.held) for one in traded]) for name, strategy in UNTHINKING.items()
    }
    means = {name: float(values.mean()) for name, values in beside.items() if traded}
    own = _scores(traded, outcome)
    return Score(
        strategy=rule.name,
        unit=rule.backtest.unit,
        traded=_mean(own, traded, blocks),
        declined=_mean(_scores(declined, outcome), declined, blocks),
        unthinking=means,
        ahead=_mean(own - beside[max(means, key=means.__getitem__)], traded, blocks).mean if traded else None,
    )


def account(
    strategy: str, decisions: Sequence[Decided], bars: pd.DataFrame, settings: Settings, *, leg_cost: float
) -> Account:
    """The trades of a strategy in one account, session by session; a trade's result counts when it is left.

    Before: every trade at the size it was decided with. After: what the portfolio's rules left of it, on the account
    that these rules made. It holds nothing else: once a drawdown has stopped it, nothing makes it good, and it stays
    stopped.

    Parameters
    ----------
    leg_cost
        See `priced`.
    """
    by_session: defaultdict[dt.date, list[Decided]] = defaultdict(list)
    for one in decisions:
        by_session[one.session].append(one)
    days = sessions.between(min(by_session), sessions.shift(max(by_session), HORIZON))
    before, after = _Book(days[0], leg_cost), _Book(days[0], leg_cost)
    for day in days:
        for book in (before, after):
            book.close_of(day)
        wanted = condition([one.decision for one in by_session[day]], settings.decision)
        results = {one.decision.ticker: one for one in by_session[day]}
        before.enter(wanted, results)
        after.enter(_within_limits(wanted, after, day, bars, settings), results)
    return Account(
        strategy=strategy,
        leg_cost=leg_cost,
        before=before.fared,
        after=after.fared,
    )


class _Trade(NamedTuple):
    exit: dt.date
    position: Position
    result: float  # of the account, decimal


class _Book:
    """What is open, and how the account fared so far: it starts with 1 USD."""

    def __init__(self, first: dt.date, leg_cost: float) -> None:
        self._leg_cost = leg_cost
        self.open: list[_Trade] = []
        self.returns: list[float] = []
        self.equity = [EquityPoint(session=sessions.shift(first, -1), equity_usd=1.0)]
        self.trades = 0

    @property
    def fared(self) -> Fared:
        """How it stands."""
        return Fared(self.trades, self.equity[-1].equity_usd - 1.0, performance(np.array(self.returns)))

    def close_of(self, day: dt.date) -> None:
        """Take in the results of what is left at that close."""
        gained = sum(trade.result for trade in self.open if trade.exit == day)
        self.open = [trade for trade in self.open if trade.exit > day]
        self.returns.append(gained)
        self.equity.append(EquityPoint(session=day, equity_usd=self.equity[-1].equity_usd * (1.0 + gained)))

    def enter(self, decisions: Sequence[Signal | NoTrade], results: Mapping[str, Decided]) -> None:
        """Open what was decided and can be priced."""
        for signal in (one for one in decisions if isinstance(one, Signal)):
            worth = priced(signal.plan, results[signal.ticker].seen.moved, leg_cost=self._leg_cost)
            if worth is not None:
                position = Position(ticker=signal.ticker, risk_share=signal.risk_share, assumed=False)
                exit_on = sessions.shift(signal.session, HORIZON)
                self.open.append(_Trade(exit_on, position, signal.risk_share * worth.on_risk))
                self.trades += 1


def _within_limits(
    wanted: Sequence[Signal | NoTrade], book: _Book, day: dt.date, bars: pd.DataFrame, settings: Settings
) -> Sequence[Signal | NoTrade]:
    tickers = sorted({one.ticker for one in wanted if isinstance(one, Signal)})
    if not tickers:
        return wanted
    limits = settings.portfolio
    holdings = Holdings(positions=tuple(trade.position for trade in book.open), equity=tuple(book.equity))
    together = sorted({*tickers, *holdings.open_shares})
    matrix = correlations(bars, together, session=day, sessions=limits.correlation_sessions)
    return overlay(
        wanted,
        holdings,
        session=day,
        clusters=clusters(matrix, threshold=limits.correlation),
        greeks={},
        settings=settings,
    )


def _scores(decisions: Sequence[Decided], outcome: Outcome) -> FloatArray:
    return np.array([one.score(outcome) for one in decisions], dtype=np.float64)


def _mean(values: FloatArray, decisions: Sequence[Decided], blocks: Blocks) -> Mean:
    if not len(values):
        return Mean(0, None)
    statistic = mean_of(values)
    positions = positions_of(pd.DatetimeIndex([one.session for one in decisions]))
    drawn = resampled({"mean": statistic}, positions, blocks)
    return Mean(len(values), interval(plain(statistic, len(values)), drawn["mean"]))


def as_text(scores: Sequence[Score], accounts: Sequence[Account]) -> str:
    """Both tables."""
    return "\n".join([*table(list(_score_rows(scores))), "", *table(list(_account_rows(accounts))), ""])


SCORED = (
    "strategy",
    "unit",
    "trades",
    "mean",
    "95 % interval",
    *UNTHINKING,
    "ahead",
    "95 % interval",
    "declined",
    "lean",
)
FARED = ("account of", "leg costs", "limits", "trades", "growth", "Sharpe", "Sortino", "Calmar", "VaR 5 %", "CVaR 5 %")


def _score_rows(scores: Sequence[Score]) -> Iterator[Sequence[str]]:
    yield SCORED
    for one in scores:
        yield [
            one.strategy,
            one.unit,
            f"{one.traded.rows:,}",
            *_spoken(one.traded.mean),
            *(f"{one.unthinking[name]:+.3f}" if name in one.unthinking else UNKNOWN for name in UNTHINKING),
            *_spoken(one.ahead),
            f"{one.declined.rows:,}",
            _spoken(one.declined.mean)[0],
        ]


def _account_rows(accounts: Sequence[Account]) -> Iterator[Sequence[str]]:
    yield FARED
    for one in accounts:
        for limits, fared in (("before", one.before), ("after", one.after)):
            cost, growth = f"{100.0 * one.leg_cost:g} %", f"{100.0 * fared.growth:+.1f} %"
            yield [one.strategy, cost, limits, f"{fared.trades:,}", growth, *_figures(fared.performance)]


def _figures(fared: Performance) -> Iterator[str]:
    for ratio in (fared.sharpe, fared.sortino, fared.calmar):
        yield UNKNOWN if ratio is None else f"{ratio:+.2f}"
    for loss in (fared.var, fared.cvar):
        yield UNKNOWN if loss is None else f"{100.0 * loss + 0.0:.2f} %"


def _spoken(figure: Interval | None) -> tuple[str, str]:
    if figure is None:
        return UNKNOWN, UNKNOWN
    return f"{figure.value:+.3f}", f"{figure.low:+.3f} to {figure.high:+.3f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Walk, score, and print both tables."""
    asked = _parser().parse_args(arguments)
    tickers = asked.tickers.split(",")
    sources = open_source(f"files:{asked.data}", clock=lambda: dt.datetime.now(dt.UTC))
    history = fetch_history(sources, tickers, through=asked.through)
    settings = Settings.model_validate({"tickers": tickers, "decision": {"trade_unproven": asked.trade_unproven}})
    seen = list(walk(history, tickers, first=asked.first, every=asked.every, progress=_told))
    sys.stdout.write(compared(seen, history.bars, settings, resamples=asked.resamples) + "\n")


def compared(seen: Sequence[Seen], bars: pd.DataFrame, settings: Settings, *, resamples: int) -> str:
    """All strategies on everything seen, as text."""
    decisions = {rule.name: decided(rule, seen, settings) for rule in WALKED}
    return as_text(
        [score(rule, decisions[rule.name], resamples=resamples) for rule in WALKED],
        [
            account(rule.name, decisions[rule.name], bars, settings, leg_cost=leg_cost)
            for rule in WALKED
            for leg_cost in LEG_COSTS
        ],
    )


def _told(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.backtest", description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="a folder laid out as sources/files.py says")
    parser.add_argument("--tickers", default="SPY,QQQ,IWM", help="default: %(default)s")
    parser.add_argument("--first", type=dt.date.fromisoformat, required=True, metavar="DATE", help="first session")
    parser.add_argument("--through", type=dt.date.fromisoformat, required=True, metavar="DATE", help="last session")
    parser.add_argument("--every", type=int, default=YEAR, help="sessions between two trainings, default %(default)s")
    parser.add_argument("--resamples", type=int, default=1000, help="of the bootstrap, default %(default)s")
    parser.add_argument("--trade-unproven", action="store_true", help="lift the rule that a direction must be proven")
    return parser


if __name__ == "__main__":
    main()
