"""Tokens of 13 claims and 700 to 850 bytes, with the keys for everybody who verifies them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import pathlib
import platform
from typing import Any, Callable, Optional

import counterseal
from counterseal.testing import Issuer, issuer

SECRET = b"a secret of thirty-two bytes, and some more"
CLAIMS = {
    "scope": "openid profile orders:read orders:write",
    "roles": ["customer", "refunds"],
    "tenant": "acme",
    "email": "alice@example.com",
    "name": "Alice Liddell",
    "auth_time": 1_790_000_000,
}


class Sample:
    """An issuer, its tokens, and its keys as a JWK Set or a secret."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self.is_mac = algorithm == "HS256"
        self.idp: Issuer = issuer(algorithm="ES256" if self.is_mac else algorithm)
        self.jwk: Optional[dict[str, Any]] = None if self.is_mac else self.idp.jwks()["keys"][0]

    def token(self, number: int) -> str:
        """The token of that number."""
        claims = {**CLAIMS, "sub": "5b5f3c0e-8b9d-4f5a-9a57-4d9f6f0f6a11", "jti": f"7d2e7c1a-0f7d-4b0b-{number:012}"}
        if self.algorithm in ("HS256", "ES256", "Ed25519"):
            claims["picture"] = "https://img.example.com/" + "a" * 60
        else:  # RSA signatures are longer
            claims["picture"], claims["email"] = "https://a.example", "a@b.example"
        token = self.idp.token(**claims)
        return self._signed_with_secret(token) if self.is_mac else token

    def of_a_stranger(self) -> str:
        """A token that no key is looked up for."""
        return self.idp.wrong_issuer(**CLAIMS)

    def guard(self, cache: int) -> counterseal.Guard:
        """A guard by the system's clock, with a cache of that size."""
        text = self.idp.policy_text()
        if self.is_mac:
            keys = next(line for line in text.splitlines() if line.startswith("keys"))
            secret = f"keys = {{ secret = {json.dumps('base64:' + base64.b64encode(SECRET).decode())} }}"
            text = text.replace(keys, secret).replace("ES256", self.algorithm)
        text += f"[cache]\nentries = {cache}\n"
        return counterseal.Guard(counterseal.Policy.from_str(text))

    def _signed_with_secret(self, token: str) -> str:
        header = {"alg": self.algorithm, "typ": "at+jwt"}
        signed = _base64url(json.dumps(header, separators=(",", ":")).encode()) + "." + token.split(".")[1]
        return signed + "." + _base64url(hmac.new(SECRET, signed.encode(), hashlib.sha256).digest())


_SAMPLES: dict[str, Sample] = {}


def sample(algorithm: str) -> Sample:
    if algorithm not in _SAMPLES:
        _SAMPLES[algorithm] = Sample(algorithm)
    return _SAMPLES[algorithm]


def fresh(token: str, count: int) -> list[str]:
    """Copies that are objects of their own."""
    return [token.encode().decode() for _ in range(count)]


def in_rust() -> Callable[..., None]:
    """Verifies many times in Rust alone, in the module that Python calls."""
    return sample("ES256").idp._verify_in_rust


def machine() -> dict[str, Any]:
    """What the figures were measured on. No names of hosts, no paths."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        model = "unknown"
    system = f"{platform.system().lower()} {platform.machine()}"
    return {"processor": model, "cores": os.cpu_count(), "system": system}


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
