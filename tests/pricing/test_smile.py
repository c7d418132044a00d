from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import QuantLib
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from options_signals.errors import InvalidValueError
from options_signals.pricing.normal import FloatArray
from options_signals.pricing.smile import Curve, Smile, calendar_gap, durrleman, fit_smile

FORWARD, YEARS, DISCOUNT = 100.0, 0.25, 0.99
STRIKES = np.arange(70.0, 131.0, 2.0)
SKEWED = Curve(least=0.008, left=0.25, right=0.10, centre=0.03, width=0.12)


def flat(k: FloatArray) -> FloatArray:
    return np.full_like(k, 0.20)


def skewed(k: FloatArray) -> FloatArray:
    return np.sqrt(SKEWED.at(k).value / YEARS)


def humped(k: FloatArray) -> FloatArray:
    """A wave, as around an announcement: five numbers cannot follow it."""
    return 0.30 + 0.01 * np.cos(2 * np.pi * k / 0.4)


def fitted(shape: Any = flat, **changes: Any) -> Smile:
    quotes: dict[str, Any] = {
        "strike": STRIKES,
        "volatility": shape(np.log(STRIKES / FORWARD)),
        "error": np.full(STRIKES.size, 0.002),
        "years": YEARS,
        "forward": FORWARD,
        "discount": DISCOUNT,
    }
    return fit_smile(**quotes | changes)


@pytest.mark.parametrize("shape", [flat, skewed, humped])
def test_clean_quotes_are_met_within_a_tenth_of_a_point(shape: Any) -> None:
    smile = fitted(shape)
    near = STRIKES[(STRIKES > 85) & (STRIKES < 115)]

    assert_allclose(smile.volatility(near), shape(np.log(near / FORWARD)), atol=0.001)
    assert smile.error < 0.001


def test_the_curve_without_bumps_is_the_svi_of_another_library() -> None:
    rho = (SKEWED.right - SKEWED.left) / (SKEWED.right + SKEWED.left)
    b = (SKEWED.left + SKEWED.right) / 2
    a = SKEWED.least - b * SKEWED.width * np.sqrt(1 - rho**2)
    section = QuantLib.SviSmileSection(YEARS, FORWARD, [a, b, SKEWED.width, rho, SKEWED.centre])

    theirs = [section.volatility(float(strike)) for strike in STRIKES]

    assert_allclose(skewed(np.log(STRIKES / FORWARD)), theirs, rtol=1e-12)


@pytest.mark.parametrize("shape", [skewed, humped])
def test_derivatives_of_the_curve_are_those_of_finite_differences(shape: Any) -> None:
    curve, k, h = fitted(shape).curve, np.linspace(-0.3, 0.3, 41), 1e-5
    low, middle, high = (curve.at(k + shift) for shift in (-h, 0.0, h))

    assert any(curve.bumps)
    assert_allclose(middle.slope, (high.value - low.value) / (2 * h), atol=1e-8)
    assert_allclose(middle.bend, (high.slope - low.slope) / (2 * h), atol=1e-6)


@pytest.mark.parametrize("shape", [flat, skewed, humped])
def test_the_distribution_is_the_slope_of_the_puts(shape: Any) -> None:
    smile, h = fitted(shape), 1e-3
    up, down = (smile.price(STRIKES + shift, is_call=False) for shift in (h, -h))

    assert_allclose(smile.below(STRIKES), (up - down) / (2 * h) / DISCOUNT, atol=1e-7)


@pytest.mark.parametrize("shape", [flat, skewed, humped])
def test_mean_and_option_prices_come_back_from_the_density(shape: Any) -> None:
    smile = fitted(shape)
    edges = np.geomspace(0.1, 5000.0, 100_001)
    middles, weight = (edges[1:] + edges[:-1]) / 2, np.diff(smile.below(edges))

    assert weight.min() > -1e-9
    assert weight @ middles == pytest.approx(FORWARD, abs=2e-3)
    assert weight @ np.maximum(middles - 105, 0) == pytest.approx(float(smile.expected_call(105.0)), abs=1e-4)


