import logging
import sys
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from tests.models.bundles import direction_bundle, regime_bundle
from training.tracking import track


def test_without_mlflow_nothing_is_written_and_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)  # Python's own way to say: not installed
    card = direction_bundle().card

    with caplog.at_level(logging.INFO, logger="training.tracking"):
        track(card, folder=tmp_path / "tracking", plots={})

    assert caplog.messages == [f"training of {card.label} is not tracked: mlflow is not installed"]
    assert not (tmp_path / "tracking").exists()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # MLflow's own
def test_with_mlflow_a_run_holds_parameters_figures_plots_and_the_card(tmp_path: Path) -> None:
    mlflow = pytest.importorskip("mlflow", reason="the extra `mlflow` is not installed")
    card = regime_bundle().card

    track(card, folder=tmp_path, plots={"reliability": Figure()})
    track(card, folder=tmp_path, plots={})

    second, first = mlflow.search_runs(experiment_names=["iv_regime"], output_format="list")
    assert second.info.run_name == f"SPY {card.version}"
    assert first.data.params["served"] == "average"
    assert first.data.metrics["log_loss/baseline/same bucket"] == 0.9
    assert (first.data.metrics["log_loss/low"], first.data.metrics["log_loss/high"]) == (0.6, 0.8)
    written = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert {"mlflow.db", "reliability.png", "card.json"} <= written
