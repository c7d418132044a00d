from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813 - its own documentation calls it ql
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from options_signals.errors import InvalidValueError
from options_signals.pricing.black_scholes import black_price, bsm_greeks, bsm_price
from scipy.special import ndtr
from vollib.black_scholes_merton import black_scholes_merton as vollib_price

type Draw = Callable[[int], dict[str, Any]]

HULL = {"spot": 42.0, "strike": 40.0, "years": 0.5, "rate": 0.10, "dividend_yield": 0.0, "volatility": 0.20}
HULL_GREEKS = {"spot": 49.0, "strike": 50.0, "years": 20 / 52, "rate": 0.05, "dividend_yield": 0.0, "volatility": 0.2}
CALL = HULL | {"is_call": True}


# Hull, Options, Futures, and Other Derivatives: Black-Scholes-Merton, index options, futures options.
@pytest.mark.parametrize(
    ("option", "textbook"),
    [
        (HULL | {"is_call": True}, 4.76),
        (HULL | {"is_call": False}, 0.81),
        (
            {"spot": 930.0, "strike": 900.0, "years": 2 / 12, "rate": 0.08, "dividend_yield": 0.03, "volatility": 0.2}
            | {"is_call": True},
            51.83,
        ),
    ],
)
def test_prices_of_the_textbook(option: dict[str, Any], textbook: float) -> None:
    assert bsm_price(**option) == pytest.approx(textbook, abs=0.005)


def test_price_of_the_textbook_option_on_a_future() -> None:
    put = black_price(
        forward=20, strike=20, discount=np.exp(-0.09 * 4 / 12), total_volatility=0.25 * np.sqrt(4 / 12), is_call=False
    )

    assert put == pytest.approx(1.12, abs=0.005)


@pytest.mark.parametrize(
    ("greek", "textbook", "rounding"),
    [
        ("delta", 0.522, 5e-4),
        ("gamma", 0.066, 5e-4),
        ("vega", 12.1, 0.05),
        ("theta", -4.31, 5e-3),
        ("rho", 8.91, 5e-3),
        ("theta_per_day", -0.0118, 5e-5),
    ],
)
def test_greeks_of_the_textbook_call(greek: str, textbook: float, rounding: float) -> None:
    greeks = bsm_greeks(**HULL_GREEKS, is_call=True)

    assert getattr(greeks, greek) == pytest.approx(textbook, abs=rounding)


def test_a_million_prices_equal_the_formula_with_scipys_normal(random_options: Draw) -> None:
    o = random_options(1_000_000)
    side = np.where(o["is_call"], 1, -1)
    total = o["volatility"] * np.sqrt(o["years"])
    carry = (o["rate"] - o["dividend_yield"]) * o["years"]
    d1 = (np.log(o["spot"] / o["strike"]) + carry) / total + total / 2

    stock = o["spot"] * np.exp(-o["dividend_yield"] * o["years"]) * ndtr(side * d1)
    bond = o["strike"] * np.exp(-o["rate"] * o["years"]) * ndtr(side * (d1 - total))

    assert_allclose(bsm_price(**o), side * (stock - bond), rtol=0, atol=2e-13)


