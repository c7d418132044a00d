from decimal import Decimal

import numpy as np
import pytest
from numpy.typing import ArrayLike
from options_signals.pricing.lognormal import Lognormal
from options_signals.pricing.normal import FloatArray
from options_signals.strategy.outlook import kelly, outlook
from options_signals.strategy.payoff import Payoff

D = Decimal
CALL = Payoff(options=(("call", D(100), 1),), cost=D(4))


class EvenOdds:
    """Ends at 90 or at 110, with equal probability."""

    mean = 100.0

    def expected_call(self, strike: ArrayLike) -> FloatArray:
        return 0.5 * np.maximum(110.0 - np.asarray(strike), 0.0)

    def below(self, price: ArrayLike) -> FloatArray:
        return 0.5 * (np.asarray(price) > 90) + 0.5 * (np.asarray(price) > 110)


def test_an_even_bet_by_hand() -> None:
    # Half of the time the call pays 10, so 5 on average; at a discount of 0.9 that is 4.50 today, less 4 paid.
    found = outlook(CALL, EvenOdds(), discount=0.9)

    assert found.probability_of_profit == 0.5
    assert found.expected_value_usd == D("50.00")


def test_kelly_on_an_even_bet_by_hand() -> None:
    # Win 6 or lose 4 on 4 at risk: gain 1.5, loss 1; f = 0.5 / 1 - 0.5 / 1.5 = 1/6.
    assert kelly(CALL, EvenOdds(), at_risk=D(4)) == pytest.approx(1 / 6)


@pytest.mark.parametrize(("mean", "share"), [(80.0, 0.0), (100.0, 0.0)])
def test_kelly_never_bets_on_a_loss(mean: float, share: float) -> None:
    assert kelly(CALL, Lognormal(mean=mean, total_volatility=0.05), at_risk=D(4)) == share


def test_kelly_never_bets_more_than_there_is() -> None:
    assert kelly(CALL, Lognormal(mean=200.0, total_volatility=0.05), at_risk=D(4)) == 1.0
