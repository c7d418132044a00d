import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from options_signals.settings import Decision, Quality, Risk, Settings
from options_signals.signals import Direction, IvRegime, NoTrade, Signal, Size, Strategy
from options_signals.snapshot import Verdict
from options_signals.strategy.decide import decide, refuse

from tests.strategy.forecasts import GOOD, SESSION, direction, forecast, refused, traded, unproven, volatility

DEFAULTS = Settings()
UNPROVEN = "Brier skill 0.4 % [-0.9, 1.7], AUC 0.56 [0.52, 0.60]"
TRADING_UNPROVEN = Settings(decision=Decision(trade_unproven=True))


def decided(p_up: float, regime: str, iv: float, settings: Settings = DEFAULTS) -> Signal | NoTrade:
    return decide(forecast(direction(p_up), volatility(IvRegime(regime), iv)), GOOD, settings)


@pytest.mark.parametrize(
    ("p_up", "regime", "iv", "strategy", "size", "risk_share"),
    [
        (0.55, "LOW", 0.55, "Buy Calls", "half", 0.01),
        (0.45, "LOW", 0.55, "Buy Puts", "half", 0.01),
        (0.70, "LOW", 0.70, "Buy Calls", "full", 0.02),
        (0.30, "LOW", 0.70, "Buy Puts", "full", 0.02),
        (0.6999, "LOW", 0.70, "Buy Calls", "half", 0.01),
        (0.52, "NORMAL", 0.60, "Bull Call Spread", "half", 0.0075),
        (0.48, "NORMAL", 0.60, "Bear Put Spread", "half", 0.0075),
        (0.80, "NORMAL", 0.60, "Bull Call Spread", "full", 0.015),
        (0.55, "HIGH", 0.55, "Bull Put Spread", "half", 0.01),
        (0.45, "HIGH", 0.55, "Bear Call Spread", "half", 0.01),
        (0.70, "HIGH", 0.70, "Bull Put Spread", "full", 0.02),
        (0.5499, "HIGH", 0.55, "Iron Condor", "half", 0.01),
        (0.4501, "HIGH", 0.55, "Iron Condor", "half", 0.01),
        (0.5499, "HIGH", 0.95, "Iron Condor", "half", 0.01),
        (0.80, "NORMAL", 0.35, "Bull Call Spread", "half", 0.0075),
    ],
)
def test_trade_of_the_matrix_at_the_borders(
    *, p_up: float, regime: str, iv: float, strategy: str, size: str, risk_share: float
) -> None:
    signal = traded(decided(p_up, regime, iv))

    assert (signal.strategy, signal.size, signal.risk_share) == (strategy, size, risk_share)


@pytest.mark.parametrize(
    ("p_up", "regime", "iv", "lean", "reasons"),
    [
        (
            0.5499,
            "LOW",
            0.90,
            "Buy Calls",
            ["direction confidence 0.5499 is below 0.5500, needed when volatility is LOW"],
        ),
        (0.47, "LOW", 0.90, "Buy Puts", ["direction confidence 0.53 is below 0.55, needed when volatility is LOW"]),
        (
            0.51,
            "NORMAL",
            0.90,
            "Bull Call Spread",
            ["direction confidence 0.51 is below 0.52, needed when volatility is NORMAL"],
        ),
        (
            0.52,
            "NORMAL",
            0.59,
            "Bull Call Spread",
            ["overall confidence 0.548 is below 0.550, needed for half size"],
        ),
        (0.54, "HIGH", 0.54, "Iron Condor", ["overall confidence 0.54 is below 0.55, needed for half size"]),
        (0.80, "NORMAL", 0.34, "Bull Call Spread", ["volatility confidence 0.34 is below 0.35"]),
        (
            0.51,
            "LOW",
            0.34,
            "Buy Calls",
            [
                "volatility confidence 0.34 is below 0.35",
                "direction confidence 0.51 is below 0.55, needed when volatility is LOW",
                "overall confidence 0.44 is below 0.55, needed for half size",
            ],
        ),
    ],
)
def test_refusal_gives_every_reason_in_order_and_keeps_the_lean(
    p_up: float, regime: str, iv: float, lean: str, reasons: list[str]
) -> None:
    no_trade = refused(decided(p_up, regime, iv))

    assert (list(no_trade.reasons), no_trade.lean, no_trade.cause) == (reasons, lean, "rule")


