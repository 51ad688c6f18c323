"""python/check_wheel.py accepts the wheel that was built, and finds what would be wrong with another."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path
from typing import Callable

import counterseal
import pytest
from conftest import PROJECT

sys.path.insert(0, str(PROJECT / "python"))
from check_wheel import problems  # noqa: E402

pytestmark = pytest.mark.once

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def wheel() -> Path:
    [path] = Path(os.environ["CARGO_TARGET_DIR"], "python/wheels").glob("counterseal-*.whl")
    return path


def test_the_wheel_that_was_built(wheel: Path) -> None:
    assert problems(wheel, release=False) == []


def change(wheel: Path, folder: Path, edit: Callable[[Files], object], name: str | None = None) -> list[str]:
    """What is found about a wheel with other files or another name."""
    with zipfile.ZipFile(wheel) as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    edit(files)
    path = folder / (name or wheel.name)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, content in files.items():
            archive.writestr(entry, content)
    return problems(path, release=False)


ABOUT = f"counterseal-{counterseal.__version__}.dist-info"
VERSION = counterseal.__version__.encode()


def edit(file: str, old: bytes, new: bytes) -> Callable[[Files], object]:
    def replace(files: Files) -> None:
        assert old in files[file]
        files[file] = files[file].replace(old, new)

    return replace


@pytest.mark.parametrize(
    ("change_of", "expected"),
    [
        (lambda files: files.pop("counterseal/py.typed"), "py.typed is missing"),
        (lambda files: files.pop("counterseal/_counterseal.abi3.so"), "abi3.so is missing"),
        (lambda files: files.pop(f"{ABOUT}/licenses/LICENSE"), "LICENSE is missing"),
        (lambda files: files.update({"tests/test_a.py": b""}), "test_a.py should not be there"),
        (lambda files: files.update({"counterseal/_counterseal.so.map": b""}), "map should not be there"),
        (lambda files: files.update({"counterseal/more.bin": os.urandom(6_000_000)}), "more than 5000000"),
        (edit("counterseal/__init__.py", VERSION, VERSION + b"1"), "__init__.py differs from the source"),
        (edit("counterseal/__init__.py", VERSION, VERSION + b"1"), "RECORD is wrong about counterseal/__init__.py"),
        (edit(f"{ABOUT}/RECORD", b"counterseal/guard.py", b"counterseal/other.py"), "RECORD names counterseal/other.py"),
        (edit(f"{ABOUT}/WHEEL", b"cp310-abi3", b"cp311-cp311"), "its tags are"),
        (edit(f"{ABOUT}/METADATA", b"Requires-Python: >=3.10", b"Requires-Python: >=3.8"), "does not say Requires-Python"),
        (edit(f"{ABOUT}/METADATA", b"Requires-Python", b"Requires-Dist: pyjwt\nRequires-Python"), "other packages"),
    ],
)
def test_another_wheel(wheel: Path, tmp_path: Path, change_of: Callable[[Files], object], expected: str) -> None:
    found = change(wheel, tmp_path, change_of)
    assert any(expected in problem for problem in found), found


def test_a_wheel_for_one_cpython(wheel: Path, tmp_path: Path) -> None:
    found = change(wheel, tmp_path, lambda files: None, wheel.name.replace("cp310-abi3", "cp311-cp311"))
    assert found == ["its name is not that of a wheel for every CPython from 3.10 on"]


def test_the_licence_is_the_projects() -> None:
    for folder in ["python", "node", "core", "runtime", "cli"]:
        assert (PROJECT / folder / "LICENSE").read_bytes() == (PROJECT / "LICENSE").read_bytes(), folder
