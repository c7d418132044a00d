import datetime as dt

import numpy as np
import pandas as pd
import pytest
from options_signals import sessions
from options_signals.chain.book import Book
from options_signals.chain.summary import ChainSummary, earnings_move, history_rows, own_history, summarise
from options_signals.pricing.discount import flat_curve
from options_signals.pricing.normal import FloatArray

from tests.chains import RATE, SESSION, flat_chain

DAYS = (16, 44, 86, 114)
EXPIRIES = tuple(SESSION + dt.timedelta(days=days) for days in DAYS)


def chain_of(*volatilities: float) -> pd.DataFrame:
    """One expiry after another, each at its own volatility."""
    return pd.concat(
        [
            flat_chain(expirations=(day,), volatility=vol, strikes=tuple(range(50, 160)))
            for day, vol in zip(EXPIRIES, volatilities, strict=False)
        ]
    )


def book(chain: pd.DataFrame) -> Book:
    return Book(chain, session=SESSION, rates=flat_curve(rate=RATE, as_of=SESSION))


def test_total_variance_is_linear_in_time_between_expiries() -> None:
    summary = summarise(book(chain_of(0.20, 0.24, 0.25, 0.26)))

    # 30 days lie half-way from 16 to 44: (0.20^2 x 16 + 0.24^2 x 44) / 2 = 1.5872 per 30 days
    assert summary.atm_iv_30d == pytest.approx(np.sqrt(1.5872 / 30), abs=0.001)
    # 90 days lie 4 / 28 from 86 to 114: (6 x 0.25^2 x 86 + 0.26^2 x 114) / 7 = 5.7080 per 90 days
    assert summary.atm_iv_90d == pytest.approx(np.sqrt(5.7080 / 90), abs=0.001)
    assert summary.term_slope == pytest.approx(0.2518 - 0.2300, abs=0.002)


def test_a_flat_smile_has_no_skew() -> None:
    assert summarise(book(chain_of(0.20, 0.20))).skew_25d_30d == pytest.approx(0.0, abs=0.001)


def test_skew_is_the_put_less_the_call_at_a_quarter_delta() -> None:
    def tilted(k: FloatArray) -> FloatArray:
        return 0.20 - 0.3 * np.clip(k, -0.12, 0.12)

    chain = flat_chain(expirations=EXPIRIES[:2], volatility=tilted, strikes=tuple(range(50, 160)))

    # 0.25-delta strikes lie 0.674 deviations off: about +-0.674 x 0.20 x sqrt(30 / 365) = 0.0387, x 0.3 x 2 = 0.0232
    assert summarise(book(chain)).skew_25d_30d == pytest.approx(0.0232, abs=0.002)


def test_nothing_is_extrapolated_beyond_the_last_expiry() -> None:
    summary = summarise(book(chain_of(0.20, 0.20)))

    assert summary.atm_iv_30d is not None
    assert (summary.atm_iv_90d, summary.term_slope) == (None, None)


def test_expiries_that_contradict_each_other_are_counted() -> None:
    calm, inverted = summarise(book(chain_of(0.20, 0.20))), summarise(book(chain_of(0.40, 0.20)))

    # 0.40^2 x 16 = 2.56 is more variance than 0.20^2 x 44 = 1.76
    assert (calm.calendar_conflicts, inverted.calendar_conflicts) == (0, 1)


def test_the_earnings_move_is_the_variance_that_only_the_near_expiry_has_in_excess() -> None:
    def with_announcement(days: int) -> float:
        return float(np.sqrt((0.20**2 * days / 365 + 0.05**2) / (days / 365)))

    announced = book(chain_of(*(with_announcement(days) for days in DAYS)))

    assert earnings_move(announced, SESSION + dt.timedelta(days=7)) == pytest.approx(0.05, abs=0.001)
    assert earnings_move(book(chain_of(0.20, 0.22)), EXPIRIES[0]) is None  # no excess
    assert earnings_move(announced, EXPIRIES[-1]) is None  # one expiry after it only


def test_an_option_that_expires_on_the_reaction_session_holds_the_move_and_one_the_day_before_does_not() -> None:
    first = EXPIRIES[0]
    priced = book(chain_of(0.30, 0.20, 0.21, 0.21))

    on_the_day, the_day_after = earnings_move(priced, first), earnings_move(priced, first + dt.timedelta(days=1))

    # announced before the open: of 0.30^2 x 16 = 1.44 the days alone have (0.20^2 x 44 - 1.44) x 16 / 28
    assert on_the_day == pytest.approx(np.sqrt((1.44 - 0.32 * 16 / 28) / 365), abs=0.001)
    assert the_day_after is None  # announced after its close: the later ones have no excess


def test_what_the_session_itself_has_reacted_to_is_no_move_to_come() -> None:
    priced = book(chain_of(0.30, 0.20))

    assert earnings_move(priced, SESSION + dt.timedelta(days=1)) is not None
    assert earnings_move(priced, SESSION) is None


def test_a_summary_survives_storage() -> None:
    summary = summarise(book(chain_of(0.20, 0.20)), reaction_on=EXPIRIES[0])

    assert ChainSummary.model_validate_json(summary.model_dump_json()) == summary


def test_a_sessions_summaries_are_a_table_with_unknown_where_nothing_is_known() -> None:
    both = [summarise(book(chain_of(0.20, 0.20))), summarise(book(chain_of(0.20, 0.20, 0.2, 0.2)))]

    rows = history_rows([both[0], both[1].model_copy(update={"underlying": "ABC"})])

    assert rows["underlying"].tolist() == ["ABC", "XYZ"]
    assert rows["atm_iv_90d"].tolist() == pytest.approx([0.20, np.nan], abs=0.001, nan_ok=True)
    assert history_rows([]).empty


def history(count: int) -> pd.DataFrame:
    days = pd.DatetimeIndex(sessions.between(sessions.shift(SESSION, 1 - count), SESSION)).as_unit("s")
    return pd.DataFrame({"underlying": "XYZ", "session": days, "atm_iv_30d": np.linspace(0.1, 0.3, count)})


def test_own_history_serves_once_there_is_a_year_of_it() -> None:
    found = own_history(history(300), "XYZ", session=SESSION)

    assert found is not None
    assert len(found) == 252
    assert found.iloc[-1] == 0.3
    assert own_history(history(239), "XYZ", session=SESSION) is None
    assert own_history(history(300), "ABC", session=SESSION) is None


def test_own_history_needs_the_sessions_own_value_and_sees_no_later_one() -> None:
    rows = history(300)

    earlier = own_history(rows, "XYZ", session=SESSION - dt.timedelta(days=7))

    assert earlier is not None
    assert earlier.index.max() == pd.Timestamp(SESSION - dt.timedelta(days=7))
    assert own_history(rows.iloc[:-1], "XYZ", session=SESSION) is None


def test_sessions_without_a_value_count_and_those_of_a_year_ago_do_not() -> None:
    rows = history(300)
    holed = rows.drop(rows.index[-20:-5])

    assert own_history(rows.drop(rows.index[-17:-5]), "XYZ", session=SESSION) is not None  # 12 of 252 are missing
    assert own_history(holed, "XYZ", session=SESSION) is None  # 15 are; older rows do not fill their place
