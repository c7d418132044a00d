import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from options_signals.errors import InvalidValueError, NoIndexError
from options_signals.features import catalog
from options_signals.features.inputs import columns_for, feature_table
from options_signals.sessions import all_sessions, between, shift
from options_signals.sources.base import Sources
from options_signals.sources.simulated import SimulatedSource
from options_signals.tables import SENTIMENT

from training.captures import Captures
from training.dataset import History, candidates, digest_of, direction_rows, fetch_history, positions_of, regime_rows

THROUGH = dt.date(2022, 11, 23)
FIRST = dt.date(2018, 1, 2)


@pytest.fixture(scope="module")
def sources() -> Sources:
    market = SimulatedSource(seed=3)
    return Sources(namespace="simulated", world="simulated", bars=market, vol_indices=market, macro=market)


@pytest.fixture(scope="module")
def history(sources: Sources) -> History:
    return fetch_history(sources, ["SPY"], through=THROUGH, first=FIRST)


def test_nothing_after_the_last_session_is_fetched(history: History) -> None:
    assert history.bars["session"].max().date() == THROUGH
    assert history.vol_indices["session"].max().date() == THROUGH
    assert history.macro is not None
    assert history.macro["available_on"].max().date() <= THROUGH


def test_a_later_end_changes_no_row_whose_future_was_known(sources: Sources, history: History) -> None:
    longer = fetch_history(sources, ["SPY"], through=dt.date(2023, 1, 31), first=FIRST)
    features = ("rsi_14", "iv_rank", "cpi_yoy")

    before, after = (direction_rows(each.of("SPY"), features) for each in (history, longer))

    known = before.iloc[:-5]
    pd.testing.assert_frame_equal(known, after.iloc[: len(known)])
    assert before.iloc[-5:]["label"].isna().all()
    assert before.iloc[-5:]["entered_return"].isna().all()
    assert after.iloc[: len(before)].iloc[-5:]["entered_return"].notna().all()


def test_the_features_are_those_that_serving_computes_on_its_own_two_years(history: History) -> None:
    names = candidates(history.of("SPY"))
    trained = direction_rows(history.of("SPY"), names).iloc[-1]
    window = history.bars["session"].iloc[-504]
    bars = history.bars[history.bars["session"] >= window]
    levels = history.vol_indices[history.vol_indices["session"] >= window]

    served = feature_table(columns_for("SPY", bars=bars, vol_indices=levels, macro=history.macro), names).iloc[-1]

    assert trained["session"] == served["session"]
    np.testing.assert_allclose(
        trained[list(names)].astype(float), served[list(names)].astype(float), rtol=1e-6, atol=1e-9
    )


def test_labels_rest_on_the_total_return_price(history: History) -> None:
    columns = history.of("SPY")
    close = columns.arrays["close"]
    rows = direction_rows(columns, ("rsi_14",))

    change = close[5:] / close[:-5] - 1.0

    assert not np.array_equal(close, columns.arrays["traded_close"])
    expected = np.where(change > 0.01, 1.0, np.where(change < -0.01, 0.0, np.nan))
    np.testing.assert_array_equal(rows["label"].iloc[:-5], expected[252:])


def test_a_missing_bar_leaves_the_labels_that_need_it_unknown(history: History) -> None:
    missing = history.bars["session"].iloc[600]
    holed = history.bars[history.bars["session"] != missing]
    columns = columns_for("SPY", bars=holed, vol_indices=history.vol_indices)

    entered = direction_rows(columns, ("rsi_14",)).set_index("position")["entered_return"]

    hole = int(positions_of(pd.DatetimeIndex([missing]))[0])
    assert hole not in entered.index
    assert entered.loc[[hole - 6, hole - 5, hole - 4, hole - 1]].isna().tolist() == [False, True, False, True]


def test_the_first_year_only_warms_up(history: History) -> None:
    rows = direction_rows(history.of("SPY"), ("returns_252d",))

    assert rows["session"].iloc[0] == history.bars["session"].iloc[252]
    assert rows["returns_252d"].notna().all()


def test_regime_rows_hold_what_model_and_rule_need(history: History) -> None:
    rows = regime_rows(history.of("SPY"))

    assert set(catalog.IV_REGIME_INPUTS) | {"iv_distance_to_30", "iv_distance_to_60", "iv_change"} <= set(rows)
    assert rows["iv_rank"].notna().all()
    ahead = rows["iv_rank"].shift(-5)
    expected = pd.cut(ahead, [-1, 30, 60, 101], right=False, labels=[0.0, 1.0, 2.0]).astype(float)
    pd.testing.assert_series_equal(rows["label"], expected, check_names=False)