@pytest.mark.parametrize("shape", [flat, skewed, humped])
def test_no_butterfly_of_options_has_a_negative_price(shape: Any) -> None:
    smile = fitted(shape)
    prices = smile.price(np.arange(50.0, 180.0, 1.0), is_call=True)

    assert np.diff(prices, 2).min() > -1e-12
    assert smile.least_density >= 0


def test_quotes_with_arbitrage_give_a_smile_without() -> None:
    def tent(k: FloatArray) -> FloatArray:
        return 0.20 + 2.0 * np.maximum(0.10 - np.abs(k), 0.0)

    free = durrleman(Curve(*np.array([0.008, 1.9, 1.9, 0.0, 0.001])), np.linspace(-0.5, 0.5, 101))
    smile = fitted(tent)

    assert free.min() < 0  # a curve can have arbitrage
    assert smile.least_density >= 0
    assert smile.error > 0.01  # and what that costs is told


def test_a_stale_quote_bends_nothing() -> None:
    vols = skewed(np.log(STRIKES / FORWARD))
    stale = np.where(STRIKES == 104, vols + 0.10, vols)

    smile = fitted(volatility=stale)

    others = (STRIKES > 80) & (STRIKES < 120) & (STRIKES != 104)
    assert_allclose(smile.volatility(STRIKES[others]), vols[others], atol=0.002)


@settings(deadline=None, max_examples=40)
@given(
    at_money=st.floats(0.05, 1.5),
    skew=st.floats(-0.4, 0.2),
    noise=st.lists(st.floats(-0.02, 0.02), min_size=31, max_size=31),
)
@example(at_money=0.375, skew=-0.3125, noise=[0.0] * 31)  # turns beyond the quotes, where the bumps end
def test_whatever_the_quotes_variance_is_positive_and_no_wing_is_too_steep(
    at_money: float, skew: float, noise: list[float]
) -> None:
    deviations = np.log(STRIKES / FORWARD) / (at_money * np.sqrt(YEARS))
    vols = np.maximum(at_money * (1 + skew * np.clip(deviations, -2, 2)) + np.array(noise), 0.01)

    smile = fitted(volatility=vols)

    grid = smile.curve.at(np.linspace(-3, 3, 601))
    assert (grid.value > 0).all()
    assert max(smile.curve.left, smile.curve.right) < 2
    assert smile.least_density >= -0.01


def test_quotes_far_from_the_money_only_still_tell_their_error() -> None:
    far = STRIKES[np.abs(STRIKES - 100) > 18]

    smile = fitted(strike=far, volatility=np.full(far.size, 0.20), error=np.full(far.size, 0.01))

    assert smile.error == pytest.approx(0.0, abs=0.001)


@pytest.mark.parametrize(
    ("column", "value", "name"),
    [("volatility", np.nan, "volatility"), ("error", 0.0, "error"), ("strike", -1.0, "strike")],
)
def test_an_impossible_quote_is_refused_with_its_name(column: str, value: float, name: str) -> None:
    with pytest.raises(InvalidValueError, match=name):
        fitted(**{column: np.full(STRIKES.size, value)})


def test_four_quotes_are_too_few() -> None:
    few = {"strike": STRIKES[:4], "volatility": np.full(4, 0.2), "error": np.full(4, 0.01)}

    with pytest.raises(InvalidValueError, match="number of quotes is 4; allowed: at least 5"):
        fitted(**few)


def test_variance_that_falls_with_time_is_a_calendar_conflict() -> None:
    near, far, calm = fitted(years=0.25), fitted(years=0.5), fitted(years=0.5, volatility=np.full(STRIKES.size, 0.1))

    assert calendar_gap(near, far) == pytest.approx(0.04 * 0.25, rel=0.01)
    assert calendar_gap(near, calm) < 0


def test_puts_below_the_money_are_dearer_than_calls_above_where_the_smile_says_so() -> None:
    vols = fitted(skewed).volatility(np.array([80.0, 90.0, 100.0]))

    assert all(low > high for low, high in pairwise(vols))
