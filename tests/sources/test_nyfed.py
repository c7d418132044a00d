import datetime as dt

import pytest
from options_signals.errors import ProviderUnavailableError
from options_signals.sources.nyfed import NewYorkFedSource

from tests.sources.bodies import nyfed
from tests.sources.web_server import HTML, Reply, serving

RATES = nyfed([("2022-11-23", 3.85), ("2022-11-22", 3.83), ("2022-11-18", 3.82), ("2022-11-18", 3.82)])


def test_the_rate_of_a_day_is_known_the_next_morning() -> None:
    with serving({"effr/search.json": RATES}) as outside:
        source = NewYorkFedSource(outside.web())
        frame = source.macro(["DFF"], first=dt.date(2022, 11, 21), last=dt.date(2022, 11, 23)).frame

    assert list(frame["available_on"].dt.strftime("%m-%d")) == ["11-21", "11-23"]  # Friday's rate on Monday
    assert list(frame["value"]) == [3.82, 3.83]


def test_the_span_reaches_back_far_enough_for_a_holiday_week() -> None:
    with serving({"effr/search.json": RATES}) as outside:
        NewYorkFedSource(outside.web()).macro(["DFF"], first=dt.date(2022, 11, 21), last=dt.date(2022, 11, 23))

    assert outside.asked[0].query == {"startDate": "2022-08-13", "endDate": "2022-11-23", "type": "rate"}


def test_another_series_is_not_asked_for() -> None:
    with serving({}) as outside:
        source = NewYorkFedSource(outside.web())
        fetched = source.macro(["DGS10"], first=dt.date(2022, 11, 21), last=dt.date(2022, 11, 23))

    assert fetched.failures == {"DGS10": "New York Fed does not carry it"}
    assert outside.asked == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (HTML, "HTML instead of data"),
        (RATES[:-5], "JSONDecodeError"),
        ('{"rates": []}', "KeyError"),
        ('{"refRates": [{"effectiveDate": "2022-11-22", "percentRate": null}]}', "ValueError"),
        (nyfed([("2022-11-20", 3.83)]), "is no weekday"),
        ('{"refRates": [{"effectiveDate": "2022-11-22T19:00:00-05:00", "percentRate": 3.8}]}', "is no plain date"),
    ],
)
def test_nonsense_is_no_rate(body: str, why: str) -> None:
    with serving({"effr/search.json": Reply(body)}) as outside, pytest.raises(ProviderUnavailableError, match=why):
        NewYorkFedSource(outside.web()).macro(["DFF"], first=dt.date(2022, 11, 21), last=dt.date(2022, 11, 23))


def test_an_empty_answer_is_a_failure_of_the_series() -> None:
    with serving({"effr/search.json": nyfed([])}) as outside:
        source = NewYorkFedSource(outside.web())
        fetched = source.macro(["DFF"], first=dt.date(2022, 11, 21), last=dt.date(2022, 11, 23))

    assert fetched.frame.empty
    assert fetched.failures == {"DFF": "it has no rows from 2022-11-21 to 2022-11-23"}