def test_without_macro_the_features_that_need_it_are_no_candidates(history: History) -> None:
    bare = columns_for("SPY", bars=history.bars, vol_indices=history.vol_indices)

    assert "cpi_yoy" in candidates(history.of("SPY"))
    assert "cpi_yoy" not in candidates(bare)
    assert "rsi_14" in candidates(bare)


def test_candidates_are_safe_features_only(history: History) -> None:
    assert "sma_20" in catalog.names()
    assert set(candidates(history.of("SPY"))) <= set(catalog.safe_features())


def test_what_was_said_is_learned_from_where_there_are_captures(history: History) -> None:
    names = [column.name for column in SENTIMENT.columns if not column.optional]
    frame = pd.DataFrame([["SPY", pd.Timestamp(THROUGH, tz="UTC"), 0.6, 0.1, 5.0, 0.5, 80.0, 40.0]], columns=names)

    heard = replace(history, captures=Captures("ApeWisdom", frame))

    assert "reddit_mentions" not in candidates(history.of("SPY"))
    assert "reddit_mentions" in candidates(heard.of("SPY"))


def test_other_data_has_another_digest(sources: Sources, history: History) -> None:
    again = fetch_history(sources, ["SPY", "QQQ"], through=THROUGH, first=FIRST)
    shorter = fetch_history(sources, ["SPY"], through=dt.date(2022, 11, 22), first=FIRST)

    first, same, other = (digest_of(regime_rows(each.of("SPY"))) for each in (history, again, shorter))

    assert first == same
    assert first != other


def test_what_a_proxy_speaks_of_is_fetched_with_the_ticker(sources: Sources) -> None:
    history = fetch_history(sources, ["AAPL"], through=THROUGH, first=FIRST, proxies={"AAPL": "VIX"})

    columns = history.of("AAPL")

    assert set(history.bars["ticker"]) == {"AAPL", "SPY"}
    assert columns.index_is_proxy


def own_history(count: int, last: dt.date = THROUGH, ticker: str = "AAPL") -> pd.DataFrame:
    days = pd.DatetimeIndex(between(shift(last, 1 - count), last)).as_unit("s")
    return pd.DataFrame({"underlying": ticker, "session": days, "atm_iv_30d": 0.25 + 0.05 * np.sin(np.arange(count))})


def test_a_ticker_with_a_year_of_its_own_volatility_learns_from_that_and_needs_no_proxy(sources: Sources) -> None:
    history = fetch_history(sources, ["AAPL", "SPY"], through=THROUGH, first=FIRST, own_iv=own_history(300))

    own, spy = history.of("AAPL"), history.of("SPY")

    assert (own.index, own.index_is_proxy, spy.index) == ("AAPL options", False, "VIX")
    # A rank is known from the 240th session on; its label five sessions later.
    assert len(regime_rows(own)) == 61
    assert regime_rows(own)["label"].notna().sum() == 56


def test_own_volatility_of_less_than_a_year_or_of_later_days_leaves_the_proxy(sources: Sources) -> None:
    short, later = own_history(239), own_history(300, dt.date(2023, 3, 1))

    for rows in (short, later):
        history = fetch_history(sources, ["AAPL"], through=THROUGH, first=FIRST, proxies={"AAPL": "VIX"}, own_iv=rows)
        assert history.of("AAPL").index == "VIX"


def test_own_volatility_is_not_taken_for_that_of_a_ticker_with_an_index(sources: Sources) -> None:
    own = own_history(300, ticker="SPY")

    assert fetch_history(sources, ["SPY"], through=THROUGH, first=FIRST, own_iv=own).of("SPY").index == "VIX"


def test_a_ticker_without_an_index_is_refused(sources: Sources) -> None:
    with pytest.raises(NoIndexError, match="AAPL"):
        fetch_history(sources, ["AAPL"], through=THROUGH)


def test_data_that_could_not_be_had_is_refused_by_name(sources: Sources) -> None:
    with pytest.raises(InvalidValueError, match="SPY"):
        fetch_history(sources, ["SPY"], first=dt.date(2000, 1, 3), through=dt.date(2000, 12, 29))


def test_a_bar_on_a_day_without_trading_is_refused() -> None:
    saturday = pd.DatetimeIndex(["2022-11-26"])

    with pytest.raises(InvalidValueError, match="2022-11-26"):
        positions_of(saturday)


def test_positions_count_sessions_of_the_exchange() -> None:
    around_thanksgiving = pd.DatetimeIndex(["2022-11-23", "2022-11-25", "2022-11-28"])

    positions = positions_of(around_thanksgiving)

    assert np.diff(positions).tolist() == [1, 1]
    assert str(all_sessions()[positions[1]]) == "2022-11-25"
