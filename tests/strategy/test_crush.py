"""Session 23 November 2022; earnings after the close of the 25th, the session of the entry, react on the 28th.

Options price a standard deviation of 6 %, so a median of 0.6745 x 6 = 4.05 %; the model expects 3 % (10-90 %: 1-7 %).
"""

import datetime as dt
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from options_signals import sessions
from options_signals.settings import Decision, Risk, Settings
from options_signals.signals import DirectionForecast, IvRegime, NoTrade, Signal, Size, Strategy
from options_signals.strategy.crush import MEDIAN_MOVE, probability_below
from options_signals.strategy.decide import decide
from options_signals.strategy.matrix import defined_risk
from options_signals.strategy.ticket import make_ticket
from options_signals.tickets import NoTicket, Refusal, Ticket
from pydantic import ValidationError
from scipy.stats import norm

from tests.chains import NINTH, SIXTEENTH, facts, flat_chain
from tests.strategy.forecasts import (
    GOOD,
    SESSION,
    announcement,
    before_earnings,
    direction,
    forecast,
    move,
    refused,
    traded,
    unproven,
    volatility,
)

REACTION, AFTER = dt.date(2022, 11, 28), dt.date(2022, 11, 29)
SECOND = dt.date(2022, 12, 2)  # of December, the first Friday after the reaction
UP = direction(0.8)
LARGE = Settings(risk=Risk(account_usd=100_000))
TOLD = "earnings on 2022-11-25 after the close (reaction 2022-11-28)"


def crush(**decision: Any) -> Settings:
    return Settings(decision=Decision(strategy="iv_crush", **decision))


def decided(settings: Settings | None = None, of_direction: DirectionForecast = UP, **known: Any) -> Signal | NoTrade:
    seen = forecast(of_direction, volatility(IvRegime.HIGH, 0.6), ticker="XYZ", spot=100.0, **before_earnings(**known))
    return decide(seen, GOOD, settings or crush())


def test_a_condor_is_sold_where_options_price_more_than_the_model_expects() -> None:
    signal = traded(decided())

    assert (signal.strategy, signal.size, signal.risk_share) == (Strategy.IRON_CONDOR, Size.HALF, 0.005)
    assert signal.reasons == (
        "options price a median move of 4.05 %, the model expects 3.00 %",
        "half size at most, because an iron condor bets on no direction",
        f"left at the close of 2022-11-28, after {TOLD}",
    )
    assert signal.warnings == (f"held over {TOLD} on purpose: prices may jump past every stop",)


def test_what_the_model_of_moves_does_not_know_today_is_said_where_it_is_bet_on() -> None:
    unknown = move().model_copy(update={"imputed": ("earnings_move_mean_8q", "earnings_move_count_8q")})
    told = "2 of 19 inputs of the model of moves are unknown today: earnings_move_mean_8q, earnings_move_count_8q"

    assert told in traded(decided(move=unknown)).warnings
    assert told not in traded(decided(Settings(decision=Decision(earnings="hold")), move=unknown)).warnings


@pytest.mark.parametrize(("served", "sold"), [("quantile regression", False), ("shrunk mean", True)])
def test_a_regression_that_knows_too_little_of_the_company_is_no_ground_for_a_bet(served: str, *, sold: bool) -> None:
    history = tuple(f"earnings_move_{name}" for name in ("mean_1q", "median_4q", "mean_8q"))  # of 19 inputs
    decision = decided(move=move().model_copy(update={"served": served, "imputed": history}))

    assert isinstance(decision, Signal) is sold
    reason = "3 of 19 inputs of the earnings_move model are unknown today, more than the 10% allowed"
    assert sold or (refused(decision).reasons, refused(decision).cause) == ((reason,), "data")


def test_it_expires_after_the_reaction_and_is_left_at_its_close() -> None:
    plan = traded(decided()).plan

    assert plan.exit_on == REACTION
    assert (plan.min_days, plan.max_days, plan.soonest) == (6, 19, True)  # the reaction is 5 days away


def test_with_an_unknown_time_of_release_there_is_no_move_to_sell() -> None:
    no_trade = refused(decided(announcement=announcement(REACTION, AFTER)))

    told = "earnings on 2022-11-28, time unknown (reaction 2022-11-28 or 2022-11-29)"
    assert no_trade.reasons == (f"{told}: which session moves is unknown, so there is no move to sell",)
    assert no_trade.cause == "rule"


def test_the_median_of_a_normal_move_is_compared_with_the_median_of_the_model() -> None:
    assert pytest.approx(norm.ppf(0.75)) == MEDIAN_MOVE
    assert norm.cdf(MEDIAN_MOVE) - norm.cdf(-MEDIAN_MOVE) == pytest.approx(0.5)


# 3 % x 1.2 = 3.6 %, which is the median of a standard deviation of 5.337 %
@pytest.mark.parametrize(("implied", "sold"), [(0.0533, False), (0.0534, True)])
def test_options_must_price_more_than_the_model_by_the_margin(implied: float, *, sold: bool) -> None:
    assert isinstance(decided(implied_move=implied), Signal) is sold


