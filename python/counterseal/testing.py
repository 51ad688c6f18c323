"""An issuer with real keys, for the tests of those who use a guard: nothing is mocked.

``issuer`` is all that most tests need. For a policy of one's own there are ``guard``, which goes by a clock
that stands until it is moved, ``Network``, behind whose URLs is what a test says, and ``load_policy`` with
``answer_keys``, which decide when keys arrive.

>>> from counterseal.testing import issuer
>>> idp = issuer()
>>> guard = idp.guard()                                    # give it to the code under test
>>> guard.verify(idp.token(sub="alice", roles=["refunds"])).roles
('refunds',)
>>> guard.try_verify(idp.expired()).error.code
'token_expired'
"""

from __future__ import annotations

import json
import weakref
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Optional, Union

from . import _counterseal
from ._counterseal import Clock
from .guard import Guard

if TYPE_CHECKING:
    from ._counterseal import Policy
    from ._types import Path

__all__ = [
    "ABSENT",
    "Clock",
    "Issuer",
    "Network",
    "answer_keys",
    "fetch_due",
    "guard",
    "issuer",
    "load_policy",
    "replace",
]


class _Absent:
    def __repr__(self) -> str:
        return "counterseal.testing.ABSENT"


ABSENT = _Absent()
"""As the value of a claim: the token does not have it. ``None`` is a claim that is null."""


def issuer(
    issuer: Optional[str] = None,
    *,
    audience: Optional[str] = None,
    client_id: Optional[str] = None,
    algorithm: str = "ES256",
) -> Issuer:
    """An issuer with a fresh key: ES256, or any other signature algorithm.

    >>> idp = issuer(audience="https://api.example.com/orders", algorithm="Ed25519")
    >>> idp.guard().verify(idp.token()).audience
    ('https://api.example.com/orders',)
    """
    return Issuer(algorithm, issuer, audience, client_id)


def guard(policy: Policy, clock: Clock, network: Optional[Network] = None) -> Guard:
    """A guard of any policy that goes by that clock, and fetches keys over that network.

    >>> idp = issuer()
    >>> clock = Clock(idp.clock.now())
    >>> orders = guard(idp.policy(), clock)
    >>> token = idp.token()
    >>> clock.advance(4000)
    >>> orders.try_verify(token).error.code
    'token_expired'
    """
    return Guard(policy._with_clock(clock, network))


class Network(_counterseal.Network):
    """A network without sockets: what is behind each URL is what a test says. Until then no host is found.

    Everything but the sockets is real: redirects, media types, sizes, addresses and credentials are judged as
    they are of a server. A guard with such a network begins no thread: what is due is fetched by ``fetch_due``,
    or, where the policy says ``mode = "inline"``, by the call that needs it.

    >>> from counterseal import Policy
    >>> idp, network = issuer("https://idp.example.com", audience="orders"), Network()
    >>> policy = Policy.from_dict({"version": 1, "issuer": [{
    ...     "issuer": "https://idp.example.com", "profile": "access_token", "audience": "orders",
    ...     "algorithms": ["ES256"], "keys": {"jwks_uri": "https://idp.example.com/jwks"}}]})
    >>> network.answer("https://idp.example.com/jwks", idp.jwks())
    >>> orders = guard(policy, idp.clock, network)
    >>> orders.try_verify(idp.token()).error.status
    503
    >>> fetch_due(orders)
    >>> orders.verify(idp.token()).subject
    'test-user'
    >>> network.requests()
    ['https://idp.example.com/jwks']
    """

    def answer(
        self,
        url: str,
        body: Union[str, bytes, Mapping[str, Any]] = b"",
        *,
        status: int = 200,
        headers: Union[Mapping[str, str], Iterable[tuple[str, str]]] = (),
        address: Optional[str] = None,
        bearer: Optional[str] = None,
    ) -> None:
        """From now on this is what the URL answers.

        Where ``headers`` has no Content-Type, it is ``application/json``. ``address`` is what the host has as
        address, else a public one. ``bearer`` is the credential that it asks for: to others it answers 401, as it
        does without to those who bring one.
        """
        pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
        reply = {"status": status, "headers": pairs, "address": address, "bearer": bearer}
        if isinstance(body, Mapping):
            body = _json(body)
        self._answer(url, _json(reply), body.encode() if isinstance(body, str) else body)

    def fail(self, url: str, fault: str = "timeout") -> None:
        """From now on there is no answer from the URL, but a ``fault``: "timeout", "connect_timeout",
        "host_not_found", "refused", "reset", "closed" or "certificate".
        """
        self._answer(url, _json({"fault": fault}), b"")


