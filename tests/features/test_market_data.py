"""The features on real bars, indices and macro series; skipped where the market data folder is absent."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from options_signals.features import catalog
from options_signals.features.calendar_fomc import KNOWN_FROM, TARGETS
from options_signals.features.catalog import Group
from options_signals.features.inputs import WINDOW, PriceBasis, columns_for, feature_table

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / os.environ.get("SIGNALS_MARKET_DATA", "../shared/data")

pytestmark = [
    pytest.mark.market_data,
    pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no market data in {FOLDER}; set SIGNALS_MARKET_DATA"),
]

TICKERS = ("SPY", "QQQ", "IWM")
INDICES = ("VIX", "VXN", "RVX", "VIX3M")
MOVES = [name for name in catalog.names(Group.EARNINGS_MOVES) if name.startswith("earnings_move")]
RELEASED = {"UNRATE": pd.DateOffset(months=1, days=11), "CPIAUCSL": pd.DateOffset(months=1, days=22)}
# An index fund has no earnings, and nobody captured what was said of it.
OF_COMPANIES = {*catalog.names(Group.SENTIMENT), *catalog.names(Group.EARNINGS), *MOVES}
NAMES = [name for name in catalog.names() if name not in OF_COMPANIES]
NEXT_BUSINESS_DAY = pd.offsets.BDay(1)


def read(folder: str, name: str) -> pd.DataFrame:
    frame = pd.read_parquet(FOLDER / folder / f"{name}.parquet")
    return frame.assign(date=pd.to_datetime(frame["date"]))


@cache
def bars() -> pd.DataFrame:
    return pd.concat([read("prices", name).rename(columns={"date": "session"}).assign(ticker=name) for name in TICKERS])


@cache
def vol_indices() -> pd.DataFrame:
    return pd.concat(
        [read("vol_indices", name).rename(columns={"date": "session"}).assign(index=name) for name in INDICES]
    )


@cache
def macro() -> pd.DataFrame:
    names = sorted(path.stem for path in (FOLDER / "macro").glob("*.parquet"))
    return pd.concat([_published(read("macro", name), name) for name in names])


def _published(frame: pd.DataFrame, series: str) -> pd.DataFrame:
    available_on = frame["date"] + RELEASED.get(series, NEXT_BUSINESS_DAY)
    return frame.rename(columns={"date": "observed_on"}).assign(series=series, available_on=available_on)


@cache
def features(ticker: str) -> pd.DataFrame:
    columns = columns_for(ticker, bars=bars(), vol_indices=vol_indices(), macro=macro())
    assert columns.price_basis is PriceBasis.TOTAL_RETURN
    return feature_table(columns, NAMES).set_index("session")


@cache
def company(ticker: str) -> pd.DataFrame:
    """The features of a company, of prices and announcements alone."""
    own = read("universe", "sp500_daily").query("symbol == @ticker")
    announced = read("earnings", "earnings_history").rename(columns={"symbol": "ticker", "date": "announced_on"})
    earnings = announced.assign(known_on=announced["announced_on"] - pd.Timedelta(days=14))
    prices = own.rename(columns={"symbol": "ticker", "date": "session"})
    columns = columns_for(ticker, bars=prices, earnings=earnings)
    return feature_table(columns, catalog.computable(columns.arrays)).set_index("session")


def test_facebooks_fall_of_july_2018_is_metas_move_of_the_day_after_the_announcement() -> None:
    move = company("META")["earnings_move_max_1q"]

    assert move["2018-07-25"] < 0.10  # the announcement came that evening
    assert move["2018-07-26"] == pytest.approx(0.19, abs=0.005)
    assert company("META").loc["2018-07-25":"2018-07-26", "earnings_today"].tolist() == [1.0, 0.0]


def test_announcements_at_unknown_times_have_no_move_and_lower_the_count() -> None:
    late = company("META").loc["2020-12-31"]

    assert late["earnings_move_count_8q"] == 3.0  # from November 2019 on the file does not say when
    assert np.isnan(late["earnings_move_mean_4q"])


def test_where_the_announcements_end_nothing_is_said_of_a_company() -> None:
    moves = company("JPM")["earnings_move_mean_4q"]

    assert moves["2019-06-28"] > 0.0
    assert moves["2020-03-02":].isna().all()


@pytest.mark.parametrize("ticker", TICKERS)
def test_on_the_last_session_of_2022_every_feature_is_known(ticker: str) -> None:
    last = features(ticker).loc["2022-12-30", NAMES].astype(float)

    assert list(last.index[~np.isfinite(last)]) == []


@pytest.mark.parametrize("ticker", TICKERS)
def test_training_on_all_history_and_serving_on_two_years_agree(ticker: str) -> None:
    two_years = bars()[bars()["ticker"] == ticker].tail(WINDOW)
    served = feature_table(columns_for(ticker, bars=two_years, vol_indices=vol_indices(), macro=macro()), NAMES)

    trained = features(ticker)[NAMES].tail(20)
    np.testing.assert_allclose(served[NAMES].tail(20), trained, rtol=1e-6, atol=1e-9)


def test_no_feature_is_ever_infinite() -> None:
    assert not np.isinf(features("SPY")[NAMES].to_numpy()).any()


def test_the_consumer_prices_of_march_2022_are_known_in_april_and_not_before() -> None:
    cpi = read("macro", "CPIAUCSL").set_index("date")["value"]
    february, march = (100.0 * (cpi[f"2022-{m}-01"] / cpi[f"2021-{m}-01"] - 1.0) for m in ("02", "03"))

    known = features("SPY")["cpi_yoy"]

    assert known["2022-03-31"] == pytest.approx(february)
    assert known["2022-04-22"] == pytest.approx(february)  # released on the 23rd at the latest, a Saturday
    assert known["2022-04-25"] == pytest.approx(march)
    assert february != pytest.approx(march)


def test_a_session_without_rvx_is_unknown_for_iwm_and_known_for_spy() -> None:
    missing = "2018-05-01"

    assert features("SPY").loc[missing, ["vix_close", "iv_rank", "iv_hv_spread"]].notna().all()
    assert features("IWM").loc[missing, ["vix_close", "iv_rank", "iv_hv_spread"]].isna().all()
    assert features("IWM").loc["2018-05-02", ["vix_close", "iv_rank", "iv_hv_spread"]].notna().all()


def test_vix_of_a_holiday_is_not_carried_into_a_session() -> None:
    vix = read("vol_indices", "VIX").set_index("date")["close"]

    assert pd.Timestamp("2022-05-30") in vix.index
    assert pd.Timestamp("2022-05-30") not in features("SPY").index
    assert features("SPY").loc["2022-05-31", "vix_change_1d"] == pytest.approx(
        100.0 * (vix["2022-05-31"] / vix["2022-05-27"] - 1.0)
    )


def test_the_federal_funds_rate_follows_the_table_of_targets() -> None:
    """Between two decisions the market rate sits in the target range, but for the autumn of 2008."""
    rate = read("macro", "DFF").set_index("date")["value"]
    days = pd.DatetimeIndex([day for day, _, _ in TARGETS]).append(pd.DatetimeIndex(["2022-12-31"]))
    spans = [
        (lower, upper, rate[start + pd.Timedelta(days=2) : end - pd.Timedelta(days=1)].median())
        for (_, lower, upper), start, end in zip(TARGETS, days, days[1:], strict=False)
        if KNOWN_FROM <= start < pd.Timestamp("2022-12-31")
    ]

    off = [(lower, upper, median) for lower, upper, median in spans if not lower - 0.13 < median < upper + 0.13]

    assert len(spans) > 70
    assert [(lower, upper) for lower, upper, _ in off] == [(1.5, 1.5), (1.0, 1.0)]
