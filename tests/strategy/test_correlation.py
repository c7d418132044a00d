import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from options_signals import sessions
from options_signals.strategy.correlation import clusters, correlations
from scipy.sparse.csgraph import connected_components

SESSION = dt.date(2022, 11, 23)
dice = np.random.default_rng(5)
A, B, C = dice.normal(0, 0.01, (3, 60))


def bars(**returns: np.ndarray) -> pd.DataFrame:
    days = sessions.between(sessions.shift(SESSION, -60), SESSION)
    frames = [
        pd.DataFrame({"ticker": ticker, "session": days, "close": 100 * np.cumprod([1.0, *(1 + series)])})
        for ticker, series in returns.items()
    ]
    return pd.concat(frames).astype({"session": "datetime64[s]"})


def of(frame: pd.DataFrame, *tickers: str, count: int = 60) -> pd.DataFrame:
    return correlations(frame, tickers, session=SESSION, sessions=count)


def between(frame: pd.DataFrame, one: str, other: str) -> float:
    return float(frame.to_numpy()[list(frame.index).index(one), list(frame.columns).index(other)])


def test_correlation_is_that_of_numpy_over_daily_returns() -> None:
    matrix = of(bars(SPY=A, QQQ=A + B), "SPY", "QQQ")

    assert between(matrix, "SPY", "QQQ") == pytest.approx(np.corrcoef(A, A + B)[0, 1])


def test_only_the_last_sessions_count() -> None:
    matrix = of(bars(SPY=A, QQQ=A + B), "SPY", "QQQ", count=20)

    assert between(matrix, "SPY", "QQQ") == pytest.approx(np.corrcoef(A[-20:], (A + B)[-20:])[0, 1])


def test_bars_after_the_session_change_nothing() -> None:
    whole = bars(SPY=A, QQQ=A + B)
    later = whole.assign(session=whole["session"] + pd.Timedelta(days=400), close=whole["close"] * dice.random(122))

    pd.testing.assert_frame_equal(of(pd.concat([whole, later]), "SPY", "QQQ"), of(whole, "SPY", "QQQ"))


def test_total_return_prices_are_taken_where_there_are_any() -> None:
    frame = bars(SPY=A, QQQ=B)
    adjusted = frame.assign(adj_close=bars(SPY=A, QQQ=A)["close"])

    assert between(of(frame, "SPY", "QQQ"), "SPY", "QQQ") < 0.5
    assert between(of(adjusted, "SPY", "QQQ"), "SPY", "QQQ") == pytest.approx(1.0)


def test_too_few_sessions_in_common_and_no_bars_at_all_are_unknown() -> None:
    short = bars(SPY=A, QQQ=A)
    short = short[(short["ticker"] == "SPY") | (short["session"] > pd.Timestamp("2022-09-20"))]
    matrix = of(short, "SPY", "QQQ", "CRM")

    assert np.isnan(between(matrix, "SPY", "QQQ"))
    assert matrix.loc["CRM"].isna().all()
    assert clusters(matrix, threshold=0.7) == {"SPY": ("SPY",), "QQQ": ("QQQ",), "CRM": ("CRM",)}


def matrix_of(tickers: str, **linked: float) -> pd.DataFrame:
    frame = pd.DataFrame(np.eye(len(tickers)), index=list(tickers), columns=list(tickers))
    for pair, value in linked.items():
        frame.loc[pair[0], pair[1]] = frame.loc[pair[1], pair[0]] = value
    return frame


def test_groups_reach_over_others_and_take_either_sign() -> None:
    groups = clusters(matrix_of("ABCDE", AC=0.7, CE=-0.9, BD=0.6999), threshold=0.7)

    assert groups == {"A": ("A", "C", "E"), "C": ("A", "C", "E"), "E": ("A", "C", "E"), "B": ("B",), "D": ("D",)}


@hypothesis_settings(deadline=None)
@given(st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7))), st.permutations("ABCDEFGH"))
def test_groups_are_the_connected_components_in_any_order(pairs: set[tuple[int, int]], order: list[str]) -> None:
    """Second road: scipy's connected components."""
    names = "ABCDEFGH"
    links = np.eye(8)
    for one, other in pairs:
        links[one, other] = links[other, one] = 1.0
    frame = pd.DataFrame(links, index=list(names), columns=list(names))
    _, labels = connected_components(links)
    expected = {
        name: tuple(n for n, label in zip(names, labels, strict=True) if label == own)
        for name, own in zip(names, labels, strict=True)
    }

    assert clusters(frame.loc[order, order], threshold=0.7) == expected
