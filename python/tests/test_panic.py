"""A panic in Rust is an InternalError in Python, whichever function it happens in."""

from __future__ import annotations

import inspect
from typing import Callable

import pytest
from conftest import code

import counterseal
from counterseal import _counterseal
from counterseal.testing import Issuer, Network


def calls(idp: Issuer, guard: counterseal.Guard) -> dict[str, Callable[[], object]]:
    """A call of every native function, by name."""
    token, policy = idp.token(), idp.policy()
    identity = guard.verify(token)
    outcome = guard.try_verify(token)
    pending = idp.pending_guard()
    flight = pending._answer(token)
    assert isinstance(flight, _counterseal.Flight)
    queue, network = _counterseal.Completions(), Network()
    return {
        "Clock.__new__": lambda: _counterseal.Clock(1),
        "Clock.advance": lambda: idp.clock.advance(1),
        "Clock.now": idp.clock.now,
        "Clock.set": lambda: idp.clock.set(1),
        "Completions.close": queue.close,
        "Completions.next": lambda: queue.next(0),
        "Guard.__new__": lambda: counterseal.Guard(policy),
        "Guard._answer": lambda: guard._answer(token),
        "Guard._keys_unavailable": lambda: guard._keys_unavailable(flight),
        "Guard._readiness": guard._readiness,
        "Guard._replace": lambda: guard._replace(policy),
        "Guard._unwatch": lambda: pending._unwatch(1, queue),
        "Guard._wait": lambda: pending._wait(flight, 0),
        "Guard._wait_seconds": lambda: guard._wait_seconds,
        "Guard._watch": lambda: pending._watch(flight, 1, queue),
        "Guard.close": guard.close,
        "Guard.explain": lambda: guard.explain(token),
        "Guard.metrics": guard.metrics,
        "Guard.reload": guard.reload,
        "Guard.status": guard.status,
        "Guard.try_verify": lambda: guard.try_verify(token),
        "Guard.verify": lambda: guard.verify(token),
        "Guard.verify_many": lambda: guard.verify_many([token]),
        "Identity.__eq__": lambda: identity == identity,
        "Identity.__hash__": lambda: hash(identity),
        "Identity.__repr__": lambda: repr(identity),
        "Identity.claim": lambda: identity.claim("sub"),
        "Identity.claims": lambda: identity.claims,
        "Identity.has_role": lambda: identity.has_role("a"),
        "Identity.has_scope": lambda: identity.has_scope("a"),
        "Identity.require": lambda: identity.require(scopes="a"),
        "Identity.to_dict": identity.to_dict,
        "Issuer.__new__": lambda: _counterseal.Issuer("ES256"),
        "Issuer._fail": lambda: idp._fail(pending),
        "Issuer._issue": idp.token,
        "Issuer._jwks": idp.jwks,
        "Issuer._policy": idp.policy,
        "Issuer._policy_text": idp.policy_text,
        "Issuer._publish": lambda: idp._publish(guard),
        "Issuer._retire": idp._retire,
        "Issuer._rotate": idp._rotate,
        "Issuer._verify_in_rust": lambda: idp._verify_in_rust(guard, token, None, 1),
        "Issuer._sign": lambda: idp.sign(b"{}", b"{}"),
        "Issuer.kid": lambda: idp.kid,
        "Outcome.__bool__": lambda: bool(outcome),
        "Outcome.__repr__": lambda: repr(outcome),
        "Policy.__repr__": lambda: repr(policy),
        "Policy._with_clock": lambda: policy._with_clock(idp.clock),
        "Policy.from_dict": lambda: counterseal.Policy.from_dict({}),
        "Policy.from_str": lambda: counterseal.Policy.from_str(""),
        "Policy.load": lambda: counterseal.Policy.load("x"),
        "Network._answer": lambda: network.answer("https://idp.example.com/jwks"),
        "Network.requests": network.requests,
        "_answer_keys": lambda: _counterseal._answer_keys(guard, "main", None),
        "_fetch_due": lambda: _counterseal._fetch_due(guard),
        "_load_policy": lambda: _counterseal._load_policy("x", None),
    }


def test_in_every_function(idp: Issuer, guard: counterseal.Guard, capfd: pytest.CaptureFixture[str]) -> None:
    for name, call in calls(idp, guard).items():
        _counterseal._panic_next()
        with pytest.raises(counterseal.InternalError) as caught:
            call()
        assert caught.value.code == "internal", name
        assert str(caught.value) == "internal: an error inside Counterseal", name
    assert capfd.readouterr().err == "", "nothing is printed of a panic that was asked for"
    assert guard.verify(idp.token()).subject == "test-user", "the guard goes on"


def test_no_function_is_left_out(idp: Issuer, guard: counterseal.Guard) -> None:
    # What holds no code of ours: fields, copies, and the functions that count and inject.
    plain = {
        "Identity.__copy__", "Identity.__deepcopy__", "Identity.__reduce_ex__",
        "Issuer.algorithm", "Issuer.audience", "Issuer.client_id", "Issuer.clock", "Issuer.issuer",
        "_after_fork", "_live_objects", "_misuse", "_panic_next",
    }  # fmt: skip
    inherited = {"__doc__", "__module__", "__weakref__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"}
    found = set()
    for class_name, kind in inspect.getmembers(_counterseal, inspect.isclass):
        for name, member in vars(kind).items():
            is_field = inspect.ismemberdescriptor(member)
            if name in inherited or is_field or (
                name == "__new__" and class_name not in ("Clock", "Guard", "Issuer")
            ):
                continue
            found.add(f"{class_name}.{name}")
    found.update(name for name, _ in inspect.getmembers(_counterseal, inspect.isbuiltin))
    assert found - plain == set(calls(idp, guard))


def test_while_the_gil_is_let_go_of(idp: Issuer, guard: counterseal.Guard) -> None:
    """The panic happens on a miss, in a batch, or while reading a file: Python goes on all the same."""
    for call in [
        lambda: guard.verify(idp.token()),
        lambda: guard.verify_many([idp.token()]),
        lambda: guard.explain(idp.token()),
        lambda: counterseal.Policy.load("x"),
        lambda: idp.pending_guard().verify_many([]),
    ]:
        _counterseal._panic_next(detached=True)
        assert code(call) == "internal"
    assert guard.verify(idp.token()).subject == "test-user"
