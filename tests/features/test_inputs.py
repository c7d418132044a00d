import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from options_signals.errors import InvalidValueError, MissingColumnError, NoIndexError, NotFoundError
from options_signals.features.inputs import (
    Columns,
    PriceBasis,
    as_known,
    columns_for,
    feature_table,
    index_of,
    macro_columns,
)

NAN = math.nan
FIRST_WEEK = ("2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07")


def bars(ticker: str, closes: Sequence[float], **more: object) -> pd.DataFrame:
    days = pd.to_datetime(pd.Series(FIRST_WEEK[: len(closes)]))
    close = pd.Series(closes, dtype=float)
    columns = {"ticker": ticker, "session": days, "open": close - 1.0, "high": close + 2.0, "low": close - 2.0}
    return pd.DataFrame(columns | {"close": close, "volume": 1000.0} | more)


def index_bars(index: str, closes: Sequence[float], days: Sequence[str] = FIRST_WEEK) -> pd.DataFrame:
    rows = {"index": index, "session": pd.to_datetime(pd.Series(days[: len(closes)])), "close": closes}
    return pd.DataFrame(rows).assign(open=closes, high=closes, low=closes)


def observations(*rows: tuple[str, float, str], series: str = "DFF") -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["observed_on", "value", "available_on"])
    dates = {name: pd.to_datetime(frame[name]) for name in ("observed_on", "available_on")}
    return frame.assign(series=series, **dates)


def days(*dates: str) -> np.ndarray:
    return np.array(dates, dtype="datetime64[s]")


VOL_INDICES = pd.concat(
    [
        index_bars("VIX", [12.0, 14.0, 13.0, 13.5]),
        index_bars("VXN", [15.0, 17.0, 16.0, 16.5]),
        index_bars("VIX3M", [14.0, 15.0, 14.5, 14.6]),
    ]
)


# --- prices ---


def test_with_an_adjusted_close_prices_are_on_total_return_and_traded_prices_stay() -> None:
    columns = columns_for("SPY", bars=bars("SPY", [100.0, 110.0], adj_close=[50.0, 55.0]))

    assert columns.price_basis is PriceBasis.TOTAL_RETURN
    assert columns.arrays["close"].tolist() == [50.0, 55.0]
    assert columns.arrays["high"].tolist() == [51.0, 56.0]
    assert columns.arrays["traded_high"].tolist() == [102.0, 112.0]


def test_without_an_adjusted_close_prices_are_as_traded_and_say_so() -> None:
    columns = columns_for("SPY", bars=bars("SPY", [100.0, 110.0]))

    assert columns.price_basis is PriceBasis.TRADED
    assert columns.arrays["close"].tolist() == [100.0, 110.0]


def test_an_adjusted_close_that_is_never_known_is_none() -> None:
    assert columns_for("SPY", bars=bars("SPY", [100.0], adj_close=NAN)).price_basis is PriceBasis.TRADED


def test_a_session_without_an_adjusted_close_is_unknown_on_that_basis() -> None:
    columns = columns_for("SPY", bars=bars("SPY", [100.0, 110.0], adj_close=[50.0, NAN]))

    assert_array_equal(columns.arrays["open"], [49.5, NAN])
    assert columns.arrays["traded_open"].tolist() == [99.0, 109.0]


def test_bars_in_any_order_become_ascending_sessions() -> None:
    columns = columns_for("SPY", bars=bars("SPY", [10.0, 20.0, 30.0]).iloc[::-1])

    assert columns.sessions.is_monotonic_increasing
    assert columns.arrays["close"].tolist() == [10.0, 20.0, 30.0]


def test_a_ticker_without_bars_is_refused() -> None:
    with pytest.raises(NotFoundError, match="no bars of QQQ in the table bars"):
        columns_for("QQQ", bars=bars("SPY", [100.0]))


