import datetime as dt
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from options_signals import sessions
from options_signals.sources.simulated import SimulatedSource
from options_signals.sources.simulation.indices import INDICES

FIRST, LAST = dt.date(2010, 1, 4), dt.date(2021, 12, 31)
THREE = ["SPY", "QQQ", "IWM"]
SERIES = ["DFF", "DGS2", "DGS10", "DGS3MO", "VIXCLS", "T10Y2Y", "T10YIE", "DFII10", "UNRATE", "CPIAUCSL"]


def closes(source: SimulatedSource, ticker: str) -> pd.Series:
    frame = source.bars([ticker], first=FIRST, last=LAST).frame
    return frame.set_index("session")["adj_close"]


def levels(source: SimulatedSource, *indices: str) -> pd.DataFrame:
    frame = source.vol_indices(indices, first=FIRST, last=LAST).frame
    return frame.pivot_table(index="session", columns="index", values="close")


def foreseen(source: SimulatedSource, ticker: str) -> float:
    """How well a line through VIX, VIX3M and the last month's return, drawn in the first half, foretells the second.

    The answer is the correlation with the return of the five sessions after.
    """
    price = np.log(closes(source, ticker))
    known = levels(source, "VIX", "VIX3M").apply(np.log).assign(month=price.diff(20), one=1.0)
    table = known.assign(week=price.shift(-5) - price).dropna()
    half = len(table) // 2
    line, *_ = np.linalg.lstsq(table[known.columns][:half], table["week"][:half])
    return float(np.corrcoef(table[known.columns][half:] @ line, table["week"][half:])[0, 1])


def test_a_ticker_trades_on_every_session_and_on_no_other_day() -> None:
    frame = SimulatedSource().bars(["SPY"], first=FIRST, last=LAST).frame

    assert list(frame["session"].dt.date) == sessions.between(FIRST, LAST)


@pytest.mark.parametrize("ticker", [*THREE, "DIA", "NVDA"])
def test_the_bars_of_a_session_fit_together(ticker: str) -> None:
    bars = SimulatedSource().bars([ticker], first=FIRST, last=LAST).frame

    assert (bars["low"] <= bars[["open", "close"]].min(axis="columns")).all()
    assert (bars["high"] >= bars[["open", "close"]].max(axis="columns")).all()
    assert (bars[["low", "volume"]] > 0).all(axis=None)


def test_prices_gap_overnight() -> None:
    bars = SimulatedSource().bars(["SPY"], first=FIRST, last=LAST).frame

    gaps = bars["open"] / bars["close"].shift(1) - 1
    days = bars["close"] / bars["open"] - 1

    assert 0.3 < gaps.std() / days.std() < 1.0


def test_the_total_return_exceeds_the_price_return_by_four_dividends_a_year() -> None:
    bars = SimulatedSource().bars(["SPY"], first=FIRST, last=LAST).frame

    total = bars["adj_close"].iloc[-1] / bars["adj_close"].iloc[0]
    price = bars["close"].iloc[-1] / bars["close"].iloc[0]

    assert total / price == pytest.approx(0.996**-48, rel=1e-6)


def test_a_later_end_changes_no_earlier_value() -> None:
    early = SimulatedSource().bars(THREE, first=FIRST, last=dt.date(2015, 6, 30)).frame
    late = SimulatedSource().bars(THREE, first=FIRST, last=LAST).frame

    pd.testing.assert_frame_equal(late[late["session"] <= "2015-06-30"].reset_index(drop=True), early)


def test_a_ticker_does_not_depend_on_who_else_is_asked_for() -> None:
    alone = SimulatedSource().bars(["IWM"], first=FIRST, last=LAST).frame
    among = SimulatedSource().bars(["NVDA", *reversed(THREE)], first=FIRST, last=LAST).frame

    pd.testing.assert_frame_equal(among[among["ticker"] == "IWM"].reset_index(drop=True), alone)


def test_another_process_simulates_the_same_market() -> None:
    program = (
        "import datetime as dt, hashlib\n"
        "from options_signals.sources.simulated import SimulatedSource\n"
        "frame = SimulatedSource().bars(['QQQ', 'AAPL'], first=dt.date(2010, 1, 4), last=dt.date(2021, 12, 31)).frame\n"
        "print(hashlib.sha256(frame.to_csv().encode()).hexdigest())\n"
    )

    runs = {subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout for _ in range(2)}

    assert len(runs) == 1


def test_another_seed_is_another_market() -> None:
    one, other = closes(SimulatedSource(seed=1), "SPY"), closes(SimulatedSource(seed=2), "SPY")

    assert abs(np.log(one).diff().corr(np.log(other).diff())) < 0.1