def test_a_move_that_is_not_paid_for_is_not_sold_and_the_numbers_say_so() -> None:
    no_trade = refused(decided(implied_move=0.05))

    assert no_trade.reasons == (
        "options price a median move of 3.37 %, the model expects 3.00 % (3.60 % with the margin): nothing to sell",
    )
    assert (no_trade.cause, no_trade.lean) == ("rule", None)


def test_overall_confidence_is_the_probability_of_a_move_within_one_standard_deviation() -> None:
    # 6 % is three quarters of the way from the median of 3 % to the 90 % quantile of 7 %
    assert traded(decided()).confidence.overall == 0.8
    assert traded(decided()).confidence.iv == 0.6


@pytest.mark.parametrize(
    ("size", "probability"), [(0.0, 0.1), (0.01, 0.1), (0.02, 0.3), (0.03, 0.5), (0.05, 0.7), (0.07, 0.9), (1.0, 0.9)]
)
def test_probability_is_linear_between_quantiles_and_nothing_is_claimed_beyond(size: float, probability: float) -> None:
    assert probability_below(move(0.01, 0.03, 0.07), size) == pytest.approx(probability)


def test_quantiles_that_coincide_are_a_jump() -> None:
    jump = move(0.03, 0.03, 0.07)

    assert [probability_below(jump, size) for size in (0.0299, 0.03, 0.05)] == pytest.approx([0.1, 0.5, 0.7])


def test_the_floors_of_every_strategy_hold() -> None:
    wide = move(0.01, 0.03, 0.40)  # 6 % is at 0.5 + 0.4 x 3 / 37 = 0.532

    assert refused(decided(move=wide)).reasons == ("overall confidence 0.53 is below 0.55, needed for half size",)
    assert refused(decided(crush(min_iv=0.7))).reasons == ("volatility confidence 0.60 is below 0.70",)


NONE_AHEAD = "no announcement ahead that a trade could still be entered before"


@pytest.mark.parametrize(
    ("sessions_ahead", "reason"),
    [
        (1, f"{NONE_AHEAD}: earnings on 2022-11-23 after the close (reaction 2022-11-25)"),
        (
            3,
            "earnings on 2022-11-28 after the close (reaction 2022-11-29): decided on the evening of 2022-11-25",
        ),
    ],
)
def test_it_sells_only_on_the_last_evening_before_the_reaction(sessions_ahead: int, reason: str) -> None:
    no_trade = refused(decided(announcement=announcement(sessions.shift(SESSION, sessions_ahead))))

    assert (no_trade.reasons, no_trade.cause) == ((reason,), "rule")


def test_without_an_announcement_nothing_is_sold() -> None:
    no_trade = refused(decided(announcement=None, move=None, implied_move=None))

    assert (no_trade.reasons, no_trade.cause) == ((NONE_AHEAD,), "rule")


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ({"move": None}, "there is no forecast of the move on earnings"),
        ({"implied_move": None}, "no option chain tells what move on earnings is priced in"),
        (
            {"move": None, "implied_move": None},
            "there is no forecast of the move on earnings; no option chain tells what move on earnings is priced in",
        ),
    ],
)
def test_on_its_evening_what_is_missing_is_missing_data(missing: dict[str, Any], reason: str) -> None:
    no_trade = refused(decided(**missing))

    assert (no_trade.reasons, no_trade.cause) == ((reason,), "data")


@pytest.mark.parametrize(("p_up", "strategy"), [(0.8, "Bull Put Spread"), (0.2, "Bear Call Spread")])
def test_a_spread_is_sold_on_the_side_of_a_trusted_direction(p_up: float, strategy: str) -> None:
    signal = traded(decided(crush(crush_structure="spread"), direction(p_up)))

    assert (signal.strategy, signal.size, signal.risk_share) == (strategy, Size.FULL, 0.01)


@pytest.mark.parametrize("of_direction", [unproven(0.8), direction(0.51)])
def test_a_spread_without_a_trusted_direction_is_refused_with_its_lean(of_direction: DirectionForecast) -> None:
    no_trade = refused(decided(crush(crush_structure="spread"), of_direction))

    assert no_trade.lean == Strategy.BULL_PUT_SPREAD
    assert "direction" in no_trade.reasons[0]


def test_a_condor_needs_no_direction() -> None:
    assert traded(decided(of_direction=unproven(0.8))).strategy == Strategy.IRON_CONDOR


def test_naked_is_refused_by_the_settings_unless_undefined_risk_is_allowed() -> None:
    with pytest.raises(ValidationError, match="a crush_structure with a limited loss, or allow_undefined_risk on"):
        Decision(crush_structure="naked")

    assert Decision(crush_structure="naked", allow_undefined_risk=True).crush_structure == "naked"


NAKED = crush(crush_structure="naked", allow_undefined_risk=True)
UNCHECKED = Settings().model_copy(
    update={"decision": NAKED.decision.model_copy(update={"allow_undefined_risk": False})}
)


