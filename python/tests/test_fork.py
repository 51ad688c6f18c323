"""After `fork` a child has guards that work, whatever other threads of its parent held (DRV-02)."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from typing import Callable

import pytest

import counterseal
from counterseal.testing import Issuer

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

FORKS = int(os.environ.get("COUNTERSEAL_FORKS", "80"))


def in_child(work: Callable[[], object], seconds: float = 60) -> bool:
    """Does the work succeed in a child, in time?"""
    child = os.fork()
    if child == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status == 0
        time.sleep(0.001)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return False


def test_a_guard_loaded_before_works_in_children(idp: Issuer, guard: counterseal.Guard) -> None:
    token = idp.token(sub="alice")
    before = guard.verify(token)

    def work() -> None:
        assert guard.verify(token) == before
        assert guard.verify(token) is guard.verify(token)
        assert guard.verify(idp.token(sub="bob")).subject == "bob"
        assert guard.try_verify(idp.expired()).error is not None
        assert before.claims["sub"] == "alice"
        assert in_child(lambda: guard.verify(token)), "a child of the child"

    assert in_child(work)
    assert guard.verify(token) is before, "nothing changed in the parent"


def test_children_of_a_process_whose_threads_verify(idp: Issuer) -> None:
    """Misses run without the GIL, so some children are made while a thread holds a lock of the cache."""
    guard = idp.guard("[cache]\nentries = 8")  # one shard: its lock is held often
    tokens = [idp.token(jti=f"id-{number}") for number in range(32)]
    stop = threading.Event()

    def verify() -> None:
        while not stop.is_set():
            guard.verify_many(tokens)

    threads = [threading.Thread(target=verify) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(FORKS):
            token = tokens[number % len(tokens)]
            expected = f"id-{number % len(tokens)}"
            assert in_child(lambda: [guard.verify(token) for _ in range(3)][2].token_id == expected or 1 / 0)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_keys_that_a_parent_waits_for(idp: Issuer) -> None:
    guard = idp.pending_guard('[fetch]\nwait = "20s"')
    token = idp.token(sub="alice")
    waiting = threading.Thread(target=guard.verify, args=(token,))
    waiting.start()
    time.sleep(0.05)

    def work() -> None:
        threading.Timer(0.05, idp.publish).start()
        assert guard.verify(token).subject == "alice"

    assert in_child(work)
    idp.publish()
    waiting.join(5)
    assert not waiting.is_alive()


def test_a_child_waits_on_its_own_event_loop(idp: Issuer) -> None:
    import asyncio

    guard = idp.pending_guard('[fetch]\nwait = "20s"')

    async def wait() -> str | None:
        task = asyncio.ensure_future(guard.verify_async(idp.token(sub="alice")))
        await asyncio.sleep(0.02)
        idp.publish()
        return (await task).subject

    other = idp.pending_guard('[fetch]\nwait = "20ms"')

    async def begin() -> None:
        with pytest.raises(counterseal.UnavailableError):
            await other.verify_async(idp.token())

    asyncio.run(begin())  # the parent has its thread

    def work() -> None:
        assert asyncio.run(wait()) == "alice"

    assert in_child(work)
    assert asyncio.run(wait()) == "alice"


def _subject(guard_and_token: tuple[str, str]) -> str | None:
    return _SHARED.verify(guard_and_token[1]).subject


_SHARED: counterseal.Guard


def test_a_pool_of_processes(idp: Issuer) -> None:
    global _SHARED
    _SHARED = idp.guard()
    tokens = [("", idp.token(sub=f"s-{number}")) for number in range(40)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(_subject, tokens) == [f"s-{number}" for number in range(40)]
