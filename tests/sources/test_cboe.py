import datetime as dt

import pandas as pd
import pytest
from options_signals.errors import ProviderUnavailableError
from options_signals.sources.cboe import CboeSource

from tests.sources.bodies import cboe, cboe_close_only
from tests.sources.web_server import AFTER_CLOSE, Outside, Replies, Reply, serving

TUESDAY, WEDNESDAY, FRIDAY = dt.date(2022, 11, 22), dt.date(2022, 11, 23), dt.date(2022, 11, 25)
TWO_DAYS = cboe([("2022-11-22", 21.0), ("2022-11-23", 20.0)])


def indices(reply: Replies, *, index: str = "VIX", last: dt.date = WEDNESDAY, now: str = AFTER_CLOSE) -> pd.DataFrame:
    with serving({f"{index}_History.csv": reply}) as outside:
        return CboeSource(outside.web(now=now)).vol_indices([index], first=TUESDAY, last=last).frame


def test_an_index_has_its_four_prices() -> None:
    assert indices(TWO_DAYS).iloc[-1].to_dict() == {
        "index": "VIX",
        "session": pd.Timestamp("2022-11-23"),
        "open": 19.0,
        "high": 22.0,
        "low": 17.0,
        "close": 20.0,
    }


def test_an_index_of_which_one_price_is_published_has_its_close_only() -> None:
    frame = indices(cboe_close_only("VVIX", [("2022-11-23", 85.5)]), index="VVIX")

    assert list(frame["close"]) == [85.5]
    assert frame[["open", "high", "low"]].isna().all(axis=None)


def test_words_above_the_names_of_the_columns_are_skipped() -> None:
    preamble = "\ufeffCboe is the owner of this index.\n\n"

    assert list(indices(preamble + TWO_DAYS.replace("DATE", "Date"))["close"]) == [21.0, 20.0]


def test_a_value_on_an_exchange_holiday_is_left_out() -> None:
    thanksgiving, the_day_after = ("2022-11-24", 20.4), ("2022-11-25", 20.5)
    frame = indices(cboe([thanksgiving, the_day_after]), last=FRIDAY, now="2022-11-25T16:45:00-05:00")

    assert list(frame["session"].dt.day) == [25]


@pytest.mark.parametrize("written", ["0.000000", ""])
def test_a_price_cboe_does_not_know_is_unknown(written: str) -> None:
    frame = indices(f"DATE,OPEN,HIGH,LOW,CLOSE\n11/23/2022,{written},22,17,20\n")

    assert frame["open"].isna().all()
    assert list(frame["close"]) == [20.0]


@pytest.mark.parametrize("written", ["0.000000", ""])
def test_a_session_without_a_close_has_no_row(written: str) -> None:
    frame = indices(f"DATE,OPEN,HIGH,LOW,CLOSE\n11/22/2022,20,22,17,21\n11/23/2022,19,22,17,{written}\n")

    assert list(frame["session"].dt.day) == [22]


def test_the_session_in_progress_is_left_out() -> None:
    assert list(indices(TWO_DAYS, now="2022-11-23T16:10:00-05:00")["session"].dt.day) == [22]
    assert list(indices(TWO_DAYS, now="2022-11-23T16:25:00-05:00")["session"].dt.day) == [22, 23]


def test_rows_out_of_order_are_sorted() -> None:
    assert list(indices(cboe([("2022-11-23", 20.0), ("2022-11-22", 21.0)]))["close"]) == [21.0, 20.0]


def test_a_row_given_twice_counts_once() -> None:
    assert list(indices(cboe([("2022-11-23", 20.0), ("2022-11-23", 20.0)]))["close"]) == [20.0]


def fetched_with(vix: Replies) -> tuple[set[str], dict[str, str]]:
    with serving({"VIX_History.csv": vix, "VXN_History.csv": TWO_DAYS}) as outside:
        fetched = CboeSource(outside.web()).vol_indices(["VIX", "VXN"], first=TUESDAY, last=WEDNESDAY)
    return set(fetched.frame["index"]), dict(fetched.failures)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (cboe([("2022-11-23", 20.0), ("2022-11-23", 20.5)]), "one row per key"),
        (cboe([("2022-11-20", 20.0), ("2022-11-22", 21.0)]), "2022-11-20 is no weekday; dates shifted by a time zone?"),
        ("DATE,OPEN,HIGH,LOW,CLOSE\n2022-11-23,19,22,17,20\n", "doesn't match format"),
        ("DATE,OPEN,HIGH,LOW,CLOSE\n11/23/2022,19,22,17,n/a.\n", "Unable to parse"),
        ("DATE,OPEN,HIGH,LOW\n11/23/2022,19,22,17\n", "KeyError: 'close'"),
        ("DATE,OPEN,HIGH,LOW,CLOSE\n", "it has no rows from 2022-11-22 to 2022-11-23"),
        (cboe([("2022-11-21", 20.0)]), "it has no rows from 2022-11-22 to 2022-11-23"),
        ("", "no line with the names of the columns"),
        (Reply(status=404), "HTTP 404"),
    ],
    ids=["contradiction", "shifted", "iso-dates", "words", "no-close", "no-rows", "stale", "empty", "404"],
)
def test_a_file_that_is_wrong_costs_its_index(reply: Replies, why: str) -> None:
    delivered, failures = fetched_with(reply)

    assert delivered == {"VXN"}
    assert why in failures["VIX"]


def test_an_index_nobody_knows_is_not_asked_for() -> None:
    with serving({}) as outside:
        fetched = CboeSource(outside.web()).vol_indices(["SPY"], first=TUESDAY, last=WEDNESDAY)

    assert fetched.failures == {"SPY": "Cboe does not carry it"}
    assert outside.asked == []


def test_vixcls_is_the_close_of_vix_known_on_the_next_business_day() -> None:
    with serving({"VIX_History.csv": TWO_DAYS}) as outside:
        fetched = CboeSource(outside.web()).macro(["VIXCLS", "DGS10"], first=WEDNESDAY, last=WEDNESDAY)

    assert fetched.frame.to_dict("records") == [
        {
            "series": "VIXCLS",
            "observed_on": pd.Timestamp("2022-11-22"),
            "value": 21.0,
            "available_on": pd.Timestamp("2022-11-23"),
        }
    ]
    assert fetched.failures == {"DGS10": "Cboe does not carry it"}


def ask(outside: Outside) -> list[float]:
    fetched = CboeSource(outside.web()).vol_indices(["VIX", "RVX"], first=TUESDAY, last=WEDNESDAY)
    return list(fetched.frame["close"])


def test_a_provider_down_for_three_days_heals_on_the_fourth() -> None:
    down = [Reply(status=503)] * 9
    with serving({"VIX_History.csv": [*down, Reply(TWO_DAYS)], "RVX_History.csv": [*down, Reply(TWO_DAYS)]}) as outside:
        for _ in range(3):
            with pytest.raises(ProviderUnavailableError, match="VIX: HTTP 503"):
                ask(outside)

        assert ask(outside) == [21.0, 20.0, 21.0, 20.0]
