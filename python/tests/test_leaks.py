"""Memory stays flat, and nothing is left behind."""

from __future__ import annotations

import gc
import os

import pytest

import counterseal
from counterseal import _counterseal
from counterseal.testing import Issuer, issuer

MISSES = int(os.environ.get("COUNTERSEAL_MISSES", "60000"))


def resident() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.once
def test_misses_rejections_and_outages(idp: Issuer) -> None:
    guard = idp.guard("[cache]\nentries = 64")
    pending = idp.pending_guard()
    tokens = [idp.token(jti=f"id-{number}", deep={"list": [number]}) for number in range(512)]
    bad = [idp.expired(), idp.tampered(), "x", "\ud800", None]

    def rounds(count: int) -> None:
        for number in range(count):
            identity = guard.verify(tokens[number % len(tokens)])
            if number % 16 == 0:
                identity.claims, identity.to_dict(), identity == identity, hash(identity)
                pending.try_verify(tokens[0])
                guard.verify_many(tokens[:4] + bad[:3])
                try:
                    guard.verify(bad[number // 16 % len(bad)])
                except counterseal.CountersealError:
                    pass

    rounds(5000)
    before = resident()
    rounds(MISSES)
    grown = resident() - before
    assert grown < 4_000_000, f"{grown} bytes more after {MISSES} misses"


def test_reloads(idp: Issuer, tmp_path) -> None:
    file = tmp_path / "counterseal.toml"
    file.write_text(idp.policy_text())
    guard = counterseal.Guard.load(file)
    token = idp.token()

    def rounds(count: int) -> None:
        for _ in range(count):
            guard.reload()
            guard.verify(token)

    rounds(20)
    before = resident()
    rounds(200)
    assert resident() - before < 4_000_000


def test_nothing_lives_on() -> None:
    gc.collect()
    guards, identities = _counterseal._live_objects()
    idp = issuer()
    made = [idp.guard() for _ in range(10)]
    for guard in made:
        for number in range(100):
            guard.verify(idp.token(jti=f"id-{number}")).claims
    keep = made[0].verify(idp.token())
    assert _counterseal._live_objects() == (guards + 10, identities + 1001)
    made[0].close()
    del made, guard, idp
    gc.collect()
    assert _counterseal._live_objects() == (guards, identities + 1)
    assert keep.subject == "test-user"
    del keep
    assert _counterseal._live_objects() == (guards, identities)


def test_an_identity_costs_less_than_4_kilobytes(idp: Issuer) -> None:
    guard = idp.guard("[cache]\nentries = 8192")
    tokens = [
        idp.token(jti=f"id-{number:08}", scope="orders:read orders:write", roles=["a", "b"], email="a@b.example")
        for number in range(4096)
    ]
    gc.collect()
    before = resident()
    identities = [guard.verify(token) for token in tokens]
    each = (resident() - before) / len(tokens)
    assert len({identity.token_id for identity in identities}) == len(tokens)
    print(f"a cached token with its identity takes {each:.0f} bytes")
    assert each < 4096
