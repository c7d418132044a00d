import datetime as dt

import numpy as np
import pandas as pd
import pytest
from options_signals.sources.simulated import SimulatedSource
from options_signals.sources.simulation.macro import policy_rate
from options_signals.sources.simulation.market import days
from options_signals.tables import CHAIN, validate
from vollib.black_scholes_merton.implied_volatility import implied_volatility

SESSION = dt.date(2022, 11, 23)


@pytest.fixture(scope="module")
def chain() -> pd.DataFrame:
    return SimulatedSource().chain(["SPY"], session=SESSION).frame


def rate() -> float:
    """The simulated policy rate of the session, decimal."""
    return float(policy_rate(7)[np.searchsorted(days(), np.datetime64(SESSION))]) / 100


def quoted_by_both(chain: pd.DataFrame) -> pd.DataFrame:
    """A put and a call side by side, by expiration and strike."""
    calls, puts = chain[chain["right"] == "call"], chain[chain["right"] == "put"]
    both = calls.merge(puts, on=["expiration", "strike"], suffixes=("_call", "_put"))
    return both[(both["bid_call"] > 0) & (both["bid_put"] > 0)]


def test_the_chain_keeps_its_tables_schema(chain: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(validate(CHAIN, chain), chain)


def test_options_expire_on_fridays_or_the_session_before(chain: pd.DataFrame) -> None:
    expirations = chain["expiration"].drop_duplicates().dt.date.tolist()
    good_friday = SimulatedSource().chain(["SPY"], session=dt.date(2023, 4, 3)).frame["expiration"].min()

    assert {day.weekday() for day in expirations} == {4}
    assert len([day for day in expirations if 14 <= (day - SESSION).days <= 28]) == 2
    assert good_friday.date() == dt.date(2023, 4, 6)


def test_a_contract_is_named_as_the_clearing_corporation_names_it(chain: pd.DataFrame) -> None:
    put = chain[(chain["expiration"] == "2022-12-16") & (chain["right"] == "put")].iloc[0]

    assert put["contract"] == f"SPY221216P{put['strike'] * 1000:08.0f}"


def test_a_bid_is_never_above_its_ask_and_a_worthless_option_has_none(chain: pd.DataFrame) -> None:
    assert (chain["bid"] < chain["ask"]).all()
    assert (chain["bid"] == 0).any()


def test_the_spot_is_the_close_of_the_session(chain: pd.DataFrame) -> None:
    close = SimulatedSource().bars(["SPY"], first=SESSION, last=SESSION).frame["close"].item()

    assert set(chain["spot"]) == {close}


def test_another_library_finds_the_implied_volatility_in_the_price(chain: pd.DataFrame) -> None:
    puts = chain[(chain["expiration"] == "2022-12-16") & (chain["bid"] > 0.5) & (chain["right"] == "put")]
    out_of_the_money = puts[puts["strike"] < puts["spot"]]
    middle = (out_of_the_money["bid"] + out_of_the_money["ask"]) / 2

    found = [
        implied_volatility(price, spot, strike, 23 / 365, rate(), 0.016, "p")
        for price, spot, strike in zip(middle, out_of_the_money["spot"], out_of_the_money["strike"], strict=True)
    ]

    assert len(found) > 10
    assert found == pytest.approx(list(out_of_the_money["implied_vol"]), abs=0.003)


def test_put_call_parity_holds_within_the_quotes(chain: pd.DataFrame) -> None:
    both = quoted_by_both(chain)
    years = (both["expiration"] - pd.Timestamp(SESSION)).dt.days / 365
    worth = both["spot_call"] * np.exp(-0.016 * years) - both["strike"] * np.exp(-rate() * years)

    assert len(both) > 100
    assert (both["bid_call"] - both["ask_put"] < worth).all()
    assert (both["ask_call"] - both["bid_put"] > worth).all()


def test_puts_far_below_the_spot_are_dearer_in_volatility_than_calls_far_above(chain: pd.DataFrame) -> None:
    month = chain[(chain["expiration"] == "2022-12-23") & (chain["right"] == "put")].set_index("strike")["implied_vol"]

    assert month.iloc[0] > 1.3 * month.iloc[-1]


def test_volatility_at_the_money_a_month_out_follows_the_index() -> None:
    source = SimulatedSource()
    sessions = [dt.date(2008, 10, 15), dt.date(2012, 6, 15), dt.date(2017, 3, 15), SESSION]

    ratios = []
    for session in sessions:
        chain = source.chain(["SPY"], session=session).frame
        month = chain[(chain["expiration"] - pd.Timestamp(session)).dt.days.between(26, 33)]
        money = month["implied_vol"].iloc[int((month["strike"] - month["spot"]).abs().argmin())]
        vix = source.vol_indices(["VIX"], first=session, last=session).frame["close"].item()
        ratios.append(100 * money / vix)

    assert ratios == pytest.approx([1.0] * 4, abs=0.12)


def test_a_chain_does_not_depend_on_who_else_is_asked_for(chain: pd.DataFrame) -> None:
    both = SimulatedSource().chain(["NVDA", "SPY"], session=SESSION).frame

    pd.testing.assert_frame_equal(both[both["underlying"] == "SPY"].reset_index(drop=True), chain)


def test_an_unknown_underlying_is_a_failure() -> None:
    fetched = SimulatedSource().chain(["no such"], session=SESSION)

    assert fetched.frame.empty
    assert set(fetched.failures) == {"no such"}