def fetch_due(guard: Guard) -> None:
    """Fetches in this thread what the guard would fetch now by itself, and wakes those who wait for it."""
    _counterseal._fetch_due(guard)


def load_policy(path: Path, service: Optional[str] = None) -> Policy:
    """As ``Policy.load``, for a file in which ``keys = { scripted = true }`` is allowed: keys that a test
    hands in by ``answer_keys``. Nothing else accepts such a file.
    """
    return _counterseal._load_policy(path, service)


def answer_keys(guard: Guard, issuer: str, jwks: Union[str, bytes, None]) -> None:
    """Hands a JWK Set to the guard's issuer of that name in the policy, or (``None``) tells that its keys
    cannot be had: the answer that tokens wait for, or else a new set in place of the old one.

    Raises MisuseError with the code of what is wrong with the set, or where nothing waits for a failure.

    >>> import json, pathlib, tempfile
    >>> idp = issuer()
    >>> path = pathlib.Path(tempfile.mkdtemp(), "policy.toml")
    >>> text = idp.policy_text()
    >>> _ = path.write_text(text[: text.index("keys ")] + "keys = { scripted = true }")
    >>> orders = guard(load_policy(path), idp.clock)
    >>> orders.try_verify(idp.token()).error.code
    'keys_unavailable'
    >>> answer_keys(orders, "main", json.dumps(idp.jwks()))
    >>> orders.verify(idp.token(sub="alice")).subject
    'alice'
    """
    _counterseal._answer_keys(guard, issuer, jwks)


def replace(guard: Guard, policy: Policy) -> None:
    """Puts another policy in place of the guard's, at once and whole, as ``reload`` does with a changed file.

    >>> idp = issuer()
    >>> orders = idp.guard()
    >>> replace(orders, idp.policy('required_scopes = ["orders:read"]'))
    >>> orders.try_verify(idp.token()).error.code
    'insufficient_scope'
    """
    guard._replace(policy)