def test_overall_confidence_weighs_direction_six_to_four() -> None:
    confidence = traded(decided(0.65, "NORMAL", 0.60)).confidence

    assert (confidence.direction, confidence.iv, confidence.overall) == (0.65, 0.6, 0.63)


def test_overall_confidence_of_a_condor_is_that_of_volatility() -> None:
    confidence = traded(decided(0.51, "HIGH", 0.72)).confidence

    assert (confidence.direction, confidence.overall) == (0.51, 0.72)


def test_probability_at_the_threshold_is_down() -> None:
    at_threshold = direction(0.4, threshold=0.4)

    assert traded(decide(forecast(at_threshold, volatility()), GOOD, DEFAULTS)).strategy == Strategy.BEAR_PUT_SPREAD


def test_direction_against_its_own_probability_is_never_confident() -> None:
    up_58_percent_below_threshold = direction(0.58, threshold=0.6)
    no_trade = refused(decide(forecast(up_58_percent_below_threshold, volatility()), GOOD, DEFAULTS))

    assert no_trade.lean == Strategy.BEAR_PUT_SPREAD
    assert no_trade.confidence is not None
    assert no_trade.confidence.direction == 0.42


@pytest.mark.parametrize(("regime", "lean"), [("LOW", "Buy Calls"), ("NORMAL", "Bull Call Spread")])
def test_no_proven_skill_no_direction(regime: str, lean: str) -> None:
    proven = traded(decided(0.95, regime, 0.9))
    no_trade = refused(decide(forecast(unproven(0.95), volatility(IvRegime(regime), 0.9)), GOOD, DEFAULTS))

    assert proven.strategy == lean
    assert no_trade.lean == lean
    assert no_trade.confidence is not None
    assert no_trade.confidence.direction == 0.5
    assert no_trade.reasons == (f"no proven skill in direction ({UNPROVEN}), so it counts as 0.50",)


def test_skill_whose_interval_touches_zero_is_not_proven() -> None:
    touching = direction(0.95, brier_skill_low=0.0)

    assert refused(decide(forecast(touching, volatility()), GOOD, DEFAULTS)).reasons[0].startswith("no proven skill")


def test_no_proven_skill_leaves_the_condor_which_needs_no_direction() -> None:
    signal = traded(decide(forecast(unproven(0.95), volatility(IvRegime.HIGH, 0.8)), GOOD, DEFAULTS))

    assert (signal.strategy, signal.size) == (Strategy.IRON_CONDOR, Size.HALF)
    assert signal.reasons[0] == (f"volatility HIGH with 0.80, and no proven skill in direction ({UNPROVEN})")


@pytest.mark.parametrize("regime", ["LOW", "NORMAL"])
def test_a_lower_floor_does_not_let_an_unproven_direction_through(regime: str) -> None:
    anything_goes = Settings(decision=Decision(min_direction=0.0, min_direction_normal=0.0, min_overall=0.0))
    view = forecast(unproven(0.95), volatility(IvRegime(regime), 0.9))

    assert refused(decide(view, GOOD, anything_goes)).reasons[0].startswith("no proven skill")


def test_unproven_direction_is_traded_when_asked_for_at_half_size_and_said() -> None:
    view = forecast(unproven(0.95), volatility(IvRegime.NORMAL, 0.9))
    signal = traded(decide(view, GOOD, TRADING_UNPROVEN))

    assert traded(decided(0.95, "NORMAL", 0.9)).size == Size.FULL
    assert (signal.size, signal.confidence.direction) == (Size.HALF, 0.95)
    assert signal.reasons[1] == "half size at most, because the direction has no proven skill"
    assert signal.warnings == (f"traded without proven skill in direction ({UNPROVEN}), as trade_unproven allows",)


def test_what_is_declined_is_not_said_to_be_traded_without_skill() -> None:
    view = forecast(unproven(0.51), volatility(IvRegime.NORMAL, 0.9))

    assert refused(decide(view, GOOD, TRADING_UNPROVEN)).warnings == ()


def test_overlay_scales_the_risk_and_never_the_plan() -> None:
    halved = Settings(risk=Risk(overlay=0.5))
    signal = traded(decided(0.7, "LOW", 0.7, halved))

    assert (signal.risk_share, signal.plan.risk_share) == (0.01, 0.02)


