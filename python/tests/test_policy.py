"""Policies from files, text and dicts, and every mistake at once."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

import counterseal
from counterseal import Policy
from counterseal.testing import Issuer


def as_dict(idp: Issuer) -> dict[str, object]:
    return {
        "version": 1,
        "issuer": [
            {
                "name": "main",
                "issuer": idp.issuer,
                "profile": "access_token",
                "audience": idp.audience,
                "algorithms": ["ES256"],
                "keys": {"jwks": json.dumps(idp.jwks())},
            }
        ],
    }


def problems(make: object) -> list[counterseal.Problem]:
    with pytest.raises(counterseal.PolicyError) as caught:
        make()  # type: ignore[operator]
    assert caught.value.problems and caught.value.code == caught.value.problems[0].code
    return caught.value.problems


def test_the_same_policy_in_every_form(idp: Issuer, tmp_path: Path) -> None:
    toml, plain = idp.policy_text(), as_dict(idp)
    (tmp_path / "a.toml").write_text(toml)
    (tmp_path / "a.json").write_text(json.dumps(plain))
    before = copy.deepcopy(plain)
    for policy in [
        Policy.from_str(toml),
        Policy.from_str(toml, "toml"),
        Policy.from_str(json.dumps(plain), format="json"),
        Policy.from_dict(plain),
        Policy.load(tmp_path / "a.toml"),
        Policy.load(str(tmp_path / "a.json")),
    ]:
        assert counterseal.Guard(policy).verify(idp.token()).subject == "test-user"
        assert counterseal.Guard(policy).verify(idp.token()).subject == "test-user", "it can be used again"
        assert repr(policy) == "<counterseal.Policy of 1 issuers>"
    assert plain == before


def test_all_mistakes_at_once_with_their_places() -> None:
    text = 'version = 1\n[[issuer]]\nissuer = "https://a"\nprofle = "generic"\nalgorithms = []\n'
    found = problems(lambda: Policy.from_str(text))
    misspelled = next(problem for problem in found if problem.code == "config_unknown_key")
    assert (misspelled.path, misspelled.pointer) == ("issuer[0].profle", "/issuer/0/profle")
    assert (misspelled.line, misspelled.column) == (4, 1)
    assert "profile" in (misspelled.hint or "")
    assert {problem.code for problem in found} >= {"config_unknown_key", "config_alg_empty", "config_missing"}
    with pytest.raises(counterseal.PolicyError, match="profle"):
        Policy.from_str(text)


def test_a_dict_has_no_lines(idp: Issuer) -> None:
    policy = as_dict(idp)
    policy["isuer"] = 1
    (problem,) = problems(lambda: Policy.from_dict(policy))
    assert (problem.pointer, problem.line, problem.column) == ("/isuer", None, None)


def test_services_overlay(idp: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = idp.policy_text() + '\n[[service.orders.issuer]]\nname = "main"\naudience = "orders"\n'
    file = tmp_path / "counterseal.toml"
    file.write_text(text)
    for policy in [Policy.load(file, "orders"), Policy.load(file, service="orders"), Policy.from_str(text, service="orders")]:
        assert counterseal.Guard(policy).verify(idp.token(aud="orders")).audience == ("orders",)
    assert problems(lambda: Policy.load(file, "oders"))
    monkeypatch.setenv("COUNTERSEAL_SERVICE", "orders")
    assert counterseal.Guard.load(file).verify(idp.token(aud="orders"))


def test_relative_paths_start_at_the_base(idp: Issuer, tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_text(json.dumps(idp.jwks()))
    policy = as_dict(idp)
    policy["issuer"][0]["keys"] = {"jwks_file": "jwks.json"}  # type: ignore[index]
    assert counterseal.Guard(Policy.from_dict(policy, base_dir=tmp_path)).verify(idp.token())
    assert counterseal.Guard(Policy.from_str(json.dumps(policy), "json", base_dir=str(tmp_path))).verify(idp.token())
    (problem,) = problems(lambda: Policy.from_dict(policy, base_dir=tmp_path / "elsewhere"))
    assert problem.code == "config_file"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in [tmp_path, tmp_path / "missing.toml", "\0", "a\0b", ""]:
        assert [problem.code for problem in problems(lambda path=path: Policy.load(path))] == ["config_file"]
    (tmp_path / "latin.toml").write_bytes(b"version = 1 # \xe9")
    (problem,) = problems(lambda: Policy.load(tmp_path / "latin.toml"))
    assert (problem.code, problem.line, problem.column) == ("config_syntax", 1, 15)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    text = 'version = 1\n[[issuer]]\nname="a"\nissuer="https://a"\nprofile="generic"\naudience="b"\nalgorithms=["HS256"]\nkeys={ secret = "canary-short" }'
    with pytest.raises(counterseal.PolicyError) as caught:
        Policy.from_str(text)
    assert "hmac_key_short" in [problem.code for problem in caught.value.problems]
    assert "canary" not in str(caught.value) + repr(caught.value.problems)
