"""From features to what is served, around the graph: impute, (graph,) calibrate, mix with the rule.

Training, export and serving call these same functions, so that what was tested is what is served.
"""

import numpy as np

from options_signals.errors import InvalidValueError
from options_signals.features.arrays import FloatArray
from options_signals.models.calibrate import calibrate
from options_signals.models.card import BucketRule, ModelDraft, MoveRule
from options_signals.models.moves import in_order, move_rule
from options_signals.models.rule import bucket_rule

# Largest accepted difference of two computations of one probability. A float32 log-odds of about a hundred terms
# that sum to S in magnitude is off by up to 100 * 6e-8 * S: for S = 6 that is 4e-5 of log-odds, 1e-5 of probability.
# Other processors order these sums differently. A wrong scaler or imputation shows at 1e-3 and above.
PARITY = 1e-5


def complete(matrix: FloatArray, impute: tuple[float, ...]) -> FloatArray:
    """The matrix (n, features) with each NaN replaced by its column's value, learned in training."""
    return np.where(np.isnan(matrix), np.asarray(impute), matrix)


def split_inputs(draft: ModelDraft, inputs: FloatArray) -> tuple[FloatArray, FloatArray | None]:
    """Graph matrix and rule inputs (None without a rule) out of columns in the order of `draft.inputs`."""
    if draft.rule is None:
        return inputs, None
    return inputs[:, : len(draft.features)], inputs[:, [draft.inputs.index(name) for name in draft.rule_features]]


def served_probabilities(draft: ModelDraft, raw: FloatArray, rule_inputs: FloatArray | None) -> FloatArray:
    """What is served, given what the graph (or scikit-learn) says.

    Parameters
    ----------
    draft
        A draft or a card: calibrator, rule, and which of them is served.
    raw : float64 array, shape (n, classes)
    rule_inputs : float64 array, shape (n, inputs of the rule), or None without a rule
        In the order of `draft.rule_features`.

    Returns
    -------
    float64 array, shape (n, classes)
        Rows sum to 1; NaN where the rule is served, alone or in the average, and an input of it is NaN. For the
        move on earnings: quantiles, decimals of the price, ascending and never NaN.

    Raises
    ------
    InvalidValueError
        Where the rule is served and its inputs are missing: the model alone was never tested.
    """
    model = _calibrated(draft, raw)
    if draft.rule is None:
        return model
    if rule_inputs is None:
        raise InvalidValueError(name="rule_inputs", value=None, allowed=f"the columns {', '.join(draft.rule_features)}")
    rule = _of_rule(draft.rule, rule_inputs)
    return rule if draft.served == "rule" else (model + rule) / 2.0


def allowed_difference(draft: ModelDraft, raw: FloatArray) -> FloatArray:
    """How far served probabilities may differ, per row, when those of the graph may differ by PARITY.

    A calibration table can be steep: the width of its answers over `raw` +- PARITY is added.
    """
    last = raw[:, -1]
    if len(draft.classes) > 2:
        return np.full(len(last), PARITY)
    width = calibrate(draft.calibrator, last + PARITY) - calibrate(draft.calibrator, last - PARITY)
    return PARITY + width


def _of_rule(rule: BucketRule | MoveRule, inputs: FloatArray) -> FloatArray:
    if isinstance(rule, MoveRule):
        return move_rule(rule, inputs)
    lower, upper, rank = inputs.T
    return bucket_rule(rule, lower_distance=lower, upper_distance=upper, iv_rank=rank)


def _calibrated(draft: ModelDraft, raw: FloatArray) -> FloatArray:
    if draft.name == "earnings_move":
        return in_order(raw)
    if len(draft.classes) > 2:
        normalised: FloatArray = raw / raw.sum(axis=1, keepdims=True)
        return normalised
    last = calibrate(draft.calibrator, raw[:, -1])
    return np.column_stack([1.0 - last, last])
