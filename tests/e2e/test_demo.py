"""`signals demo`: the whole product once, from training to the digest."""

import datetime as dt
from pathlib import Path

import pytest
from rich.console import Console

from local import demo


@pytest.mark.slow
def test_the_demo_trains_runs_a_day_and_shows_a_signal_marked_as_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIGNALS_HOME", str(tmp_path))
    monkeypatch.setenv("SIGNALS_TICKERS", "IWM")
    monkeypatch.setattr(demo, "RESAMPLES", 100)
    monkeypatch.setattr(demo, "FIRST", dt.date(2019, 1, 2))

    code = demo.run_demo(Console(width=100), keep=False)

    shown = capsys.readouterr().out
    assert code == 0
    assert "SIMULATED · options-signals" in shown
    assert "1 message(s) received" in shown
    assert f"SIGNALS_HOME={tmp_path}/demo signals replay" in shown
    assert (tmp_path / "demo" / "lake" / "snapshots" / "simulated").exists()
