import numpy as np
import pytest

from tests.training.moves import world
from training.move_forecasters import ATR, EVERYBODY, FORECASTERS, LAST_FOUR, SHRUNK, fit, fit_regression


@pytest.mark.parametrize("name", FORECASTERS)
def test_no_forecast_has_quantiles_that_cross_or_lie_below_zero(name: str) -> None:
    forecasts = fit(name, world(seed=2, sessions=60))(world(seed=3, sessions=60))

    assert forecasts.shape == (180, 3)
    assert (forecasts >= 0.0).all()
    assert (np.diff(forecasts, axis=1) >= 0.0).all()


def test_the_middle_of_the_last_four_is_their_median_itself() -> None:
    rows = world(sessions=60)

    np.testing.assert_array_equal(fit(LAST_FOUR, rows)(rows)[:, 1], rows["earnings_move_median_4q"])


def test_twice_the_atr_is_twice_the_forecast() -> None:
    rows = world(sessions=60)

    forecast = fit(ATR, rows)

    np.testing.assert_allclose(forecast(rows.assign(atr_pct_20=2.0 * rows["atr_pct_20"])), 2.0 * forecast(rows))


def test_the_mean_of_four_moves_weighs_as_much_as_the_atr() -> None:
    rows = world(sessions=60).assign(earnings_move_mean_8q=0.04, atr_pct_20=0.01, move=0.03)  # k = 3

    forecast = fit(SHRUNK, rows)

    four, none = forecast(rows.head(1)), forecast(rows.head(1).assign(earnings_move_count_8q=np.nan))
    np.testing.assert_allclose(four / none, (4 * 0.04 + 4 * 0.03) / 8 / 0.03)


@pytest.mark.parametrize(
    ("rule", "needs"),
    [(LAST_FOUR, "earnings_move_median_4q"), (ATR, "atr_pct_20"), (SHRUNK, "atr_pct_20")],
)
def test_a_rule_that_lacks_its_input_says_the_quantiles_of_all_moves(rule: str, needs: str) -> None:
    train, rows = world(sessions=60), world(seed=2, sessions=1)

    assert (fit(rule, train)(rows) != fit(EVERYBODY, train)(rows)).any()
    np.testing.assert_array_equal(fit(rule, train)(rows.assign(**{needs: np.nan})), fit(EVERYBODY, train)(rows))


def test_a_rule_that_never_saw_its_input_says_the_quantiles_of_all_moves() -> None:
    rows = world(sessions=60)

    never = fit(LAST_FOUR, rows.assign(earnings_move_median_4q=np.nan))

    np.testing.assert_array_equal(never(rows), fit(EVERYBODY, rows)(rows))


def test_the_regression_finds_the_one_input_that_knows_the_move() -> None:
    forecast = fit_regression(world(sessions=300))
    calm, wild = (forecast(world(seed=2, sessions=20).assign(atr_pct_20=atr))[:, 2].mean() for atr in (0.01, 0.05))

    assert calm < 0.08
    assert wild > 0.15  # in truth 2.3 x 2 x ATR: 0.046 and 0.23


def test_the_regression_ignores_a_feature_that_fewer_than_half_of_the_rows_knew() -> None:
    rows = world(sessions=100)
    rows.loc[rows.index < 160, "vix_close"] = np.nan

    forecast = fit_regression(rows)

    np.testing.assert_array_equal(forecast(rows.assign(vix_close=9.0)), forecast(rows.assign(vix_close=90.0)))
