import numpy as np
import pytest
from options_signals.errors import InvalidValueError, MissingColumnError
from options_signals.models.bundle import Bundle, open_bundle
from options_signals.models.card import ReliabilityBin
from options_signals.models.forecast import (
    forecast_direction,
    forecast_directions,
    forecast_iv,
    forecast_ivs,
    track_record,
)

from tests.models.bundles import direction_bundle, regime_bundle

NAN = float("nan")
DIRECTION_ROW = {"rsi_14": 55.0, "hv_20": 0.18, "iv_rank": 40.0, "returns_5d": 0.01}
IV_ROW = DIRECTION_ROW | {"iv_distance_to_30": -0.05, "iv_distance_to_60": 0.1}


@pytest.fixture(scope="module")
def direction() -> Bundle:
    made = direction_bundle()
    return open_bundle(made.card, made.graph)


@pytest.fixture(scope="module")
def regime() -> Bundle:
    made = regime_bundle()
    return open_bundle(made.card, made.graph)


def test_a_direction_forecast_carries_the_cards_figures(direction: Bundle) -> None:
    forecast = forecast_direction(direction, DIRECTION_ROW)

    assert (forecast.version, forecast.inputs, forecast.imputed) == (direction.card.version, 4, ())
    assert (forecast.threshold, forecast.base_rate) == (0.5, 0.6)
    assert (forecast.brier_skill, forecast.brier_skill_low, forecast.brier_skill_high) == (0.02, 0.01, 0.03)
    assert (forecast.auc, forecast.auc_low, forecast.auc_high) == (0.55, 0.51, 0.59)


def test_an_unknown_input_is_imputed_and_named(direction: Bundle) -> None:
    forecast = forecast_direction(direction, DIRECTION_ROW | {"hv_20": NAN})

    assert forecast.imputed == ("hv_20",)
    with_median = forecast_direction(direction, DIRECTION_ROW | {"hv_20": direction.card.impute[1]})
    assert forecast.p_up == with_median.p_up


def test_a_row_without_an_input_is_refused_by_name(direction: Bundle) -> None:
    row = {name: value for name, value in DIRECTION_ROW.items() if name != "hv_20"}

    with pytest.raises(MissingColumnError) as caught:
        forecast_direction(direction, row)

    assert str(caught.value) == (
        f"model {direction.card.label} needs the column hv_20; there are rsi_14, iv_rank, returns_5d. "
        "Fetch that input, or ask for other features."
    )


def test_many_rows_at_once_give_what_each_gives_alone(direction: Bundle, regime: Bundle) -> None:
    rows = [IV_ROW, IV_ROW | {"rsi_14": 30.0, "iv_rank": 70.0}, IV_ROW | {"returns_5d": NAN}]

    assert forecast_directions(direction, rows) == [forecast_direction(direction, row) for row in rows]
    together = forecast_ivs(regime, rows, index="VIX", proxy=False)
    assert together == [forecast_iv(regime, row, index="VIX", proxy=False) for row in rows]


def test_no_rows_give_no_forecasts(direction: Bundle) -> None:
    assert forecast_directions(direction, []) == []


def test_an_iv_forecast_says_of_what_and_against_which_baseline(regime: Bundle) -> None:
    forecast = forecast_iv(regime, IV_ROW | {"hv_20": NAN}, index="VIX", proxy=True)

    assert (forecast.index, forecast.proxy, forecast.iv_rank, forecast.served) == ("VIX", True, 40.0, "average")
    assert (forecast.log_loss, forecast.baseline_log_loss) == (0.7, 0.9)
    assert (forecast.inputs, forecast.imputed) == (5, ("hv_20",))


def test_what_the_rule_alone_does_not_read_is_not_imputed() -> None:
    made = regime_bundle(served="rule")

    forecast = forecast_iv(open_bundle(made.card, made.graph), IV_ROW | {"hv_20": NAN}, index="VIX", proxy=False)

    assert (forecast.inputs, forecast.imputed) == (3, ())


@pytest.mark.parametrize("name", ["iv_rank", "iv_distance_to_30", "iv_distance_to_60"])
def test_nothing_stands_in_for_an_unknown_input_of_the_rule(regime: Bundle, name: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        forecast_iv(regime, IV_ROW | {name: NAN}, index="VIX", proxy=False)

    assert str(caught.value) == (
        f"{name} in row 0 is nan; allowed: a known value; nothing may stand in for it. "
        "Fetch the volatility index of that session, or leave the ticker out."
    )


@pytest.mark.parametrize(("probability", "observed"), [(0.0, 0.3), (0.499, 0.3), (0.5, 0.7), (0.8, None), (1.0, 0.9)])
def test_the_track_record_is_that_of_the_bin_of_the_probability(probability: float, observed: float | None) -> None:
    bins = [(0.0, 0.5, 0.3, 10), (0.5, 0.8, 0.7, 10), (0.8, 0.9, 0.0, 0), (0.9, 1.0, 0.9, 10)]
    reliability = tuple(
        ReliabilityBin(low=low, high=high, mean_forecast=np.mean([low, high]), observed=share, count=count)
        for low, high, share, count in bins
    )

    record = track_record(direction_bundle(reliability=reliability).card, probability)

    assert (record and record.observed) == observed
