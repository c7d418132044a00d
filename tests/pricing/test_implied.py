from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import QuantLib as ql  # noqa: N813 - its own documentation calls it ql
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from options_signals.errors import InvalidValueError
from options_signals.pricing.black_scholes import black_price
from options_signals.pricing.implied import Reason, implied_volatility
from vollib.black_scholes_merton.implied_volatility import implied_volatility as vollib_volatility

type Draw = Callable[[int], dict[str, Any]]

CALL = {"price": 5.0, "forward": 100.0, "strike": 105.0, "years": 0.5, "discount": 0.98, "is_call": True}


def forward_contracts(o: dict[str, Any]) -> dict[str, Any]:
    forward = o["spot"] * np.exp((o["rate"] - o["dividend_yield"]) * o["years"])
    return {
        "forward": forward,
        "strike": o["strike"],
        "discount": np.exp(-o["rate"] * o["years"]),
        "is_call": o["is_call"],
    }


def information_limit(contract: dict[str, Any], price: np.ndarray, years: np.ndarray, volatility: np.ndarray) -> Any:
    """The volatility that one rounding means: of the price itself, and in the money of what it is a difference of."""
    total = volatility * np.sqrt(years)
    d1 = np.log(contract["forward"] / contract["strike"]) / total + total / 2
    vega = contract["discount"] * contract["forward"] * np.sqrt(years / (2 * np.pi)) * np.exp(-0.5 * d1 * d1)
    in_the_money = contract["is_call"] == (contract["forward"] > contract["strike"])
    rounding = np.where(in_the_money, np.maximum(contract["forward"], contract["strike"]), price)
    return np.where(price > 1e-300, np.spacing(rounding) / np.maximum(vega, 1e-300), np.inf)


@pytest.mark.parametrize(("limit", "error", "share"), [(1e-11, 1e-10, 0.95), (1e-7, 1e-6, 0.97)])
def test_a_million_volatilities_come_back_from_their_prices(
    limit: float, error: float, share: float, random_options: Draw
) -> None:
    o = random_options(1_000_000)
    contract, total = forward_contracts(o), o["volatility"] * np.sqrt(o["years"])
    price = black_price(**contract, total_volatility=total)
    carried = information_limit(contract, price, o["years"], o["volatility"]) <= limit

    found = implied_volatility(**contract, price=price, years=o["years"])

    assert carried.mean() > share
    assert (found.reason[carried] == Reason.FOUND).all()
    assert np.max(np.abs(found.volatility - o["volatility"])[carried]) <= error


@pytest.mark.parametrize("total", [1e-6, 1e-4, 0.01, 0.1, 0.5, 1.0, 3.0, 8.0])
@pytest.mark.parametrize("distance", [0.0, 1e-9, 1e-4, 0.01, 0.3, 2.0, 10.0, 100.0])
def test_every_corner_of_the_plane_comes_back(distance: float, total: float) -> None:
    contract = {"forward": 100.0, "strike": 100 * np.exp(distance), "discount": 1.0, "is_call": True}
    price = float(black_price(**contract, total_volatility=total))
    room = 100 - price

    found = implied_volatility(**contract, price=price, years=1.0)

    carries = price > 0 and room > 1e-10
    assert found.volatility == pytest.approx(total, rel=1e-6, abs=1e-15) or not carries
    assert found.reason == Reason.FOUND or not carries


@pytest.mark.slow
def test_volatilities_equal_those_of_vollib(random_options: Draw) -> None:
    o = random_options(100_000)
    contract, total = forward_contracts(o), o["volatility"] * np.sqrt(o["years"])
    price = black_price(**contract, total_volatility=total)
    carried = information_limit(contract, price, o["years"], o["volatility"]) <= 1e-12
    flags = np.where(o["is_call"], "c", "p")
    names = ("spot", "strike", "years", "rate", "dividend_yield")
    columns = [column[carried].tolist() for column in (price, *(o[name] for name in names), flags)]

    theirs = [vollib_volatility(*row) for row in zip(*columns, strict=True)]

    ours = implied_volatility(**contract, price=price, years=o["years"]).volatility[carried]
    assert np.max(np.abs(ours - theirs)) <= 1e-10


