import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from options_signals.errors import InvalidValueError
from options_signals.pricing.black_scholes import black_price
from options_signals.pricing.forward import implied_dividend_yield, parity_forward

MARKET = Path(os.environ.get("SIGNALS_MARKET_DATA", Path(__file__).parents[3] / "shared" / "data"))
STRIKES = np.arange(80.0, 121.0, 2.5)


def quotes(*, forward: float = 101.0, discount: float = 0.98, half_spread: float = 0.05) -> dict[str, Any]:
    call, put = (
        black_price(forward=forward, strike=STRIKES, discount=discount, total_volatility=0.1, is_call=is_call) + 0.10
        for is_call in (True, False)
    )
    return {
        "strike": STRIKES,
        "call_bid": call - half_spread,
        "call_ask": call + half_spread,
        "put_bid": put - half_spread,
        "put_ask": put + half_spread,
        "discount": discount,
    }


def test_the_forward_of_a_clean_chain_is_found_exactly() -> None:
    found = parity_forward(**quotes(forward=101.0))

    assert found.forward == pytest.approx(101.0, abs=1e-10)
    assert found.half_width == pytest.approx(2 * 0.05 / 0.98)
    assert found.pairs == 8


def test_one_pair_by_hand() -> None:
    found = parity_forward(strike=[100], call_bid=[4.0], call_ask=[4.2], put_bid=[3.0], put_ask=[3.2], discount=0.5)

    assert found == pytest.approx((100 + (4.1 - 3.1) / 0.5, 0.4, 1))


def test_a_stale_pair_does_not_move_the_forward() -> None:
    chain = quotes()
    at_the_money = STRIKES == 100
    chain["call_bid"][at_the_money] += 0.7
    chain["call_ask"][at_the_money] += 0.7

    assert parity_forward(**chain).forward == pytest.approx(101.0, abs=1e-10)


def test_a_narrow_pair_outweighs_two_wide_ones() -> None:
    found = parity_forward(
        strike=[100, 105, 95],
        call_bid=[4.00, 1.0, 7.0],
        call_ask=[4.02, 3.0, 9.0],
        put_bid=[3.00, 5.0, 1.0],
        put_ask=[3.02, 7.0, 3.0],
        discount=1.0,
    )

    assert found.forward == pytest.approx(101.0, abs=0.02)


@pytest.mark.parametrize(
    ("column", "value"), [("call_bid", 0.0), ("put_bid", np.nan), ("call_ask", 0.01), ("put_ask", np.nan)]
)
def test_a_pair_that_is_not_two_sided_is_left_out(column: str, value: float) -> None:
    chain = quotes()
    chain[column] = np.where(STRIKES == 100, chain[column], value)

    assert parity_forward(**chain).pairs == 1


def test_without_two_sided_quotes_there_is_no_forward() -> None:
    found = parity_forward(**(quotes() | {"put_bid": np.zeros(len(STRIKES))}))

    assert np.isnan(found.forward)
    assert np.isnan(found.half_width)
    assert found.pairs == 0


@pytest.mark.parametrize("discount", [0.0, -1.0, np.nan])
def test_an_impossible_discount_is_refused(discount: float) -> None:
    with pytest.raises(InvalidValueError, match="discount"):
        parity_forward(**(quotes() | {"discount": discount}))


def test_the_implied_yield_carries_spot_to_forward() -> None:
    carried = implied_dividend_yield(forward=100 * np.exp(0.04 - 0.015), spot=100, discount=np.exp(-0.04), years=1.0)

    assert carried == pytest.approx(0.015)
    assert np.isnan(implied_dividend_yield(forward=100, spot=100, discount=1, years=0))


def real_yield(expiry: pd.DataFrame) -> float:
    years, spot = float(expiry["years"].iloc[0]), float(expiry["spot"].iloc[0])
    sides = expiry.pivot_table(index="strike", columns="option_type", values=["bid", "ask"])
    discount = float(np.exp(-0.037 * years))
    found = parity_forward(
        strike=sides.index,
        call_bid=sides["bid"]["call"],
        call_ask=sides["ask"]["call"],
        put_bid=sides["bid"]["put"],
        put_ask=sides["ask"]["put"],
        discount=discount,
    )
    return float(implied_dividend_yield(forward=found.forward, spot=spot, discount=discount, years=years))


@pytest.mark.market_data
def test_real_chains_of_an_index_fund_imply_about_its_dividend_yield() -> None:
    file = MARKET / "options" / "yahoo_chain_snapshots.parquet"
    if not file.exists():
        pytest.skip("no market data; set SIGNALS_MARKET_DATA to its folder")
    chain = pd.read_parquet(file).query("underlying == 'SPY'")
    days = pd.to_datetime(chain["expiration"]) - pd.to_datetime(chain["quote_date"])
    chain = chain.assign(years=days.dt.days / 365)

    yields = [real_yield(expiry) for _, expiry in chain[chain["years"] > 0.1].groupby("years")]

    assert len(yields) >= 3
    assert_allclose(yields, 0.011, atol=0.01)
