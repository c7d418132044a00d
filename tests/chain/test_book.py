import numpy as np
import pandas as pd
import pytest
from options_signals.chain.book import Book, NoSmile
from options_signals.errors import InvalidValueError
from options_signals.pricing.black_scholes import bsm_greeks
from options_signals.pricing.discount import flat_curve
from options_signals.pricing.smile import Smile
from options_signals.sources.simulated import SimulatedSource

from tests.chains import NINTH, RATE, SESSION, SIXTEENTH, changed, flat_chain


def book(chain: pd.DataFrame) -> Book:
    return Book(chain, session=SESSION, rates=flat_curve(rate=RATE, as_of=SESSION))


def smile(chain: pd.DataFrame) -> Smile:
    found = book(chain).smile(SIXTEENTH)
    assert isinstance(found, Smile)
    return found


def test_forward_and_volatility_are_found_in_the_quotes_alone() -> None:
    found = smile(flat_chain(volatility=0.20))

    assert found.forward == pytest.approx(100 * np.exp(RATE * 23 / 365), abs=0.01)
    assert found.at_the_money == pytest.approx(0.20, abs=0.001)


def test_the_vendors_volatility_is_not_looked_at() -> None:
    chain = flat_chain()

    assert smile(chain.assign(implied_vol=np.nan)) == smile(chain)


def test_deltas_are_those_of_the_own_volatility() -> None:
    chain = flat_chain(volatility=0.20)
    options = book(chain).options(SIXTEENTH, smile(chain)).set_index("contract")
    ours = options.loc["XYZ221216P00095000"]

    expected = bsm_greeks(
        spot=100, strike=95, years=23 / 365, rate=RATE, dividend_yield=0.0, volatility=0.20, is_call=False
    )
    assert ours["delta"] == pytest.approx(float(expected.delta), abs=0.002)
    assert ours["volatility"] == pytest.approx(0.20, abs=0.001)


def test_a_stale_price_among_good_ones_does_not_move_its_own_delta() -> None:
    chain = flat_chain()
    stale = changed(chain, "XYZ221216P00095000", bid=1.20, ask=1.24)

    before, after = (book(each).options(SIXTEENTH, smile(each)).set_index("contract") for each in (chain, stale))

    at = "XYZ221216P00095000"
    assert after.loc[at, "delta"] == pytest.approx(before.loc[at, "delta"], abs=0.01)


def test_a_chain_without_calls_has_no_forward_and_says_so() -> None:
    chain = flat_chain()

    found = book(chain[chain["right"] == "put"]).smile(SIXTEENTH)

    assert found == NoSmile("no strike has two-sided quotes of both call and put, so there is no forward")


def test_four_quotes_make_no_smile() -> None:
    found = book(flat_chain(strikes=(98, 99, 101, 102))).smile(NINTH)

    assert found == NoSmile("4 usable out-of-the-money quotes, needed: 5")


def test_quotes_that_follow_no_smile_make_none() -> None:
    chain = flat_chain()
    wild = 1 + 1.5 * (chain["strike"] % 2)

    found = book(chain.assign(bid=chain["bid"] * wild, ask=chain["ask"] * wild)).smile(SIXTEENTH)

    assert isinstance(found, NoSmile)
    assert found.reason.endswith("points off any smooth volatility")


def test_expirations_without_a_tradable_quote_are_not_there() -> None:
    chain = flat_chain()
    dead = chain.loc[chain["expiration"] == pd.Timestamp(NINTH), "contract"].tolist()

    assert book(chain).expirations == (NINTH, SIXTEENTH)
    assert book(changed(chain, dead, bid=0.0)).expirations == (SIXTEENTH,)


def test_two_underlyings_in_one_book_are_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"\['ABC', 'XYZ'\]; allowed: exactly one"):
        book(pd.concat([flat_chain(), flat_chain(underlying="ABC")]))


def test_the_simulated_market_quotes_the_volatility_it_was_made_of() -> None:
    chain = SimulatedSource().chain(["SPY"], session=SESSION).frame
    found = book(chain).smile(SIXTEENTH)
    assert isinstance(found, Smile)

    rows = chain[(chain["expiration"] == pd.Timestamp(SIXTEENTH)) & (chain["right"] == "put")]
    near = rows[(rows["strike"] / rows["spot"]).between(0.95, 1.05)]

    assert found.volatility(near["strike"]) == pytest.approx(near["implied_vol"].to_numpy(), abs=0.006)