def test_two_bars_of_one_session_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="bars of SPY is 'two of 2020-01-02'; allowed: one a session"):
        columns_for("SPY", bars=pd.concat([bars("SPY", [100.0]), bars("SPY", [101.0])]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"low": [98.0, 0.0]}, "low of SPY on 2020-01-03 is 0.0; allowed: > 0"),
        ({"adj_close": [50.0, -1.0]}, "adj_close of SPY on 2020-01-03 is -1.0; allowed: > 0"),
        ({"volume": [1.0, -5.0]}, "volume of SPY on 2020-01-03 is -5.0; allowed: >= 0"),
    ],
)
def test_a_bar_that_cannot_be_is_refused_by_name_day_and_value(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        columns_for("SPY", bars=bars("SPY", [100.0, 110.0], **wrong))


# --- volatility indices ---


def test_each_ticker_has_its_own_index_and_all_share_the_term_structure_of_vix() -> None:
    columns = columns_for("QQQ", bars=bars("QQQ", [200.0, 201.0]), vol_indices=VOL_INDICES)

    assert (columns.index, columns.index_is_proxy) == ("VXN", False)
    assert columns.arrays["index_close"].tolist() == [15.0, 17.0]
    assert columns.arrays["vix"].tolist() == [12.0, 14.0]
    assert columns.arrays["vix3m"].tolist() == [14.0, 15.0]


def test_the_index_of_another_session_is_never_taken_for_todays() -> None:
    without_the_second = VOL_INDICES[VOL_INDICES["session"] != "2020-01-03"]

    columns = columns_for("SPY", bars=bars("SPY", [10.0, 20.0, 30.0]), vol_indices=without_the_second)

    assert_array_equal(columns.arrays["index_close"], [12.0, NAN, 13.0])


def test_index_values_on_exchange_holidays_add_no_session() -> None:
    with_new_year = pd.concat([index_bars("VIX", [99.0], ["2020-01-01"]), VOL_INDICES])

    columns = columns_for("SPY", bars=bars("SPY", [10.0, 20.0]), vol_indices=with_new_year)

    assert columns.arrays["index_close"].tolist() == [12.0, 14.0]


def test_an_index_that_is_not_there_is_left_out_and_named_by_the_feature_that_needs_it() -> None:
    columns = columns_for("IWM", bars=bars("IWM", [10.0, 20.0]), vol_indices=VOL_INDICES)

    assert "vix" in columns.arrays
    with pytest.raises(MissingColumnError, match="iv_rank needs the column index_close"):
        feature_table(columns, ["iv_rank"])


def test_an_index_at_zero_is_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"open of VXN on 2020-01-03 is 0\.0; allowed: > 0"):
        columns_for("QQQ", bars=bars("QQQ", [10.0, 20.0]), vol_indices=index_bars("VXN", [15.0, 0.0]))


def test_a_ticker_without_an_index_is_refused() -> None:
    with pytest.raises(NoIndexError, match="AAPL has no volatility index of its own"):
        columns_for("AAPL", bars=bars("AAPL", [300.0]), vol_indices=VOL_INDICES)


def test_a_named_proxy_is_shown_and_compared_with_its_own_underlying() -> None:
    both = pd.concat([bars("AAPL", [300.0, 303.0]), bars("QQQ", [200.0, 201.0])])

    columns = columns_for("AAPL", bars=both, vol_indices=VOL_INDICES, proxies={"AAPL": "VXN"})

    assert (columns.index, columns.index_is_proxy) == ("VXN", True)
    assert columns.arrays["index_underlying_close"].tolist() == [200.0, 201.0]


def own_volatility(*of: float) -> pd.DataFrame:
    """AAPL's own from the second session on, and another company's."""
    days = pd.to_datetime(pd.Series(FIRST_WEEK[1 : 1 + len(of)]))
    own = pd.DataFrame({"underlying": "AAPL", "session": days, "atm_iv_30d": of})
    return pd.concat([own, own.assign(underlying="MSFT", atm_iv_30d=0.9)])


def test_a_tickers_own_options_stand_for_its_index_with_their_closes_in_points() -> None:
    columns = columns_for(
        "AAPL",
        bars=bars("AAPL", [300.0, 303.0, 301.0, 302.0]),
        vol_indices=VOL_INDICES,
        proxies={"AAPL": "VXN"},
        own_iv=own_volatility(0.25, NAN, 0.3),
    )

    assert (columns.index, columns.index_is_proxy) == ("AAPL options", False)
    assert_array_equal(columns.arrays["index_close"], [NAN, 25.0, NAN, 30.0])
    assert np.isnan(columns.arrays["index_high"]).all()
    assert columns.arrays["index_underlying_close"].tolist() == [300.0, 303.0, 301.0, 302.0]
    assert columns.arrays["vix"].tolist() == [12.0, 14.0, 13.0, 13.5]