def test_tickers_move_together_through_the_market() -> None:
    returns = pd.DataFrame({t: np.log(closes(SimulatedSource(), t)).diff() for t in [*THREE, "NVDA", "KO"]})

    assert returns.corr().to_numpy().min() > 0.3
    assert returns[THREE].corr().to_numpy().min() > 0.75


@pytest.mark.parametrize("index", ["VIX", "VXN", "RVX", "VXD"])
def test_the_iv_rank_visits_low_normal_and_high(index: str) -> None:
    close = levels(SimulatedSource(), index)[index]
    window = close.rolling(252)
    rank = (100 * (close - window.min()) / (window.max() - window.min())).dropna()

    shares = [(rank < 30).mean(), rank.between(30, 60, inclusive="left").mean(), (rank >= 60).mean()]

    assert min(shares) > 0.1


def test_implied_volatility_exceeds_what_is_realised_afterwards_and_follows_it() -> None:
    vix = levels(SimulatedSource(), "VIX")["VIX"]
    returns = np.log(closes(SimulatedSource(), "SPY")).diff()
    realised = 100 * np.sqrt(252) * returns.rolling(21).std().shift(-21)

    assert 0.5 < (vix - realised).mean() < 5.0
    assert vix.corr(realised) > 0.5


def test_the_term_structure_turns_over_when_volatility_is_high() -> None:
    index = levels(SimulatedSource(), "VIX", "VIX3M", "VIX9D")
    calm, wild = index["VIX"] < index["VIX"].quantile(0.3), index["VIX"] > index["VIX"].quantile(0.95)

    assert (index["VIX3M"] > index["VIX"])[calm].mean() > 0.8
    assert (index["VIX3M"] < index["VIX"])[wild].mean() > 0.8
    assert (index["VIX9D"] > index["VIX"])[wild].mean() > 0.8


def test_volatility_rises_when_prices_fall() -> None:
    vix = np.log(levels(SimulatedSource(), "VIX")["VIX"]).diff()

    assert vix.corr(np.log(closes(SimulatedSource(), "SPY")).diff()) < -0.3


@pytest.mark.parametrize("ticker", THREE)
@pytest.mark.parametrize("seed", [7, 8, 9])
def test_a_straight_line_finds_the_planted_edge(ticker: str, seed: int) -> None:
    assert foreseen(SimulatedSource(seed=seed), ticker) > 0.25


@pytest.mark.parametrize("ticker", THREE)
@pytest.mark.parametrize("seed", [7, 8, 9])
def test_without_the_edge_a_straight_line_foretells_nothing(ticker: str, seed: int) -> None:
    assert abs(foreseen(SimulatedSource(seed=seed, edge=False), ticker)) < 0.12


def test_without_the_edge_returns_do_not_follow_on_each_other() -> None:
    returns = np.log(closes(SimulatedSource(edge=False), "SPY")).diff().dropna()
    standardised = returns / returns.rolling(60).std().shift(1)

    correlations = [standardised.autocorr(lag) for lag in range(1, 11)]

    assert np.abs(correlations).max() < 3.3 / np.sqrt(len(returns))


def test_the_edge_changes_returns_and_leaves_implied_volatility_alone() -> None:
    with_edge, without = SimulatedSource(), SimulatedSource(edge=False)

    pd.testing.assert_frame_equal(levels(with_edge, *INDICES), levels(without, *INDICES))
    assert not closes(with_edge, "SPY").equals(closes(without, "SPY"))


def test_macro_series_keep_their_identities_and_nothing_is_known_the_day_it_speaks_of() -> None:
    frame = SimulatedSource().macro(SERIES, first=FIRST, last=LAST).frame
    wide = frame.pivot_table(index="observed_on", columns="series", values="value")

    assert set(frame["series"]) == set(SERIES)
    assert (frame["available_on"] > frame["observed_on"]).all()
    assert (wide["DGS10"] - wide["DGS2"] - wide["T10Y2Y"]).abs().max() < 0.0051
    assert (wide["DGS10"] - wide["T10YIE"] - wide["DFII10"]).abs().max() < 0.0051


def test_the_policy_rate_moves_in_quarter_points_and_both_ways() -> None:
    frame = SimulatedSource().macro(["DFF"], first=FIRST, last=LAST).frame
    moves = frame["value"].diff().dropna()
    decisions = moves[moves.abs() > 0.125]

    assert decisions.abs().between(0.22, 0.28).all()
    assert (decisions > 0).sum() > 3
    assert (decisions < 0).sum() > 3


def test_everything_says_that_it_is_simulated() -> None:
    source = SimulatedSource()

    origins = [
        source.bars(THREE, first=FIRST, last=LAST).origin,
        source.vol_indices(["VIX"], first=FIRST, last=LAST).origin,
        source.macro(["DFF"], first=FIRST, last=LAST).origin,
    ]

    assert all("SIMULATED" in origin.source for origin in origins)
