"""Session 23 November 2022, a Wednesday before Thanksgiving; entered on the 25th, left on 2 December."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from options_signals import sessions
from options_signals.settings import Settings
from options_signals.signals import Announcement, Forecast, IvRegime, NoTrade, Signal
from options_signals.strategy.choosers import STRATEGIES
from options_signals.strategy.decide import decide, decide_by
from options_signals.strategy.earnings import bets_on_earnings, held_over, in_words

from tests.strategy.forecasts import (
    GOOD,
    SESSION,
    announcement,
    before_earnings,
    direction,
    forecast,
    refused,
    traded,
    volatility,
)

ENTRY, NEXT, THIRD = (sessions.shift(SESSION, n) for n in (1, 2, 3))
EXIT, BEYOND = sessions.shift(ENTRY, 5), sessions.shift(ENTRY, 6)


def settings(earnings: str = "refuse") -> Settings:
    return Settings.model_validate({"decision": {"earnings": earnings}})


def facing(announced: Announcement | None, **changes: Any) -> Forecast:
    return forecast(direction(0.8), volatility(IvRegime.NORMAL, 0.8), announcement=announced, **changes)


def decided(first: dt.date, last: dt.date | None = None, earnings: str = "refuse") -> Signal | NoTrade:
    return decide(facing(announcement(first, last)), GOOD, settings(earnings))


def test_without_an_announcement_nothing_is_said_of_earnings() -> None:
    signal = traded(decide(facing(None), GOOD, settings()))

    assert (signal.plan.exit_on, signal.warnings) == (None, ())


@pytest.mark.parametrize(
    ("first", "last", "inside"),
    [
        (SESSION, SESSION, False),  # it has closed already
        (SESSION, ENTRY, True),
        (ENTRY, ENTRY, True),  # in the opening price at best
        (NEXT, NEXT, True),
        (EXIT, EXIT, True),  # left only at its close
        (EXIT, BEYOND, True),
        (BEYOND, BEYOND, False),
    ],
)
def test_window_runs_from_the_session_of_the_entry_to_that_of_the_exit(
    first: dt.date, last: dt.date, *, inside: bool
) -> None:
    assert (held_over(facing(announcement(first, last)), until=EXIT) is not None) is inside
    assert isinstance(decided(first, last), NoTrade) is inside


def test_a_longer_time_exit_widens_the_window() -> None:
    longer = Settings.model_validate({"tickets": {"exit_sessions": 6}})

    assert isinstance(decide(facing(announcement(BEYOND)), GOOD, settings()), Signal)
    assert isinstance(decide(facing(announcement(BEYOND)), GOOD, longer), NoTrade)


def test_refusal_names_date_release_and_reaction_and_keeps_the_lean() -> None:
    no_trade = refused(decided(dt.date(2022, 11, 30)))

    assert no_trade.reasons == ("it would be held over earnings on 2022-11-29 after the close (reaction 2022-11-30)",)
    assert (no_trade.cause, no_trade.lean, no_trade.warnings) == ("rule", "Bull Call Spread", ())


def test_unknown_time_of_release_is_said_with_both_reactions() -> None:
    assert in_words(announcement(NEXT, THIRD)) == (
        "earnings on 2022-11-28, time unknown (reaction 2022-11-28 or 2022-11-29)"
    )


def test_leave_before_exits_at_the_last_close_before_the_first_possible_reaction() -> None:
    signal = traded(decided(EXIT, BEYOND, "leave_before"))

    assert signal.plan.exit_on == sessions.shift(EXIT, -1) == dt.date(2022, 12, 1)
    assert signal.reasons[-1] == (
        "left at the close of 2022-12-01, before earnings on 2022-12-02, time unknown "
        "(reaction 2022-12-02 or 2022-12-05)"
    )
    assert signal.warnings == ("only the exit on 2022-12-01 keeps it out of earnings, which its options may outlive",)


@pytest.mark.parametrize(("first", "left_on"), [(ENTRY, None), (NEXT, None), (THIRD, NEXT)])
def test_leave_before_needs_a_full_session_between_entry_and_exit(first: dt.date, left_on: dt.date | None) -> None:
    decision = decided(first, earnings="leave_before")

    if left_on is None:
        assert refused(decision).reasons[0].endswith(", too near to be left before")
    else:
        assert traded(decision).plan.exit_on == left_on


def test_leave_before_changes_nothing_where_no_reaction_lies_in_the_window() -> None:
    assert traded(decided(BEYOND, earnings="leave_before")).plan == traded(decided(BEYOND)).plan


def test_hold_goes_on_with_a_warning() -> None:
    signal = traded(decided(NEXT, earnings="hold"))

    assert signal.plan.exit_on is None
    assert not bets_on_earnings(signal)
    assert signal.warnings == (
        "held over earnings on 2022-11-25 after the close (reaction 2022-11-28): prices may jump past every stop",
    )


def test_before_earnings_the_evening_can_be_left_to_iv_crush() -> None:
    facing_earnings = facing(None).model_copy(update=before_earnings())
    signal = traded(decide(facing_earnings, GOOD, settings("iv_crush")))

    assert signal == decide_by(STRATEGIES["iv_crush"], facing_earnings, GOOD, settings("iv_crush"))
    assert bets_on_earnings(signal)


def test_left_to_iv_crush_other_evenings_stay_with_the_chosen_strategy() -> None:
    assert traded(decided(BEYOND, earnings="iv_crush")) == traded(decided(BEYOND))
    assert refused(decided(EXIT, earnings="iv_crush")).reasons == (
        "earnings on 2022-12-01 after the close (reaction 2022-12-02): decided on the evening of 2022-11-30",
    )


def test_another_strategy_never_holds_what_is_left_to_iv_crush() -> None:
    by_matrix = decide_by(STRATEGIES["matrix"], facing(announcement(NEXT)), GOOD, settings("iv_crush"))

    assert refused(by_matrix).reasons[0].startswith("it would be held over earnings")


reactions = st.builds(
    lambda first, more: announcement(sessions.shift(SESSION, first), sessions.shift(SESSION, first + more)),
    st.integers(1, 9),
    st.integers(0, 1),
)
others = st.sampled_from([rule for rule in STRATEGIES.values() if not rule.bets_on_earnings])
law = hypothesis_settings(deadline=None)  # of decisions, not of a busy machine


@law
@given(announced=reactions, rule=others, earnings=st.sampled_from(["refuse", "leave_before", "iv_crush"]))
def test_unless_told_to_no_signal_is_held_over_a_possible_reaction(
    announced: Announcement, rule: object, earnings: str
) -> None:
    seen = facing(announced, hv_iv_ratio=0.8, volatility_regime="neutral")
    decision = decide_by(rule, seen, GOOD, settings(earnings))  # type: ignore[arg-type]  # a StrategyRule

    if isinstance(decision, Signal):
        last = decision.plan.exit_on or EXIT
        assert announced.first_reaction > last or announced.last_reaction < ENTRY


@law
@given(announced=reactions)
def test_what_is_left_before_is_held_a_full_session_and_left_before_the_first_reaction(
    announced: Announcement,
) -> None:
    decision = decide(facing(announced), GOOD, settings("leave_before"))

    if isinstance(decision, Signal) and decision.plan.exit_on:
        assert ENTRY < decision.plan.exit_on < announced.first_reaction