class Issuer(_counterseal.Issuer):
    """Issues tokens that a real guard accepts, and odd ones that it refuses.

    Tokens begin with what an access token (RFC 9068) should have. Claims are given by name and take the
    place of the defaults; ``ABSENT`` leaves one out. ``header`` changes the header in the same way.
    """

    __slots__ = ("_guards", "_pending")

    def __init__(self, *_arguments: object) -> None:
        self._guards: weakref.WeakSet[Guard] = weakref.WeakSet()
        self._pending: weakref.WeakSet[Guard] = weakref.WeakSet()

    def token(self, *, header: Optional[Mapping[str, Any]] = None, **claims: Any) -> str:
        """An access token that is right in everything.

        >>> idp = issuer()
        >>> idp.guard().verify(idp.token(sub="alice", tenant="acme")).claim("tenant")
        'acme'
        """
        return self._made("access_token", None, header, claims)

    def id_token(self, *, header: Optional[Mapping[str, Any]] = None, **claims: Any) -> str:
        """An ID token for the client; a guard of the profile ``id_token`` accepts it.

        >>> idp = issuer()
        >>> idp.guard(profile="id_token").verify(idp.id_token(nonce="n-1")).profile
        'id_token'
        """
        return self._made("id_token", None, header, claims)

    def expired(self, *, header: Optional[Mapping[str, Any]] = None, **claims: Any) -> str:
        """A token that ended an hour ago: ``token_expired``."""
        return self._made("access_token", "expired", header, claims)

    def not_yet_valid(self, *, header: Optional[Mapping[str, Any]] = None, **claims: Any) -> str:
        """A token that begins in an hour: ``token_not_yet_valid``."""
        return self._made("access_token", "not_yet_valid", header, claims)

    def wrong_audience(self, *, header: Optional[Mapping[str, Any]] = None, **claims: Any) -> str:
        """A token for another service: ``aud_mismatch``."""
        return self._made("access_token", "wrong_audience", header, claims)

    def wrong_issuer(self, *, header: Optional[Mapping[str, Any]] = None, **claims: Any) -> str:
        """A token of somebody who is not trusted: ``iss_untrusted``."""
        return self._made("access_token", "wrong_issuer", header, claims)

    def wrong_key(self, *, header: Optional[Mapping[str, Any]] = None, **claims: Any) -> str:
        """A token signed with a key that nobody published: ``signature_invalid``."""
        return self._made("access_token", "wrong_key", header, claims)

    def tampered(self, *, header: Optional[Mapping[str, Any]] = None, **claims: Any) -> str:
        """A token that was changed after it was signed: ``signature_invalid``."""
        return self._made("access_token", "tampered", header, claims)

    def unsigned(self, *, header: Optional[Mapping[str, Any]] = None, **claims: Any) -> str:
        """A token with the algorithm "none": ``alg_not_allowed``."""
        return self._made("access_token", "unsigned", header, claims)

    def sign(self, header: bytes, payload: bytes) -> str:
        """Any payload under any header, signed with the current key."""
        return self._sign(header, payload)

    def policy(self, more: str = "", *, profile: str = "access_token") -> Policy:
        """A policy that accepts the tokens of this issuer, with the keys that it has now.

        ``more`` is TOML: further settings of the issuer first, then other tables.

        >>> idp = issuer()
        >>> policy = idp.policy('required_scopes = ["orders:read"]')
        >>> Guard(policy).try_verify(idp.token()).error.code
        'insufficient_scope'
        """
        return self._policy(profile, more, False)

    def policy_text(self, *, profile: str = "access_token") -> str:
        """The text of that policy, in TOML."""
        return self._policy_text(profile)

    def guard(self, more: str = "", *, profile: str = "access_token") -> Guard:
        """A guard of that policy. It goes by ``clock`` and learns of new keys at once.

        >>> idp = issuer()
        >>> guard, token = idp.guard(), idp.token()
        >>> idp.clock.advance(4000)
        >>> guard.try_verify(token).error.code
        'token_expired'
        """
        guard = Guard(self._policy(profile, more, True))
        self._publish(guard)
        self._guards.add(guard)
        return guard

    def pending_guard(self, more: str = "", *, profile: str = "access_token") -> Guard:
        """A guard whose keys are not there yet: ``publish`` or ``fail`` end the wait."""
        guard = Guard(self._policy(profile, more, True))
        self._pending.add(guard)
        return guard

    def publish(self) -> None:
        """Hands the keys to every guard of this issuer."""
        self._guards.update(self._pending)
        self._pending.clear()
        self._tell_guards()

    def fail(self, guard: Guard) -> None:
        """Tells a guard that waits for keys that they cannot be had: an outage until ``publish``."""
        self._fail(guard)

    def rotate(self) -> str:
        """Signs with a new key from now on and gives its ``kid``. The old one still verifies.

        >>> idp = issuer()
        >>> guard, old = idp.guard(), idp.token()
        >>> idp.rotate()
        'test-2'
        >>> guard.verify(old) == guard.verify(old), guard.verify(idp.token()).subject
        (True, 'test-user')
        """
        kid = self._rotate()
        self._tell_guards()
        return kid

    def retire(self) -> None:
        """Takes all keys but the current one away: what they signed is refused from now on."""
        self._retire()
        self._tell_guards()

    def jwks(self) -> dict[str, Any]:
        """The JWK Set: the current key, and those before it that have not retired."""
        keys: dict[str, Any] = json.loads(self._jwks())
        return keys

    def _tell_guards(self) -> None:
        for guard in list(self._guards):
            self._publish(guard)

    def _made(
        self,
        profile: str,
        oddity: Optional[str],
        header: Optional[Mapping[str, Any]],
        claims: Mapping[str, Any],
    ) -> str:
        removed = [name for name, value in claims.items() if value is ABSENT]
        given = {name: value for name, value in claims.items() if value is not ABSENT}
        return self._issue(profile, _json(given), removed, _json(header or {}), oddity)


def _json(members: Mapping[str, Any]) -> str:
    try:
        return json.dumps(dict(members), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise _counterseal._misuse(str(error)) from None
