"""Each figure by hand, and by a second road: statistics, scipy, or a definition written out."""

import statistics
from math import prod, sqrt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from options_signals.errors import InvalidValueError
from options_signals.strategy.metrics import (
    calmar,
    max_drawdown,
    performance,
    sharpe,
    sortino,
    tail_loss,
    value_at_risk,
)
from scipy.optimize import linprog

HAND = np.array([0.02, -0.01, 0.03, -0.02])  # mean 0.005
TWENTY = np.array([-0.05, -0.04, *[0.01] * 18])
NONE = np.array([])
series = st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=90).map(np.array)
law = hypothesis_settings(deadline=None)


def test_sharpe_by_hand() -> None:
    # deviations from 0.005: 0.015, -0.015, 0.025, -0.025; squares sum to 0.0017
    assert sharpe(HAND) == pytest.approx(0.005 / sqrt(0.0017 / 3) * sqrt(252))


def test_sortino_by_hand() -> None:
    # losses squared: 0.0001 and 0.0004, over four sessions
    assert sortino(HAND) == pytest.approx(0.005 / sqrt(0.0005 / 4) * sqrt(252))


def test_drawdown_and_calmar_by_hand() -> None:
    # 1.02, 1.0098, 1.040094, 1.01929212: deepest from the third to the fourth
    assert max_drawdown(HAND) == pytest.approx(0.02)
    assert calmar(HAND) == pytest.approx((1.01929212**63 - 1) / 0.02)


def test_a_loss_on_the_first_session_is_a_drawdown() -> None:
    assert max_drawdown(np.array([-0.1, 0.05])) == pytest.approx(0.1)


def test_the_worst_of_twenty_sessions_is_the_value_at_risk_and_the_tail() -> None:
    assert [value_at_risk(TWENTY), tail_loss(TWENTY)] == pytest.approx([0.05, 0.05])


def test_of_thirty_sessions_the_tail_takes_the_worst_and_half_of_the_next() -> None:
    thirty = np.array([-0.06, -0.03, *[0.01] * 28])

    assert tail_loss(thirty) == pytest.approx((0.06 + 0.5 * 0.03) / 1.5)
    assert value_at_risk(thirty) == 0.03


@pytest.mark.parametrize("count", [20, 40, 60, 100, 140, 200])
def test_the_tail_of_whole_sessions_takes_them_whole(count: int) -> None:
    returns = np.linspace(-0.1, 0.1, count)

    assert value_at_risk(returns) == pytest.approx(-np.sort(returns)[count // 20 - 1])
    assert tail_loss(returns) == pytest.approx(-np.sort(returns)[: count // 20].mean())


def test_what_is_not_defined_is_none() -> None:
    gains = np.array([0.01, 0.02])

    assert (sharpe(np.array([0.01])), sharpe(np.array([0.01, 0.01]))) == (None, None)
    assert (sortino(gains), calmar(gains)) == (None, None)
    assert performance(NONE) == performance(NONE.copy())
    assert (performance(NONE).var, performance(NONE).cvar, performance(NONE).sessions) == (None, None, 0)


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -1.0, -1.5])
def test_a_return_that_is_none_is_refused(bad: float) -> None:
    with pytest.raises(InvalidValueError, match="a return is"):
        performance(np.array([0.01, bad]))


@law
@given(series)
def test_sharpe_as_the_standard_library_counts_it(returns: np.ndarray) -> None:
    plain = returns.tolist()
    assume(statistics.stdev(plain) > 1e-9)

    assert sharpe(returns) == pytest.approx(statistics.fmean(plain) / statistics.stdev(plain) * sqrt(252), abs=1e-9)


@law
@given(series)
def test_sortino_as_the_standard_library_counts_it(returns: np.ndarray) -> None:
    squares = [min(one, 0.0) ** 2 for one in returns.tolist()]
    assume(sum(squares) > 1e-12)

    assert sortino(returns) == pytest.approx(statistics.fmean(returns) / sqrt(statistics.fmean(squares)) * sqrt(252))


@law
@given(series)
def test_drawdown_is_the_worst_of_all_pairs_of_sessions(returns: np.ndarray) -> None:
    worth = [prod(1 + one for one in returns[:at]) for at in range(len(returns) + 1)]
    pairs = [1 - later / earlier for at, earlier in enumerate(worth) for later in worth[at:]]

    assert max_drawdown(returns) == pytest.approx(max(pairs), abs=1e-12)


@hypothesis_settings(deadline=None, max_examples=30)
@given(series)
def test_the_tail_is_the_minimum_of_rockafellar_and_uryasev(returns: np.ndarray) -> None:
    """CVaR is the least of z + mean(max(loss - z, 0)) / 5 %, a linear program in z and one excess per session."""
    count = len(returns)
    cost = [1.0, *[1 / (0.05 * count)] * count]
    excess = np.hstack([-np.ones((count, 1)), -np.eye(count)])
    solved = linprog(cost, A_ub=excess, b_ub=returns, bounds=[(None, None), *[(0, None)] * count])

    assert tail_loss(returns) == pytest.approx(solved.fun, abs=1e-9)


@law
@given(series)
def test_the_tail_is_never_below_the_value_at_risk(returns: np.ndarray) -> None:
    at_risk, tail = value_at_risk(returns), tail_loss(returns)

    assert at_risk is not None
    assert tail is not None
    assert tail >= at_risk - 1e-12