@pytest.mark.slow
def test_a_million_prices_equal_those_of_quantlib(random_options: Draw) -> None:
    o = random_options(1_000_000)
    forward = o["spot"] * np.exp((o["rate"] - o["dividend_yield"]) * o["years"])
    total = o["volatility"] * np.sqrt(o["years"])
    side = np.where(o["is_call"], ql.Option.Call, ql.Option.Put)
    columns = (side, o["strike"], forward, total, np.exp(-o["rate"] * o["years"]))

    theirs = [ql.blackFormula(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]

    # QuantLib's normal distribution has an absolute error of 1e-15, times a forward of up to 140.
    assert_allclose(bsm_price(**o), theirs, rtol=0, atol=5e-13)


@pytest.mark.slow
def test_a_million_prices_equal_those_of_vollib(random_options: Draw) -> None:
    o = random_options(1_000_000)
    flags = np.where(o["is_call"], "c", "p")
    names = ("spot", "strike", "years", "rate", "volatility", "dividend_yield")
    columns = (flags, *(o[name] for name in names))

    theirs = [vollib_price(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]

    assert_allclose(bsm_price(**o), theirs, rtol=0, atol=2e-13)


def quantlib_greeks(o: dict[str, Any], row: int) -> list[float]:
    spot, strike, years, rate, dividends, volatility, is_call = (float(column[row]) for column in o.values())
    payoff = ql.PlainVanillaPayoff(ql.Option.Call if is_call else ql.Option.Put, strike)
    forward, discount = spot * np.exp((rate - dividends) * years), np.exp(-rate * years)
    option = ql.BlackCalculator(payoff, forward, volatility * np.sqrt(years), discount)
    return [
        option.delta(spot),
        option.gamma(spot),
        option.vega(years),
        option.theta(spot, years),
        option.rho(years),
        option.dividendRho(years),
    ]


@pytest.mark.slow
def test_a_hundred_thousand_sets_of_greeks_equal_those_of_quantlib(random_options: Draw) -> None:
    o = random_options(100_000)

    theirs = np.array([quantlib_greeks(o, row) for row in range(100_000)])

    assert_allclose(np.column_stack(bsm_greeks(**o)), theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    ("greek", "argument", "sign", "step"),
    [
        ("delta", "spot", 1, 1e-4),
        ("vega", "volatility", 1, 1e-5),
        ("theta", "years", -1, 1e-6),
        ("rho", "rate", 1, 1e-5),
        ("epsilon", "dividend_yield", 1, 1e-5),
    ],
)
def test_a_greek_is_the_slope_of_the_price(
    greek: str, argument: str, sign: int, step: float, random_options: Draw
) -> None:
    o = random_options(10_000)

    up, down = (bsm_price(**(o | {argument: o[argument] + move})) for move in (step, -step))

    assert_allclose(getattr(bsm_greeks(**o), greek), sign * (up - down) / (2 * step), rtol=1e-5, atol=2e-5)


def test_gamma_is_the_slope_of_delta(random_options: Draw) -> None:
    o = random_options(10_000)

    up, down = (bsm_greeks(**(o | {"spot": o["spot"] + move})).delta for move in (1e-4, -1e-4))

    assert_allclose(bsm_greeks(**o).gamma, (up - down) / 2e-4, rtol=1e-6, atol=1e-9)


def test_a_call_less_a_put_is_a_forward(random_options: Draw) -> None:
    o = random_options(100_000)

    call, put = (bsm_price(**(o | {"is_call": side})) for side in (True, False))

    forward = o["spot"] * np.exp(-o["dividend_yield"] * o["years"]) - o["strike"] * np.exp(-o["rate"] * o["years"])
    assert_allclose(call - put, forward, rtol=0, atol=2e-13)


EXPIRED = CALL | {"years": 0.0}
CERTAIN = CALL | {"volatility": 0.0}
BOND = 40 * np.exp(-0.05)


@pytest.mark.parametrize(
    ("option", "price"),
    [
        (EXPIRED, 2.0),
        (EXPIRED | {"is_call": False}, 0.0),
        (EXPIRED | {"spot": 40.0}, 0.0),
        (CERTAIN, 42 - BOND),
        (CERTAIN | {"is_call": False}, 0.0),
        (CERTAIN | {"years": 0.0}, 2.0),
        (CALL | {"strike": 1e-8}, 42.0),
        (CALL | {"strike": 1e8}, 0.0),
        (CALL | {"volatility": 1e4}, 42.0),
        (CALL | {"volatility": 1e4, "is_call": False}, BOND),
    ],
)
def test_the_price_at_a_limit(option: dict[str, Any], price: float) -> None:
    assert bsm_price(**option) == pytest.approx(price, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("option", "greeks"),  # delta, gamma, vega, theta, rho, epsilon
    [
        (EXPIRED, (1, 0, 0, -0.10 * 40, 0, 0)),
        (EXPIRED | {"is_call": False}, (0, 0, 0, 0, 0, 0)),
        (EXPIRED | {"strike": 42.0}, (0.5, np.inf, 0, -np.inf, 0, 0)),
        (CERTAIN, (1, 0, 0, -0.10 * BOND, 0.5 * BOND, -21)),
        (CERTAIN | {"strike": 60.0}, (0, 0, 0, 0, 0, 0)),
        (CERTAIN | {"spot": 0.1}, (0, 0, 0, 0, 0, 0)),
        (CALL | {"strike": 1e8}, (0, 0, 0, 0, 0, 0)),
    ],
)
def test_the_greeks_at_a_limit(option: dict[str, Any], greeks: tuple[float, ...]) -> None:
    assert_allclose(bsm_greeks(**option), greeks, rtol=1e-12)


def test_nan_stays_in_its_element() -> None:
    prices = bsm_price(**(CALL | {"volatility": np.array([0.2, np.nan])}))
    greeks = np.array(bsm_greeks(**(CALL | {"volatility": np.array([0.2, np.nan])})))

    assert_array_equal(np.isnan(prices), [False, True])
    assert_array_equal(np.isnan(greeks[:4]), [[False, True]] * 4)


def test_arguments_broadcast() -> None:
    prices = bsm_price(**(CALL | {"strike": np.array([[35.0], [40.0]]), "volatility": np.array([0.1, 0.2, 0.3])}))

    assert prices.shape == (2, 3)
    assert prices[1, 1] == pytest.approx(4.7594, abs=1e-4)


def test_no_options_have_no_prices() -> None:
    assert bsm_price(**(CALL | {"strike": np.array([])})).shape == (0,)


@pytest.mark.parametrize(
    ("name", "value"), [("spot", 0.0), ("strike", -1.0), ("years", -0.1), ("volatility", -0.2), ("is_call", "put")]
)
def test_an_impossible_value_is_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidValueError, match=name):
        bsm_price(**(CALL | {name: value}))


strikes = st.floats(20, 500)
totals = st.floats(0, 3)


def call_on_hundred(strike: float, total: float) -> float:
    return float(black_price(forward=100, strike=strike, discount=1, total_volatility=total, is_call=True))


@given(strikes, totals)
def test_a_call_is_worth_between_its_intrinsic_value_and_the_forward(strike: float, total: float) -> None:
    assert max(100 - strike, 0) <= call_on_hundred(strike, total) <= 100


@given(strikes, totals, totals)
def test_more_volatility_is_never_cheaper(strike: float, one: float, other: float) -> None:
    assert call_on_hundred(strike, max(one, other)) >= call_on_hundred(strike, min(one, other)) - 1e-13


@given(strikes, st.floats(0, 50), totals)
def test_the_price_is_convex_in_the_strike(strike: float, width: float, total: float) -> None:
    wings = call_on_hundred(strike, total) + call_on_hundred(strike + 2 * width, total)

    assert wings >= 2 * call_on_hundred(strike + width, total) - 2e-13
