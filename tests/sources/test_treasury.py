import datetime as dt
from contextlib import AbstractContextManager

import pytest
from options_signals.errors import ProviderUnavailableError
from options_signals.sources.base import Fetched
from options_signals.sources.treasury import TreasurySource

from tests.sources.bodies import treasury
from tests.sources.web_server import HTML, Outside, Reply, serving

FIRST, LAST = dt.date(2022, 11, 22), dt.date(2022, 11, 23)
NOMINAL = treasury(
    [
        {"NEW_DATE": "2022-11-23T00:00:00", "BC_3MONTH": "4.38", "BC_2YEAR": "4.46", "BC_10YEAR": "3.71"},
        {"NEW_DATE": "2022-11-22T00:00:00", "BC_3MONTH": "4.37", "BC_2YEAR": "4.47", "BC_10YEAR": "3.76"},
        {"NEW_DATE": "2022-11-21T00:00:00", "BC_3MONTH": "4.36", "BC_2YEAR": "4.48", "BC_10YEAR": "3.83"},
    ]
)
REAL = treasury(
    [
        {"NEW_DATE": "2022-11-21T00:00:00", "TC_10YEAR": "1.54"},
        {"NEW_DATE": "2022-11-22T00:00:00", "TC_10YEAR": "1.49"},
    ]
)


def curves(nominal: str | Reply = NOMINAL, real: str | Reply = REAL) -> AbstractContextManager[Outside]:
    return serving({"pages/xml": lambda request: real if "real" in request.query["data"] else nominal})


def macro(outside: Outside, *series: str) -> Fetched:
    return TreasurySource(outside.web()).macro(series, first=FIRST, last=LAST)


def values(fetched: Fetched, series: str) -> dict[str, float]:
    rows = fetched.frame[fetched.frame["series"] == series]
    return dict(zip(rows["available_on"].dt.strftime("%m-%d"), rows["value"], strict=True))


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ("DGS3MO", {"11-22": 4.36, "11-23": 4.37}),
        ("DGS2", {"11-22": 4.48, "11-23": 4.47}),
        ("DGS10", {"11-22": 3.83, "11-23": 3.76}),
        ("DFII10", {"11-22": 1.54, "11-23": 1.49}),
        ("T10Y2Y", {"11-22": -0.65, "11-23": -0.71}),  # 3.83 - 4.48, 3.76 - 4.47
        ("T10YIE", {"11-22": 2.29, "11-23": 2.27}),  # 3.83 - 1.54, 3.76 - 1.49
    ],
)
def test_a_yield_is_known_on_the_next_business_day(series: str, expected: dict[str, float]) -> None:
    with curves() as outside:
        assert values(macro(outside, series), series) == expected


def test_the_yield_of_this_evening_is_not_known_this_evening() -> None:
    with curves() as outside:
        frame = macro(outside, "DGS10").frame

    assert frame["observed_on"].max().day == 22  # the feed holds the 23rd


def test_each_calendar_year_is_asked_for_once_per_curve() -> None:
    with curves() as outside:
        TreasurySource(outside.web()).macro(["DGS10", "T10Y2Y"], first=dt.date(2022, 1, 3), last=LAST)

    assert [request.query["field_tdr_date_value"] for request in outside.asked] == ["2021", "2022"]


def test_a_day_given_in_two_years_counts_once() -> None:
    with curves() as outside:
        fetched = TreasurySource(outside.web()).macro(["DGS10"], first=dt.date(2022, 1, 3), last=LAST)

    assert len(fetched.frame) == 2
    assert fetched.failures == {}


def test_a_maturity_without_a_quote_is_unknown() -> None:
    row = {"NEW_DATE": "2022-11-21T00:00:00", "BC_3MONTH": "", "BC_2YEAR": "4.48", "BC_10YEAR": "3.83"}
    with curves(nominal=treasury([row])) as outside:
        fetched = macro(outside, "DGS3MO", "DGS2")

    assert set(fetched.frame["series"]) == {"DGS2"}
    assert fetched.failures == {"DGS3MO": "it has no rows from 2022-11-22 to 2022-11-23"}


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (Reply(status=503), "HTTP 503"),
        (Reply(HTML), "HTML instead of data"),
        (Reply(REAL[:-20]), "ParseError"),
        (Reply("<feed></feed>"), "no Atom feed"),
        (Reply(status=404), "HTTP 404"),
        (Reply(treasury([{"NEW_DATE": "2022-11-20T19:00:00", "TC_10YEAR": "1.54"}])), "is no plain date"),
        (Reply(treasury([{"NEW_DATE": "2022-11-21T00:00:00Z", "TC_10YEAR": "1.54"}])), "is no plain date"),
        (Reply(treasury([{"NEW_DATE": "2022-11-20T00:00:00", "TC_10YEAR": "1.54"}])), "is no weekday"),
        (Reply(treasury([])), "it has no rows"),
    ],
    ids=["503", "html", "truncated", "another-form", "404", "with-a-time", "with-a-zone", "on-a-sunday", "empty"],
)
def test_a_broken_curve_costs_what_is_made_of_it_and_nothing_else(broken: Reply, why: str) -> None:
    with curves(real=broken) as outside:
        fetched = macro(outside, "DGS10", "DFII10", "T10YIE")

    assert set(fetched.frame["series"]) == {"DGS10"}
    assert set(fetched.failures) == {"DFII10", "T10YIE"}
    assert why in fetched.failures["DFII10"]


def test_contradicting_values_cost_the_series() -> None:
    rows = [{"NEW_DATE": "2022-11-21T00:00:00", "TC_10YEAR": value} for value in ("1.54", "1.45")]
    with curves(real=treasury(rows)) as outside:
        fetched = macro(outside, "DFII10", "DGS2")

    assert set(fetched.frame["series"]) == {"DGS2"}
    assert "one row per key" in fetched.failures["DFII10"]


def test_a_feed_that_is_down_is_unavailable() -> None:
    with curves(Reply(status=500), Reply(status=500)) as outside, pytest.raises(ProviderUnavailableError):
        macro(outside, "DGS10", "DFII10")


def test_the_rights_are_the_public_domain() -> None:
    with curves() as outside:
        assert macro(outside, "DGS10").origin.rights == "US Treasury: public domain."
