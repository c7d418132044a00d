import datetime as dt
import math

import pandas as pd
import pytest
from options_signals.errors import ProviderRefusedError, ProviderUnavailableError
from options_signals.sources.base import Fetched
from options_signals.sources.finnhub import FinnhubSource
from options_signals.sources.http import ApiKey

from tests.sources.bodies import announcement, calendar, news, news_sentiment, quote
from tests.sources.web_server import HTML, Outside, Replies, Reply, Request, serving

TODAY = dt.date(2022, 11, 23)
KEY = ApiKey(name="FINNHUB_API_KEY", value="s3cr3t")
NO_PREMIUM = Reply(status=403, body='{"error":"You don\'t have access to this resource."}')
HEADLINES = news(
    [
        ("2022-11-22T15:00:00+00:00", "Apple wins, shares surge on great results"),
        ("2022-11-22T16:00:00+00:00", "Apple wins, shares surge on great results"),  # the same again
        ("2022-11-21T15:00:00+00:00", "Apple sued over terrible fraud, a disaster"),
        ("2022-11-20T15:00:00+00:00", "Apple holds an event"),
        ("2022-11-19T15:00:00+00:00", "Another good and happy day for Apple"),
        ("2022-11-10T15:00:00+00:00", "Last month was terrible"),  # two weeks ago
        ("2022-11-24T15:00:00+00:00", "Tomorrow will be terrible"),  # after the capture
    ]
)


def sentiment(outside: Outside, *tickers: str, day: dt.date = TODAY) -> Fetched:
    return FinnhubSource(outside.web(), key=KEY).sentiment(tickers, first=day, last=day)


def earnings(outside: Outside, *tickers: str, last: dt.date = dt.date(2023, 2, 28)) -> Fetched:
    return FinnhubSource(outside.web(), key=KEY).earnings(tickers, first=dt.date(2022, 10, 1), last=last)


def test_news_sentiment_is_taken_where_the_key_reaches_it() -> None:
    body = news_sentiment(bullish=0.75, bearish=0.25, articles=20, buzz=0.8888)
    with serving({"news-sentiment": body}) as outside:
        fetched = sentiment(outside, "AAPL")

    row = fetched.frame.iloc[0]
    assert (row["bullish_share"], row["bearish_share"], row["articles"], row["buzz"]) == (0.75, 0.25, 20.0, 0.8888)
    assert math.isnan(row["reddit_mentions"])
    assert row["captured_at"] == pd.Timestamp("2022-11-23T21:45:00Z")
    assert fetched.origin.source == "Finnhub news sentiment"


def test_buzz_is_at_most_one() -> None:
    with serving({"news-sentiment": news_sentiment(bullish=1, bearish=0, articles=90, buzz=4.0)}) as outside:
        assert sentiment(outside, "AAPL").frame["buzz"].item() == 1.0


def test_headlines_of_the_week_are_scored_where_the_key_does_not_reach_it() -> None:
    with serving({"news-sentiment": NO_PREMIUM, "company-news": HEADLINES}) as outside:
        fetched = sentiment(outside, "AAPL")

    row = fetched.frame.iloc[0]
    assert (row["articles"], row["bullish_share"], row["bearish_share"]) == (4.0, 0.5, 0.25)
    assert math.isnan(row["buzz"])
    assert fetched.origin.source == "Finnhub headlines scored with VADER"


def test_the_premium_service_is_tried_once_per_capture() -> None:
    with serving({"news-sentiment": NO_PREMIUM, "company-news": HEADLINES}) as outside:
        sentiment(outside, "AAPL", "MSFT", "NVDA")

    assert [request.path.rsplit("/", 1)[-1] for request in outside.asked].count("news-sentiment") == 1
    assert len(outside.asked) == 4


def test_a_week_without_news_has_no_articles_and_no_opinion() -> None:
    with serving({"news-sentiment": NO_PREMIUM, "company-news": "[]"}) as outside:
        row = sentiment(outside, "AAPL").frame.iloc[0]

    assert row["articles"] == 0.0
    assert math.isnan(row["bullish_share"])


