import dataclasses

import numpy as np
from matplotlib.collections import LineCollection

from tests.models.bundles import direction_bundle
from tests.training.worlds import small_evaluation
from training.bootstrap import Interval
from training.evaluation import Bin
from training.plots import pictures, reliability_plot, roc_plot, to_png


def test_every_bin_is_a_point_at_its_mean_forecast_and_observed_share_with_its_interval() -> None:
    (axes,) = reliability_plot(small_evaluation(), title="Direction, SPY", forecast="P(UP)").axes

    points = axes.lines[-1]
    (bars,) = axes.collections
    assert isinstance(bars, LineCollection)
    np.testing.assert_allclose(np.asarray(points.get_data()), [[0.45, 0.6], [0.47, 0.58]])
    np.testing.assert_allclose(np.asarray(bars.get_segments()[0]), [[0.45, 0.38], [0.45, 0.56]])


def test_the_pictures_say_how_many_forecasts_they_rest_on_and_how_sure_the_figure_is() -> None:
    evaluation = small_evaluation()

    said = [plot.axes[0].get_title(loc="left") for plot in pictures(evaluation, direction_bundle().card).values()]

    assert said[0] == (
        "300 forecasts, 2020-01-02 to 2022-11-16\n"
        "bins: 2, of 100 to 200 cases; ECE 0.550 (95 % interval 0.510 to 0.590)"
    )
    assert said[1] == "300 forecasts, 2020-01-02 to 2022-11-16\nAUC 0.550 (95 % interval 0.510 to 0.590)"


def test_a_simulated_market_is_named_in_the_title() -> None:
    plots = pictures(small_evaluation(), direction_bundle().card)

    assert plots["roc"].get_suptitle() == "Direction, SPY, SIMULATED market: ROC"


def test_a_single_forecast_for_all_is_drawn_on_an_axis_wide_enough_to_judge_it() -> None:
    alone = dataclasses.replace(small_evaluation(), reliability=(Bin(0.0, 1.0, 300, 0.6, Interval(0.6, 0.58, 0.62)),))

    (axes,) = reliability_plot(alone, title="Direction, SPY", forecast="P(UP)").axes

    low, high = axes.get_xlim()
    assert high - low >= 0.3
    assert low < 0.58
    assert high > 0.62


def test_the_same_evaluation_gives_the_same_picture() -> None:
    first, again = (to_png(roc_plot(small_evaluation(), title="Direction, SPY")) for _ in range(2))

    assert first.startswith(b"\x89PNG")
    assert first == again
