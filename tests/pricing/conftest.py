from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

type Options = dict[str, Any]


@pytest.fixture
def random_options() -> Callable[[int], Options]:
    """Calls and puts around a spot of 100, in and out of the money, from one day to three years."""

    def draw(count: int) -> Options:
        random = np.random.default_rng(20180205)
        return {
            "spot": np.full(count, 100.0),
            "strike": 100 * np.exp(random.uniform(-1, 1, count)),
            "years": random.uniform(1 / 365, 3, count),
            "rate": random.uniform(-0.01, 0.10, count),
            "dividend_yield": random.uniform(0, 0.06, count),
            "volatility": random.uniform(0.05, 1.5, count),
            "is_call": random.random(count) < 0.5,
        }

    return draw