@pytest.mark.slow
def test_volatilities_equal_those_of_quantlib(random_options: Draw) -> None:
    o = random_options(100_000)
    contract, total = forward_contracts(o), o["volatility"] * np.sqrt(o["years"])
    price = black_price(**contract, total_volatility=total)
    # QuantLib prices to 1e-15 of the forward, so it needs a time value of a cent to answer to ten digits.
    carried = price - black_price(**contract, total_volatility=0) >= 0.01
    side = np.where(o["is_call"], ql.Option.Call, ql.Option.Put)
    columns = (side, contract["strike"], contract["forward"], price, contract["discount"])
    rows = zip(*(column[carried].tolist() for column in columns), strict=True)

    theirs = np.array([ql.blackFormulaImpliedStdDev(*row, 0.0, 0.5, 1e-13, 500) for row in rows])

    ours = implied_volatility(**contract, price=price, years=o["years"]).volatility[carried]
    assert np.max(np.abs(ours - theirs / np.sqrt(o["years"][carried]))) <= 1e-10


def test_the_textbook_call_implies_its_volatility() -> None:
    # Hull, on implied volatilities: a call at 1.875 with spot 21, strike 20, rate 10 %, a quarter of a year.
    found = implied_volatility(
        price=1.875, forward=21 * np.exp(0.025), strike=20, years=0.25, discount=np.exp(-0.025), is_call=True
    )

    assert found.volatility == pytest.approx(0.235, abs=5e-4)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, Reason.FOUND),
        ({"price": np.nan}, Reason.NOT_FINITE),
        ({"forward": np.inf}, Reason.NOT_FINITE),
        ({"years": np.nan}, Reason.NOT_FINITE),
        ({"strike": 0.0}, Reason.INVALID_CONTRACT),
        ({"forward": -1.0}, Reason.INVALID_CONTRACT),
        ({"discount": 0.0}, Reason.INVALID_CONTRACT),
        ({"years": 0.0}, Reason.EXPIRED),
        ({"years": -0.1}, Reason.EXPIRED),
        ({"price": -0.01}, Reason.BELOW_INTRINSIC),
        ({"price": 9.79, "strike": 90.0}, Reason.BELOW_INTRINSIC),
        ({"price": 0.0}, Reason.NO_TIME_VALUE),
        ({"price": 10.0, "strike": 90.0, "discount": 1.0}, Reason.NO_TIME_VALUE),
        ({"price": 98.0}, Reason.ABOVE_BOUND),
        ({"price": 97.9}, Reason.FOUND),
        ({"price": 102.9, "is_call": False}, Reason.ABOVE_BOUND),
        ({"price": 102.8, "is_call": False}, Reason.FOUND),
    ],
)
def test_a_missing_volatility_has_its_reason(change: dict[str, Any], reason: Reason) -> None:
    found = implied_volatility(**(CALL | change))

    assert found.reason == reason
    assert np.isnan(found.volatility) == (reason != Reason.FOUND)


def test_one_bad_quote_costs_only_itself() -> None:
    found = implied_volatility(**(CALL | {"price": np.array([5.0, np.nan, 5.0])}))

    assert_array_equal(found.reason, [Reason.FOUND, Reason.NOT_FINITE, Reason.FOUND])
    assert found.volatility[0] == found.volatility[2] > 0
    assert found.reason.dtype == np.int8


def test_arguments_broadcast_over_more_options_than_one_chunk() -> None:
    found = implied_volatility(**(CALL | {"price": np.linspace(1, 9, 20_000), "strike": np.array([[100.0], [105.0]])}))

    assert found.volatility.shape == found.reason.shape == (2, 20_000)
    assert (np.diff(found.volatility, axis=1) > 0).all()


def test_a_side_that_is_not_a_boolean_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="is_call is 'put'; allowed: True or False"):
        implied_volatility(**(CALL | {"is_call": "put"}))


@given(st.floats(1e-300, 1e300), st.floats(1e-3, 1e6), st.floats(1e-3, 1e6), st.floats(1e-4, 10), st.booleans())
def test_a_volatility_is_found_exactly_where_no_reason_speaks_against_it(
    price: float, forward: float, strike: float, years: float, is_call: bool
) -> None:
    found = implied_volatility(price=price, forward=forward, strike=strike, years=years, discount=0.97, is_call=is_call)

    assert np.isfinite(found.volatility) == (found.reason == Reason.FOUND)
    assert not found.volatility <= 0


@given(st.floats(0.01, 99.9), st.floats(50, 200), st.booleans())
def test_the_price_at_the_implied_volatility_is_the_price(share: float, strike: float, is_call: bool) -> None:
    contract = {"forward": 100.0, "strike": strike, "discount": 0.97, "is_call": is_call}
    least = float(black_price(**contract, total_volatility=0))
    price = least + (0.97 * (100 if is_call else strike) - least) * share / 100

    found = implied_volatility(**contract, price=price, years=0.25)

    assert black_price(**contract, total_volatility=found.volatility * 0.5) == pytest.approx(
        price, rel=1e-13, abs=1e-13
    )
