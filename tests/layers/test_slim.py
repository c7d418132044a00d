from pathlib import Path, PurePosixPath

import pytest

from layers.errors import GroupsError
from layers.slim import is_dropped, slim


@pytest.mark.parametrize(
    "name",
    [
        "pandas/tests/frame/test_api.py",
        "bin/f2py",
        "talib/_ta_lib.c",
        "numpy/_core/include/numpy/arrayobject.h",
        "numpy/__init__.pyi",
        "numpy/__pycache__/version.cpython-313.pyc",
        "numpy-2.5.5.dist-info/RECORD",
        "numpy-2.5.5.dist-info/INSTALLER",
        ".lock",
    ],
)
def test_what_no_function_loads_goes(name: str) -> None:
    assert is_dropped(PurePosixPath(name), keep={})


@pytest.mark.parametrize(
    "name",
    [
        "numpy/__init__.py",
        "numpy/testing/__init__.py",
        "pandas/_libs/lib.cpython-313-x86_64-linux-gnu.so",
        "numpy-2.5.5.dist-info/METADATA",
        "pydantic-2.14.dist-info/entry_points.txt",
        "numpy-2.5.5.dist-info/licenses/LICENSE.txt",
        "boto3-1.44.5.dist-info/NOTICE",
    ],
)
def test_what_runs_or_is_asked_for_by_name_stays(name: str) -> None:
    assert not is_dropped(PurePosixPath(name), keep={})


@pytest.mark.parametrize(("name", "dropped"), [("pyarrow/libarrow.so", True), ("pyarrow/lib.cpython-313.so", False)])
def test_a_layers_own_patterns_come_on_top(name: str, *, dropped: bool) -> None:
    assert is_dropped(PurePosixPath(name), drop=["pyarrow/libarrow*.so"], keep={}) == dropped


@pytest.mark.parametrize(
    ("name", "dropped"),
    [
        ("botocore/data/s3/2006-03-01/service-2.json.gz", False),
        ("botocore/data/endpoints.json", False),
        ("botocore/data/ec2/2016-11-15/service-2.json.gz", True),
        ("botocore/session.py", False),
    ],
)
def test_of_a_kept_folder_only_the_named_entries_stay(name: str, *, dropped: bool) -> None:
    assert is_dropped(PurePosixPath(name), keep={"botocore/data": ["s3", "endpoints.json"]}) == dropped


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("graphs/__init__.py", "graphs/docs/index.txt", "graphs/data/one.json", "graphs/data/two.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_slimming_leaves_what_the_rules_leave(tree: Path) -> None:
    slim(tree, drop=["graphs/docs/**"], keep={"graphs/data": ["two.json"]})

    left = sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file())
    assert left == ["graphs/__init__.py", "graphs/data/two.json"]


def test_rules_that_meet_nothing_are_refused_before_anything_is_removed(tree: Path) -> None:
    with pytest.raises(GroupsError, match=r"no installed file answers to graphs/manual/\*\*, graphs/data/six\.json"):
        slim(tree, drop=["graphs/docs/**", "graphs/manual/**"], keep={"graphs/data": ["six.json"]})

    assert (tree / "graphs/docs/index.txt").exists()
