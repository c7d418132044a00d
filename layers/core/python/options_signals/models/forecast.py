"""What a verified bundle says of today's features, as the records that decisions rest on.

```text
forecast_direction(bundle, row)                        with threshold, skill, track record and explanation
forecast_iv(bundle, row, index="VIX", proxy=False)     the IV regime
forecast_move(bundle, row)                             the move on an announcement of earnings
```

Rows are feature values by name, so the order of columns cannot matter. The first two have a form for many rows at once.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from options_signals.errors import InvalidValueError, MissingColumnError
from options_signals.features.arrays import FloatArray
from options_signals.models.bundle import Bundle
from options_signals.models.card import ModelCard, MoveRule
from options_signals.models.chain import split_inputs
from options_signals.models.moves import REGRESSION
from options_signals.signals import DirectionForecast, IvForecast, MoveForecast, TrackRecord

SHOWN_CONTRIBUTIONS = 5

Row = Mapping[str, float]


def forecast_direction(bundle: Bundle, row: Row) -> DirectionForecast:
    """The forecast for one feature row by name, such as `{"rsi_14": 55.0, ...}`; errors as for its batch form."""
    return forecast_directions(bundle, [row])[0]


def forecast_directions(bundle: Bundle, rows: Sequence[Row]) -> list[DirectionForecast]:
    """One forecast per row, through one run of the graph.

    A NaN is imputed and its feature named in `imputed`. MissingColumnError where a row lacks a feature,
    InvalidValueError where a value is infinite.
    """
    inputs = _by_name(rows, bundle.card.features, needed_by=bundle.card.label)
    p_up = bundle.predict(inputs)[:, -1]
    return [_direction(bundle, row, float(p)) for row, p in zip(inputs, p_up, strict=True)]


def forecast_iv(bundle: Bundle, row: Row, *, index: str, proxy: bool) -> IvForecast:
    """The forecast for one feature row by name; errors as for its batch form."""
    return forecast_ivs(bundle, [row], index=index, proxy=proxy)[0]


def forecast_ivs(bundle: Bundle, rows: Sequence[Row], *, index: str, proxy: bool) -> list[IvForecast]:
    """One forecast per row, all of one index, through one run of the graph.

    Raises
    ------
    MissingColumnError
        Where a row lacks a feature.
    InvalidValueError
        Where the IV rank or another input of the rule is NaN, since nothing may stand in for it, and where a value
        is infinite.
    """
    card = bundle.card
    for name in ("iv_rank", *card.rule_features):
        _refuse_unknown(name, _by_name(rows, (name,), needed_by=card.label)[:, 0])
    inputs = _by_name(rows, card.inputs, needed_by=card.label)
    probabilities = bundle.predict(*split_inputs(card, inputs))
    return [
        _iv(card, row, values, p.tolist(), index=index, proxy=proxy)
        for row, values, p in zip(rows, inputs, probabilities, strict=True)
    ]


def forecast_move(bundle: Bundle, row: Row) -> MoveForecast:
    """The quantiles of the move, for the row of the evening that the model was trained for.

    A NaN is imputed, or makes the rule that is served say the quantiles of all moves; its feature is named in
    `imputed`. MissingColumnError where the row lacks a feature, InvalidValueError where a value is infinite.
    """
    card = bundle.card
    inputs = _by_name([row], card.inputs, needed_by=card.label)
    p10, p50, p90 = bundle.predict(*split_inputs(card, inputs))[0].tolist()
    loss = card.metrics["pinball_loss"]
    return MoveForecast(
        version=card.version,
        inputs=max(1, len(card.served_inputs)),  # the quantiles of all moves read none
        p10=p10,
        p50=p50,
        p90=p90,
        served=card.rule.name if isinstance(card.rule, MoveRule) else REGRESSION,
        loss=loss.value,
        baseline_loss=min(loss.baselines.values()),
        coverage=card.metrics["coverage"].value,
        imputed=_imputed(card, inputs[0]),
    )


def _direction(bundle: Bundle, row: FloatArray, p_up: float) -> DirectionForecast:
    card = bundle.card
    skill, auc = card.metrics["brier_skill"], card.metrics["auc"]
    return DirectionForecast.model_validate(
        {
            "version": card.version,
            "inputs": len(card.served_inputs),
            "p_up": p_up,
            "threshold": card.threshold,
            "base_rate": card.base_rates[-1],
            "brier_skill": skill.value,
            "brier_skill_low": skill.low,
            "brier_skill_high": skill.high,
            "auc": auc.value,
            "auc_low": auc.low,
            "auc_high": auc.high,
            "track_record": track_record(card, p_up),
            "contributions": bundle.contributions(row, largest=SHOWN_CONTRIBUTIONS),
            "imputed": _imputed(card, row),
        }
    )


def _iv(card: ModelCard, row: Row, inputs: FloatArray, p: list[float], *, index: str, proxy: bool) -> IvForecast:
    log_loss = card.metrics["log_loss"]
    return IvForecast(
        version=card.version,
        inputs=len(card.served_inputs),
        index=index,
        proxy=proxy,
        iv_rank=row["iv_rank"],
        p_low=p[0],
        p_normal=p[1],
        p_high=p[2],
        served=card.served,
        log_loss=log_loss.value,
        baseline_log_loss=min(log_loss.baselines.values()),
        imputed=_imputed(card, inputs),
    )


def track_record(card: ModelCard, probability: float) -> TrackRecord | None:
    """How often it happened when the model said about this much; None where it never did."""
    for cell in card.reliability:
        inside = cell.low <= probability < cell.high or probability == cell.high == 1.0
        if inside and cell.count:
            return TrackRecord(low=cell.low, high=cell.high, observed=cell.observed, count=cell.count)
    return None


def _imputed(card: ModelCard, row: FloatArray) -> tuple[str, ...]:
    names = card.inputs
    unknown = {names[column] for column in np.flatnonzero(np.isnan(row))}
    return tuple(name for name in card.served_inputs if name in unknown)


def _by_name(rows: Sequence[Row], names: tuple[str, ...], *, needed_by: str) -> FloatArray:
    for row in rows:
        for name in names:
            if name not in row:
                present = tuple(other for other in names if other in row)
                raise MissingColumnError(column=name, needed_by=f"model {needed_by}", present=present)
    values = [[row[name] for name in names] for row in rows]
    return np.array(values, dtype=np.float64).reshape(len(rows), len(names))


def _refuse_unknown(name: str, values: FloatArray) -> None:
    for row in np.flatnonzero(np.isnan(values))[:1]:
        raise InvalidValueError(
            name=f"{name} in row {row}",
            value=float("nan"),
            allowed="a known value; nothing may stand in for it",
            remedy="Fetch the volatility index of that session, or leave the ticker out.",
        )
