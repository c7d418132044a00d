import datetime as dt
import math

import pytest
from options_signals.errors import ProviderUnavailableError
from options_signals.sources.apewisdom import ApeWisdomSource
from options_signals.sources.base import Fetched

from tests.sources.bodies import apewisdom
from tests.sources.web_server import HTML, Outside, Replies, Reply, serving

TODAY = dt.date(2022, 11, 23)


def sentiment(outside: Outside, *tickers: str, day: dt.date = TODAY) -> Fetched:
    return ApeWisdomSource(outside.web()).sentiment(tickers, first=day, last=day)


def mentions(reply: Replies, ticker: str) -> tuple[float, float]:
    with serving({"page/1": reply}) as outside:
        row = sentiment(outside, ticker).frame.iloc[0]
    return row["reddit_mentions"], row["reddit_mentions_24h_ago"]


@pytest.mark.parametrize("rows", [[("GME", 120, 80)], [("GME", "120", "80")]])
def test_mentions_are_counted_today_and_the_day_before(rows: list[tuple[str, object, object]]) -> None:
    assert mentions(apewisdom(rows), "GME") == (120.0, 80.0)


@pytest.mark.parametrize("before", [0, "0", None])
def test_a_ticker_not_ranked_the_day_before_did_not_come_from_nowhere(before: object) -> None:
    today, yesterday = mentions(apewisdom([("GME", 120, before)]), "GME")

    assert today == 120.0
    assert math.isnan(yesterday)


def test_a_ticker_that_is_not_ranked_is_unknown_and_not_zero() -> None:
    with serving({"page/1": apewisdom([("GME", 120, 80)])}) as outside:
        fetched = sentiment(outside, "GME", "KO")

    assert set(fetched.frame["ticker"]) == {"GME"}
    assert fetched.failures == {"KO": "ApeWisdom does not rank it"}


def test_what_news_says_stays_unknown() -> None:
    with serving({"page/1": apewisdom([("GME", 120, 80)])}) as outside:
        frame = sentiment(outside, "GME").frame

    assert frame[["bullish_share", "bearish_share", "articles", "buzz"]].isna().all(axis=None)


PAGES = {
    "page/1": apewisdom([("GME", 120, 80)], page=1, pages=3),
    "page/2": apewisdom([("GME", 119, 80), ("KO", 9, 8)], page=2, pages=3),
    "page/3": apewisdom([("F", 2, 1)], page=3, pages=3),
}


def test_as_many_pages_are_read_as_it_takes() -> None:
    with serving(PAGES) as outside:
        fetched = sentiment(outside, "KO", "GME")

    assert dict(zip(fetched.frame["ticker"], fetched.frame["reddit_mentions"], strict=True)) == {"GME": 120, "KO": 9}
    assert len(outside.asked) == 2


def test_the_last_page_ends_the_search() -> None:
    with serving(PAGES) as outside:
        fetched = sentiment(outside, "F", "NEVER")

    assert set(fetched.failures) == {"NEVER"}
    assert len(outside.asked) == 3


def test_todays_mentions_are_not_spread_over_other_days() -> None:
    with serving(PAGES) as outside:
        fetched = sentiment(outside, "GME", day=dt.date(2022, 11, 22))

    assert fetched.frame.empty
    assert outside.asked == []


@pytest.mark.parametrize("reply", [Reply(status=503), HTML, '{"results": []}', '{"pages": 1, "results": [{}]}'])
def test_a_provider_that_does_not_deliver_is_unavailable(reply: str | Reply) -> None:
    with serving({"page/1": reply}) as outside, pytest.raises(ProviderUnavailableError):
        sentiment(outside, "GME")
