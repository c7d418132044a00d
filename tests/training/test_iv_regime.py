import numpy as np
import pytest

from tests.training.worlds import regime_world
from training.iv_regime import RegimeLearner, RegimeModel, equally_likely, fit_transitions
from training.learners import OutOfFold, labelled

FEATURES = ("iv_rank", "iv_distance_to_30", "iv_distance_to_60")


@pytest.fixture(scope="module")
def model() -> RegimeModel:
    learner = RegimeLearner(FEATURES)
    rows = regime_world(seed=4)
    core = learner.core(rows)
    known = labelled(rows)
    return learner.finish(core, OutOfFold(core.forecasts(known), known["label"].to_numpy().astype(int)))


def test_every_forecast_is_a_probability_of_three_buckets(model: RegimeModel) -> None:
    forecasts = model.forecasts(regime_world(seed=5))

    assert set(forecasts) == {
        "served",
        "model",
        "rule",
        "average",
        "same bucket",
        "transition table",
        "base rate",
    }
    for probabilities in forecasts.values():
        assert probabilities.shape == (1300, 3)
        np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
        assert (probabilities >= 0.0).all()


def test_the_transition_table_counts_and_adds_one_to_each() -> None:
    today = np.array([0, 0, 0, 1, 2])
    later = np.array([0, 0, 1, 1, 0])

    table = fit_transitions(today, later)

    np.testing.assert_allclose(table, [[3 / 6, 2 / 6, 1 / 6], [1 / 4, 2 / 4, 1 / 4], [2 / 4, 1 / 4, 1 / 4]])


def test_same_bucket_gives_today_the_share_of_sessions_that_stayed_and_the_others_the_rest(model: RegimeModel) -> None:
    rows = labelled(regime_world(seed=4))
    stayed = (rows["today"] == rows["label"]).mean()

    forecast = model.forecasts(rows[rows["today"] == 2.0].head(1))["same bucket"]

    np.testing.assert_allclose(forecast, [[(1 - stayed) / 2, (1 - stayed) / 2, stayed]])


def test_the_average_is_the_mean_of_model_and_rule(model: RegimeModel) -> None:
    forecasts = model.forecasts(regime_world(seed=5))

    np.testing.assert_allclose(forecasts["average"], (forecasts["model"] + forecasts["rule"]) / 2.0)


def test_the_rule_keeps_at_most_400_changes_of_a_bucket_and_their_distribution() -> None:
    changes = np.random.default_rng(1).normal(0.0, 0.1, 3000)

    kept = equally_likely(changes, np.ones(3000, bool))

    assert len(kept) == 400
    np.testing.assert_allclose(np.quantile(kept, [0.05, 0.5, 0.95]), np.quantile(changes, [0.05, 0.5, 0.95]), atol=2e-3)


def test_the_rule_keeps_few_changes_as_they_are() -> None:
    changes = np.array([0.3, -0.1, 0.2] * 20)

    assert equally_likely(changes, np.ones(60, bool)) == (-0.1,) * 20 + (0.2,) * 20 + (0.3,) * 20


def test_a_bucket_hardly_ever_seen_borrows_the_changes_of_all() -> None:
    changes = np.linspace(-1.0, 1.0, 100)

    assert len(equally_likely(changes, np.arange(100) < 40)) == 40
    assert len(equally_likely(changes, np.arange(100) < 39)) == 100


def test_the_rule_of_a_bucket_learns_from_the_sessions_in_that_bucket() -> None:
    rows = regime_world(seed=4)

    rule = RegimeLearner(FEATURES).core(rows).rule

    high = labelled(rows).loc[labelled(rows)["today"] == 2.0, "iv_change"]
    assert np.median(rule.changes[2]) == pytest.approx(high.median(), abs=0.005)
    assert np.mean(rule.changes[2]) < np.mean(rule.changes[0])  # fear dies down


@pytest.mark.parametrize("best", ["model", "rule", "average"])
def test_served_is_what_had_the_lowest_log_loss_out_of_fold(best: str) -> None:
    learner = RegimeLearner(FEATURES)
    core = learner.core(regime_world(seed=4))
    bad, good = np.tile([0.4, 0.3, 0.3], (10, 1)), np.tile([0.8, 0.1, 0.1], (10, 1))
    seen = {name: good if name == best else bad for name in ("model", "rule", "average")}

    served = learner.finish(core, OutOfFold(seen, np.zeros(10, int))).served

    assert served == best


def test_a_rule_is_on_the_card_only_where_it_is_served(model: RegimeModel) -> None:
    assert RegimeModel(model.core, "model").card_parts == {"served": "model", "rule": None}
    assert RegimeModel(model.core, "rule").card_parts == {"served": "rule", "rule": model.core.rule}


def test_a_feature_that_a_part_never_knew_says_nothing_when_it_is_known_later() -> None:
    rows = regime_world(seed=4).assign(term_slope=np.nan)
    core = RegimeLearner((*FEATURES, "term_slope")).core(rows)

    without, with_it = (core.forecasts(rows.assign(term_slope=value))["model"] for value in (np.nan, 5.0))

    np.testing.assert_array_equal(without, with_it)


def test_a_part_that_saw_one_bucket_only_expects_that_bucket() -> None:
    rows = regime_world(seed=4)
    calm = rows[rows["label"] == 0.0]

    forecast = RegimeLearner(FEATURES).core(calm).forecasts(rows.head(1))["model"]

    assert forecast.tolist() == [[1.0, 0.0, 0.0]]