def test_overlay_of_zero_refuses() -> None:
    no_trade = refused(decided(0.7, "LOW", 0.7, Settings(risk=Risk(overlay=0.0))))

    assert no_trade.reasons == ("the overlay is 0, which leaves nothing to risk",)


@pytest.mark.parametrize(("p_up", "strategy", "stop_usd"), [(0.7, "Buy Calls", 394.37), (0.3, "Buy Puts", 410.47)])
def test_stop_in_the_underlying_is_two_percent_against_in_usd(p_up: float, strategy: str, stop_usd: float) -> None:
    signal = traded(decided(p_up, "LOW", 0.7))

    assert (signal.strategy, signal.plan.stop_underlying_usd) == (strategy, stop_usd)


def test_reasons_of_a_signal_say_why_this_trade_and_why_this_size() -> None:
    assert traded(decided(0.65, "NORMAL", 0.60)).reasons == (
        "direction UP with 0.65 and volatility NORMAL with 0.60",
        "half size, because overall confidence 0.63 is below 0.70, needed for full size",
    )


def test_refused_data_is_the_only_reason_and_no_rule_is_asked() -> None:
    stale = Verdict(status="refused", reasons=("last bar is of 22 Nov 2022, wanted 23 Nov 2022 (yahoo)",))
    no_trade = refused(decide(forecast(direction(0.51), volatility(IvRegime.LOW, 0.34)), stale, DEFAULTS))

    assert (no_trade.reasons, no_trade.cause, no_trade.lean) == (stale.reasons, "data", Strategy.BUY_CALLS)


def test_degraded_data_is_traded_with_a_warning() -> None:
    degraded = Verdict(status="degraded", reasons=("no volume on 23 Nov 2022",))

    assert traded(decide(forecast(direction(), volatility()), degraded, DEFAULTS)).warnings == degraded.reasons


def test_missing_direction_is_refused_even_where_a_condor_needs_none() -> None:
    high = volatility(IvRegime.HIGH, 0.9)
    no_trade = refused(decide(forecast(None, high), GOOD, DEFAULTS))

    assert traded(decide(forecast(direction(0.51), high), GOOD, DEFAULTS)).strategy == Strategy.IRON_CONDOR
    assert (no_trade.reasons, no_trade.lean, no_trade.confidence) == (("there is no direction forecast",), None, None)


def test_missing_forecast_is_refused_with_the_reason_it_came_with() -> None:
    told = forecast(direction(), None, refusals=("iv_rank is unknown: 12 sessions of VIX are missing",))
    no_trade = refused(decide(told, GOOD, DEFAULTS))

    assert (no_trade.reasons, no_trade.cause) == (("iv_rank is unknown: 12 sessions of VIX are missing",), "data")


def test_too_many_imputed_inputs_are_no_good_data() -> None:
    guessed = direction(imputed=tuple(f"feature_{n}" for n in range(5)))
    no_trade = refused(decide(forecast(guessed, volatility()), GOOD, DEFAULTS))

    assert no_trade.cause == "data"
    assert no_trade.reasons == ("5 of 40 inputs of the direction model are unknown today, more than the 10% allowed",)


def test_a_few_imputed_inputs_are_named_in_a_warning() -> None:
    nearly_whole = direction(imputed=("mfi", "cpi_yoy"))

    assert traded(decide(forecast(nearly_whole, volatility()), GOOD, DEFAULTS)).warnings == (
        "2 of 40 inputs of the direction model are unknown today and stand at their training median: mfi, cpi_yoy",
    )


@pytest.mark.parametrize(("imputed", "allowed"), [(4, True), (5, False)])
def test_share_of_imputed_inputs_may_reach_the_limit_not_pass_it(imputed: int, *, allowed: bool) -> None:
    ten_percent = Settings(quality=Quality(max_missing_inputs=0.1))
    partly = direction(imputed=tuple("abcde"[:imputed]))

    assert isinstance(decide(forecast(partly, volatility()), GOOD, ten_percent), Signal) is allowed


def test_proxy_index_is_said() -> None:
    proxied = forecast(direction(), volatility(proxy=True), ticker="AAPL")

    assert traded(decide(proxied, GOOD, DEFAULTS)).warnings == (
        "VIX stands in for a volatility index of AAPL's own (allow_iv_proxy)",
    )


def test_own_options_in_the_place_of_an_index_are_said() -> None:
    own = forecast(direction(), volatility(index="AAPL options", own_sessions=249), ticker="AAPL")

    assert traded(decide(own, GOOD, DEFAULTS)).warnings == ("IV rank from AAPL's own options (249 sessions)",)


