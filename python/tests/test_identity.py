"""An identity is a proof: immutable, unforgeable, silent about its token."""

from __future__ import annotations

import copy
import datetime
import itertools
import json
import pickle
import weakref
from typing import Any

import pytest

import counterseal
from counterseal import MisuseError, TokenRejectedError
from counterseal.testing import Issuer, issuer

FIELDS = [
    "subject", "issuer", "audience", "scopes", "roles", "tenant", "client_id", "subject_kind", "actors",
    "token_id", "issued_at", "expires_at", "auth_time", "acr", "amr", "profile", "transaction_id",
    "groups_incomplete",
]  # fmt: skip


def full(idp: Issuer) -> counterseal.Identity:
    guard = idp.guard('actors = ["web-bff"]\n[issuer.identity]\ntenant = "/org/id"\nroles = ["/roles", "/more"]')
    return guard.verify(
        idp.token(
            sub="alice",
            aud=[idp.audience, "other"],
            scope="orders:read orders:write",
            roles=["a", "b"],
            more="c",
            org={"id": "acme"},
            act={"sub": "web-bff", "act": {"sub": "inner"}},
            auth_time=1_700_000_000,
            acr="gold",
            amr=["pwd", "otp"],
            txn="t-1",
            hasgroups=True,
        )
    )


def test_every_field(idp: Issuer) -> None:
    identity = full(idp)
    now = int(idp.clock.now())
    assert {name: getattr(identity, name) for name in FIELDS} == {
        "subject": "alice",
        "issuer": idp.issuer,
        "audience": (idp.audience, "other"),
        "scopes": ("orders:read", "orders:write"),
        "roles": ("a", "b", "c"),
        "tenant": "acme",
        "client_id": "test-client",
        "subject_kind": "user",
        "actors": ("web-bff", "inner"),
        "token_id": "test-token-1",
        "issued_at": now,
        "expires_at": now + 3600,
        "auth_time": 1_700_000_000,
        "acr": "gold",
        "amr": ("pwd", "otp"),
        "profile": "access_token",
        "transaction_id": "t-1",
        "groups_incomplete": True,
    }
    bare = idp.guard().verify(idp.token())
    for name in ["tenant", "auth_time", "acr", "transaction_id"]:
        assert getattr(bare, name) is None
    for name in ["scopes", "roles", "actors", "amr"]:
        assert getattr(bare, name) == ()
    assert bare.groups_incomplete is False


def test_scopes_and_roles_match_whole(idp: Issuer) -> None:
    identity = full(idp)
    assert identity.has_scope("orders:read") and identity.has_role("c")
    for other in ["orders", "ORDERS:READ", "orders:read orders:write", "", "\ud800", None, 1, b"orders:read"]:
        assert not identity.has_scope(other)  # type: ignore[arg-type]
        assert not identity.has_role(other)  # type: ignore[arg-type]


def test_claims_are_fresh_at_any_depth(idp: Issuer) -> None:
    identity = idp.guard().verify(idp.token(list=[1, [2]], object={"a": {"b": [3]}}, text="x"))
    claims = identity.claims
    claims["list"][1].append("mine")
    claims["object"]["a"]["b"] = "mine"
    claims["sub"] = "mallory"
    del claims["text"]
    again = identity.claims
    assert (again["list"], again["object"], again["text"]) == ([1, [2]], {"a": {"b": [3]}}, "x")
    assert identity.subject == again["sub"] == "test-user"
    assert identity.claim("/object/a/b") is not identity.claim("/object/a/b")
    assert list(again)[:3] == ["iss", "aud", "sub"], "in the token's order"


def test_numbers_keep_their_value(idp: Issuer) -> None:
    big = 10**5000 + 7
    header = b'{"alg":"ES256","typ":"at+jwt","kid":"test-1"}'
    now = int(idp.clock.now())
    written = {
        "small": ("-7", -7),
        "safe": ("9007199254740993", 2**53 + 1),
        "i64": ("-9223372036854775808", -(2**63)),
        "u64": ("18446744073709551615", 2**64 - 1),
        "huge": ("1" + "0" * 4999 + "7", big),
        "negative": ("-1" + "0" * 4999 + "7", -big),
        "real": ("1.50", 1.5),
        "exponent": ("1e3", 1000.0),
        "tiny": ("5e-324", 5e-324),
        "overflow": ("1e400", float("inf")),
        "zero": ("-0", 0),
        "real_zero": ("-0.0", -0.0),
    }
    members = "".join(f',"{name}":{text}' for name, (text, _) in written.items())
    payload = (
        f'{{"iss":"{idp.issuer}","aud":"{idp.audience}","sub":"s","client_id":"c","jti":"j",'
        f'"iat":{now},"exp":{now + 60}{members}}}'
    )
    identity = idp.guard().verify(idp.sign(header, payload.encode()))
    for name, (_, value) in written.items():
        claim = identity.claims[name]
        assert type(claim) is type(value) and claim == value, name
        assert identity.claim(name) == value
    assert str(identity.claims["real_zero"]) == "-0.0"


def test_one_claim_by_pointer(idp: Issuer) -> None:
    token = idp.token(**{"a/b": 1, "m~n": 2, "": 3, "list": [{"x": None}], "text": "é\U0001f600\x00"})
    identity = idp.guard().verify(token)
    for pointer, value in [
        ("/a~1b", 1), ("a/b", 1), ("/m~0n", 2), ("/", 3), ("/list/0", {"x": None}), ("/list/0/x", None),
        ("text", "é\U0001f600\x00"), ("/text/0", None), ("/missing", None), ("/list/01", None), ("", None),
        ("/~2", None), ("\ud800", None), (None, None), (5, None), (b"/list", None),
    ]:  # fmt: skip
        assert identity.claim(pointer) == value, pointer  # type: ignore[arg-type]
    default = object()
    assert identity.claim("/missing", default) is default
    assert identity.claim("/list/0/x", default) is None, "null is a value"
    assert identity.claim("/a~1b", default=default) == 1


