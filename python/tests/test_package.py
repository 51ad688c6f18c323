"""What was installed: one small wheel for every CPython, without the source tree."""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

from conftest import PROJECT

import counterseal


def test_the_wheel_holds_the_package_and_nothing_else() -> None:
    files = {str(file) for file in importlib.metadata.files("counterseal") or []}
    package = {name for name in files if name.startswith("counterseal/") and "__pycache__" not in name}
    sources = {f"counterseal/{file.name}" for file in (PROJECT / "python/counterseal").iterdir() if file.is_file()}
    native = package - sources
    assert sources <= package and len(native) == 1
    assert re.fullmatch(r"counterseal/_counterseal\.(abi3\.so|pyd)", native.pop())
    assert not [name for name in files if "tests" in name or name.endswith((".rs", ".toml"))]


def test_it_is_one_wheel_for_all_and_small() -> None:
    wheel = importlib.metadata.distribution("counterseal").read_text("WHEEL") or ""
    assert re.search(r"^Tag: cp310-abi3-", wheel, re.M)
    native = next(Path(counterseal.__file__).parent.glob("_counterseal.*[od]"))
    assert native.stat().st_size < 8_000_000


def test_it_is_imported_from_the_environment() -> None:
    assert PROJECT / "python" not in Path(counterseal.__file__).parents


def test_one_version_everywhere() -> None:
    workspace = re.search(r'^version = "(.*)"$', (PROJECT / "Cargo.toml").read_text(), re.M)
    assert workspace is not None
    assert counterseal.__version__ == importlib.metadata.version("counterseal") == workspace.group(1)
    metadata = importlib.metadata.metadata("counterseal")
    assert metadata["Requires-Python"] == ">=3.10"
    assert importlib.metadata.requires("counterseal") in (None, []), "nothing else is installed with it"
