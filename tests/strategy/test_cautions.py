import datetime as dt
from typing import Any

import pandas as pd
import pytest
from options_signals.settings import Decision, Risk, Settings, Tickets
from options_signals.strategy.facts import Dividend
from options_signals.strategy.structures import structure_named
from options_signals.strategy.ticket import ticket_for
from options_signals.tickets import Ticket

from tests.chains import SESSION, changed, facts, flat_chain

NAKED = Settings(
    risk=Risk(account_usd=10_000_000),
    decision=Decision(allow_undefined_risk=True),
    tickets=Tickets(max_delta_miss=0.9, max_spread_share=0.5),
)
EX_DATE = dt.date(2022, 12, 8)
ASSIGNMENT = (
    "the short 103 call may be assigned the day before 2022-12-08, if it is then in the money with less than 0.50 USD "
    "of time value"
)
DIVIDEND = (Dividend(ex_date=EX_DATE, amount=0.50),)


def warnings(name: str, chain: pd.DataFrame | None = None, **known: Any) -> tuple[str, ...]:
    found = ticket_for(flat_chain() if chain is None else chain, structure_named(name), facts(**known), NAKED)
    assert isinstance(found, Ticket), found
    return found.warnings


def deep(right: str) -> pd.DataFrame:
    """Only strikes deep in the money are left for one right, so that the one sold is deep too."""
    chain = flat_chain()
    strikes = chain["strike"] < 92 if right == "call" else chain["strike"] > 108
    return changed(chain, chain.loc[(chain["right"] == right) & ~strikes, "contract"].tolist(), open_interest=0.0)


def test_a_plain_trade_has_nothing_to_warn_of() -> None:
    assert warnings("bull_call_spread") == ()


def test_unknown_dividends_are_said_where_a_call_is_sold() -> None:
    assert warnings("bull_call_spread", dividends=None) == (
        "dividends are not known here: a short call in the money may be exercised the day before an ex-date",
    )
    assert warnings("long_call", dividends=None) == ()


def test_a_dividend_before_the_expiry_is_said_and_what_it_means_for_a_short_call() -> None:
    assert warnings("bull_call_spread", dividends=DIVIDEND) == (
        "XYZ goes ex-dividend by 0.50 USD on 2022-12-08, before the expiry",
        ASSIGNMENT,
    )
    assert len(warnings("long_put", dividends=DIVIDEND)) == 1


@pytest.mark.parametrize("ex_date", [SESSION, dt.date(2022, 12, 12)])
def test_a_dividend_outside_the_life_of_the_trade_is_not_mentioned(ex_date: dt.date) -> None:
    assert warnings("bull_call_spread", dividends=(Dividend(ex_date=ex_date, amount=0.50),)) == ()


def test_an_expected_dividend_is_said_as_such_and_may_come_some_days_sooner_or_later() -> None:
    usual = Dividend(ex_date=dt.date(2022, 12, 12), amount=0.50, announced=False)  # three days after the expiry
    later = Dividend(ex_date=dt.date(2022, 12, 17), amount=0.50, announced=False)

    told = (
        "XYZ is expected to go ex-dividend about 2022-12-12, perhaps before the expiry: not announced, but usual then; "
        "0.50 USD last time"
    )
    assert warnings("bull_call_spread", dividends=(usual,)) == (told, ASSIGNMENT.replace("2022-12-08", "it"))
    assert warnings("bull_call_spread", dividends=(later,)) == ()


def test_a_short_call_deep_in_the_money_is_expected_to_be_assigned() -> None:
    found = warnings("short_call", deep("call"), dividends=DIVIDEND)

    assert any("expect assignment the day before 2022-12-08" in warning for warning in found)


def test_a_short_put_deep_in_the_money_may_be_assigned_on_any_day() -> None:
    found = warnings("short_put", deep("put"))

    assert len(found) == 1
    assert "it may be assigned on any day" in found[0]


def test_index_options_are_not_exercised_early() -> None:
    assert warnings("short_call", flat_chain(underlying="SPXW"), dividends=None) == ()


def test_an_announcement_before_the_expiry_is_said() -> None:
    assert warnings("long_call", earnings_on=dt.date(2022, 12, 1)) == (
        "earnings are announced on 2022-12-01, before the expiry",
    )
    assert warnings("long_call", earnings_on=dt.date(2023, 2, 1)) == ()


def test_a_poor_smile_is_said() -> None:
    chain = flat_chain()
    noise = 1 + 0.3 * (chain["strike"] % 2)
    noisy = chain.assign(bid=chain["bid"] * noise, ask=chain["ask"] * noise)

    assert warnings("long_call", noisy)[0].startswith("the smile misses quotes near the money by ")


def test_legs_quoted_at_different_moments_are_said() -> None:
    late = changed(flat_chain(), "XYZ221209C00100000", bid=1.84, ask=1.88)  # ten cents above the others

    (warning,) = warnings("bull_call_spread", late)

    assert warning.startswith("by the smile it is worth 10.")
    assert warning.endswith("less than by its own mid prices: its quotes may be of different moments")
