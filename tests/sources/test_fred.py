import datetime as dt
import logging
import traceback

import pytest
from options_signals.errors import ProviderRefusedError, ProviderUnavailableError
from options_signals.sources.base import Fetched
from options_signals.sources.fred import FredSource
from options_signals.sources.http import ApiKey

from tests.sources.bodies import fred
from tests.sources.web_server import HTML, Outside, Reply, Request, serving

FIRST, LAST = dt.date(2022, 11, 1), dt.date(2022, 11, 23)
KEY = ApiKey(name="FRED_API_KEY", value="s3cr3t")
PATH = "series/observations"
DAILY = fred([("2022-11-21", "3.83"), ("2022-11-22", "."), ("2022-11-23", "3.71")])


def macro(outside: Outside, *series: str, vintages: bool = False, first: dt.date = FIRST) -> Fetched:
    return FredSource(outside.web(), key=KEY, vintages=vintages).macro(series, first=first, last=LAST)


def test_a_daily_value_is_known_on_the_next_business_day_and_a_point_is_none() -> None:
    with serving({PATH: DAILY}) as outside:
        frame = macro(outside, "DGS10").frame

    assert list(frame["value"]) == [3.83]
    assert list(frame["available_on"].dt.day) == [22]


def test_a_month_is_known_by_the_calendar_of_releases() -> None:
    with serving({PATH: fred([("2022-10-01", "298.062")])}) as outside:
        frame = macro(outside, "CPIAUCSL").frame

    assert list(frame["available_on"].dt.day) == [23]


def test_with_vintages_each_revision_is_known_from_its_own_day() -> None:
    rows = [("2022-09-01", "296.761"), ("2022-10-01", "298.012"), ("2022-10-01", "298.062")]
    recorded = ["2022-10-13", "2022-11-10", "2022-11-18"]
    with serving({PATH: fred(rows, realtime=recorded)}) as outside:
        frame = macro(outside, "CPIAUCSL", vintages=True, first=dt.date(2022, 10, 1)).frame

    assert list(frame["available_on"].dt.strftime("%m-%d")) == ["10-13", "11-10", "11-18"]
    assert list(frame["value"]) == [296.761, 298.012, 298.062]


@pytest.mark.parametrize(("series", "asked"), [("UNRATE", True), ("DGS10", False)])
def test_vintages_are_asked_for_monthly_series_only(series: str, asked: bool) -> None:
    with serving({PATH: fred([("2022-10-03", "3.7")])}) as outside:
        macro(outside, series, vintages=True)

    assert ("realtime_start" in outside.asked[0].query) is asked


def test_the_federal_funds_rate_has_weekends_and_a_yield_has_none() -> None:
    with serving({PATH: fred([("2022-11-19", "3.83")])}) as outside:
        fetched = macro(outside, "DFF", "DGS10")

    assert set(fetched.frame["series"]) == {"DFF"}
    assert "2022-11-19 is no weekday" in fetched.failures["DGS10"]


def test_a_series_that_fails_costs_itself() -> None:
    def reply(request: Request) -> Reply:
        return Reply(status=400, body="Bad Request") if request.query["series_id"] == "DGS2" else Reply(DAILY)

    with serving({PATH: reply}) as outside:
        fetched = macro(outside, "DGS2", "DGS10", "GDP")

    assert set(fetched.frame["series"]) == {"DGS10"}
    assert "HTTP 400" in fetched.failures["DGS2"]
    assert fetched.failures["GDP"] == "FRED is not asked for it"


def test_a_key_fred_does_not_know_is_refused_by_name(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answer = Reply(status=400, body='{"error_code":400,"error_message":"Bad Request. api_key is not registered."}')
    with serving({PATH: answer}) as outside, pytest.raises(ProviderRefusedError) as caught:
        macro(outside, "DGS10")

    assert outside.asked[0].query["api_key"] == "s3cr3t"
    assert caught.value.key == "FRED_API_KEY"
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value)) + caplog.text


@pytest.mark.parametrize(("body", "why"), [(HTML, "HTML"), (DAILY[:-9], "JSONDecodeError"), ("{}", "KeyError")])
def test_nonsense_is_no_observation(body: str, why: str) -> None:
    with serving({PATH: body}) as outside, pytest.raises(ProviderUnavailableError, match=why):
        macro(outside, "DGS10")
