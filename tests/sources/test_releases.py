import pandas as pd
import pytest
from options_signals.sources.releases import available_on


def known(series: str, observed: str) -> str:
    return str(available_on(series, pd.Series(pd.to_datetime([observed]))).dt.date.iloc[0])


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        ("2022-11-22", "2022-11-23"),
        ("2022-11-23", "2022-11-25"),  # Thanksgiving between
        ("2022-11-25", "2022-11-28"),  # a weekend between
        ("2022-11-26", "2022-11-28"),  # a Saturday's federal funds rate
        ("2022-10-07", "2022-10-11"),  # Columbus Day: the exchange trades, the Federal Reserve does not publish
    ],
)
def test_a_daily_value_is_known_on_the_next_business_day(observed: str, expected: str) -> None:
    assert known("DGS10", observed) == expected


def test_the_unemployment_rate_of_a_month_is_known_on_the_12th_of_the_next() -> None:
    assert known("UNRATE", "2022-10-01") == "2022-11-12"


def test_the_prices_of_december_are_known_on_the_23rd_of_january() -> None:
    assert known("CPIAUCSL", "2021-12-01") == "2022-01-23"


@pytest.mark.parametrize(
    ("series", "month", "expected"),
    [
        ("UNRATE", "1995-12-01", "1996-01-19"),
        ("UNRATE", "2013-09-01", "2013-10-22"),
        ("CPIAUCSL", "2013-09-01", "2013-10-30"),
        ("UNRATE", "2013-10-01", "2013-11-12"),
        ("UNRATE", "2025-09-01", "2025-11-20"),
        ("CPIAUCSL", "2025-09-01", "2025-10-24"),
        ("UNRATE", "2025-11-01", "2025-12-16"),
        ("CPIAUCSL", "2025-11-01", "2025-12-23"),
    ],
)
def test_a_shut_government_publishes_late(series: str, month: str, expected: str) -> None:
    assert known(series, month) == expected
