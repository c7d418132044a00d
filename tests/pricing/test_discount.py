from datetime import date

import numpy as np
import pandas as pd
import pytest
from options_signals.errors import NotFoundError, StaleRatesError
from options_signals.pricing.discount import flat_curve, rate_curve


def macro(*rows: tuple[str, str, float, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["series", "observed_on", "value", "available_on"])
    return table.astype({"observed_on": "datetime64[s]", "available_on": "datetime64[s]"})


THURSDAY = macro(
    ("DGS3MO", "2021-06-10", 2.0, "2021-06-11"),
    ("DGS2", "2021-06-10", 3.0, "2021-06-11"),
    ("DGS10", "2021-06-10", 4.0, "2021-06-11"),
    ("UNRATE", "2021-06-10", 99.0, "2021-06-11"),
)
FRIDAY = date(2021, 6, 11)


@pytest.mark.parametrize(("years", "percent"), [(0.0, 2.0), (0.25, 2.0), (2.0, 3.0), (10.0, 4.0), (30.0, 4.0)])
def test_a_rate_is_the_yield_of_its_maturity_compounded_continuously(years: float, percent: float) -> None:
    rate = rate_curve(THURSDAY, wanted=FRIDAY).rate(years)

    assert np.exp(rate) == pytest.approx((1 + percent / 200) ** 2)


def test_between_two_maturities_rates_are_interpolated() -> None:
    curve = rate_curve(THURSDAY, wanted=FRIDAY)

    assert curve.rate(1.125) == pytest.approx((curve.rate(0.25) + curve.rate(2.0)) / 2)


def test_the_discount_is_the_value_of_one_paid_later() -> None:
    curve = flat_curve(rate=0.04, as_of=FRIDAY)

    assert curve.discount([0.0, 0.5, np.nan]) == pytest.approx([1.0, 0.9801986733, np.nan], nan_ok=True)


def test_a_yield_is_not_used_before_the_public_could_know_it() -> None:
    tomorrow = macro(("DGS2", "2021-06-11", 9.0, "2021-06-14"))
    table = pd.concat([THURSDAY, tomorrow])

    assert rate_curve(table, wanted=date(2021, 6, 14)).rate(2.0) == pytest.approx(2 * np.log(1.045))
    assert rate_curve(table, wanted=FRIDAY).rate(2.0) == pytest.approx(2 * np.log(1.015))


def test_the_curve_is_as_old_as_its_oldest_yield() -> None:
    table = pd.concat([THURSDAY, macro(("DGS2", "2021-06-11", 3.0, "2021-06-14"))])

    assert rate_curve(table, wanted=date(2021, 6, 15)).as_of == date(2021, 6, 10)


def test_yields_a_week_old_are_used_and_older_ones_refused() -> None:
    assert rate_curve(THURSDAY, wanted=date(2021, 6, 17)).as_of == date(2021, 6, 10)

    with pytest.raises(StaleRatesError) as caught:
        rate_curve(THURSDAY, wanted=date(2021, 6, 18))

    assert caught.value.as_of == date(2021, 6, 10)
    assert str(caught.value) == (
        "DGS3MO: newest observation is of 2021-06-10, wanted 2021-06-18, allowed: at most 7 days older. "
        "Fetch newer Treasury yields, or give a rate."
    )


def test_one_stale_yield_among_fresh_ones_is_refused() -> None:
    old = macro(("DGS10", "2021-05-10", 4.0, "2021-05-11"))
    table = pd.concat([THURSDAY[THURSDAY["series"] != "DGS10"], old])

    with pytest.raises(StaleRatesError, match="DGS10"):
        rate_curve(table, wanted=FRIDAY)


def test_a_missing_series_is_named() -> None:
    with pytest.raises(NotFoundError, match="no DGS2 known on 2021-06-11 in the macro table"):
        rate_curve(THURSDAY[THURSDAY["series"] != "DGS2"], wanted=FRIDAY)


def test_an_unknown_value_does_not_count_as_an_observation() -> None:
    table = pd.concat([THURSDAY, macro(("DGS2", "2021-06-11", np.nan, "2021-06-11"))])

    assert rate_curve(table, wanted=FRIDAY).rate(2.0) == pytest.approx(2 * np.log(1.015))
