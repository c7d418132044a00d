import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from options_signals.errors import InvalidValueError
from options_signals.pricing.lognormal import Lognormal, drift_for
from scipy.stats import lognorm, norm

SPREAD = Lognormal(mean=102.0, total_volatility=0.15)


def test_probabilities_are_those_of_another_library() -> None:
    theirs = lognorm(s=0.15, scale=102.0 * np.exp(-(0.15**2) / 2))

    prices = np.array([60.0, 90.0, 102.0, 140.0])

    assert SPREAD.below(prices) == pytest.approx(theirs.cdf(prices), rel=1e-12)
    assert SPREAD.expected_call(100.0) == pytest.approx(theirs.expect(lambda s: max(s - 100.0, 0.0)), abs=1e-6)


def odds(drift: float, total: float) -> float:
    """Written anew: P(> +1 %) over P(> +1 %) + P(< -1 %)."""
    log_return = norm(loc=drift - total**2 / 2, scale=total)
    rise, fall = log_return.sf(np.log(1.01)), log_return.cdf(np.log(0.99))
    return float(rise / (rise + fall))


@pytest.mark.parametrize("p_up", [0.05, 0.42, 0.5, 0.58, 0.95])
@pytest.mark.parametrize("total", [0.005, 0.028, 0.2])
def test_under_the_drift_a_rise_is_as_likely_as_asked(p_up: float, total: float) -> None:
    assert odds(drift_for(p_up=p_up, total_volatility=total), total) == pytest.approx(p_up, abs=1e-6)


def test_even_odds_need_almost_no_drift() -> None:
    assert drift_for(p_up=0.5, total_volatility=0.028) == pytest.approx(0.0, abs=0.0005)


@settings(deadline=None)
@given(p_up=st.floats(0.01, 0.98), total=st.floats(0.005, 0.3))
def test_a_surer_rise_needs_more_drift(p_up: float, total: float) -> None:
    assert drift_for(p_up=p_up + 0.01, total_volatility=total) > drift_for(p_up=p_up, total_volatility=total)


@pytest.mark.parametrize(("p_up", "total"), [(0.0, 0.03), (1.0, 0.03), (np.nan, 0.03), (0.6, 0.0), (0.6, np.nan)])
def test_certainty_and_missing_volatility_are_refused(p_up: float, total: float) -> None:
    with pytest.raises(InvalidValueError):
        drift_for(p_up=p_up, total_volatility=total)
