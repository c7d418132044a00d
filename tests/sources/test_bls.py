import datetime as dt
import traceback

import pytest
from options_signals.errors import ProviderRefusedError, ProviderThrottledError, ProviderUnavailableError
from options_signals.sources.base import Fetched
from options_signals.sources.bls import BlsSource
from options_signals.sources.http import ApiKey

from tests.sources.bodies import bls, bls_refusal
from tests.sources.web_server import HTML, Outside, serving

FIRST, LAST = dt.date(2022, 11, 1), dt.date(2022, 11, 23)
KEY = ApiKey(name="BLS_API_KEY", value="s3cr3t")
MONTHS = bls(
    {
        "LNS14000000": [("2022", "M10", "3.7"), ("2022", "M09", "3.5")],
        "CUSR0000SA0": [("2022", "M10", "298.062"), ("2022", "M09", "296.761"), ("2021", "M13", "270.970")],
    }
)


def macro(outside: Outside, *series: str, key: ApiKey | None = None, first: dt.date = FIRST) -> Fetched:
    return BlsSource(outside.web(), key=key).macro(series, first=first, last=LAST)


def test_a_month_is_known_when_it_was_published() -> None:
    with serving({"timeseries/data/": MONTHS}) as outside:
        frame = macro(outside, "UNRATE", "CPIAUCSL").frame

    assert [tuple(map(str, row)) for row in frame.to_numpy()] == [
        ("CPIAUCSL", "2022-10-01 00:00:00", "298.062", "2022-11-23 00:00:00"),
        ("UNRATE", "2022-10-01 00:00:00", "3.7", "2022-11-12 00:00:00"),
    ]


def test_without_a_key_the_first_version_is_asked() -> None:
    with serving({"v1/timeseries/data/": MONTHS}) as outside:
        macro(outside, "UNRATE")

    assert outside.asked[0].body == {"seriesid": ["LNS14000000"], "startyear": "2022", "endyear": "2022"}


def test_with_a_key_the_second_version_is_asked() -> None:
    with serving({"v2/timeseries/data/": MONTHS}) as outside:
        macro(outside, "UNRATE", key=KEY)

    assert outside.asked[0].body["registrationkey"] == "s3cr3t"
    assert outside.asked[0].query == {}


def test_a_long_span_is_asked_for_in_parts() -> None:
    with serving({"timeseries/data/": MONTHS}) as outside:
        fetched = macro(outside, "UNRATE", first=dt.date(2005, 1, 3))

    spans = [(request.body["startyear"], request.body["endyear"]) for request in outside.asked]
    assert spans == [("2004", "2013"), ("2014", "2022")]
    assert len(fetched.frame) == 2


def test_a_month_without_a_survey_is_left_out() -> None:
    months = bls({"LNS14000000": [("2022", "M10", "-"), ("2022", "M09", "3.5")]})
    with serving({"timeseries/data/": months}) as outside:
        frame = macro(outside, "UNRATE", first=dt.date(2022, 10, 1)).frame

    assert list(frame["value"]) == [3.5]


@pytest.mark.parametrize("key", [None, KEY])
def test_the_daily_limit_is_a_throttle(key: ApiKey | None) -> None:
    limit = bls_refusal("Request could not be serviced, as the daily threshold has been reached for s3cr3t.")
    with serving({"timeseries/data/": limit}) as outside, pytest.raises(ProviderThrottledError):
        macro(outside, "UNRATE", key=key)


def test_a_wrong_key_is_refused_by_name_and_not_repeated() -> None:
    wrong = bls_refusal("The key:s3cr3t provided by the User is invalid.")
    with serving({"timeseries/data/": wrong}) as outside, pytest.raises(ProviderRefusedError) as caught:
        macro(outside, "UNRATE", key=KEY)

    assert caught.value.key == "BLS_API_KEY"
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (HTML, "HTML instead of data"),
        (MONTHS[:-9], "JSONDecodeError"),
        (bls_refusal("Invalid series"), "it processed no request"),
        (bls({"LNS14000000": [("2022", "S01", "3.7")]}), "ValueError"),
    ],
)
def test_nonsense_is_no_month(body: str, why: str) -> None:
    with serving({"timeseries/data/": body}) as outside, pytest.raises(ProviderUnavailableError, match=why):
        macro(outside, "UNRATE")


def test_a_series_it_does_not_carry_is_a_failure() -> None:
    with serving({"timeseries/data/": MONTHS}) as outside:
        fetched = macro(outside, "UNRATE", "DGS10")

    assert fetched.failures == {"DGS10": "BLS does not carry it"}
