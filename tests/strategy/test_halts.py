import datetime as dt

import numpy as np
import pytest
from options_signals.sessions import shift
from options_signals.settings import Portfolio
from options_signals.strategy.halts import before_and_after, daily_loss_of, drawdown_of
from options_signals.strategy.portfolio import EquityPoint, returns_of

FIRST = dt.date(2022, 11, 14)


def equity(*worth: float, flows: dict[int, float] | None = None) -> tuple[EquityPoint, ...]:
    """One value per session from 14 Nov 2022 on."""
    return tuple(
        EquityPoint(session=shift(FIRST, at) if at else FIRST, equity_usd=usd, flow_usd=(flows or {}).get(at, 0.0))
        for at, usd in enumerate(worth)
    )


def halted(*worth: float) -> bool:
    return drawdown_of(equity(*worth), stop=0.10, resume=0.05).halted


@pytest.mark.parametrize(
    ("worth", "stopped"),
    [
        ((100.0, 90.01), False),
        ((100.0, 90.0), True),  # at the limit
        ((100.0, 90.0, 94.9), True),  # better, not recovered
        ((100.0, 90.0, 95.0), False),  # recovered
        ((100.0, 90.0, 95.0, 91.0), False),  # below again, but not by 10 %
        ((100.0, 90.0, 95.0, 90.0), True),
        ((100.0, 110.0, 99.0), True),  # from the peak, not from the start
        ((100.0, 94.0), False),  # below what resumes, never stopped
        ((100.0,), False),
        ((), False),
    ],
)
def test_trades_stop_at_ten_percent_below_the_peak_and_resume_at_five(worth: tuple[float, ...], stopped: bool) -> None:
    assert halted(*worth) is stopped


def test_a_withdrawal_is_no_loss_and_a_deposit_no_gain() -> None:
    withdrawn, deposited = equity(100.0, 50.0, flows={1: -50.0}), equity(100.0, 140.0, flows={1: 50.0})

    assert returns_of(equity(100.0, 50.0)).tolist() == [-0.5]
    assert returns_of(withdrawn).tolist() == [0.0]
    assert returns_of(deposited) == pytest.approx([-0.1])


def test_the_loss_of_a_session_needs_the_equity_of_that_session() -> None:
    today = equity(100.0, 97.0)

    assert daily_loss_of(today, shift(FIRST, 1)) == 0.03
    assert daily_loss_of(today, shift(FIRST, 2)) is None
    assert daily_loss_of(today[:1], FIRST) is None


def test_a_halt_acts_on_the_session_after_the_one_that_caused_it() -> None:
    history = equity(100.0, 90.0, 99.0, 99.0)  # -10 %, +10 %: the gain is missed
    before, after = before_and_after(history, Portfolio())

    assert (before.sessions, after.sessions) == (3, 3)
    assert [before.var, after.var] == pytest.approx([0.1, 0.1])
    assert before.sharpe == pytest.approx(np.mean([-0.1, 0.1, 0]) / np.std([-0.1, 0.1, 0], ddof=1) * 252**0.5)
    assert after.sharpe == pytest.approx(np.mean([-0.1, 0, 0]) / np.std([-0.1, 0, 0], ddof=1) * 252**0.5)
