"""What every bundle keeps, whatever its model, calibrator and rule; and that a broken one is never served."""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from options_signals.errors import CorruptError, ModelMismatchError
from options_signals.features import catalog
from options_signals.features.arrays import FloatArray
from options_signals.lake import MemoryStore, sha256
from options_signals.models.bundle import load
from options_signals.models.card import Calibrator
from options_signals.models.chain import split_inputs
from options_signals.models.forecast import Row, forecast_direction, forecast_iv, forecast_move
from options_signals.models.registry import champion, promote, publish
from options_signals.signals import DirectionForecast, IvForecast, MoveForecast
from options_signals.snapshot import BundleRef

from tests.models.bundles import direction_bundle, feature_rows, move_bundle, regime_bundle, shrunk_mean_bundle
from training.export import Exported

TABLE = Calibrator(kind="table", x=(0.1, 0.4, 0.400001, 0.9), y=(0.2, 0.35, 0.5, 0.8))
BUNDLES: dict[str, Callable[[], Exported]] = {
    "direction as it comes": partial(direction_bundle, calibrator=Calibrator()),
    "direction, sigmoid": direction_bundle,
    "direction, steep table, pooled": partial(direction_bundle, calibrator=TABLE, scope="pooled"),
    "regime, model": partial(regime_bundle, served="model", rule=None),
    "regime, rule": partial(regime_bundle, served="rule"),
    "regime, average": regime_bundle,
    "move, regression": move_bundle,
    "move, rule": shrunk_mean_bundle,
}
# The others ask the graph, so that what it is fed counts.
RULE_ALONE = ("regime, rule", "move, rule")
NOON = dt.datetime(2022, 11, 25, 12, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module", params=BUNDLES)
def made(request: pytest.FixtureRequest) -> Exported:
    return BUNDLES[request.param]()


def stored(made: Exported) -> tuple[MemoryStore, BundleRef]:
    store = MemoryStore()
    ref = publish(store, made.card, made.graph)
    promote(store, ref, when=NOON)
    return store, ref


def forecast(made: Exported, row: Row) -> DirectionForecast | IvForecast | MoveForecast:
    bundle = load(*stored(made))
    if made.card.name == "direction":
        return forecast_direction(bundle, row)
    if made.card.name == "earnings_move":
        return forecast_move(bundle, row)
    return forecast_iv(bundle, row, index="VIX", proxy=False)


def answers(made: Exported, inputs: FloatArray) -> FloatArray:
    return load(*stored(made)).predict(*split_inputs(made.card, inputs))


def test_probabilities_lie_between_0_and_1_and_sum_to_1_and_quantiles_ascend_from_0(made: Exported) -> None:
    answer = answers(made, feature_rows(made.card.inputs, seed=3))

    assert ((answer >= 0.0) & (answer <= 1.0)).all()
    if made.card.name == "earnings_move":
        assert (np.diff(answer, axis=1) >= 0.0).all()
    else:
        assert_allclose(answer.sum(axis=1), 1.0, atol=1e-12)


def test_the_order_in_which_features_arrive_does_not_matter(made: Exported) -> None:
    first, second = feature_rows(made.card.inputs, seed=3)[:2].tolist()
    row = dict(zip(made.card.inputs, first, strict=True))
    shuffled = {"not_asked_for": 1.0} | dict(sorted(row.items(), reverse=True))

    assert list(shuffled) != list(row)
    assert forecast(made, shuffled) == forecast(made, row)
    assert forecast(made, dict(zip(made.card.inputs, second, strict=True))) != forecast(made, row)


def test_an_unknown_input_is_imputed_as_in_training_and_reported(made: Exported) -> None:
    inputs = feature_rows(made.card.inputs, seed=3)[:1]
    unknown, median = inputs.copy(), inputs.copy()
    column = made.card.features.index("hv_20")
    unknown[0, column], median[0, column] = np.nan, made.card.impute[column]

    assert_allclose(answers(made, unknown), answers(made, median), atol=0.0)
    reported = forecast(made, dict(zip(made.card.inputs, unknown[0].tolist(), strict=True))).imputed
    assert reported == (("hv_20",) if "hv_20" in made.card.served_inputs else ())


def test_golden_rows_spread_from_the_lowest_to_the_highest_and_some_have_gaps(made: Exported) -> None:
    golden = np.array(made.card.golden.inputs, dtype=np.float64)

    assert len(golden) == 32
    assert np.isnan(golden).any(axis=1).sum() >= 8
    least = 0.005 if made.card.name == "earnings_move" else 0.1
    assert np.ptp(np.array(made.card.golden.probabilities), axis=0).min() > least


def changed_card(store: MemoryStore, ref: BundleRef, change: Callable[[dict[str, Any]], object]) -> BundleRef:
    """The stored card changed, and pinned as it is now: only the checks behind its digest can notice."""
    card = json.loads(store.get(f"{ref.prefix}/card.json"))
    change(card)
    body = json.dumps(card).encode()
    store.put(f"{ref.prefix}/card.json", body)
    return ref.model_copy(update={"card_sha256": sha256(body)})


def shift_golden(card: dict[str, Any]) -> None:
    first = card["golden"]["probabilities"][0]
    first[0], first[-1] = first[0] + 0.001, first[-1] - 0.001


def shift_imputed(card: dict[str, Any]) -> None:
    card["impute"] = [value * 1.5 for value in card["impute"]]


CHANGES: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    ("card format", lambda card: card.update(format=2)),
    ("address", lambda card: card.update(world="market")),
    ("address", lambda card: card.update(scope="QQQ")),
    ("graph digest", lambda card: card.update(graph_sha256="0" * 64)),
    ("feature catalog", lambda card: card.update(catalog_hash="0" * 16)),
    ("golden rows", shift_golden),
]


