import re
from pathlib import Path

import pytest

from layers import build, groups
from layers.errors import GroupsError
from layers.groups import Groups

LOCK = """
[[package]]
name = "options-signals"
version = "0.1.0"
dependencies = [{ name = "arrays" }, { name = "frames" }, { name = "graphs" }]

[[package]]
name = "arrays"
version = "2.5"
wheels = [{ url = "b", hash = "sha256:bb" }, { url = "a", hash = "sha256:aa" }]

[[package]]
name = "frames"
version = "3.1"
dependencies = [
    { name = "arrays" },
    { name = "dates" },
    { name = "zones", marker = "sys_platform == 'win32'" },
]

[[package]]
name = "dates"
version = "1.0"
dependencies = [{ name = "frames" }]

[[package]]
name = "zones"
version = "2026.1"

[[package]]
name = "graphs"
version = "1.31"
dependencies = [{ name = "arrays" }, { name = "buffers", marker = "platform_machine == 'x86_64'" }]

[[package]]
name = "buffers"
version = "6.33"
"""

TWO_LAYERS = """
[layers.tables]
packages = ["arrays", "frames"]
drop = ["frames/docs/**"]

[layers.inference]
on = ["tables"]
packages = ["graphs"]
"""


def read(layers: str = TWO_LAYERS, functions: str = 'plan = ["tables", "inference"]') -> Groups:
    return groups.read(f"{layers}\n[functions]\n{functions}", LOCK)


def names(layer: str) -> list[str]:
    return [pin.partition("==")[0] for pin in read().layers[layer].pins]


def test_a_layer_holds_its_packages_and_what_they_need_on_lambda() -> None:
    assert names("tables") == ["arrays", "dates", "frames"]


def test_a_layer_does_not_repeat_what_the_layer_below_holds() -> None:
    assert names("inference") == ["buffers", "graphs"]


def test_a_pin_is_the_locked_version_and_every_locked_digest() -> None:
    assert read().layers["tables"].pins[0] == "arrays==2.5 --hash=sha256:aa --hash=sha256:bb"


def test_every_function_gets_the_product_first() -> None:
    assert read().functions == {"plan": ("core", "tables", "inference")}


@pytest.mark.parametrize(
    ("layers", "functions", "message"),
    [
        (TWO_LAYERS.replace('"graphs"', '"buffers"'), "", "no layer holds graphs. Add it to the layer of its users."),
        (TWO_LAYERS.replace('"graphs"', '"graf"'), "", "uv.lock has no graf. Correct the name, or add it to pyproject"),
        (TWO_LAYERS, 'plan = ["inference"]', "plan has inference without tables. Add it."),
        (
            TWO_LAYERS.replace('on = ["tables"]', ""),
            'plan = ["tables", "inference"]',
            "plan gets arrays from two layers. Let inference stand on the other.",
        ),
        (
            TWO_LAYERS,
            'plan = ["tables", "inference", "a", "b", "c"]',
            "plan has 6 layers with core, allowed are 5. Join two of them.",
        ),
    ],
)
def test_contradictions_are_refused_with_what_to_do(layers: str, functions: str, message: str) -> None:
    with pytest.raises(GroupsError, match=re.escape(f"layers/groups.toml: {message}")):
        read(layers, functions)


def test_the_projects_own_groups_fit_its_lock_file_and_its_functions() -> None:
    assert build.read_groups().functions.keys() == {path.name for path in (build.FUNCTIONS).iterdir() if path.is_dir()}


def test_a_function_without_layers_of_its_own_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "functions/new_one").mkdir(parents=True)
    (tmp_path / "functions/new_one/handler.py").touch()
    monkeypatch.setattr(build, "FUNCTIONS", tmp_path / "functions")

    with pytest.raises(GroupsError, match=r"\[functions\] and the folder functions/ differ in .*new_one"):
        build.read_groups()


def test_botocore_keeps_every_service_the_product_calls() -> None:
    sources = "".join(path.read_text("utf-8") for path in (build.ROOT / "layers/core").rglob("*.py"))
    called = set(re.findall(r'boto3\.client\(\s*"(\w+)"', sources))

    assert {"dynamodb", "s3", "sns"} <= called
    assert called <= set(build.read_groups().layers["base"].keep["botocore/data"])