def test_naked_is_a_short_strangle_that_says_its_loss_has_no_limit() -> None:
    signal = traded(decided(NAKED))

    assert (signal.strategy, signal.size, signal.risk_share) == (Strategy.SHORT_STRANGLE, Size.HALF, 0.005)
    assert signal.warnings[-1] == "the loss of a short strangle has no limit: its margin counts as what is at risk"


def test_naked_is_refused_by_the_decision_even_where_no_settings_checked_it() -> None:
    assert refused(decided(UNCHECKED)).reasons == (
        "Short Strangle has no limit to its loss, and the setting allow_undefined_risk is off",
    )


CHAIN = flat_chain(expirations=(REACTION, SECOND, NINTH, SIXTEENTH))


def ticket(settings: Settings, account_usd: float = 100_000.0, **known: Any) -> Ticket | NoTicket:
    larger = settings.model_copy(update={"risk": settings.risk.model_copy(update={"account_usd": account_usd})})
    return make_ticket(traded(decided(settings, **known)), CHAIN, facts(), larger)


def test_the_ticket_is_of_the_first_expiry_after_the_reaction() -> None:
    found = ticket(crush())

    assert isinstance(found, Ticket)
    assert (found.structure, found.expiration, found.exits.on) == ("iron_condor", SECOND, REACTION)
    assert "earnings are announced on 2022-11-25, before the expiry" in found.warnings


def test_an_alternative_expires_after_the_reaction_too() -> None:
    beyond = make_ticket(
        traded(decided()),
        flat_chain(expirations=(REACTION, SIXTEENTH)),
        facts(),
        LARGE,
    )

    assert isinstance(beyond, NoTicket)
    assert beyond.refusal is Refusal.NO_EXPIRY
    assert beyond.alternative is not None
    assert beyond.alternative.ticket.expiration == SIXTEENTH


def test_the_ticket_of_a_strangle_is_sized_by_its_margin() -> None:
    found = ticket(NAKED, account_usd=2_000_000.0)

    assert isinstance(found, Ticket)
    assert [leg.action for leg in found.legs] == ["sell", "sell"]
    assert found.max_loss_usd is None
    assert found.contracts == int(10_000 / found.margin_usd) > 0  # half of 1 % of 2,000,000
    assert found.total_risk_usd <= found.budget_usd == 10_000


def test_the_ticket_of_a_strangle_is_refused_where_undefined_risk_is_not_allowed() -> None:
    found = make_ticket(traded(decided(NAKED)), CHAIN, facts(), Settings())

    assert isinstance(found, NoTicket)
    assert found.refusal is Refusal.UNDEFINED_RISK


law = hypothesis_settings(deadline=None)  # of decisions, not of a busy machine
sizes = st.floats(0.001, 0.3)
quantiles = st.tuples(sizes, sizes, sizes).map(lambda three: move(*sorted(three)))
structures = st.sampled_from(["iron_condor", "spread", "naked"])


@law
@given(foreseen=quantiles, implied=sizes, margins=st.tuples(st.floats(0, 2), st.floats(0, 2)))
def test_a_higher_margin_never_adds_a_trade(foreseen: Any, implied: float, margins: tuple[float, float]) -> None:
    less, more = (
        isinstance(decided(crush(crush_margin=margin), move=foreseen, implied_move=implied), Signal)
        for margin in sorted(margins)
    )

    assert less or not more


@law
@given(foreseen=quantiles, points=st.lists(st.floats(0, 0.4), min_size=2, max_size=5))
def test_a_larger_move_is_never_less_probable_to_stay_below(foreseen: Any, points: list[float]) -> None:
    probabilities = [probability_below(foreseen, size) for size in sorted(points)]

    assert all(one <= other for one, other in pairwise(probabilities))
    assert 0.1 <= min(probabilities) <= max(probabilities) <= 0.9


@law
@given(foreseen=quantiles, implied=sizes, structure=structures, p_up=st.floats(0, 1))
def test_no_naked_structure_passes_unless_undefined_risk_is_allowed(
    foreseen: Any, implied: float, structure: str, p_up: float
) -> None:
    unchecked = UNCHECKED.model_copy(
        update={"decision": UNCHECKED.decision.model_copy(update={"crush_structure": structure})}
    )
    decision = decided(unchecked, direction(p_up), move=foreseen, implied_move=implied)

    assert isinstance(decision, NoTrade) or defined_risk(decision.plan.legs)


@law
@given(foreseen=quantiles, implied=sizes, structure=structures, p_up=st.floats(0, 1))
def test_what_is_sold_is_left_at_the_reaction_and_expires_after_it_with_little_at_risk(
    foreseen: Any, implied: float, structure: str, p_up: float
) -> None:
    settings = Settings(decision=NAKED.decision.model_copy(update={"crush_structure": structure}))
    decision = decided(settings, direction(p_up), move=foreseen, implied_move=implied)

    if isinstance(decision, Signal):
        assert decision.plan.exit_on == REACTION
        assert SESSION + dt.timedelta(days=decision.plan.min_days) > REACTION
        assert decision.risk_share <= 0.01
