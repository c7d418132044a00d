import datetime as dt

import numpy as np
import pandas as pd
import pytest
from options_signals import sessions
from options_signals.errors import InvalidValueError

from training.announcement_rows import announcement_rows, with_reactions

DAYS = sessions.between(dt.date(2021, 1, 4), dt.date(2021, 12, 31))
FEATURES = ("earnings_move_mean_1q", "earnings_move_count_8q", "atr_pct_20", "vix_close")


def announced(*rows: tuple[str, str, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["ticker", "announced_on", "release_time"])
    dates = pd.to_datetime(frame["announced_on"])
    return frame.assign(announced_on=dates, known_on=dates, eps_estimate=np.nan, eps_actual=np.nan)


def prices(ticker: str, jumps: dict[str, float]) -> pd.DataFrame:
    """100.00 from the first session on, but for a jump to a multiple at the close of some."""
    factor = [jumps.get(day.isoformat(), 1.0) for day in DAYS]
    close = 100.0 * np.cumprod(factor)
    bar = {"open": close, "high": close * 1.01, "low": close * 0.99, "close": close, "volume": 1e6}
    return pd.DataFrame({"ticker": ticker, "session": pd.to_datetime(DAYS)} | bar)


def rows(ticker: str, jumps: dict[str, float], earnings: pd.DataFrame) -> pd.DataFrame:
    flat = dict.fromkeys(("open", "high", "low", "close"), 20.0)
    vix = pd.DataFrame({"index": "VIX", "session": pd.to_datetime(DAYS)} | flat)
    bars = pd.concat([prices(ticker, jumps), prices("SPY", {})])
    return announcement_rows([ticker], FEATURES, bars=bars, vol_indices=vix, earnings=earnings)


# Around the evening of 2021-05-26 the price goes up by 2 % on the day itself and down by 5 % on the next.
JUMPS = {"2021-05-26": 1.02, "2021-05-27": 0.95}


@pytest.mark.parametrize(
    ("release_time", "session", "reaction", "move"),
    [("post", "2021-05-25", "2021-05-27", 0.05), ("pre", "2021-05-24", "2021-05-26", 0.02)],
)
def test_the_move_is_of_the_first_session_after_nvda_spoke_and_the_row_is_the_last_evening_to_trade_on_it(
    release_time: str, session: str, reaction: str, move: float
) -> None:
    (row,) = rows("NVDA", JUMPS, announced(("NVDA", "2021-05-26", release_time))).to_dict("records")

    assert (row["session"], row["reaction"]) == (pd.Timestamp(session), pd.Timestamp(reaction))
    assert row["move"] == pytest.approx(move)


def test_what_was_said_on_a_saturday_moves_monday_against_friday() -> None:
    (row,) = rows("NVDA", {"2021-05-03": 1.04}, announced(("NVDA", "2021-05-01", "post"))).to_dict("records")

    assert (row["session"], row["reaction"]) == (pd.Timestamp("2021-04-29"), pd.Timestamp("2021-05-03"))
    assert row["move"] == pytest.approx(0.04)


def test_an_announcement_of_unknown_time_is_left_out() -> None:
    both = announced(("NVDA", "2021-02-24", "post"), ("NVDA", "2021-05-26", None))

    assert list(rows("NVDA", JUMPS, both)["announced_on"].dt.month) == [2]


def test_two_dates_of_one_announcement_are_both_left_out() -> None:
    dates = announced(("NVDA", "2021-02-24", "post"), ("NVDA", "2021-05-20", "post"), ("NVDA", "2021-05-26", "post"))

    assert list(with_reactions(dates)["announced_on"].dt.month) == [2]


def test_the_same_day_of_two_companies_is_no_ambiguity() -> None:
    dates = announced(("AMD", "2021-05-26", "post"), ("NVDA", "2021-05-26", "post"))

    assert list(with_reactions(dates)["ticker"]) == ["AMD", "NVDA"]


def test_meta_was_fb() -> None:
    spoke = announced(("FB", "2021-04-28", "post"), ("META", "2021-07-28", "post"))

    found = rows("META", {"2021-04-29": 1.07, "2021-07-29": 0.96}, spoke)

    assert list(found["ticker"]) == ["META", "META"]
    np.testing.assert_allclose(found["move"], [0.07, 0.04])
    assert found["earnings_move_mean_1q"].iloc[1] == pytest.approx(0.07)


def test_the_move_of_one_row_is_the_last_move_known_to_the_next() -> None:
    spoke = announced(("NVDA", "2021-02-24", "post"), ("NVDA", "2021-05-26", "post"))

    found = rows("NVDA", JUMPS | {"2021-02-25": 0.92}, spoke)

    assert found["earnings_move_count_8q"].fillna(0.0).tolist() == [0.0, 1.0]
    assert found["earnings_move_mean_1q"].iloc[1] == found["move"].iloc[0] == pytest.approx(0.08)


@pytest.mark.parametrize("later", ["2021-05-26", "2021-05-27"])
def test_no_feature_knows_a_price_that_came_after_the_evening_of_entry(later: str) -> None:
    spoke = announced(("NVDA", "2021-02-24", "post"), ("NVDA", "2021-05-26", "post"))

    usual, wild, earlier = (rows("NVDA", {day: 3.0}, spoke) for day in ("2021-12-01", later, "2021-05-25"))

    assert (usual[list(FEATURES)].iloc[1] != earlier[list(FEATURES)].iloc[1]).any()
    assert (usual["move"].iloc[1] != wild["move"].iloc[1]) == (later == "2021-05-27")
    pd.testing.assert_frame_equal(usual[list(FEATURES)], wild[list(FEATURES)])


def test_an_announcement_that_was_told_later_is_in_no_feature() -> None:
    jumps = JUMPS | {"2021-02-25": 0.92}
    spoke = announced(("NVDA", "2021-02-24", "post"), ("NVDA", "2021-05-26", "post"))

    def when_the_first_is_told(day: str) -> pd.DataFrame:
        return rows("NVDA", jumps, spoke.assign(known_on=pd.to_datetime([day, "2021-05-12"])))

    in_time, late = when_the_first_is_told("2021-05-25"), when_the_first_is_told("2021-05-26")

    assert in_time["earnings_move_mean_1q"].iloc[1] == pytest.approx(0.08)
    assert np.isnan(late["earnings_move_mean_1q"].iloc[1])


def test_an_announcement_without_a_price_of_its_reaction_is_left_out() -> None:
    late = announced(("NVDA", "2021-11-17", "post"), ("NVDA", "2021-12-31", "post"))

    assert list(rows("NVDA", {}, late)["announced_on"].dt.month) == [11]


def test_announcements_of_which_none_can_teach_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="at least one of known time"):
        rows("NVDA", JUMPS, announced(("NVDA", "2021-05-26", None)))


def test_companies_without_spy_beside_them_are_refused() -> None:
    with pytest.raises(InvalidValueError, match="none of SPY"):
        announcement_rows(
            ["NVDA"],
            FEATURES,
            bars=prices("NVDA", JUMPS),
            vol_indices=pd.DataFrame(),
            earnings=announced(("NVDA", "2021-05-26", "post")),
        )
