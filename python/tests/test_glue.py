"""The bridge is dull: no rule lives in it, and its files have the package's names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import PROJECT

from counterseal.errors import CODES

pytestmark = pytest.mark.once

RUST = sorted((PROJECT / "bindings/python/src").glob("*.rs"))
PYTHON = sorted((PROJECT / "python/counterseal").glob("*.py"))
ALGORITHMS = ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
              "ES512", "ES256K", "Ed25519", "EdDSA", "none"]  # fmt: skip
CLAIMS = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "scope", "cnf", "act", "nonce", "auth_time"]


def code_of(file: Path) -> str:
    """Without comments and docstrings."""
    text = file.read_text()
    if file.suffix == ".rs":
        return re.sub(r"//.*", "", text)
    return re.sub(r'""".*?"""|#.*', "", text, flags=re.S)


def glue() -> list[Path]:
    assert len(RUST) > 8 and len(PYTHON) > 5
    return [*RUST, *(file for file in PYTHON if file.name != "errors.py")]


def test_no_algorithm_claim_or_code_is_named() -> None:
    found = []
    for file in glue():
        code = code_of(file)
        if file.name == "testing.py":
            code = code.replace('algorithm: str = "ES256"', "")  # a default of the testing kit
        if file.name == "identity.rs":
            code = re.sub(r'\("\w+", &self\.\w+\)', "", code)  # the names of the fields
        for name in [*ALGORITHMS, *CLAIMS, *CODES]:
            if f'"{name}"' in code:
                found.append(f"{file.name}: {name}")
        found += [f"{file.name}: {match}" for match in re.findall(r"Algorithm::[A-Z]\w*\d|Claim::\w+", code)]
        # Codes are made for what only the host can see (wrong types, closed guards); none is asked for.
        found += [f"{file.name}: {match}" for match in re.findall(r"(?:==|!=|matches!\(.*)\s*Code::\w+", code)]
        found += [f"{file.name}: {match}" for match in re.findall(r"Code::\w+(?=\s*(?:=>|\|))", code)]
        found += [f"{file.name}: {match}" for match in re.findall(r"\.code\s*(?:==|!=|in)\s", code)]
    assert found == []


def test_a_panic_guard_stands_in_every_method() -> None:
    bare = []
    for file in RUST:
        code = code_of(file)
        for block in re.findall(r"#\[pymethods\]\nimpl \w+ \{\n(.*?)^\}", code, re.S | re.M):
            for name, body in re.findall(r"^    fn (\w+)(.*?)^    \}", block, re.S | re.M):
                if "guarded(" not in body and len(body.split("{", 1)[1].split()) > 8:
                    bare.append(f"{file.name}: {name}")
    assert bare == []


def test_the_gil_is_let_go_of_in_one_way() -> None:
    for file in RUST:
        if file.name != "panic.rs":
            assert ".detach(" not in code_of(file), file.name


def test_unsafe_code_stands_in_one_place() -> None:
    assert [file.name for file in RUST if re.search(r"\bunsafe\b", code_of(file))] == ["interpreter.rs"]


def test_files_of_one_noun_have_one_name() -> None:
    native = {file.stem for file in RUST}
    wrapped = {file.stem.lstrip("_") for file in PYTHON} - {"init", "init__", "types", "__init__"}
    assert {name.rstrip("s") for name in wrapped} <= {name.rstrip("s") for name in native}
