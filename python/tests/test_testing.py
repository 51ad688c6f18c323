"""The testing kit over a policy of one's own: a clock that stands, keys that a test hands in, another policy."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from conftest import code

import counterseal
from counterseal.testing import Clock, Issuer, Network, answer_keys, fetch_due, guard, issuer, load_policy, replace

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


IDP = "https://idp.example.com"
METADATA, KEYS = IDP + "/.well-known/openid-configuration", "https://keys.example.com/jwks"


def discovered(**fetch: str) -> counterseal.Policy:
    entry = {
        "issuer": IDP,
        "profile": "access_token",
        "audience": "orders",
        "algorithms": ["ES256"],
        "keys": {"discovery": "oidc"},
    }
    return counterseal.Policy.from_dict({"version": 1, "issuer": [entry], "fetch": fetch})


def test_a_network_without_sockets_discovers_rotates_and_fails() -> None:
    idp, network = issuer(IDP, audience="orders"), Network()
    network.answer(METADATA, {"issuer": IDP, "jwks_uri": KEYS})
    network.answer(KEYS, json.dumps(idp.jwks()), headers={"Cache-Control": "max-age=3600"})
    orders, old = guard(discovered(), idp.clock, network), idp.token()

    def verdict(token: str) -> tuple[str, int]:
        error = orders.try_verify(token).error
        return (error.code, error.status) if error else ("verified", 200)

    assert network.requests() == []
    assert verdict(old) == ("keys_unavailable", 503), "it waits"
    fetch_due(orders)
    assert network.requests() == [METADATA, KEYS]
    assert verdict(old) == ("verified", 200)

    idp.rotate()
    network.answer(KEYS, idp.jwks())
    assert verdict(idp.token()) == ("keys_unavailable", 503), "a new kid: it waits"
    fetch_due(orders)
    assert verdict(idp.token()) == verdict(old) == ("verified", 200)
    assert verdict(idp.wrong_issuer())[1] == 401

    network.fail(METADATA, "reset")
    idp.clock.advance(599)
    fetch_due(orders)
    assert verdict(idp.token()) == ("verified", 200), "an outage takes no keys away"
    status = orders.status()["issuers"][0]["fetch"]
    assert (status["failures"], status["last_error"]) == (1, "jwks_fetch_failed: connection reset")
    idp.clock.advance(3601)
    assert verdict(idp.token()) == ("keys_unavailable", 503), "never 401"
    assert "counterseal_fetch_failures_total" in orders.metrics()


def test_a_network_answers_as_it_is_told() -> None:
    idp, network = issuer(IDP, audience="orders"), Network()
    orders = guard(discovered(), idp.clock, network)

    def last_error() -> str:
        orders.try_verify(idp.token())
        fetch_due(orders)
        idp.clock.advance(30)
        return str(orders.status()["issuers"][0]["fetch"]["last_error"])

    assert last_error() == "jwks_fetch_failed: host not found", "nothing was said of it"
    network.answer(METADATA, status=503)
    assert last_error() == "jwks_fetch_failed: status 503"
    network.answer(METADATA, b"{}", headers=[("Content-Type", "text/html")])
    assert last_error() == "jwks_fetch_failed: not JSON by its media type"
    network.answer(METADATA, "{}", address="169.254.169.254")
    assert last_error() == "jwks_address_blocked: a metadata address of a cloud"
    network.answer(METADATA, {}, bearer="secret")
    assert last_error() == "jwks_fetch_failed: status 401"
    network.fail(METADATA)
    assert last_error() == "jwks_fetch_failed: timeout"
    for wrong in [
        lambda: network.fail(METADATA, "earthquake"),
        lambda: network.answer(METADATA, address="localhost"),
        lambda: network.answer(METADATA, status=70_000),
        lambda: network.answer(1, ""),  # type: ignore[arg-type]
    ]:
        assert code(wrong) == "misuse_argument"
    orders.close()
    assert code(lambda: fetch_due(orders)) == "misuse_closed"


def test_keys_outlive_the_process_in_a_snapshot(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    snapshot = tmp_path / "keys.snapshot"
    idp, network = issuer(IDP, audience="orders"), Network()
    network.answer(METADATA, {"issuer": IDP, "jwks_uri": KEYS})
    network.answer(KEYS, idp.jwks())

    def start(network: Network) -> counterseal.Guard:
        return guard(discovered(snapshot=str(snapshot)), idp.clock, network)

    first = start(network)
    assert first.try_verify(idp.token()).identity is None, "it waits"
    fetch_due(first)
    assert first.verify(idp.token()).subject == "test-user"
    first.close()
    assert snapshot.stat().st_mode & 0o777 == 0o600

    dead = Network()
    second = start(dead)
    assert second.verify(idp.token()).subject == "test-user"
    fetch_due(second)
    assert dead.requests() == [METADATA], "it asks for newer ones at once"
    assert second.verify(idp.token()).subject == "test-user"
    assert second.verify(idp.token(sub="bob")).subject == "bob"
    assert "snapshot_invalid" not in {alarm["code"] for alarm in second.status()["alarms"]}

    tmp_path.chmod(0o770)
    third = start(Network())
    assert "snapshot_invalid" in {alarm["code"] for alarm in third.status()["alarms"]}
    error = third.try_verify(idp.token()).error
    assert error is not None and (error.code, error.status) == ("keys_unavailable", 503)
    tmp_path.chmod(0o700)


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
