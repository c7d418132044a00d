import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from options_signals.strategy.dividends import dividends_ahead
from options_signals.strategy.facts import Dividend
from options_signals.tables import DIVIDENDS, validate

SESSION = dt.date(2022, 11, 23)


def table(*ex_dates: str | dt.date, ticker: str = "XYZ") -> pd.DataFrame:
    """One more cent each time, from 1.01 USD on."""
    amounts = [1 + (at + 1) / 100 for at in range(len(ex_dates))]
    dates = pd.DatetimeIndex(ex_dates)
    return validate(DIVIDENDS, pd.DataFrame({"ticker": ticker, "ex_date": dates, "amount": amounts, "known_on": dates}))


def ahead(*ex_dates: str | dt.date) -> tuple[Dividend, ...] | None:
    return dividends_ahead(table(*ex_dates), "XYZ", SESSION)


def expected(on: str, amount: float) -> Dividend:
    return Dividend(ex_date=dt.date.fromisoformat(on), amount=amount, announced=False)


def test_the_next_one_is_expected_after_the_usual_gap_with_the_last_amount() -> None:
    # 90, 92 and 91 days apart: 91 days after 16 September is 16 December
    assert ahead("2021-12-17", "2022-03-17", "2022-06-17", "2022-09-16") == (expected("2022-12-16", 1.04),)


def test_an_announced_one_comes_before_the_expected_one_after_it() -> None:
    announced = Dividend(ex_date=dt.date(2022, 12, 15), amount=1.03)

    assert ahead("2022-06-16", "2022-09-15", "2022-12-15") == (announced, expected("2023-03-16", 1.03))


def test_a_special_one_between_two_does_not_change_the_rhythm() -> None:
    found = ahead("2021-09-15", "2021-12-15", "2022-03-15", "2022-04-01", "2022-06-15", "2022-09-15")

    assert found == (expected("2022-12-14", 1.06),)  # 90 days: the median of 91, 90, 17, 75 and 92


def test_one_that_is_overdue_may_be_any_day() -> None:
    assert ahead("2022-02-18", "2022-05-20", "2022-08-19") == (expected("2022-11-24", 1.03),)  # due on 18 November


def test_one_that_is_overdue_by_more_than_half_a_gap_was_given_up() -> None:
    assert ahead("2021-09-15", "2021-12-15", "2022-03-16") == ()


@pytest.mark.parametrize("few", [(), ("2022-09-15",), ("2022-06-15", "2022-09-15")])
def test_too_few_are_no_rhythm_and_nobody_knows(few: tuple[str, ...]) -> None:
    assert ahead(*few) is None


def test_an_announced_one_is_known_though_there_is_no_rhythm() -> None:
    assert ahead("2022-12-15") == (Dividend(ex_date=dt.date(2022, 12, 15), amount=1.01),)


def test_another_ticker_says_nothing() -> None:
    others = table("2022-03-15", "2022-06-15", "2022-09-15", ticker="ABC")

    assert dividends_ahead(others, "ABC", SESSION) is not None
    assert dividends_ahead(others, "XYZ", SESSION) is None


@given(days=st.lists(st.integers(-1000, 60), min_size=3, max_size=15, unique=True))
def test_all_that_is_ahead_lies_after_the_session_and_ascends(days: list[int]) -> None:
    found = ahead(*(SESSION + dt.timedelta(days=day) for day in sorted(days)))

    assert found is not None
    dates = [dividend.ex_date for dividend in found]
    assert dates == sorted(set(dates))
    assert all(date > SESSION for date in dates)
    assert [dividend.announced for dividend in found] == sorted((d.announced for d in found), reverse=True)
