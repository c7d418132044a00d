import json

import pytest

from tests.models.bundles import direction_bundle, regime_bundle
from tests.training.worlds import small_evaluation
from training.evaluation import Evaluation
from training.report import Report, Trained, table


def test_every_figure_stands_in_one_line_with_its_interval_its_baselines_and_who_wins() -> None:
    lines = _trained().as_text().splitlines()

    (auc,) = (line.split() for line in lines if line.startswith("AUC"))
    (loss,) = (line.split("  ")[-1] for line in lines if line.startswith("log loss"))
    assert auc == ["AUC", "0.550", "0.510", "to", "0.590", "0.500", "-", "0.560", "served"]
    assert loss == "base rate"


def test_where_the_difference_may_be_chance_nobody_wins() -> None:
    (skill,) = (line for line in _trained().as_text().splitlines() if line.startswith("Brier skill"))

    assert skill.endswith("nobody")


def test_the_text_says_on_what_and_how_the_model_was_judged() -> None:
    text = _trained().as_text()

    assert "300 labelled rows, 2015-01-02 to 2022-11-23, total_return prices" in text
    assert "300 rows, 2020-01-02 to 2022-11-16" in text
    assert "1,000 resamples of blocks of 10 sessions" in text
    assert "2020-01-02 to 2021-06-30" in text
    assert "threshold 0.50, calibration slope 0.80" in text


def test_a_simulated_world_and_the_notes_of_the_card_are_said() -> None:
    noted = direction_bundle(notes=("the best threshold lies at the end of its grid, 0.30",))

    text = Trained(noted.card, noted.graph, small_evaluation()).as_text()

    assert "SIMULATED" in text
    assert "note: the best threshold lies at the end of its grid, 0.30" in text


@pytest.mark.parametrize(("low", "said"), [(0.001, "proven"), (0.0, "not proven"), (-0.01, "not proven")])
def test_skill_is_proven_only_where_its_whole_interval_lies_above_zero(low: float, said: str) -> None:
    trained = _trained(small_evaluation(skill_low=low))

    assert trained.proven == (said == "proven")
    assert trained.headline.endswith(f"Brier skill +0.010 ({low:+.3f} to +0.030), {said}")


def test_the_headline_of_a_regime_model_names_what_is_served_and_what_it_has_to_beat() -> None:
    bundle = regime_bundle()

    headline = Trained(bundle.card, bundle.graph, small_evaluation()).headline

    assert headline.endswith("serves average, log loss 0.690 against 0.650 of base rate")


def test_the_data_is_json_and_a_figure_a_fold_cannot_have_is_null() -> None:
    (data,) = json.loads(json.dumps(Report((_trained(),)).as_json(), allow_nan=False))

    assert data["evaluation"]["figures"]["log_loss"]["verdict"] == "base rate"
    assert data["evaluation"]["folds"][0]["figures"]["auc"] == 0.56
    assert data["evaluation"]["folds"][1]["figures"]["auc"] is None


def test_columns_line_up() -> None:
    lines = list(table([["name", "n"], ["a", "1,000"]]))

    assert lines == ["name      n", "----  -----", "a     1,000"]


def _trained(evaluation: Evaluation | None = None) -> Trained:
    bundle = direction_bundle()
    return Trained(bundle.card, bundle.graph, evaluation or small_evaluation())