@pytest.mark.parametrize("day", [dt.date(2022, 11, 22), dt.date(2022, 11, 25)])
def test_todays_news_is_not_spread_over_other_days(day: dt.date) -> None:
    with serving({"news-sentiment": news_sentiment(bullish=1, bearish=0, articles=1, buzz=0.5)}) as outside:
        assert len(sentiment(outside, "AAPL").frame) == 1
        fetched = sentiment(outside, "AAPL", day=day)

    assert fetched.frame.empty
    assert set(fetched.failures) == {"AAPL"}


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ('{"buzz": null, "sentiment": null, "symbol": ""}', "no news sentiment of this ticker"),
        (news_sentiment(bullish=75, bearish=25, articles=20, buzz=0.5), "column bullish_share"),
        (Reply(status=500), "HTTP 500"),
        (HTML, "HTML instead of data"),
        ('{"sentiment": {}}', "no news sentiment of this ticker"),
    ],
)
def test_a_ticker_that_fails_costs_itself(reply: str | Reply, why: str) -> None:
    good = news_sentiment(bullish=1, bearish=0, articles=1, buzz=0.5)

    def answer(request: Request) -> str | Reply:
        return reply if request.query["symbol"] == "ODD" else good

    with serving({"news-sentiment": answer}) as outside:
        fetched = sentiment(outside, "ODD", "AAPL")

    assert set(fetched.frame["ticker"]) == {"AAPL"}
    assert why in fetched.failures["ODD"]


def test_the_key_goes_into_a_header_and_nowhere_else() -> None:
    with serving({"news-sentiment": NO_PREMIUM, "company-news": HEADLINES}) as outside:
        sentiment(outside, "AAPL")

    assert all(request.headers["X-Finnhub-Token"] == "s3cr3t" for request in outside.asked)
    assert "s3cr3t" not in str([request.query for request in outside.asked])


def test_a_wrong_key_is_refused_by_name() -> None:
    with (
        serving({"news-sentiment": Reply(status=401)}) as outside,
        pytest.raises(ProviderRefusedError, match="Correct the key in FINNHUB_API_KEY"),
    ):
        sentiment(outside, "AAPL", "MSFT")

    assert len(outside.asked) == 1


def test_requests_keep_to_sixty_a_minute() -> None:
    with serving({"news-sentiment": NO_PREMIUM, "company-news": HEADLINES}) as outside:
        sentiment(outside, "AAPL", "MSFT")

    assert outside.slept == [1.0, 1.0]


@pytest.mark.parametrize(("hour", "time"), [("bmo", "pre"), ("amc", "post"), ("dmh", "?"), ("", "?")])
def test_the_time_of_the_release_is_before_after_or_unknown(hour: str, time: str) -> None:
    with serving({"calendar/earnings": calendar([announcement("2022-10-27", hour, epsActual=1.29)])}) as outside:
        frame = earnings(outside, "AAPL").frame

    row = frame.fillna({"release_time": "?"}).iloc[0]
    assert row["release_time"] == time
    assert (row["eps_estimate"], row["eps_actual"]) == (1.5, 1.29)


@pytest.mark.parametrize(
    ("announced_on", "known_on"),
    [
        ("2022-10-27", "2022-10-13"),  # ten sessions before
        ("2022-12-02", "2022-11-17"),  # ten sessions before, Thanksgiving between
        ("2023-02-02", "2022-11-23"),  # far ahead: this capture shows it
    ],
)
def test_a_date_is_known_ten_sessions_ahead_or_since_this_capture(announced_on: str, known_on: str) -> None:
    with serving({"calendar/earnings": calendar([announcement(announced_on, "amc")])}) as outside:
        frame = earnings(outside, "AAPL").frame

    assert str(frame["known_on"].dt.date.item()) == known_on


