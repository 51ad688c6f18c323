"""One guard, many threads."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Callable

import pytest

import counterseal
from counterseal.testing import Issuer


def hammer(work: Callable[[int], object], threads: int = 8, seconds: float = 1.5) -> None:
    """Runs the work in many threads for a while; the first failure is raised."""
    end = time.monotonic() + seconds

    def loop(thread: int) -> None:
        while time.monotonic() < end:
            work(thread)

    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(loop, thread) for thread in range(threads)]:
            future.result()


@pytest.fixture(autouse=True)
def switch_often(monkeypatch: pytest.MonkeyPatch):
    import sys

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.parametrize("entries", [0, 1, 2, 7, 64])
def test_cac_10_nobody_gets_another_tokens_identity(idp: Issuer, entries: int) -> None:
    guard = idp.guard(f"[cache]\nentries = {entries}")
    tokens = [(f"id-{number}", idp.token(jti=f"id-{number}", sub=f"s-{number}")) for number in range(50)]
    checked = [0] * 8

    def work(thread: int) -> None:
        for offset in range(len(tokens)):
            token_id, token = tokens[(offset * (thread + 1)) % len(tokens)]
            for identity in [
                guard.verify(token),
                guard.try_verify(token.encode()).identity,
                guard.verify_many([token])[0].identity,
            ]:
                assert identity is not None
                assert identity.token_id == token_id
                assert identity.subject == "s" + token_id[2:]
            checked[thread] += 1

    hammer(work)
    assert all(count > 50 for count in checked)


def test_reload_and_close_while_others_verify(idp: Issuer, tmp_path) -> None:
    file = tmp_path / "counterseal.toml"
    file.write_text(idp.policy_text())
    guard = counterseal.Guard.load(file)
    token = idp.token()

    def work(thread: int) -> None:
        if thread == 0:
            guard.reload()
        else:
            assert guard.verify(token).token_id == "test-token-1"

    hammer(work, seconds=1)

    closing = threading.Timer(0.3, guard.close)
    closing.start()

    def until_closed(_: int) -> None:
        try:
            assert guard.verify(token).token_id == "test-token-1"
        except counterseal.MisuseError as error:
            assert error.code == "misuse_closed"

    hammer(until_closed, seconds=0.6)
    closing.join()


def test_keys_that_rotate_while_others_verify(idp: Issuer) -> None:
    guard = idp.guard()

    def work(thread: int) -> None:
        if thread == 0:
            idp.rotate()
            idp.retire()
            time.sleep(0.01)
        else:
            outcome = guard.try_verify(idp.token(sub=f"s-{thread}"))
            if outcome.identity is None:
                assert outcome.error is not None and outcome.error.code == "kid_unknown"
            else:
                assert outcome.identity.subject == f"s-{thread}"

    hammer(work, seconds=1)


def test_a_batch_lets_other_threads_run(idp: Issuer) -> None:
    guard = idp.guard("[cache]\nentries = 0")
    tokens = [idp.token()] * 4000
    ticks = 0
    done = threading.Event()

    def batch() -> None:
        guard.verify_many(tokens)
        done.set()

    thread = threading.Thread(target=batch)
    thread.start()
    while not done.is_set():
        ticks += 1
        time.sleep(0.001)
    thread.join()
    assert ticks > 20


def test_fields_and_claims_from_many_threads(idp: Issuer) -> None:
    identity = idp.guard().verify(idp.token(deep={"list": [1, 2, 3]}))

    def work(_: int) -> None:
        claims = identity.claims
        claims["deep"]["list"].append(4)
        assert identity.claim("/deep/list") == [1, 2, 3]
        assert identity.to_dict()["claims"]["deep"]["list"] == [1, 2, 3]
        hash(identity)

    hammer(work, seconds=0.5)


@pytest.mark.parametrize("begin", ["try_verify", "ready"])
def test_other_threads_run_while_the_caller_fetches(idp: Issuer, begin: str) -> None:
    """With ``mode = "inline"`` the fetch is made in the call; nobody else waits for it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        keys = f"http://127.0.0.1:{silent.getsockname()[1]}/jwks"
        policy = counterseal.Policy.from_dict(
            {
                "version": 1,
                "issuer": [
                    {
                        "issuer": idp.issuer,
                        "profile": "access_token",
                        "audience": idp.audience,
                        "algorithms": ["ES256"],
                        "keys": {"jwks_uri": keys},
                    }
                ],
                "fetch": {"mode": "inline", "timeout": "1s"},
            }
        )
        guard = counterseal.Guard(policy)

        def work() -> None:
            if begin == "ready":
                with pytest.raises(counterseal.UnavailableError):
                    guard.ready(0.1)
            else:
                assert guard.try_verify(idp.token()).error is not None

        fetching = threading.Thread(target=work)
        fetching.start()
        turns = 0
        while fetching.is_alive():
            turns += 1
            time.sleep(0.02)
        assert turns > 10, "the fetch held the interpreter up"
