"""What a structure is worth at expiry: a line with kinks at its strikes, exact to the cent and beyond.

Prices are USD per share and Decimal; nothing is rounded. Expectations are floats.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from options_signals.pricing.normal import FloatArray
from options_signals.tickets import Right, TicketLeg

ZERO = Decimal(0)


class Distribution(Protocol):
    """Where the underlying may be at expiry, USD per share."""

    @property
    def mean(self) -> float:
        """Its mean."""
        ...

    def expected_call(self, strike: ArrayLike) -> FloatArray:
        """Mean of `max(price - strike, 0)`."""
        ...

    def below(self, price: ArrayLike) -> FloatArray:
        """Probability of ending below a price."""
        ...


@dataclass(frozen=True, kw_only=True)
class Payoff:
    """Profit and loss at expiry per share of a structure.

    Attributes
    ----------
    options
        (right, strike, quantity) of each leg; bought > 0, sold < 0.
    cost
        What was paid per share, commissions included; a credit is negative.
    """

    options: tuple[tuple[Right, Decimal, int], ...]
    cost: Decimal

    @classmethod
    def of(cls, legs: Sequence[TicketLeg], *, cost: Decimal) -> "Payoff":
        """The payoff of a ticket's legs, one of each."""
        return cls(options=tuple((leg.right, leg.strike, leg.sign) for leg in legs), cost=cost)

    def at(self, price: Decimal) -> Decimal:
        """Profit or loss if the underlying ends at a price."""
        return sum((quantity * _worth(right, strike, price) for right, strike, quantity in self.options), -self.cost)

    @cached_property
    def kinks(self) -> tuple[Decimal, ...]:
        """Zero and the strikes, ascending: where the line turns."""
        return (ZERO, *sorted({strike for _, strike, _ in self.options}))

    @cached_property
    def last_slope(self) -> int:
        """Slope above the highest strike: calls bought less calls sold."""
        return sum(quantity for right, _, quantity in self.options if right == "call")

    @cached_property
    def max_profit(self) -> Decimal | None:
        """The most it can win; None without a limit."""
        return None if self.last_slope > 0 else max(self.at(kink) for kink in self.kinks)

    @cached_property
    def max_loss(self) -> Decimal | None:
        """The most it can lose, as a number above 0; None without a limit."""
        return None if self.last_slope < 0 else -min(self.at(kink) for kink in self.kinks)

    @cached_property
    def breakevens(self) -> tuple[Decimal, ...]:
        """Where the line meets zero, ascending. Slopes are whole numbers, so the crossings are exact."""
        between = [low + (high - low) * self.at(low) / (self.at(low) - self.at(high)) for low, high in self._crossed()]
        on_a_strike = [kink for kink in self.kinks[1:] if self.at(kink) == 0]
        return (*sorted([*between, *on_a_strike]), *self._last_crossing())

    def _crossed(self) -> list[tuple[Decimal, Decimal]]:
        return [(low, high) for low, high in pairwise(self.kinks) if self.at(low) * self.at(high) < 0]

    def _last_crossing(self) -> tuple[Decimal, ...]:
        last = self.at(self.kinks[-1])
        return (self.kinks[-1] - last / self.last_slope,) if last * self.last_slope < 0 else ()

    def probability_of_profit(self, distribution: Distribution) -> float:
        """Probability of ending above zero."""
        edges = (ZERO, *self.breakevens)
        below = [0.0, *(float(distribution.below(float(edge))) for edge in self.breakevens), 1.0]
        middles = [(low + high) / 2 for low, high in pairwise(edges)] + [edges[-1] + self.kinks[-1]]
        shares = [high - low for low, high in pairwise(below)]
        total = sum(share for middle, share in zip(middles, shares, strict=True) if self.at(middle) > 0)
        return min(max(total, 0.0), 1.0)

    def expected(self, distribution: Distribution) -> float:
        """Mean of what the options pay at expiry, before their cost, USD per share."""
        paid = Payoff(options=self.options, cost=ZERO)
        return _mean(paid, paid.kinks, distribution, gains_only=False)

    def expected_gain(self, distribution: Distribution) -> float:
        """Mean of the profit, a loss counting as 0, USD per share."""
        return _mean(self, sorted({*self.kinks, *self.breakevens}), distribution, gains_only=True)


def _worth(right: Right, strike: Decimal, price: Decimal) -> Decimal:
    return max(price - strike if right == "call" else strike - price, ZERO)


def _mean(payoff: Payoff, kinks: Sequence[Decimal], distribution: Distribution, *, gains_only: bool) -> float:
    """A kinked line is its value at 0, the underlying, and one call for each change of slope; so is its mean."""
    beyond = kinks[-1] + 1
    points = np.array([float(kink) for kink in (*kinks, beyond)])
    values = np.array([float(payoff.at(kink)) for kink in (*kinks, beyond)])
    if gains_only:
        values = np.maximum(values, 0.0)
    slopes = np.diff(values) / np.diff(points)
    calls = distribution.expected_call(points[1:-1])
    return float(values[0] + slopes[0] * distribution.mean + np.diff(slopes) @ calls)