def test_announcements_of_others_and_outside_the_span_are_left_out() -> None:
    rows = [announcement(day, "amc") for day in ("2022-10-27", "2022-12-31", "2022-09-30")]
    stranger = announcement("2022-10-27", "amc", symbol="AAPL.MX")
    with serving({"calendar/earnings": calendar([*rows, stranger])}) as outside:
        frame = earnings(outside, "AAPL", last=dt.date(2022, 12, 30)).frame

    assert list(frame["announced_on"].dt.strftime("%m-%d")) == ["10-27"]


def test_an_announcement_given_twice_counts_once_and_a_contradiction_costs_the_ticker() -> None:
    once, moved = announcement("2022-10-27", "amc"), announcement("2022-10-27", "bmo")

    with serving({"calendar/earnings": calendar([once, once])}) as outside:
        assert len(earnings(outside, "AAPL").frame) == 1
    with serving({"calendar/earnings": calendar([once, moved])}) as outside:
        assert "one row per key" in earnings(outside, "AAPL").failures["AAPL"]


def test_a_fund_without_earnings_is_a_failure_of_its_own() -> None:
    with serving({"calendar/earnings": calendar([])}) as outside:
        assert earnings(outside, "SPY").failures == {"SPY": "it has no rows from 2022-10-01 to 2023-02-28"}


def test_a_calendar_that_is_down_is_unavailable() -> None:
    with serving({"calendar/earnings": Reply(status=502)}) as outside, pytest.raises(ProviderUnavailableError):
        earnings(outside, "AAPL")


def test_news_of_the_whole_market_are_those_of_the_fund_that_stands_for_it() -> None:
    replies: dict[str, Replies] = {"news-sentiment": NO_PREMIUM, "v1/news": HEADLINES, "company-news": "[]"}
    with serving(replies) as outside:
        fetched = sentiment(outside, "SPY", "AAPL")

    assert dict(zip(fetched.frame["ticker"], fetched.frame["articles"], strict=True)) == {"SPY": 4.0, "AAPL": 0.0}
    asked = [request.query for request in outside.asked if request.path.endswith("v1/news")]
    assert asked == [{"category": "general"}]


def closes(outside: Outside, *tickers: str, day: dt.date = TODAY) -> Fetched:
    return FinnhubSource(outside.web(), key=KEY).bars(tickers, first=day, last=day)


@pytest.mark.parametrize("at", ["2022-11-23T16:00:00-05:00", "2022-11-23T16:15:00-05:00"])
def test_the_last_price_at_the_close_is_the_close(at: str) -> None:
    with serving({"v1/quote": quote(101.5, at)}) as outside:
        row = closes(outside, "SPY").frame.iloc[0]

    assert row.drop("volume").to_dict() == {
        "ticker": "SPY",
        "session": pd.Timestamp("2022-11-23"),
        "open": 100.5,
        "high": 103.5,
        "low": 99.5,
        "close": 101.5,
    }
    assert math.isnan(row["volume"])


@pytest.mark.parametrize(
    ("at", "why"),
    [
        ("2022-11-23T15:59:59-05:00", "no close of SPY in Finnhub. Its last price is of 2022-11-23 20:59 UTC"),
        ("2022-11-23T16:15:01-05:00", "no close of SPY"),  # after hours
        ("2022-11-24T16:00:00-05:00", "no close of SPY"),  # Thanksgiving
        ("2022-11-22T16:00:00-05:00", "it has no rows from 2022-11-23"),
        ("1970-01-01T00:00:00+00:00", "no price of this ticker"),  # an unknown symbol: all zeros
    ],
)
def test_a_price_of_another_time_says_nothing_of_the_close(at: str, why: str) -> None:
    with serving({"v1/quote": quote(101.5, at)}) as outside:
        fetched = closes(outside, "SPY")

    assert fetched.frame.empty
    assert why in fetched.failures["SPY"]


def test_a_half_day_closes_at_one() -> None:
    with serving({"v1/quote": quote(101.5, "2022-11-25T13:00:05-05:00")}) as outside:
        assert len(closes(outside, "SPY", day=dt.date(2022, 11, 25)).frame) == 1
