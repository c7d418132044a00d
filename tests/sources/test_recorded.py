"""What the providers make of recorded answers and of the documentation's examples; skipped where they are absent."""

import datetime as dt
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from options_signals.sources.apewisdom import ApeWisdomSource
from options_signals.sources.base import Fetched
from options_signals.sources.cboe import CboeSource
from options_signals.sources.files import FilesSource
from options_signals.sources.finnhub import FinnhubSource
from options_signals.sources.fred import FredSource
from options_signals.sources.http import ApiKey
from options_signals.sources.treasury import TreasurySource

from tests.sources.bodies import cboe, cboe_close_only, treasury
from tests.sources.web_server import Replies, Reply, serving

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / os.environ.get("SIGNALS_MARKET_DATA", "../shared/data")
pytestmark = [
    pytest.mark.market_data,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no market data in {FOLDER}; set SIGNALS_MARKET_DATA"),
]
KEY = ApiKey(name="SOME_API_KEY", value="s3cr3t")
FIRST, LAST = dt.date(2020, 11, 23), dt.date(2022, 11, 23)


def recorded(name: str) -> str:
    return (FOLDER / f"responses/{name}.json").read_text()


def fred(series: str, name: str, *, first: dt.date, last: dt.date) -> Fetched:
    with serving({"series/observations": recorded(name)}) as outside:
        return FredSource(outside.web(), key=KEY).macro([series], first=first, last=last)


def test_recorded_monthly_observations_are_known_in_the_month_after() -> None:
    fetched = fred("CPIAUCSL", "fred_observations_CPILFESL", first=dt.date(2022, 1, 1), last=dt.date(2022, 12, 31))

    assert list(fetched.frame["observed_on"].dt.month) == [12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11][: len(fetched.frame)]
    assert len(fetched.frame) == 12
    assert set(fetched.frame["available_on"].dt.day) == {23}


def test_recorded_points_are_no_values() -> None:
    fetched = fred("UNRATE", "fred_observations_GDP", first=dt.date(1946, 1, 1), last=dt.date(1948, 1, 1))

    assert fetched.frame["observed_on"].min() == pd.Timestamp("1947-01-01")


def test_recorded_weekly_observations_are_known_on_the_monday_after() -> None:
    fetched = fred("DGS10", "fred_observations_WGS10YR_tail", first=dt.date(2022, 7, 1), last=dt.date(2022, 8, 12))

    assert len(fetched.frame) == 4
    assert set(fetched.frame["available_on"].dt.day_of_week) == {0}


def test_the_documented_news_sentiment() -> None:
    with serving({"news-sentiment": recorded("finnhub_news_sentiment_doc_example")}) as outside:
        fetched = FinnhubSource(outside.web(), key=KEY).sentiment(["V"], first=LAST, last=LAST)

    row = fetched.frame.iloc[0]
    assert (row["bullish_share"], row["bearish_share"], row["articles"], row["buzz"]) == (1.0, 0.0, 20.0, 0.8888)


def test_the_documented_news_are_scored_by_their_headlines() -> None:
    replies: dict[str, Replies] = {
        "news-sentiment": Reply(status=403),
        "company-news": recorded("finnhub_company_news_doc_example"),
    }
    day = dt.date(2019, 9, 27)
    with serving(replies) as outside:
        source = FinnhubSource(outside.web(now="2019-09-27T16:45:00-04:00"), key=KEY)
        row = source.sentiment(["AAPL"], first=day, last=day).frame.iloc[0]

    assert row["articles"] >= 2
    assert 0 <= row["bullish_share"] + row["bearish_share"] <= 1


def test_the_documented_calendar() -> None:
    with serving({"calendar/earnings": recorded("finnhub_calendar_earnings_doc_example")}) as outside:
        source = FinnhubSource(outside.web(now="2020-02-03T16:45:00-05:00"), key=KEY)
        frame = source.earnings(["AAPL"], first=dt.date(2019, 10, 1), last=dt.date(2020, 2, 3)).frame

    assert list(frame["announced_on"].dt.strftime("%Y-%m-%d")) == ["2019-10-30", "2020-01-28"]
    assert list(frame["release_time"]) == ["post", "post"]
    assert list(frame["eps_actual"]) == [3.03, 4.99]


def test_a_ranking_as_the_api_documents_it() -> None:
    body = recorded("apewisdom_all_stocks_rekeyed")
    ranked = {row["ticker"]: row for row in json.loads(body)["results"]}
    with serving({"page/1": body}) as outside:
        fetched = ApeWisdomSource(outside.web()).sentiment([*ranked, "NEVER"], first=LAST, last=LAST)

    frame = fetched.frame.fillna({"reddit_mentions_24h_ago": 0})
    assert set(fetched.failures) == {"NEVER"}
    assert list(frame["reddit_mentions"]) == [ranked[ticker]["mentions"] for ticker in frame["ticker"]]
    assert list(frame["reddit_mentions_24h_ago"]) == [ranked[ticker]["mentions_24h_ago"] for ticker in frame["ticker"]]
    assert fetched.frame["reddit_mentions_24h_ago"].min() > 0


def rows_of(folder: str, name: str, column: str) -> list[tuple[str, float]]:
    frame = pd.read_parquet(FOLDER / f"{folder}/{name}.parquet")
    return list(zip(frame["date"].astype(str), frame[column], strict=True))


@pytest.mark.parametrize("index", ["VIX", "RVX", "VVIX"])
def test_a_history_in_cboes_form_is_the_history_in_the_files(index: str) -> None:
    rows = rows_of("vol_indices", index, "close")
    body = cboe_close_only(index, rows) if index == "VVIX" else cboe(rows)
    with serving({f"{index}_History.csv": body}) as outside:
        theirs = CboeSource(outside.web()).vol_indices([index], first=FIRST, last=LAST).frame
    ours = FilesSource(FOLDER).vol_indices([index], first=FIRST, last=LAST).frame

    assert len(ours) > 490
    pd.testing.assert_frame_equal(theirs[["session", "close"]], ours[["session", "close"]], atol=1e-6)


def _curve(names: dict[str, str]) -> str:
    columns = {code: dict(rows_of("macro", series, "value")) for series, code in names.items()}
    days = [day for day in next(iter(columns.values())) if day >= "2020-06-01"]
    return treasury(
        [
            {"NEW_DATE": f"{day}T00:00:00"} | {code: str(values.get(day, "")) for code, values in columns.items()}
            for day in days
        ]
    )


@pytest.mark.parametrize("series", ["T10Y2Y", "T10YIE", "DGS3MO", "DFII10"])
def test_what_treasurys_yields_give_is_what_fred_publishes(series: str) -> None:
    nominal = _curve({"DGS10": "BC_10YEAR", "DGS2": "BC_2YEAR", "DGS3MO": "BC_3MONTH"})
    real = _curve({"DFII10": "TC_10YEAR"})
    with serving({"pages/xml": lambda request: real if "real" in request.query["data"] else nominal}) as outside:
        theirs = TreasurySource(outside.web()).macro([series], first=FIRST, last=LAST).frame
    ours = FilesSource(FOLDER).macro([series], first=FIRST, last=LAST).frame

    assert len(ours) > 490
    assert list(theirs["available_on"]) == list(ours["available_on"])
    assert np.abs(theirs["value"] - ours["value"]).max() < 1e-9
