import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from options_signals.pricing.normal import cdf, erfc, erfcx, mills, pdf
from scipy import special


def test_erfcx_equals_scipy_from_zero_to_the_largest_floats() -> None:
    x = np.concatenate([np.linspace(0, 60, 300_001), np.geomspace(1e-300, 1e300, 100_001)])

    assert_allclose(erfcx(x), special.erfcx(x), rtol=2e-15)


def test_cdf_equals_scipy_around_the_middle() -> None:
    z = np.linspace(-1, 9, 300_001)

    assert_allclose(cdf(z), special.ndtr(z), rtol=2e-15)


def test_cdf_equals_scipy_on_the_log_scale_down_to_the_least_float() -> None:
    z = np.linspace(-37.5, -1, 300_001)

    assert_allclose(np.log(cdf(z)), special.log_ndtr(z), rtol=2e-15)


def test_erfc_equals_scipy_around_the_middle() -> None:
    x = np.linspace(-7, 3, 300_001)

    assert_allclose(erfc(x), special.erfc(x), rtol=3e-15)


# scipy itself loses three digits in the deep tail; these are from 50-digit arithmetic.
@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (cdf(-37.0), 5.7255712225245768e-300),
        (cdf(-30.1), 2.4226672179857588e-199),
        (cdf(-20.0), 2.7536241186062337e-89),
        (cdf(-8.5), 9.4795348222033184e-18),
        (cdf(-1.96), 0.024997895148220436),
        (erfc(26.0), 5.6631924088561428e-296),
        (erfcx(-20.25), 2.4485613000901128e178),
        (pdf(-37.3), 3.0628462906956675e-303),
    ],
)
def test_the_deep_tail_keeps_full_precision(value: float, exact: float) -> None:
    assert value == pytest.approx(exact, rel=1e-15)


def test_mills_ratio_is_tail_over_density() -> None:
    assert mills(np.array([0.0, 1.0])) == pytest.approx([1.2533141373155003, 0.15865525393145705 / pdf(1.0)])


def test_infinities_have_their_limits_and_nan_stays_nan() -> None:
    ends = np.array([-np.inf, np.inf, np.nan])

    assert_array_equal(cdf(ends), [0, 1, np.nan])
    assert_array_equal(pdf(ends), [0, 0, np.nan])
    assert_array_equal(erfc(ends), [2, 0, np.nan])
    assert_array_equal(erfcx(ends), [np.inf, 0, np.nan])


def test_the_two_tails_sum_to_one() -> None:
    z = np.linspace(0, 8, 10_001)

    assert_allclose(cdf(z) + cdf(-z), 1, rtol=2e-16)
