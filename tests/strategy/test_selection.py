import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from options_signals.chain.book import Book
from options_signals.pricing.discount import flat_curve
from options_signals.settings import Tickets
from options_signals.strategy.selection import Choice, Refused, choose, is_monthly
from options_signals.strategy.structures import structure_named
from options_signals.tickets import Refusal

from tests.chains import NINTH, RATE, SESSION, SIXTEENTH, changed, flat_chain


def chosen(chain: pd.DataFrame, name: str = "long_call", **limits: Any) -> Choice | Refused:
    book = Book(chain, session=SESSION, rates=flat_curve(rate=RATE, as_of=SESSION))
    return choose(structure_named(name), book, Tickets(**limits))


def strikes(found: Choice | Refused) -> list[int]:
    assert isinstance(found, Choice), found
    return [int(leg.strike) for leg in found.legs]


@pytest.mark.parametrize(
    ("day", "monthly"),
    [
        ("2022-12-16", True),
        ("2022-12-09", False),
        ("2026-06-18", True),  # a Thursday: Friday the 19th is Juneteenth
        ("2022-04-14", True),  # a Thursday: the 15th is Good Friday
        ("2022-12-15", False),
        ("2022-12-23", False),
    ],
)
def test_monthly_is_the_third_friday_or_the_session_before_its_holiday(day: str, *, monthly: bool) -> None:
    assert is_monthly(dt.date.fromisoformat(day)) is monthly


def test_the_preferred_kind_of_expiry_comes_first() -> None:
    monthly, weekly = chosen(flat_chain()), chosen(flat_chain(), first="weekly")

    assert isinstance(monthly, Choice)
    assert isinstance(weekly, Choice)
    assert (monthly.expiration, weekly.expiration) == (SIXTEENTH, NINTH)


def test_an_expiry_without_liquid_legs_is_passed_over_for_the_next_in_the_window() -> None:
    chain = flat_chain()
    monthly = chain.loc[chain["expiration"] == pd.Timestamp(SIXTEENTH), "contract"].tolist()

    found = chosen(changed(chain, monthly, open_interest=3.0))

    assert isinstance(found, Choice)
    assert found.expiration == NINTH
    (passed,) = found.passed_over
    assert passed.startswith("passed over 2022-12-16: to buy the 0.40-0.50-delta call: XYZ221216C00101000 has an open")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("long_call", [101]),  # deltas of calls in 23 days: 100 0.53, 101 0.45, 102 0.37
        ("bull_call_spread", [100, 103]),  # in 16 days: 100 0.52, 102 0.34, 103 0.26
        ("bull_put_spread", [98, 95]),
        ("iron_condor", [96, 94, 105, 107]),
        ("long_straddle", [100, 100]),
        ("long_strangle", [104, 97]),
    ],
)
def test_strikes_are_those_nearest_to_the_wanted_deltas(name: str, expected: list[int]) -> None:
    assert strikes(chosen(flat_chain(), name)) == expected


def test_the_next_liquid_strike_is_taken_within_what_a_delta_may_miss() -> None:
    thin = changed(flat_chain(), "XYZ221209C00103000", open_interest=5.0)

    assert strikes(chosen(thin, "bull_call_spread")) == [100, 102]


@pytest.mark.parametrize(
    ("change", "refusal", "words"),
    [
        ({"open_interest": 99.0}, Refusal.ILLIQUID, "has an open interest of 99, needed: 100"),
        ({"open_interest": np.nan}, Refusal.ILLIQUID, "the open interest of XYZ221216C00101000 is unknown"),
        ({"bid": 1.50, "ask": 1.80}, Refusal.WIDE, "quotes 1.50 to 1.80, a spread above 0.17 USD"),
    ],
)
def test_an_illiquid_leg_is_refused_with_its_numbers(change: dict[str, float], refusal: Refusal, words: str) -> None:
    chain = flat_chain(expirations=(SIXTEENTH,))

    found = chosen(changed(chain, [f"XYZ221216C00{strike}000" for strike in (100, 101, 102)], **change))

    assert isinstance(found, Refused)
    assert found.refusal == refusal
    assert words in found.reason


def test_unknown_open_interest_may_be_allowed() -> None:
    unknown = flat_chain().assign(open_interest=np.nan)

    assert isinstance(chosen(unknown), Refused)
    assert strikes(chosen(unknown, allow_unknown_oi=True)) == [101]


def test_a_spread_of_a_nickel_does_not_count_as_wide() -> None:
    cheap = flat_chain(half_spread=0.025)

    assert strikes(chosen(cheap, "iron_condor")) == [96, 94, 105, 107]
    assert isinstance(chosen(cheap, "iron_condor", tolerated_spread_usd=0.0), Refused)


def test_a_delta_between_two_far_strikes_is_not_reachable() -> None:
    found = chosen(flat_chain(strikes=(92, 94, 96, 98, 99, 100, 106, 107)), "bull_call_spread")

    assert found == Refused(
        Refusal.NO_DELTA, "2022-12-09: to sell the 0.30-delta call: the nearest has a delta of 0.09 at strike 106"
    )


def test_two_legs_never_share_a_strike_unless_they_must() -> None:
    found = chosen(flat_chain(strikes=(80, 90, 95, 97, 100, 103, 106, 110)), "bear_call_spread", max_delta_miss=0.3)

    assert strikes(found) == [103, 106]


def test_no_expiry_in_the_window_names_the_nearest() -> None:
    near = dt.date(2022, 11, 25)

    found = chosen(flat_chain(expirations=(near,)))

    assert found == Refused(
        Refusal.NO_EXPIRY, "no tradable expiry from 14 to 28 days; the nearest: 2022-11-25 (2 days)"
    )
