import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from options_signals.models.calibrate import calibrate, logit, sigmoid
from options_signals.models.card import Calibrator
from scipy import special
from sklearn.isotonic import IsotonicRegression

TABLE = Calibrator(kind="table", x=(0.2, 0.4, 0.8), y=(0.3, 0.3, 0.6))
KINDS = [Calibrator(), Calibrator(kind="sigmoid", slope=2.0, intercept=-0.5), TABLE]

probabilities = st.floats(0.0, 1.0)
rising = st.lists(probabilities, min_size=1, max_size=6, unique=True).map(sorted)
tables = rising.flatmap(
    lambda x: st.lists(probabilities, min_size=len(x), max_size=len(x)).map(
        lambda y: Calibrator(kind="table", x=tuple(x), y=tuple(sorted(y)))
    )
)
sigmoids = st.builds(Calibrator, kind=st.just("sigmoid"), slope=st.floats(0.0, 10.0), intercept=st.floats(-10.0, 10.0))


def test_the_identity_changes_nothing() -> None:
    assert_array_equal(calibrate(Calibrator(), np.array([0.0, 0.3, 1.0])), [0.0, 0.3, 1.0])


def test_a_sigmoid_of_slope_two_squares_the_odds() -> None:
    calibrator = Calibrator(kind="sigmoid", slope=2.0, intercept=0.0)

    # odds 3 to 1 become 9 to 1
    assert_allclose(calibrate(calibrator, np.array([0.75, 0.5, 0.25])), [0.9, 0.5, 0.1])


def test_a_sigmoid_of_slope_zero_answers_the_base_rate() -> None:
    calibrator = Calibrator(kind="sigmoid", slope=0.0, intercept=np.log(3.0))

    assert_allclose(calibrate(calibrator, np.array([0.01, 0.5, 0.99])), 0.75)


def test_a_table_is_linear_between_its_points_and_flat_outside() -> None:
    assert_allclose(calibrate(TABLE, np.array([0.0, 0.3, 0.6, 0.8, 0.9])), [0.3, 0.3, 0.45, 0.6, 0.6])


def test_a_table_answers_what_isotonic_regression_predicts() -> None:
    rng = np.random.default_rng(0)
    forecast = rng.uniform(size=500)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(forecast, rng.uniform(size=500) < forecast)
    table = Calibrator(kind="table", x=tuple(isotonic.X_thresholds_), y=tuple(isotonic.y_thresholds_))

    assert_allclose(calibrate(table, forecast), isotonic.predict(forecast), atol=1e-12)


def test_log_odds_are_those_of_scipy() -> None:
    assert_allclose(logit(np.array([1e-6, 0.2, 0.999])), special.logit([1e-6, 0.2, 0.999]))
    assert_allclose(sigmoid(np.array([-800.0, -3.0, 0.0, 5.0, 800.0])), special.expit([-800.0, -3.0, 0.0, 5.0, 800.0]))


def test_log_odds_stay_finite_where_a_graph_is_certain() -> None:
    assert_allclose(logit(np.array([0.0, 1.0])), [-np.log(999_999), np.log(999_999)])


@pytest.mark.parametrize("calibrator", KINDS, ids=lambda calibrator: calibrator.kind)
def test_the_unknown_stays_unknown(calibrator: Calibrator) -> None:
    answer = calibrate(calibrator, np.array([np.nan, 0.5]))

    assert_array_equal(np.isnan(answer), [True, False])


@given(calibrator=st.one_of(tables, sigmoids), pair=st.tuples(probabilities, probabilities).map(sorted))
def test_a_higher_forecast_is_never_calibrated_to_a_lower_one(calibrator: Calibrator, pair: list[float]) -> None:
    lower, higher = calibrate(calibrator, np.array(pair))

    assert 0.0 <= lower <= higher <= 1.0
