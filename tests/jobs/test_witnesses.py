import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest
from options_signals.errors import ProviderUnavailableError
from options_signals.jobs.witnesses import INDICES, PRICES, Tolerance, confirmed
from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched

TUESDAY, WEDNESDAY = dt.date(2022, 11, 22), dt.date(2022, 11, 23)


def closes(source: str, close: float, *, name: str = "SPY", day: dt.date = WEDNESDAY) -> Fetched:
    rows = [(name, TUESDAY, 390.0), (name, day, close)]
    frame = pd.DataFrame(rows, columns=["ticker", "session", "close"]).drop_duplicates(["ticker", "session"])
    noon = dt.datetime(2022, 11, 23, 17, tzinfo=dt.UTC)
    frame = frame.assign(session=pd.to_datetime(frame["session"]))
    return Fetched(frame=frame, origin=Origin(source=source, captured_at=noon, rights="all"))


@pytest.mark.parametrize(("b", "tolerance"), [(402.0, PRICES), (398.0, PRICES), (400.1, INDICES), (400.0, INDICES)])
def test_closes_within_the_tolerance_agree(b: float, tolerance: Tolerance) -> None:
    ours = closes("A", 400.0)

    answer, doubts = confirmed(ours, lambda: closes("B", b), WEDNESDAY, tolerance)

    assert (len(answer.frame), answer.failures, doubts) == (2, {}, ())


@pytest.mark.parametrize(("b", "tolerance"), [(402.1, PRICES), (397.9, PRICES), (400.2, INDICES), (399.8, INDICES)])
def test_closes_beyond_it_are_told_and_the_row_of_the_session_is_dropped(b: float, tolerance: Tolerance) -> None:
    answer, _ = confirmed(closes("A", 400.0), lambda: closes("B", b), WEDNESDAY, tolerance)

    assert answer.frame["session"].tolist() == [pd.Timestamp(TUESDAY)]
    assert f"A says 400.00, B {b:.2f}, more than {tolerance} apart" in answer.failures["SPY"]


def test_what_the_second_never_carries_is_neither_contradicted_nor_doubted() -> None:
    answer, doubts = confirmed(closes("A", 400.0), lambda: closes("B", 1.0, name="QQQ"), WEDNESDAY, PRICES)

    assert (len(answer.frame), answer.failures, doubts) == (2, {}, ())


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (closes("B", 390.0, day=TUESDAY), "it has no row of that session"),
        (replace(closes("B", 1.0, name="QQQ"), failures={"SPY": "its last price is of noon"}), "is of noon"),
    ],
)
def test_a_close_that_the_second_should_have_and_has_not_is_a_doubt(other: Fetched, why: str) -> None:
    answer, doubts = confirmed(closes("A", 400.0), lambda: other, WEDNESDAY, PRICES)

    assert (len(answer.frame), answer.failures, len(doubts)) == (2, {}, 1)
    assert "the close of SPY of 2022-11-23 was not compared with a second source (B: " in doubts[0]
    assert why in doubts[0]


def test_a_second_that_does_not_answer_is_a_doubt_and_no_contradiction() -> None:
    def down() -> Fetched:
        raise ProviderUnavailableError(provider="B", detail="HTTP 503")

    answer, doubts = confirmed(closes("A", 400.0), down, WEDNESDAY, PRICES)

    assert len(answer.frame) == 2
    assert "B did not deliver: HTTP 503" in doubts[0]