def test_a_proxy_without_bars_of_its_underlying_is_refused() -> None:
    with pytest.raises(NotFoundError, match="no bars of SPY"):
        columns_for("AAPL", bars=bars("AAPL", [300.0]), vol_indices=VOL_INDICES, proxies={"AAPL": "VIX"})


def test_a_proxy_beside_an_index_of_its_own_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="SPY has VIX as its own index"):
        index_of("SPY", {"SPY": "VXN"})


def test_a_proxy_that_is_no_index_of_an_underlying_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="'VVIX'; allowed: VIX, VXN, RVX, VXD"):
        index_of("AAPL", {"AAPL": "VVIX"})


# --- macro, point in time ---


def test_a_value_is_known_from_its_release_on_and_not_before() -> None:
    march = observations(("2020-03-01", 4.4, "2020-04-10"), series="UNRATE")

    known = as_known(days("2020-03-31", "2020-04-09", "2020-04-10", "2020-04-13"), march, monthly=True)

    assert_array_equal(known, [NAN, NAN, 4.4, 4.4])


def test_of_two_values_released_together_the_newer_observation_counts() -> None:
    together = observations(("2020-01-02", 1.6, "2020-01-06"), ("2020-01-03", 1.5, "2020-01-06"))

    assert as_known(days("2020-01-06"), together.iloc[::-1]).tolist() == [1.5]


def test_a_late_revision_of_an_older_observation_is_no_news() -> None:
    rows = observations(
        ("2020-01-02", 1.6, "2020-01-03"), ("2020-01-03", 1.5, "2020-01-06"), ("2020-01-02", 9.9, "2020-01-07")
    )

    assert as_known(days("2020-01-03", "2020-01-06", "2020-01-07"), rows).tolist() == [1.6, 1.5, 1.5]


def test_a_revision_of_the_newest_observation_replaces_it_from_that_day_on() -> None:
    rows = observations(("2020-01-02", 1.6, "2020-01-03"), ("2020-01-02", 1.7, "2020-01-07"))

    assert as_known(days("2020-01-03", "2020-01-06", "2020-01-07"), rows).tolist() == [1.6, 1.6, 1.7]


def test_a_daily_value_is_stale_after_ten_sessions() -> None:
    only = observations(("2020-01-02", 1.6, "2020-01-03"))

    assert_array_equal(as_known(days("2020-01-17", "2020-01-21"), only), [1.6, NAN])


def test_a_monthly_value_is_stale_after_seventy_days() -> None:
    only = observations(("2020-01-01", 3.6, "2020-02-07"), series="UNRATE")

    assert_array_equal(as_known(days("2020-04-17", "2020-04-20"), only, monthly=True), [3.6, NAN])


def monthly(series: str, values: Sequence[float], first: str = "2019-01-01") -> pd.DataFrame:
    months = pd.date_range(first, periods=len(values), freq="MS")
    released = months + pd.DateOffset(months=1, days=11)
    return pd.DataFrame({"series": series, "observed_on": months, "value": values, "available_on": released})


SIXTEEN_MONTHS = [100.0, 101.0, 102.0, 103.0, *[104.0] * 8, 102.0, 104.03, 107.1, 110.21]


def test_inflation_compares_the_newest_published_month_with_the_month_a_year_before() -> None:
    sessions = pd.DatetimeIndex(["2020-02-11", "2020-02-12", "2020-03-11", "2020-05-12"])

    columns = macro_columns(sessions, monthly("CPIAUCSL", SIXTEEN_MONTHS))

    np.testing.assert_allclose(columns["cpi_yoy_known"], [NAN, 2.0, 2.0, 7.0])
    np.testing.assert_allclose(columns["cpi_yoy_change_3m_known"], [NAN, NAN, NAN, 5.0])


def test_a_month_that_was_never_published_has_no_comparison_and_shifts_none() -> None:
    skipped = monthly("CPIAUCSL", SIXTEEN_MONTHS).drop(index=1)  # no February 2019

    columns = macro_columns(pd.DatetimeIndex(["2020-02-12", "2020-03-12", "2020-04-13"]), skipped)

    np.testing.assert_allclose(columns["cpi_yoy_known"], [2.0, NAN, 5.0])


def test_a_comparison_uses_the_earlier_month_as_it_stood_then() -> None:
    revised_later = pd.concat(
        [
            monthly("UNRATE", [4.0, 4.1, 4.2, 4.5]),
            observations(("2019-01-01", 3.0, "2019-05-12"), ("2019-01-01", 2.0, "2019-05-20"), series="UNRATE"),
        ]
    )

    columns = macro_columns(pd.DatetimeIndex(["2019-05-13", "2019-05-21"]), revised_later)

    np.testing.assert_allclose(columns["unrate_change_3m_known"], [1.5, 1.5])


