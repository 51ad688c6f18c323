"""The testing kit over a policy of one's own: a clock that stands, keys that a test hands in, another policy."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from conftest import code

import counterseal
from counterseal.testing import Clock, Issuer, answer_keys, guard, load_policy, replace

NOW = 1_800_000_000


@pytest.fixture
def scripted(idp: Issuer, tmp_path: Path) -> Path:
    """A policy whose keys a test hands in."""
    text = idp.policy_text()
    path = tmp_path / "policy.toml"
    path.write_text(text[: text.index("keys ")] + "keys = { scripted = true }\n")
    return path


def test_a_clock_of_ones_own_stands_until_it_is_moved(idp: Issuer) -> None:
    idp.clock.set(NOW)
    clock = Clock(datetime.fromtimestamp(NOW, timezone.utc))
    orders, token = guard(idp.policy(), clock), idp.token()
    assert clock.now() == NOW
    assert orders.verify(token) is orders.verify(token)
    clock.advance(4000)
    assert code(lambda: orders.verify(token)) == "token_expired"
    assert idp.clock.now() == NOW
    clock.set(NOW)
    assert orders.verify(token).subject == "test-user"


def test_a_clock_is_set_to_a_time() -> None:
    for wrong in (None, "1800000000", True, 1_800_000_000_000, datetime(2027, 1, 15)):
        assert code(lambda wrong=wrong: Clock(wrong)) == "misuse_time"  # type: ignore[misc]
        assert code(lambda wrong=wrong: Clock(NOW).set(wrong)) == "misuse_time"  # type: ignore[misc]


def test_only_the_testing_kit_accepts_scripted_keys(scripted: Path) -> None:
    with pytest.raises(counterseal.PolicyError) as caught:
        counterseal.Policy.load(scripted)
    assert [(problem.code, problem.pointer) for problem in caught.value.problems] == [
        ("config_not_supported", "/issuer/0/keys/scripted")
    ]
    assert isinstance(load_policy(scripted), counterseal.Policy)
    assert code(lambda: load_policy(scripted, "billing")) == "config_missing"
    assert code(lambda: load_policy(scripted.with_name("none.toml"))) == "config_file"


def test_keys_are_handed_in_again_and_again(idp: Issuer, scripted: Path) -> None:
    orders, token = guard(load_policy(scripted), idp.clock), idp.token()
    jwks = json.dumps(idp.jwks())

    def verdict() -> str:
        outcome = orders.try_verify(token)
        return outcome.error.code if outcome.error else "verified"

    assert verdict() == "keys_unavailable"
    answer_keys(orders, "main", None)
    assert verdict() == "keys_unavailable"
    answer_keys(orders, "main", jwks)
    assert verdict() == "verified"
    idp.rotate()
    idp.retire()
    answer_keys(orders, "main", json.dumps(idp.jwks()).encode())
    assert verdict() == "kid_unknown"


def test_what_is_wrong_with_keys_has_a_code(idp: Issuer, scripted: Path) -> None:
    orders = guard(load_policy(scripted), idp.clock)
    answer_keys(orders, "main", json.dumps(idp.jwks()))
    with pytest.raises(counterseal.MisuseError) as caught:
        answer_keys(orders, "main", "{}")
    assert caught.value.code == "jwks_invalid"
    assert code(lambda: answer_keys(orders, "other", "{}")) == "misuse_closed"
    assert code(lambda: answer_keys(orders, "main", None)) == "misuse_closed", "nothing waits"
    assert code(lambda: answer_keys(orders, "main", {})) == "misuse_argument"  # type: ignore[arg-type]
    assert code(lambda: answer_keys(orders, 1, "{}")) == "misuse_argument"  # type: ignore[arg-type]
    orders.verify(idp.token())
    orders.close()
    assert code(lambda: answer_keys(orders, "main", None)) == "misuse_closed"


def test_another_policy_takes_the_place_of_the_one_before(idp: Issuer) -> None:
    orders, token = idp.guard(), idp.token()
    before = orders.verify(token)
    replace(orders, idp.policy('required_scopes = ["orders:read"]'))
    assert code(lambda: orders.verify(token)) == "insufficient_scope"
    replace(orders, idp.policy())
    assert orders.verify(token) == before
    orders.close()
    assert code(lambda: replace(orders, idp.policy())) == "misuse_closed"


def test_a_guard_reloads_a_scripted_file(idp: Issuer, scripted: Path) -> None:
    orders = guard(load_policy(scripted), idp.clock)
    answer_keys(orders, "main", json.dumps(idp.jwks()))
    scripted.write_text(scripted.read_text() + 'required_scopes = ["orders:read"]\n')
    orders.reload()
    answer_keys(orders, "main", json.dumps(idp.jwks()))
    assert code(lambda: orders.verify(idp.token())) == "insufficient_scope"
