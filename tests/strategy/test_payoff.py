from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from options_signals.pricing.lognormal import Lognormal
from options_signals.strategy.payoff import Payoff
from scipy.integrate import quad
from scipy.stats import lognorm

D = Decimal
BULL_CALL = Payoff(options=(("call", D(100), 1), ("call", D(103), -1)), cost=D("1.173"))
CONDOR = Payoff(
    options=(("put", D(94), 1), ("put", D(96), -1), ("call", D(105), -1), ("call", D(107), 1)), cost=D("-0.454")
)
STRADDLE = Payoff(options=(("call", D(100), 1), ("put", D(100), 1)), cost=D("4.063"))
SHORT_CALL = Payoff(options=(("call", D(105), -1),), cost=D("-0.5"))
NOTHING = Payoff(options=(("put", D(92), 1), ("put", D(92), 1), ("put", D(92), -1), ("put", D(92), -1)), cost=D(0))
WORLD = Lognormal(mean=101.0, total_volatility=0.06)


@pytest.mark.parametrize(
    ("payoff", "max_profit", "max_loss", "breakevens"),
    [
        (BULL_CALL, "1.827", "1.173", ["101.173"]),  # 3 - 1.173; the debit; 100 + 1.173
        (CONDOR, "0.454", "1.546", ["95.546", "105.454"]),  # the credit; 2 - 0.454; 96 - 0.454, 105 + 0.454
        (STRADDLE, None, "4.063", ["95.937", "104.063"]),  # 100 -+ 4.063
        (SHORT_CALL, "0.5", None, ["105.5"]),
    ],
)
def test_extremes_and_breakevens_by_hand(
    payoff: Payoff, max_profit: str | None, max_loss: str | None, breakevens: list[str]
) -> None:
    assert payoff.max_profit == (None if max_profit is None else D(max_profit))
    assert payoff.max_loss == (None if max_loss is None else D(max_loss))
    assert payoff.breakevens == tuple(map(D, breakevens))


def test_a_trade_that_costs_nothing_breaks_even_on_its_strikes() -> None:
    free = Payoff(options=(("call", D(100), -1), ("call", D(103), 1)), cost=D(0))

    assert free.breakevens == (D(100),)
    assert free.probability_of_profit(WORLD) == 0.0


option = st.tuples(st.sampled_from(["call", "put"]), st.integers(50, 150).map(D), st.sampled_from([-1, 1]))
anything = st.builds(
    Payoff,
    options=st.lists(option, min_size=1, max_size=4).map(tuple),
    cost=st.decimals(min_value="-20", max_value="20", places=3),
)
anywhere = st.decimals(min_value="0", max_value="1000", places=2)
law = settings(deadline=None, max_examples=150)


@law
@given(payoff=anything, price=anywhere)
def test_no_price_of_the_underlying_loses_more_than_the_max_loss_nor_wins_more_than_the_max_profit(
    payoff: Payoff, price: Decimal
) -> None:
    if payoff.max_loss is not None:
        assert payoff.at(price) >= -payoff.max_loss
    if payoff.max_profit is not None:
        assert payoff.at(price) <= payoff.max_profit


@law
@given(payoff=anything)
def test_breakevens_are_zeros_and_between_them_the_sign_does_not_change(payoff: Payoff) -> None:
    assert all(abs(payoff.at(at)) < D("1e-20") for at in payoff.breakevens)
    edges = (D(0), *payoff.breakevens, D(2000))
    for low, high in pairwise(edges):
        inside = [payoff.at(low + (high - low) * share / 20) for share in range(1, 20)]
        assert all(one >= 0 for one in inside) or all(one <= 0 for one in inside)


@law
@example(payoff=NOTHING)
@given(payoff=anything)
def test_probability_of_profit_is_that_of_many_draws(payoff: Payoff) -> None:
    quantiles = lognorm(s=0.06, scale=101.0 * np.exp(-(0.06**2) / 2)).ppf((np.arange(4000) + 0.5) / 4000)

    won = np.mean([payoff.at(D(f"{price:.6f}")) > 0 for price in quantiles[::4]])  # as many digits as add up exactly

    assert payoff.probability_of_profit(WORLD) == pytest.approx(won, abs=0.003)


@pytest.mark.parametrize("payoff", [BULL_CALL, CONDOR, STRADDLE, SHORT_CALL])
def test_expectations_are_the_integrals_of_the_line(payoff: Payoff) -> None:
    density = lognorm(s=0.06, scale=101.0 * np.exp(-(0.06**2) / 2)).pdf
    kinks = [float(at) for at in (*payoff.kinks[1:], *payoff.breakevens)]

    def integral(of: str) -> float:
        def value(price: float) -> float:
            profit = float(payoff.at(D(price)))
            return float(density(price)) * (max(profit, 0.0) if of == "gain" else profit)

        return float(quad(value, 60, 160, points=kinks, epsabs=1e-9, limit=200)[0])

    assert payoff.expected(WORLD) - float(payoff.cost) == pytest.approx(integral("profit"), abs=1e-6)
    assert payoff.expected_gain(WORLD) == pytest.approx(integral("gain"), abs=1e-6)