def test_it_is_compared_by_value(idp: Issuer) -> None:
    first, second = idp.guard(), idp.guard()
    token, other = idp.token(), idp.token()
    assert first.verify(token) is not second.verify(token)
    assert first.verify(token) == second.verify(token)
    assert hash(first.verify(token)) == hash(second.verify(token))
    assert first.verify(token) != first.verify(other)
    assert first.verify(token) != "test-user" and first.verify(token) is not None
    assert len({first.verify(token), second.verify(token), first.verify(other)}) == 2


def test_to_dict_is_plain_and_fresh(idp: Issuer) -> None:
    identity = full(idp)
    plain = identity.to_dict()
    assert list(plain) == [*FIELDS, "claims"]
    assert plain["roles"] == ["a", "b", "c"] and plain["claims"] == identity.claims
    assert json.loads(json.dumps(plain)) == plain
    plain["roles"].append("admin")
    assert identity.to_dict()["roles"] == ["a", "b", "c"]


def test_nothing_of_it_can_be_changed(idp: Issuer) -> None:
    identity = full(idp)
    for name in [*FIELDS, "claims", "verify", "anything"]:
        with pytest.raises(AttributeError):
            setattr(identity, name, "x")
        with pytest.raises(AttributeError):
            delattr(identity, name)
    assert not hasattr(identity, "__dict__")
    for name in ["audience", "scopes", "roles", "actors", "amr"]:
        assert type(getattr(identity, name)) is tuple


def test_it_cannot_be_made_or_come_back(idp: Issuer) -> None:
    identity = full(idp)
    for forge in [
        lambda: counterseal.Identity(),  # type: ignore[call-arg]
        lambda: counterseal.Identity({"sub": "root"}),  # type: ignore[call-arg]
        lambda: counterseal.Identity.__new__(counterseal.Identity),
        lambda: object.__new__(counterseal.Identity),
        lambda: type("Root", (counterseal.Identity,), {}),  # type: ignore[misc]
        lambda: copy._reconstruct(identity, None, counterseal.Identity, ()),  # type: ignore[attr-defined]
    ]:
        with pytest.raises(TypeError):
            forge()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="proof"):
            pickle.dumps(identity, protocol)
    with pytest.raises((TypeError, pickle.UnpicklingError)):
        pickle.loads(b"\x80\x04ccounterseal\nIdentity\n)\x81.")  # what a forger would write
    assert copy.copy(identity) is identity and copy.deepcopy(identity) is identity

    class Other:
        pass

    with pytest.raises(TypeError):
        Other().__class__ = counterseal.Identity  # type: ignore[assignment]


def test_what_it_shows(idp: Issuer) -> None:
    identity = full(idp)
    assert repr(identity) == str(identity) == '<counterseal.Identity of "main">'
    assert f"{identity}" == repr(identity)
    assert weakref.ref(identity)() is identity


def test_it_outlives_its_guard() -> None:
    idp = issuer()
    identity = idp.guard().verify(idp.token(deep={"a": [1]}))
    del idp
    assert identity.claims["deep"] == {"a": [1]}


def test_what_a_handler_asks(idp: Issuer) -> None:
    now = idp.clock.now()
    signed_in = int(now) - 60
    identity = idp.guard().verify(idp.token(scope="read write", acr="strong", auth_time=signed_in))
    identity.require(scopes="read")
    identity.require(scopes=["read", "write"], acr=("weak", "strong"), max_age=60, now=now)
    identity.require(max_age=60, now=datetime.datetime.fromtimestamp(now, datetime.timezone.utc))
    for asked, code, status in [
        ({"scopes": ["read", "drop"]}, "insufficient_scope", 403),
        ({"acr": "weak"}, "acr_unmet", 401),
        ({"max_age": 5, "now": now}, "auth_too_old", 401),
    ]:
        with pytest.raises(TokenRejectedError) as caught:
            identity.require(**asked)  # type: ignore[arg-type]
        error = caught.value
        assert (error.code, error.status, len(error.reference)) == (code, status, 13)
        assert "strong" not in str(error) + str(error.www_authenticate)


@pytest.mark.parametrize(
    "asked",
    [
        {}, {"scopes": []}, {"scopes": None}, {"scopes": 1}, {"scopes": b"read"}, {"scopes": [b"read"]},
        {"scopes": "read write"}, {"acr": [1]}, {"acr": "\ud800"}, {"acr": 'a"'}, {"acr": "a\0"},
        {"acr": itertools.repeat("a")}, {"max_age": -1}, {"max_age": 1.5}, {"max_age": True}, {"max_age": "60"},
        {"max_age": 10**30},
    ],
)  # fmt: skip
def test_what_no_handler_can_ask(idp: Issuer, asked: Any) -> None:
    identity = idp.guard().verify(idp.token())
    with pytest.raises(MisuseError) as caught:
        identity.require(**asked)
    assert caught.value.code == "misuse_argument"


def test_what_iterators_raise_is_raised(idp: Issuer) -> None:
    def broken() -> Any:
        yield "read"
        raise LookupError

    with pytest.raises(LookupError):
        idp.guard().verify(idp.token()).require(scopes=broken())