@pytest.mark.parametrize(("check", "change"), CHANGES)
def test_a_changed_card_is_refused_by_the_check_it_breaks(
    made: Exported, check: str, change: Callable[[dict[str, Any]], object]
) -> None:
    store, ref = stored(made)
    load(store, ref)

    with pytest.raises(ModelMismatchError) as caught:
        load(store, changed_card(store, ref, change))

    assert caught.value.check == check


@pytest.mark.parametrize("name", [name for name in BUNDLES if name not in RULE_ALONE])
def test_other_medians_are_refused_by_the_golden_rows(name: str) -> None:
    store, ref = stored(BUNDLES[name]())

    with pytest.raises(ModelMismatchError, match=r"check of golden rows"):
        load(store, changed_card(store, ref, shift_imputed))


def test_a_card_other_than_the_pinned_one_is_refused(made: Exported) -> None:
    store, ref = stored(made)
    changed_card(store, ref, lambda card: card.update(notes=["better than tested"]))

    with pytest.raises(ModelMismatchError) as caught:
        load(store, ref)

    assert caught.value.check == "card digest"


def test_a_graph_other_than_the_cards_is_refused(made: Exported) -> None:
    store, ref = stored(made)
    key = f"{ref.prefix}/model.onnx"
    store.put(key, store.get(key) + b"\x00")

    with pytest.raises(ModelMismatchError) as caught:
        load(store, ref)

    assert caught.value.check == "graph digest"


def test_a_pointer_to_another_card_is_refused(made: Exported) -> None:
    store, ref = stored(made)
    key = f"models/simulated/{ref.name}/{ref.scope}/champion"
    store.put(key, store.get(key).replace(ref.card_sha256.encode(), b"0" * 64))

    with pytest.raises(ModelMismatchError) as caught:
        load(store, champion(store, "simulated", ref.name, ref.scope))

    assert caught.value.check == "card digest"


def test_a_pointer_that_is_no_pointer_is_refused(made: Exported) -> None:
    store, ref = stored(made)
    store.put(f"models/simulated/{ref.name}/{ref.scope}/champion", b"SPY")

    with pytest.raises(CorruptError):
        champion(store, "simulated", ref.name, ref.scope)


def test_a_feature_defined_anew_voids_the_models_that_use_it_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    regime, direction, before = stored(regime_bundle()), stored(direction_bundle()), catalog.catalog_hash

    def anew(names: Sequence[str]) -> str:
        return before(names) + ("-2" if "iv_distance_to_60" in names else "")

    monkeypatch.setattr(catalog, "catalog_hash", anew)

    load(*direction)
    with pytest.raises(ModelMismatchError, match="check of feature catalog"):
        load(*regime)


def test_a_feature_that_is_gone_is_named() -> None:
    store, ref = stored(direction_bundle())
    renamed = changed_card(store, ref, lambda card: card["features"].__setitem__(0, "rsi_15"))

    with pytest.raises(ModelMismatchError, match=r"check of feature catalog: .*, found no feature rsi_15\."):
        load(store, renamed)


def test_the_refusal_says_what_which_value_what_was_promised_and_what_to_do() -> None:
    made = direction_bundle()
    store, ref = stored(made)

    with pytest.raises(ModelMismatchError) as caught:
        load(store, changed_card(store, ref, lambda card: card.update(catalog_hash="0" * 16)))

    assert str(caught.value) == (
        f"model direction/SPY/{ref.version} fails its check of feature catalog: the card says 0000000000000000, "
        f"found {made.card.catalog_hash}. "
        "Roll back (`signals models rollback`) or train again; it is not served."
    )
