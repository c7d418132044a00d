import numpy as np
import pytest
from options_signals.models.moves import in_order
from sklearn.linear_model import QuantileRegressor
from sklearn.metrics import mean_pinball_loss

from training.quantiles import LEVELS, factor, inside_band, pinball_losses

generator = np.random.default_rng(1)
FORECASTS = np.sort(generator.exponential(0.04, (200, 3)), axis=1)
MOVES = generator.exponential(0.04, 200)


def test_a_move_above_the_forecast_costs_its_level_and_one_below_it_the_rest() -> None:
    losses = pinball_losses(np.array([[0.01, 0.03, 0.08]]), np.array([0.05]))

    # 0.04 above the 10 %, 0.02 above the 50 %, 0.03 below the 90 % forecast
    assert losses == pytest.approx([(0.1 * 0.04 + 0.5 * 0.02 + 0.1 * 0.03) / 3.0])


def test_the_loss_is_that_of_scikit_learn() -> None:
    expected = [mean_pinball_loss(MOVES, FORECASTS[:, at], alpha=level) for at, level in enumerate(LEVELS)]

    assert pinball_losses(FORECASTS, MOVES).mean() == pytest.approx(np.mean(expected), rel=1e-12)


@pytest.mark.parametrize(("move", "inside"), [(0.009, 0.0), (0.01, 1.0), (0.03, 1.0), (0.08, 1.0), (0.081, 0.0)])
def test_the_band_holds_its_own_ends(move: float, inside: float) -> None:
    assert inside_band(np.array([[0.01, 0.03, 0.08]]), np.array([move])) == [inside]


def test_the_order_never_costs_pinball_loss() -> None:
    crossed = FORECASTS[:, ::-1]

    assert pinball_losses(in_order(crossed), MOVES).mean() < pinball_losses(crossed, MOVES).mean()


@pytest.mark.parametrize("level", LEVELS)
def test_a_factor_is_the_slope_of_a_quantile_regression_through_the_origin(level: float) -> None:
    sizes = generator.uniform(0.01, 0.05, 199)
    moves = sizes * generator.exponential(1.5, 199)
    line = QuantileRegressor(quantile=level, alpha=0.0, fit_intercept=False).fit(sizes[:, None], moves)

    assert factor(moves, sizes, level) == pytest.approx(line.coef_[0])
