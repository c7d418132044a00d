"""The walk, the scores and the account, on days made by hand."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from options_signals import sessions
from options_signals.settings import Settings
from options_signals.signals import IvRegime, Signal
from options_signals.sources.base import Sources
from options_signals.sources.simulated import SimulatedSource
from options_signals.strategy.bets import Held, expected_moves
from options_signals.strategy.choosers import MATRIX
from options_signals.tables import BARS

from tests.strategy.forecasts import direction, forecast, unproven, volatility
from training.backtest import WALKED, account, compared, decided, score
from training.dataset import fetch_history
from training.priced import Moved
from training.walk import Seen, through, walk

DAYS = sessions.between(dt.date(2022, 1, 3), dt.date(2022, 3, 31))


def seen(day: dt.date, *, rise: float = 0.02, ticker: str = "SPY", proven: bool = True) -> Seen:
    """A sure UP in normal volatility, so a bull call spread; the underlying then rises by so much."""
    up = direction(0.8) if proven else unproven(0.8)
    return Seen(
        forecast=forecast(up, volatility(IvRegime.NORMAL, 0.8), ticker=ticker, session=day),
        held=Held(underlying_return=rise, implied_vol=0.2, realised_vol=0.15),
        moved=Moved(entry=100.0, exit=100.0 * (1 + rise), entry_vol=0.2, exit_vol=0.2, days=6),
    )


def bars(tickers: Sequence[str]) -> pd.DataFrame:
    """Tickers that move together."""
    days = sessions.between(dt.date(2021, 9, 1), DAYS[-1])
    close = 100.0 + np.arange(len(days)) % 7
    rows = [
        {"ticker": ticker, "session": day, "open": c, "high": c, "low": c, "close": c, "volume": 1.0}
        for ticker in tickers
        for day, c in zip(pd.to_datetime(days), close, strict=True)
    ]
    return pd.DataFrame(rows)[[column.name for column in BARS.columns if not column.optional]]


def test_a_trade_is_scored_by_the_hook_of_its_strategy() -> None:
    one = seen(DAYS[0], rise=0.02)
    decisions = decided(MATRIX, [one], Settings())

    assert isinstance(decisions[0].decision, Signal)
    assert decisions[0].score(expected_moves) == pytest.approx(0.02 / (0.2 * np.sqrt(5 / 252)))


def test_what_was_declined_is_scored_by_its_lean() -> None:
    scored = score(MATRIX, decided(MATRIX, [seen(DAYS[0], proven=False)], Settings()), resamples=20)

    assert scored.traded.mean is None
    assert scored.declined.rows == 1
    assert scored.declined.mean is not None
    assert scored.declined.mean.value > 0.0


def test_rules_that_never_think_stand_on_the_sessions_that_were_traded() -> None:
    both = [seen(DAYS[0], rise=0.02), seen(DAYS[1], rise=-0.10, proven=False)]

    scored = score(MATRIX, decided(MATRIX, both, Settings()), resamples=20)

    assert scored.traded.rows == 1
    assert scored.unthinking["always Buy Calls"] == pytest.approx(scored.traded.mean.value)  # type: ignore[union-attr]
    assert scored.ahead is not None
    assert scored.ahead.value == pytest.approx(0.0)


def test_a_result_counts_at_the_close_at_which_the_trade_is_left() -> None:
    alone = account("matrix", decided(MATRIX, [seen(DAYS[0])], Settings()), bars(["SPY"]), Settings(), leg_cost=0.0)

    assert alone.before.trades == 1
    assert alone.before.performance.sessions == 6  # the signal's own, and the five in which it is held
    assert alone.before.growth > 0.0


def test_the_rules_of_the_portfolio_stop_an_account_that_loses() -> None:
    tickers = ["SPY", "QQQ", "IWM"]
    losing = [seen(day, ticker=ticker, rise=-0.05) for day in DAYS[:30] for ticker in tickers]

    decisions = decided(MATRIX, losing, Settings(tickers=tuple(tickers)))

    fared = account("matrix", decisions, bars(tickers), Settings(), leg_cost=0.025)

    assert fared.before.trades == 90
    assert 0 < fared.after.trades < 90
    assert fared.before.growth < fared.after.growth < 0.0


def test_every_strategy_has_its_lines() -> None:
    text = compared([seen(day) for day in DAYS[:3]], bars(["SPY"]), Settings(), resamples=20)

    assert all(text.count(rule.name) >= 3 for rule in WALKED)


@pytest.mark.slow
def test_no_forecast_of_a_walk_knows_what_came_after_it() -> None:
    market = SimulatedSource(seed=3)
    sources = Sources(namespace="simulated", world="simulated", bars=market, vol_indices=market, macro=market)
    history = fetch_history(sources, ["SPY"], through=dt.date(2022, 11, 23), first=dt.date(2016, 6, 1))
    last = dt.date(2022, 10, 31)
    altered = history.bars.copy()
    later = altered["session"] > pd.Timestamp(last)
    altered.loc[later, ["open", "high", "low", "close", "adj_close"]] *= 1.5

    first = dt.date(2022, 10, 3)
    plain, other = (
        list(walk(one, ["SPY"], first=first, resamples=20)) for one in (history, replace(history, bars=altered))
    )

    known = [one.forecast for one in plain if one.forecast.session <= last]
    assert known
    assert known == [one.forecast for one in other if one.forecast.session <= last]
    assert [one.held for one in plain] != [one.held for one in other]


def test_a_history_is_cut_where_it_was_known() -> None:
    market = SimulatedSource(seed=3)
    sources = Sources(namespace="simulated", world="simulated", bars=market, vol_indices=market, macro=market)
    history = fetch_history(sources, ["SPY"], through=dt.date(2022, 11, 23), first=dt.date(2022, 1, 3))

    cut = through(history, dt.date(2022, 6, 30))

    assert cut.bars["session"].max().date() == cut.vol_indices["session"].max().date() == dt.date(2022, 6, 30)
    assert cut.macro is not None
    assert cut.macro["available_on"].max().date() <= dt.date(2022, 6, 30)
    assert cut.through == dt.date(2022, 6, 30)
