"""onnxruntime reports to its maker unless told not to; it keeps the machine's id in the user's cache folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

DEAD_END = "http://127.0.0.1:9"  # so that the test itself reports nothing


def kept_in_home(home: Path, program: str) -> list[str]:
    """Names of the files that a Python program leaves in an empty home folder."""
    hidden = {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME", "CI", "PYTEST_CURRENT_TEST", "PYTEST_VERSION"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment |= {"HOME": str(home), "https_proxy": DEAD_END}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    return sorted(path.name for path in home.rglob("*") if path.is_file())


@pytest.mark.skipif(sys.platform != "linux", reason="the id lies elsewhere on other systems")
def test_forecasting_leaves_no_machine_id_which_plain_onnxruntime_does(tmp_path: Path) -> None:
    (theirs := tmp_path / "theirs").mkdir()
    (ours := tmp_path / "ours").mkdir()

    assert "deviceid" in kept_in_home(theirs, "import onnxruntime")
    assert kept_in_home(ours, "import options_signals.models.graph") == []
