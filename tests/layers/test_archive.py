import marshal
import os
import struct
import zipfile
from pathlib import Path

import pytest

from layers.archive import compile_tree, contents, pack
from layers.errors import ToolError

HEADER_BYTES = 16
UNCHECKED_HASH = 0b01


def tree_of(folder: Path, names: list[str]) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"name = {name!r}\nwords = frozenset(['a', 'b', 'c'])\n")
    return folder


def packed(tree: Path, archive: Path) -> bytes:
    compile_tree(tree, mounted_at="/opt/python")
    pack(tree, archive, top="python/")
    return archive.read_bytes()


def test_the_same_files_give_the_same_archive_whatever_folder_order_time_and_mode(tmp_path: Path) -> None:
    first = tree_of(tmp_path / "first", ["b/two.py", "a.py"])
    second = tree_of(tmp_path / "somewhere/second", ["a.py", "b/two.py"])
    os.utime(second / "a.py", (1, 1))
    (second / "a.py").chmod(0o700)

    assert packed(first, tmp_path / "1.zip") == packed(second, tmp_path / "2.zip")


def test_another_content_gives_another_archive(tmp_path: Path) -> None:
    tree = tree_of(tmp_path / "tree", ["a.py"])
    before = packed(tree, tmp_path / "1.zip")
    (tree / "a.py").write_text("name = 'b'\n")

    assert packed(tree, tmp_path / "2.zip") != before


def test_every_file_can_be_read_by_whoever_runs_the_function(tmp_path: Path) -> None:
    tree = tree_of(tmp_path / "tree", ["a.py"])
    (tree / "a.py").chmod(0o600)
    pack(tree, tmp_path / "a.zip", top="python/")

    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        (entry,) = archive.infolist()
    assert (entry.filename, oct(entry.external_attr >> 16), entry.date_time[0]) == ("python/a.py", "0o100644", 1980)


def test_an_archive_tells_the_size_of_its_files_unzipped(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/zeros").write_bytes(bytes(1000))
    pack(tmp_path / "tree", tmp_path / "a.zip")

    assert contents(tmp_path / "a.zip") == {"zeros": 1000}


def test_byte_code_is_used_unchecked_and_names_the_file_as_it_lies_in_lambda(tmp_path: Path) -> None:
    tree = tree_of(tmp_path / "tree", ["a.py"])
    compile_tree(tree, mounted_at="/opt/python")

    (compiled,) = (tree / "__pycache__").iterdir()
    data = compiled.read_bytes()
    assert struct.unpack_from("<I", data, 4) == (UNCHECKED_HASH,)
    assert marshal.loads(data[HEADER_BYTES:]).co_filename == "/opt/python/a.py"  # noqa: S302 - compiled here


def test_a_file_that_is_no_python_stops_the_build_and_is_named(tmp_path: Path) -> None:
    (tree_of(tmp_path / "base", ["a.py"]) / "broken.py").write_text("def")

    with pytest.raises(ToolError, match=r"(?s)compiling base failed:.*broken\.py.*SyntaxError"):
        compile_tree(tmp_path / "base", mounted_at="/opt/python")