def test_a_series_that_is_not_there_is_left_out() -> None:
    columns = macro_columns(pd.DatetimeIndex(["2020-01-06"]), observations(("2020-01-02", 1.6, "2020-01-03")))

    assert "dff" in columns
    assert not {"dgs2", "unrate", "cpi_yoy_known"} & columns.keys()


# --- sentiment and earnings ---


def captures(*rows: tuple[str, float], ticker: str = "AAPL") -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["captured_at", "bullish_share"])
    unknown = dict.fromkeys(("bearish_share", "articles", "buzz", "reddit_mentions", "reddit_mentions_24h_ago"), NAN)
    return frame.assign(captured_at=pd.to_datetime(frame["captured_at"], utc=True), ticker=ticker, **unknown)


def test_a_capture_speaks_of_its_own_new_york_date_and_of_no_other() -> None:
    evening = captures(("2020-01-04T01:45:00Z", 0.7))  # 20:45 on the 3rd in New York

    columns = columns_for("AAPL", bars=bars("AAPL", [10.0, 20.0, 30.0]), sentiment=evening)

    assert_array_equal(columns.arrays["bullish_share"], [NAN, 0.7, NAN])


def test_of_two_captures_of_a_day_the_later_counts() -> None:
    twice = captures(("2020-01-02T23:45:00Z", 0.6), ("2020-01-02T21:45:00Z", 0.2))

    columns = columns_for("AAPL", bars=bars("AAPL", [10.0]), sentiment=twice)

    assert columns.arrays["bullish_share"].tolist() == [0.6]


def test_a_capture_on_a_day_without_trading_is_nobodys() -> None:
    saturday = captures(("2020-01-04T20:00:00Z", 0.7))

    columns = columns_for("AAPL", bars=bars("AAPL", [10.0, 20.0, 30.0]), sentiment=saturday)

    assert np.isnan(columns.arrays["bullish_share"]).all()


def test_without_a_row_of_the_ticker_its_columns_are_missing_and_not_zero() -> None:
    others = captures(("2020-01-02T21:45:00Z", 0.7), ticker="MSFT")

    columns = columns_for("AAPL", bars=bars("AAPL", [10.0]), sentiment=others)

    assert "bullish_share" not in columns.arrays
    with pytest.raises(MissingColumnError, match="sentiment_score needs the column"):
        feature_table(columns, ["sentiment_score"])


def test_moves_of_announcements_are_taken_from_the_models_own_prices() -> None:
    row = {"ticker": "AAPL", "announced_on": "2020-01-02", "release_time": "post", "known_on": "2019-12-18"}
    earnings = pd.DataFrame([row]).assign(eps_estimate=1.0, eps_actual=1.1)
    dated = earnings.assign(**{name: pd.to_datetime(earnings[name]) for name in ("announced_on", "known_on")})

    columns = columns_for("AAPL", bars=bars("AAPL", [100.0, 90.0], adj_close=[50.0, 46.0]), earnings=dated)

    assert columns.arrays["earnings_move_1"].tolist()[1] == pytest.approx(0.08)


def test_the_timing_of_events_needs_no_table() -> None:
    assert columns_for("SPY", bars=bars("SPY", [100.0])).arrays["payrolls_next_days"].tolist() == [8.0]


# --- the table of features ---


def columns_of_spy() -> Columns:
    return columns_for("SPY", bars=bars("SPY", [100.0, 110.0, 99.0]), vol_indices=VOL_INDICES)


def test_the_feature_table_has_one_row_per_session_and_the_columns_asked_for() -> None:
    table = feature_table(columns_of_spy(), ["returns_1d", "vix_close"])

    assert list(table.columns) == ["ticker", "session", "returns_1d", "vix_close"]
    assert table["returns_1d"].round(9).tolist()[1:] == [0.1, -0.1]
    assert table["session"].tolist() == list(pd.to_datetime(FIRST_WEEK[:3]))


def test_a_feature_whose_input_was_not_given_is_refused_by_name() -> None:
    with pytest.raises(MissingColumnError, match="fed_funds_effective needs the column dff"):
        feature_table(columns_of_spy(), ["returns_1d", "fed_funds_effective"])
