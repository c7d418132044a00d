import datetime as dt

import pytest
from options_signals.settings import Settings
from options_signals.signals import (
    Cut,
    Decision,
    Direction,
    Forecast,
    IvRegime,
    IvTrend,
    Leg,
    NoTrade,
    Signal,
    Strategy,
    bucket,
)
from options_signals.strategy.decide import decide
from pydantic import TypeAdapter, ValidationError

from tests.strategy.forecasts import GOOD, SESSION, direction, forecast, unproven, volatility


@pytest.mark.parametrize(
    ("iv_rank", "regime"),
    [(0.0, "LOW"), (29.99, "LOW"), (30.0, "NORMAL"), (59.99, "NORMAL"), (60.0, "HIGH"), (100.0, "HIGH")],
)
def test_bucket_of_an_iv_rank(iv_rank: float, regime: str) -> None:
    assert bucket(iv_rank) == regime


@pytest.mark.parametrize(
    ("p_up", "threshold", "side", "confidence"),
    [(0.58, 0.50, "UP", 0.58), (0.42, 0.50, "DOWN", 0.58), (0.50, 0.50, "DOWN", 0.50), (0.45, 0.40, "UP", 0.45)],
)
def test_direction_is_up_above_the_threshold_and_its_confidence_that_of_the_side(
    p_up: float, threshold: float, side: str, confidence: float
) -> None:
    given = direction(p_up, threshold=threshold)

    assert (given.direction, given.confidence) == (Direction(side), confidence)


def test_skill_is_proven_only_above_zero() -> None:
    assert direction().proven
    assert not unproven().proven
    assert not direction(brier_skill_low=0.0).proven


def test_brier_skill_without_discrimination_is_a_drifting_base_rate_and_proves_nothing() -> None:
    assert not direction(auc=0.5, auc_low=0.46, auc_high=0.53).proven


@pytest.mark.parametrize(
    ("iv_rank", "trend"), [(20.0, IvTrend.EXPANDING), (45.0, IvTrend.STABLE), (80.0, IvTrend.CONTRACTING)]
)
def test_trend_is_the_forecast_bucket_against_todays(iv_rank: float, trend: IvTrend) -> None:
    assert volatility(IvRegime.NORMAL, 0.6, iv_rank=iv_rank).trend == trend


def test_of_equally_likely_regimes_the_calmer_is_taken() -> None:
    assert volatility(p_low=0.4, p_normal=0.2, p_high=0.4).regime == IvRegime.LOW


def test_regime_probabilities_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"sum to 0\.9000, allowed: 1"):
        volatility(p_low=0.2, p_normal=0.5, p_high=0.2)


def test_share_of_imputed_inputs() -> None:
    assert direction(imputed=("mfi", "cpi_yoy")).imputed_share == 0.05


@pytest.mark.parametrize("p_up", [float("nan"), float("inf"), -0.01, 1.01])
def test_number_that_is_no_probability_is_refused(p_up: float) -> None:
    with pytest.raises(ValidationError):
        direction(p_up)


@pytest.mark.parametrize("spot", [0.0, -1.0, float("nan")])
def test_spot_is_above_zero(spot: float) -> None:
    with pytest.raises(ValidationError):
        forecast(direction(), volatility(), spot=spot)


def test_unknown_field_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Forecast.model_validate({"ticker": "SPY", "session": SESSION, "spot": 1, "direction": None, "iv": None, "x": 1})


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.3, 0.3, "sell the 0.30-delta put"), (0.4, 0.5, "sell the 0.40-0.50-delta put"), (0.5, 0.5, "sell the ATM put")],
)
def test_leg_reads_as_people_say_it(low: float, high: float, words: str) -> None:
    assert Leg(action="sell", right="put", min_delta=low, max_delta=high).words == words


def test_refusal_without_a_reason_is_refused() -> None:
    assert NoTrade(ticker="SPY", session=SESSION, forecast=None, reasons=("stale",)).reasons == ("stale",)
    with pytest.raises(ValidationError):
        NoTrade(ticker="SPY", session=SESSION, forecast=None, reasons=())


@pytest.mark.parametrize("p_up", [0.6, 0.5])
def test_stored_decision_comes_back_as_what_it_was(p_up: float) -> None:
    decision = decide(forecast(direction(p_up), volatility()), GOOD, Settings())

    assert TypeAdapter(Decision).validate_json(decision.model_dump_json()) == decision


def test_what_was_said_in_brief() -> None:
    signal = decide(forecast(direction(0.6), volatility()), GOOD, Settings())
    declined = decide(forecast(direction(0.5), volatility()), GOOD, Settings())
    refused = NoTrade(ticker="SPY", session=SESSION, forecast=None, reasons=("stale",))

    assert [one.in_brief for one in (signal, declined, refused)] == ["BULL CALL SPREAD half", "NO TRADE", "REFUSED"]


def test_records_are_frozen() -> None:
    signal = decide(forecast(direction(0.6), volatility()), GOOD, Settings())

    assert isinstance(signal, Signal)
    assert signal.strategy is Strategy.BULL_CALL_SPREAD
    with pytest.raises(ValidationError, match="frozen"):
        signal.session = dt.date(2022, 11, 25)


@pytest.mark.parametrize("after", [0.02, 0.03])
def test_a_cut_only_takes(after: float) -> None:
    with pytest.raises(ValidationError, match="allowed: to less"):
        Cut(rule="total", before=0.02, after=after, reason="no room")


def test_a_cut_trade_survives_its_own_json() -> None:
    whole = decide(forecast(direction(), volatility()), GOOD, Settings())
    assert isinstance(whole, Signal)
    first = Cut(rule="volatility", before=0.0075, after=0.005, reason="too wild")
    second = Cut(rule="total", before=0.005, after=0.001, reason="no room")
    cut = whole.model_copy(update={"risk_share": 0.001, "cuts": (first, second)})

    assert Signal.model_validate_json(cut.model_dump_json()) == cut


def test_a_refusal_instead_of_a_trade_keeps_all_but_the_trade() -> None:
    whole = decide(forecast(direction(), volatility()), GOOD, Settings())
    assert isinstance(whole, Signal)
    none = NoTrade.instead_of(whole, reasons=("no room",))

    assert (none.ticker, none.session, none.forecast) == (whole.ticker, whole.session, whole.forecast)
    assert (none.cause, none.lean, none.confidence) == ("rule", whole.strategy, whole.confidence)
    assert (none.reasons, none.in_brief) == (("no room",), "NO TRADE")
