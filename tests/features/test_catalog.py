import numpy as np
import pytest
from options_signals.errors import InvalidValueError, MissingColumnError
from options_signals.features import catalog
from options_signals.features.catalog import IV_REGIME_INPUTS, NAMED_ONLY, Feature, Group

from tests.features.market import simulated_columns


@pytest.mark.parametrize(
    ("group", "least"),
    [
        (Group.TECHNICAL, 83),
        (Group.IV, 18),
        (Group.IV_MODEL, 7),
        (Group.MACRO, 34),
        (Group.REGIME, 20),
        (Group.SENTIMENT, 12 + 3),
        (Group.EARNINGS, 11 + 2),
        (Group.EARNINGS_MOVES, 35),
        (Group.EVENTS, 9),
    ],
)
def test_each_group_has_its_features(group: Group, least: int) -> None:
    assert len(catalog.names(group)) >= least


def test_names_are_unique_and_no_name_is_also_an_input() -> None:
    names = catalog.names()

    assert len(set(names)) == len(names)
    assert not set(names) & set(catalog.inputs_of(names))


def test_levels_are_left_out_of_the_safe_features() -> None:
    assert "sma_20" in catalog.names()
    assert "sma_20" not in catalog.safe_features()
    assert "price_vs_sma20" in catalog.safe_features()


@pytest.mark.parametrize("group", sorted(NAMED_ONLY))
def test_what_no_model_was_tested_with_is_never_a_default(group: Group) -> None:
    assert catalog.names(group)
    assert not set(catalog.names(group)) & set(catalog.safe_features())


def test_the_hash_of_a_model_that_is_served_does_not_move_when_groups_are_added() -> None:
    assert catalog.catalog_hash(IV_REGIME_INPUTS) == "2ba5e9f214e5e25a"


@pytest.mark.parametrize("name", sorted(feature.name for feature in catalog.FEATURES if feature.level))
def test_a_level_never_stands_on_adjusted_prices(name: str) -> None:
    adjusted = {"open", "high", "low", "close"} & set(catalog.inputs_of([name]))

    assert adjusted == ({"close"} if name == "amihud_illiquidity_20" else set())  # its returns, not its dollars


def test_the_regime_model_has_27_inputs_all_of_them_features() -> None:
    assert len(set(IV_REGIME_INPUTS)) == 27
    assert set(IV_REGIME_INPUTS) <= set(catalog.names())


def test_a_feature_made_from_features_is_computed_from_the_inputs_alone() -> None:
    close = np.array([100.0, 101.0, 99.0, 100.0, 102.0, 101.0])

    computed = catalog.compute(["rolling_vol_10", "returns_1d"], {"close": close})

    assert list(computed) == ["rolling_vol_10", "returns_1d"]
    assert computed["returns_1d"][1] == pytest.approx(0.01)


def test_inputs_are_found_through_the_features_in_between() -> None:
    assert catalog.inputs_of(["volatility_regime"]) == ("index_close", "index_underlying_close", "vix")


def test_computable_is_what_has_every_input_through_the_features_in_between() -> None:
    there = catalog.computable({"index_close": 1, "index_underlying_close": 1})

    assert {"vix_close", "iv_premium"} <= set(there)
    assert not {"volatility_regime", "rsi_14", "earnings_move_mean_8q"} & set(there)


def test_a_missing_column_is_named_with_the_feature_that_needs_it() -> None:
    with pytest.raises(MissingColumnError) as caught:
        catalog.compute(["iv_premium"], {"close": np.ones(3), "index_close": np.ones(3)})

    assert (caught.value.column, caught.value.needed_by) == ("index_underlying_close", "iv_hv_spread")


def test_an_unknown_feature_is_refused_by_name() -> None:
    with pytest.raises(InvalidValueError, match="feature is 'rsi_15'"):
        catalog.compute(["rsi_15"], simulated_columns(sessions=5))


@pytest.mark.parametrize(
    "volume",
    [np.ones(4), np.ones(3, dtype=np.int64), np.ones((3, 1))],
    ids=["another length", "another type", "two dimensions"],
)
def test_columns_that_do_not_fit_together_are_refused(volume: np.ndarray) -> None:
    with pytest.raises(InvalidValueError, match="1-D float64 arrays of one length"):
        catalog.compute(["obv"], {"traded_close": np.ones(3), "volume": volume})


def test_the_hash_is_that_of_the_set_of_features_not_of_their_order() -> None:
    assert catalog.catalog_hash(["rsi_14", "mfi"]) == catalog.catalog_hash(["mfi", "rsi_14"])
    assert catalog.catalog_hash(["rsi_14"]) != catalog.catalog_hash(["rsi_28"])


def test_a_new_version_changes_the_hash_of_what_is_made_from_it_and_of_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = {name: catalog.catalog_hash([name]) for name in ("hv_20", "hv_percentile", "rsi_14")}
    old = catalog._BY_NAME["hv_20"]
    monkeypatch.setitem(catalog._BY_NAME, "hv_20", Feature(old.function, old.group, version=old.version + 1))
    catalog._plan.cache_clear()

    after = {name: catalog.catalog_hash([name]) for name in before}
    catalog._plan.cache_clear()

    assert [name for name in before if before[name] != after[name]] == ["hv_20", "hv_percentile"]