def test_a_year_of_own_volatility_that_the_models_do_not_read_is_said_beside_the_proxy() -> None:
    proxied = forecast(direction(), volatility(proxy=True, own_sessions=252), ticker="AAPL")

    stands_in, could = traded(decide(proxied, GOOD, DEFAULTS)).warnings
    assert stands_in.startswith("VIX stands in")
    assert could == (
        "a year of AAPL's own implied volatility is there (252 sessions), but the models were trained on VIX: "
        "`signals train-all --scope pooled --own-iv` trains on it"
    )


def test_ticker_without_any_forecast_is_refused_for_its_data() -> None:
    no_trade = refuse(ticker="QQQ", session=SESSION, reasons=("two bars for 23 Nov 2022",))

    assert (no_trade.cause, no_trade.reasons, no_trade.forecast) == ("data", ("two bars for 23 Nov 2022",), None)


without_deadline = hypothesis_settings(deadline=None)  # laws of size, not of a busy machine
RANK = {None: 0, Size.HALF: 1, Size.FULL: 2}
CELL_RISK = {
    "Buy Calls": 0.02,
    "Buy Puts": 0.02,
    "Bull Call Spread": 0.015,
    "Bear Put Spread": 0.015,
    "Bull Put Spread": 0.02,
    "Bear Call Spread": 0.02,
    "Iron Condor": 0.02,
}
sides = st.floats(0.0, 0.5)
certainties = st.floats(0.34, 1.0)
regimes = st.sampled_from(IvRegime)


def size_of(decision: Signal | NoTrade) -> int:
    return RANK[decision.size if isinstance(decision, Signal) else None]


@without_deadline
@given(p_up=st.floats(0, 1), regime=regimes, iv=certainties, overlay=st.floats(0, 1), threshold=st.floats(0.3, 0.7))
def test_risk_never_exceeds_the_cell_nor_its_tier_and_every_refusal_has_a_reason(
    p_up: float, regime: IvRegime, iv: float, overlay: float, threshold: float
) -> None:
    settings = Settings(risk=Risk(overlay=overlay))
    decision = decide(forecast(direction(p_up, threshold=threshold), volatility(regime, iv)), GOOD, settings)

    if isinstance(decision, NoTrade):
        assert all(decision.reasons)
        assert decision.lean is not None
    else:
        tier = 1.0 if decision.size is Size.FULL else 0.5
        assert 0.0 < decision.risk_share <= CELL_RISK[decision.strategy] * tier * overlay + 1e-10


@without_deadline
@given(one=sides, other=sides, side=st.sampled_from(Direction), regime=regimes, iv=certainties)
def test_a_surer_direction_never_gives_a_smaller_size(
    one: float, other: float, side: Direction, regime: IvRegime, iv: float
) -> None:
    sign = 1 if side is Direction.UP else -1
    less, more = (
        decide(forecast(direction(0.5 + sign * sure), volatility(regime, iv)), GOOD, DEFAULTS)
        for sure in sorted((one, other))
    )

    assert size_of(less) <= size_of(more)


@without_deadline
@given(p_up=st.floats(0, 1), regime=regimes, one=certainties, other=certainties)
def test_a_surer_volatility_never_gives_a_smaller_size(p_up: float, regime: IvRegime, one: float, other: float) -> None:
    less, more = (
        decide(forecast(direction(p_up), volatility(regime, iv)), GOOD, DEFAULTS) for iv in sorted((one, other))
    )

    assert size_of(less) <= size_of(more)


@without_deadline
@given(p_up=st.floats(0, 1), regime=regimes, iv=certainties)
def test_unproven_direction_never_leads_to_a_directional_trade(p_up: float, regime: IvRegime, iv: float) -> None:
    decision = decide(forecast(unproven(p_up), volatility(regime, iv)), GOOD, DEFAULTS)

    assert isinstance(decision, NoTrade) or decision.strategy is Strategy.IRON_CONDOR


@without_deadline
@given(p_up=st.floats(0, 1), regime=regimes, iv=certainties)
def test_decision_survives_its_own_json(p_up: float, regime: IvRegime, iv: float) -> None:
    decision = decide(forecast(direction(p_up), volatility(regime, iv)), GOOD, DEFAULTS)

    assert type(decision).model_validate_json(decision.model_dump_json()) == decision
