"""Neither tokens nor keys nor claims show up where people look."""

from __future__ import annotations

import logging
import traceback

import pytest

import counterseal
from counterseal.testing import ABSENT, Issuer, issuer

CANARY = "canary-7f3a"


def everything_shown_of(thing: object) -> str:
    return " ".join([repr(thing), str(thing), f"{thing}", repr(vars(thing)) if hasattr(thing, "__dict__") else ""])


def test_errors_hold_no_value(idp: Issuer, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    guard = idp.guard(f'required_scopes = ["{CANARY[:6]}:read"]')
    claims = {"sub": CANARY, "jti": CANARY, "email": CANARY, "client_id": CANARY, CANARY: CANARY}
    tokens = [
        idp.token(**claims),
        idp.expired(**claims),
        idp.wrong_audience(**claims, ),
        idp.token(**{**claims, "aud": CANARY}),
        idp.token(**{**claims, "iss": CANARY}),
        idp.token(**{**claims, "exp": CANARY}),
        idp.token(**{**claims, "jti": ABSENT}),
        idp.token(**claims, header={"kid": CANARY}),
        idp.token(**claims, header={"typ": CANARY}),
        idp.token(**claims, header={"alg": CANARY}),
        idp.token(**claims, header={"crit": [CANARY], CANARY: 1}),
        idp.tampered(**claims),
        CANARY,
        f"{CANARY}.{CANARY}.{CANARY}",
        f"Bearer {CANARY}\ud800",
    ]
    for token in tokens:
        try:
            guard.verify(token)
            raise AssertionError("a canary passed")
        except counterseal.TokenRejectedError as error:
            shown = everything_shown_of(error) + "".join(traceback.format_exception_only(error))
            assert CANARY not in shown
            assert token.split(".")[-1] not in shown
            assert CANARY not in repr(guard.try_verify(token))
            assert CANARY not in (error.www_authenticate or "")
    assert CANARY not in caplog.text
    out, err = capfd.readouterr()
    assert CANARY not in out + err


def test_objects_hold_no_value_in_sight(idp: Issuer) -> None:
    guard = idp.guard()
    token = idp.token(sub=CANARY, email=CANARY)
    identity, outcome = guard.verify(token), guard.try_verify(token)
    for thing in [guard, identity, outcome, [identity], {"identity": identity}, idp, idp.policy()]:
        shown = everything_shown_of(thing)
        assert CANARY not in shown and token not in shown
        assert idp.jwks()["keys"][0]["x"] not in shown
    assert identity.subject == CANARY


def test_no_object_holds_the_token(idp: Issuer) -> None:
    guard, token = idp.guard(), idp.token(sub="alice")
    identity = guard.verify(token)
    plain = repr(identity.to_dict())
    assert token not in plain and token.split(".")[2] not in plain


def test_private_keys_are_never_handed_out() -> None:
    for algorithm in ["ES256", "RS256", "Ed25519"]:
        idp = issuer(algorithm=algorithm)
        (key,) = idp.jwks()["keys"]
        assert not {"d", "p", "q", "dp", "dq", "qi", "oth", "k"} & set(key)
        assert '"d"' not in idp.policy_text()
