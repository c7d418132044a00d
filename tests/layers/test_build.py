import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from layers import build
from layers.errors import MIB, BudgetError, BuildError, ToolError
from layers.wheels import install


@pytest.fixture
def filled() -> list[str]:
    return []


@pytest.fixture
def fill(filled: list[str]) -> Callable[[Path], None]:
    """Fills a package with one file, and says that it was asked to."""

    def fill(tree: Path) -> None:
        filled.append(tree.name)
        tree.mkdir()
        (tree / "a.py").write_text("a = 1\n")

    return fill


def made(folder: Path, before: dict[str, build.Part], recipe: str, fill: Callable[[Path], None]) -> build.Part:
    return build._archive(folder, before, "layers/core.zip", recipe, fill, at="/opt", top="python/")


def test_unchanged_inputs_are_not_built_again(tmp_path: Path, fill: Callable[[Path], None], filled: list[str]) -> None:
    part = made(tmp_path, {}, "numpy==2.5", fill)
    again = made(tmp_path, {"layers/core.zip": part}, "numpy==2.5", fill)

    assert filled == ["core"]
    assert again == part


def test_other_inputs_are_built(tmp_path: Path, fill: Callable[[Path], None], filled: list[str]) -> None:
    part = made(tmp_path, {}, "numpy==2.5", fill)
    made(tmp_path, {"layers/core.zip": part}, "numpy==2.6", fill)

    assert filled == ["core", "core"]


@pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"half")])
def test_an_archive_that_is_gone_or_altered_is_built_again(
    tmp_path: Path, fill: Callable[[Path], None], filled: list[str], harm: Callable[[Path], None]
) -> None:
    part = made(tmp_path, {}, "numpy==2.5", fill)
    harm(tmp_path / part["zip"])
    again = made(tmp_path, {"layers/core.zip": part}, "numpy==2.5", fill)

    assert again == part
    assert filled == ["core", "core"]


def test_a_failed_build_leaves_no_archive(tmp_path: Path) -> None:
    def fail(_tree: Path) -> None:
        raise BuildError("no wheel")

    with pytest.raises(BuildError, match="no wheel"):
        made(tmp_path, {}, "numpy==2.5", fail)

    assert list(tmp_path.rglob("*.zip")) == []


def weighing(folder: Path, name: str, mib: int) -> build.Part:
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"python/{name}.so", bytes(mib * MIB))
    return {"zip": name}


def test_a_function_of_just_the_budget_is_built(tmp_path: Path) -> None:
    parts = [weighing(tmp_path, "tables", 200), weighing(tmp_path, "base", 30)]

    assert build._within_budget(tmp_path, "plan_session", parts) == 230 * MIB


def test_a_function_over_the_budget_fails_the_build_with_function_size_limit_and_remedy(tmp_path: Path) -> None:
    parts = [weighing(tmp_path, "tables", 200), weighing(tmp_path, "base", 31)]

    with pytest.raises(BudgetError) as caught:
        build._within_budget(tmp_path, "plan_session", parts)

    assert str(caught.value) == (
        "plan_session with its layers has 231.0 MiB unzipped, allowed are 230 (Lambda refuses more than 250). Its "
        "largest files: python/tables.so, python/base.so. Drop what it does not load in layers/groups.toml, or take a "
        "layer from it."
    )
    assert (caught.value.function, caught.value.size, caught.value.budget) == ("plan_session", 231 * MIB, 230 * MIB)


def test_a_wheel_whose_digest_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    wheel = tmp_path / "harmless-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("harmless-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: harmless\nVersion: 1.0\n")
        archive.writestr("harmless-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("harmless-1.0.dist-info/RECORD", "")

    with pytest.raises(ToolError, match=r"(?is)fetching the wheels for base failed.*hash.*HTTPS_PROXY"):
        install([f"harmless @ {wheel.as_uri()} --hash=sha256:{'0' * 64}"], tmp_path / "base")
