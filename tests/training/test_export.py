from typing import Any

import numpy as np
import onnx
import pytest
from options_signals.errors import ExportError, InvalidValueError
from options_signals.models.bundle import open_bundle
from options_signals.models.calibrate import calibrate
from options_signals.models.chain import complete, split_inputs
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tests.models.bundles import direction_bundle, direction_draft, feature_rows, fitted, regime_draft, with_gaps
from training.export import check_parity, export, to_onnx

DRAFT = direction_draft()
ROWS = with_gaps(feature_rows(DRAFT.inputs), 1)
COMPLETE = complete(ROWS, DRAFT.impute)
OUTCOMES = (COMPLETE[:, 0] + 12.0 * np.random.default_rng(2).normal(size=len(COMPLETE)) > 50.0).astype(int)


def pipeline() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(COMPLETE, OUTCOMES)


def test_what_is_served_is_what_scikit_learn_computes_and_the_calibrator_makes_of_it() -> None:
    model = pipeline()
    made = export(model, ROWS, DRAFT)

    served = open_bundle(made.card, made.graph).predict(ROWS)[:, 1]

    assert served == pytest.approx(calibrate(DRAFT.calibrator, model.predict_proba(COMPLETE)[:, 1]), abs=1e-5)


def test_a_regime_model_is_exported_with_its_rule_and_rows_the_rule_does_not_know() -> None:
    draft = regime_draft()
    rows = with_gaps(feature_rows(draft.inputs), 3)
    made = export(fitted(rows[:, :3], classes=3, medians=draft.impute), rows, draft)

    served = open_bundle(made.card, made.graph).predict(*split_inputs(draft, rows))

    assert np.isnan(served[::10]).all()
    assert not np.isnan(np.delete(served, slice(None, None, 10), axis=0)).any()


@pytest.mark.parametrize("step", ["mean_", "scale_"])
def test_a_graph_with_another_scaler_is_refused(step: str) -> None:
    honest, wrong = pipeline(), pipeline()
    check_parity(to_onnx(honest, 4), honest, ROWS, DRAFT)
    setattr(wrong[0], step, getattr(wrong[0], step) * 1.01)

    with pytest.raises(ExportError) as caught:
        check_parity(to_onnx(wrong, 4), honest, ROWS, DRAFT)

    assert caught.value.worst > 1e-3


def test_the_refusal_says_how_far_apart_they_are() -> None:
    model = pipeline()
    flat = LogisticRegression().fit(COMPLETE, OUTCOMES)
    flat.coef_, flat.intercept_ = np.zeros((1, 4)), np.zeros(1)
    worst = abs(model.predict_proba(COMPLETE) - 0.5).max()

    with pytest.raises(ExportError) as caught:
        check_parity(to_onnx(flat, 4), model, ROWS, DRAFT)

    assert str(caught.value) == (
        f"model direction/SPY was not exported: over 300 rows its graph differs from scikit-learn by up to "
        f"{worst:.2e}, allowed 1e-05. Look for float64 steps or calibrators inside the pipeline."
    )


def test_a_calibrator_around_the_whole_pipeline_is_refused() -> None:
    calibrated = CalibratedClassifierCV(make_pipeline(StandardScaler(), LogisticRegression()), cv=3)

    with pytest.raises(ExportError) as caught:
        export(calibrated.fit(COMPLETE, OUTCOMES), ROWS, DRAFT)

    assert caught.value.worst > 0.1


def test_a_feature_too_large_for_float32_to_tell_apart_is_refused() -> None:
    far = ROWS + np.array([1e9, 0.0, 0.0, 0.0])
    draft = direction_draft(impute=(1e9 + 50.0, 0.2, 45.0, 0.002))
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(complete(far, draft.impute), OUTCOMES)

    with pytest.raises(ExportError):
        export(model, far, draft)


def test_labels_by_name_are_refused_because_they_would_be_sorted_by_the_alphabet() -> None:
    model = pipeline().fit(COMPLETE, np.where(OUTCOMES == 1, "UP", "DOWN"))

    with pytest.raises(
        InvalidValueError, match=r"labels of the pipeline is \['DOWN', 'UP'\]; allowed: 0 for DOWN, 1 for UP\."
    ):
        export(model, ROWS, DRAFT)


def test_the_same_training_gives_the_same_bytes_and_the_same_version() -> None:
    first, again = export(pipeline(), ROWS, DRAFT), export(pipeline(), ROWS, DRAFT)

    assert first == again
    assert first.card.version.startswith("2022-11-23-")
    assert len(first.card.version) == len("2022-11-23-1a2b3c4")


def test_another_threshold_is_another_version_and_another_hour_is_not() -> None:
    version = direction_bundle().card.version

    later = DRAFT.trained_at.replace(hour=5)
    assert direction_bundle(trained_at=later).card.version == version
    assert direction_bundle(threshold=0.51).card.version != version


def test_the_graph_takes_float32_and_its_opset_is_one_that_serving_reads() -> None:
    graph = onnx.load_from_string(export(pipeline(), ROWS, DRAFT).graph)

    (inputs,) = graph.graph.input
    assert (inputs.name, inputs.type.tensor_type.elem_type) == ("inputs", onnx.TensorProto.FLOAT)
    assert max(opset.version for opset in graph.opset_import if opset.domain == "") <= 21


def test_a_linear_model_explains_itself_and_another_does_not() -> None:
    trees = RandomForestClassifier(10, max_depth=3, random_state=0)
    rows = COMPLETE.astype(np.float32).astype(np.float64)

    assert export(pipeline(), ROWS, DRAFT).card.linear is not None
    assert export(trees.fit(rows, OUTCOMES), rows, DRAFT).card.linear is None


def test_the_card_names_the_libraries_that_made_the_graph() -> None:
    libraries = export(pipeline(), ROWS, DRAFT).card.libraries

    assert set(libraries) == {"numpy", "onnx", "onnxruntime", "scikit-learn", "skl2onnx"}
    assert libraries["onnx"] == onnx.__version__


def test_rows_of_which_the_rule_knows_none_cannot_prove_it() -> None:
    draft = regime_draft()
    rows = feature_rows(draft.inputs)
    model = fitted(rows[:, :3], classes=3, medians=draft.impute)
    rows[:, 3] = np.nan

    with pytest.raises(InvalidValueError, match=r"^training rows is 300; allowed: one with all inputs of the rule\.$"):
        export(model, rows, draft)
