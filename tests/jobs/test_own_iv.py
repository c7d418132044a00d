"""Chain summaries of a session, and the table they grow."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from options_signals import sessions
from options_signals.chain.summary import ChainSummary
from options_signals.jobs.delivery import Delivery
from options_signals.jobs.own_iv import grown, summaries
from options_signals.settings import Tickets
from options_signals.snapshot import Origin
from options_signals.sources.base import Fetched
from options_signals.tables import BARS, CHAIN, EARNINGS, MACRO, Table, validate

from tests.chains import SESSION, flat_chain

EXPIRIES = tuple(SESSION + dt.timedelta(days=days) for days in (16, 44, 86, 114))
PRE, POST, UNKNOWN = "pre", "post", None
ORIGIN = Origin(source="test", captured_at=dt.datetime(2022, 11, 23, 21, 45, tzinfo=dt.UTC), rights="test")


def chain(*volatilities: float, spot: float = 100.0) -> pd.DataFrame:
    """One expiry after another, each at its own volatility."""
    strikes = tuple(range(50, 160))
    return pd.concat(
        [
            flat_chain(spot=spot, expirations=(day,), volatility=volatility, strikes=strikes)
            for day, volatility in zip(EXPIRIES, volatilities, strict=False)
        ]
    )


def bar(close: float) -> pd.DataFrame:
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    return pd.DataFrame([{"ticker": "XYZ", "session": pd.Timestamp(SESSION), **prices, "volume": 1e6}])


def yields(observed_on: dt.date = SESSION - dt.timedelta(days=1)) -> pd.DataFrame:
    series = ("DGS3MO", "DGS2", "DGS10")
    return pd.DataFrame({"series": series, "value": 4.0, "observed_on": observed_on, "available_on": SESSION})


def delivery(quotes: pd.DataFrame, *, close: float = 100.0, **frames: pd.DataFrame) -> Delivery:
    found = {"bars": bar(close), "chain": quotes, "macro": yields()} | frames
    tables: dict[str, Table] = {table.name: table for table in (BARS, CHAIN, MACRO, EARNINGS)}
    return Delivery(
        tables={
            tables[name]: Fetched(frame=validate(tables[name], frame), origin=ORIGIN) for name, frame in found.items()
        }
    )


def announced(on: dt.date, time: str | None) -> pd.DataFrame:
    row = {"ticker": "XYZ", "announced_on": on, "release_time": time, "known_on": SESSION - dt.timedelta(days=5)}
    return pd.DataFrame([row]).assign(eps_estimate=np.nan, eps_actual=np.nan)


def summary_of(delivered: Delivery) -> ChainSummary:
    (summary,), absent = summaries(delivered, Tickets(), SESSION)
    assert absent == ()
    return summary


def refusal_of(delivered: Delivery) -> str:
    found, (absent,) = summaries(delivered, Tickets(), SESSION)
    assert found == ()
    return absent


# --- of one session ---


def test_a_chain_is_summarised_at_the_discount_rates_of_the_session() -> None:
    summary = summary_of(delivery(chain(0.20, 0.20, 0.20, 0.20)))

    assert (summary.underlying, summary.session, summary.spot) == ("XYZ", SESSION, 100.0)
    assert summary.atm_iv_30d == pytest.approx(0.20, abs=0.001)
    assert summary.implied_earnings_move is None  # nobody announces anything


@pytest.mark.parametrize(
    ("announced_on", "release_time", "told"),
    [
        (EXPIRIES[0], PRE, True),  # the first expiry, alone dearer than the others, holds the move
        (EXPIRIES[0], POST, False),  # it is over before the announcement
        (EXPIRIES[0], UNKNOWN, False),  # nobody knows: the later expiries hold it for certain
        (EXPIRIES[0] + dt.timedelta(days=3), PRE, False),  # the Monday after it
        (SESSION, POST, True),
        (SESSION, PRE, False),  # the session has reacted
        (SESSION, UNKNOWN, False),  # it may have
        (SESSION - dt.timedelta(days=1), UNKNOWN, False),
    ],
)
def test_the_move_on_earnings_is_taken_from_what_expires_after_it(
    announced_on: dt.date, release_time: str | None, *, told: bool
) -> None:
    summary = summary_of(delivery(chain(0.30, 0.20, 0.21, 0.21), earnings=announced(announced_on, release_time)))

    assert (summary.implied_earnings_move is not None) is told


def test_without_discount_rates_of_these_days_there_is_no_summary() -> None:
    old = yields(SESSION - dt.timedelta(days=8))

    assert "own implied volatility of XYZ (DGS3MO" in refusal_of(delivery(chain(0.2, 0.2), macro=old))


def test_a_chain_that_stands_at_another_spot_than_the_close_is_no_chain_of_the_session() -> None:
    assert "the chain stands at a spot of 100.00, the close is 102.00" in refusal_of(
        delivery(chain(0.2, 0.2), close=102.0)
    )


def test_a_chain_that_says_nothing_of_30_days_is_kept_with_unknowns_and_told() -> None:
    (summary,), absent = summaries(delivery(chain(0.2)), Tickets(), SESSION)

    assert summary.atm_iv_30d is None
    assert absent == ("own implied volatility of XYZ (no smile on both sides of 30 days)",)


def test_without_chains_there_is_nothing_to_say() -> None:
    delivered = delivery(chain(0.2, 0.2))
    without = Delivery(tables={table: fetched for table, fetched in delivered.tables.items() if table != CHAIN})

    assert summaries(without, Tickets(), SESSION) == ((), ())


# --- of all of them ---


def summary(underlying: str, volatility: float) -> ChainSummary:
    unknown = dict.fromkeys(("atm_iv_90d", "skew_25d_30d", "term_slope", "implied_earnings_move"))
    counts = {"quotes": 0, "faults": {}, "calendar_conflicts": 0}
    known = {"underlying": underlying, "session": SESSION, "spot": 100.0, "atm_iv_30d": volatility}
    return ChainSummary.model_validate(known | unknown | counts)


def rows(*of: tuple[str, int, float]) -> pd.DataFrame:
    """Underlying, sessions after the session (negative: before it), volatility."""
    frame = pd.DataFrame(of, columns=["underlying", "after", "atm_iv_30d"])
    days = [sessions.shift(SESSION, after) for after in frame.pop("after")]
    unknown = dict.fromkeys(("atm_iv_90d", "skew_25d_30d", "term_slope", "implied_earnings_move"), np.nan)
    return frame.assign(session=pd.to_datetime(pd.Series(days)).astype("datetime64[s]"), spot=100.0, **unknown)


stored = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(-800, 5), st.floats(0.1, 0.9)), min_size=1)


@given(stored=stored, today=st.sets(st.sampled_from("AB")))
@hypothesis_settings(deadline=None)
def test_no_underlying_has_two_rows_of_a_session_nor_one_of_a_later_session_or_of_more_than_three_years_ago(
    stored: list[tuple[str, int, float]], today: set[str]
) -> None:
    table = grown(rows(*stored), [summary(name, 0.05) for name in sorted(today)], session=SESSION)

    assert not table.duplicated(["underlying", "session"]).any()
    assert (table["session"] <= pd.Timestamp(SESSION)).all()
    assert (table["session"] >= pd.Timestamp(sessions.shift(SESSION, -755))).all()
    own = table[(table["session"] == pd.Timestamp(SESSION)) & table["underlying"].isin(today)]
    assert own["atm_iv_30d"].tolist() == [0.05] * len(today)
    assert set(table["session"].dt.date) >= {sessions.shift(SESSION, at) for _, at, _ in stored if -756 < at < 0}


def test_what_is_grown_twice_is_the_same() -> None:
    once = grown(rows(("XYZ", -2, 0.2), ("XYZ", -1, 0.3)), [summary("XYZ", 0.25)], session=SESSION)

    again = grown(pd.concat([once, rows(("XYZ", -1, 0.9))]), [summary("XYZ", 0.25)], session=SESSION)

    pd.testing.assert_frame_equal(once, again)
    assert once["atm_iv_30d"].tolist() == [0.2, 0.3, 0.25]
