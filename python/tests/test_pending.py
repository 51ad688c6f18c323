"""Keys that arrive late, never, twice, or after the caller went away."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Callable

import pytest
from conftest import code

import counterseal
from counterseal import _completions
from counterseal.testing import Issuer

SOON = "[fetch]\nwait = \"150ms\""
LONG = "[fetch]\nwait = \"20s\""


def later(seconds: float, call: Callable[[], object]) -> threading.Timer:
    timer = threading.Timer(seconds, call)
    timer.start()
    return timer


def test_late_keys_answer_all_who_wait(idp: Issuer) -> None:
    guard, token = idp.pending_guard(LONG), idp.token(sub="alice")
    answers: list[object] = []
    waiting = [threading.Thread(target=lambda: answers.append(guard.verify(token).subject)) for _ in range(8)]
    for thread in waiting:
        thread.start()
    time.sleep(0.05)
    assert answers == [], "the GIL is let go of: this thread runs meanwhile"
    idp.publish()
    for thread in waiting:
        thread.join(5)
    assert answers == ["alice"] * 8


def test_keys_that_never_come_are_an_outage_after_the_wait(idp: Issuer) -> None:
    guard, began = idp.pending_guard(SOON), time.monotonic()
    with pytest.raises(counterseal.UnavailableError) as caught:
        guard.verify(idp.token())
    assert (caught.value.code, caught.value.status) == ("keys_unavailable", 503)
    assert 0.14 < time.monotonic() - began < 2


def test_a_batch_waits_once(idp: Issuer) -> None:
    guard, began = idp.pending_guard(SOON), time.monotonic()
    outcomes = guard.verify_many([idp.token() for _ in range(5)] + ["x"])
    assert [outcome.error.code for outcome in outcomes] == ["keys_unavailable"] * 5 + ["token_malformed"]
    assert time.monotonic() - began < 1
    guard = idp.pending_guard(LONG)
    timer = later(0.05, idp.publish)
    assert all(outcome.identity for outcome in guard.verify_many([idp.token(), idp.token()]))
    timer.join()


def test_ready_waits_for_every_issuer(idp: Issuer, run: Callable[[str], str]) -> None:
    idp.guard().ready(0)
    counterseal.Guard(idp.policy()).ready()
    guard = idp.pending_guard()
    began = time.monotonic()
    assert code(lambda: guard.ready(0.1)) == "keys_unavailable"
    assert time.monotonic() - began < 5
    timer = later(0.05, idp.publish)
    guard.ready(10)
    timer.join()
    assert guard.try_verify(idp.token()).identity is not None
    failed = idp.pending_guard()
    idp.fail(failed)
    assert code(lambda: failed.ready(10)) == "keys_unavailable"
    for timeout in ["1", None, float("nan")]:
        with pytest.raises((TypeError, counterseal.CountersealError)):
            idp.pending_guard().ready(timeout)  # type: ignore[arg-type]

    async def on_a_loop() -> None:
        pending = idp.pending_guard()
        with pytest.raises(counterseal.UnavailableError, match="event loop"):
            pending.ready(10)
        waiting = asyncio.ensure_future(asyncio.to_thread(pending.ready))
        await asyncio.sleep(0.05)
        idp.publish()
        await waiting

    asyncio.run(on_a_loop())


def test_try_verify_never_waits(idp: Issuer) -> None:
    guard, began = idp.pending_guard(LONG), time.monotonic()
    outcome = guard.try_verify(idp.token())
    assert outcome.error is not None and outcome.error.code == "keys_unavailable"
    assert time.monotonic() - began < 1


def test_a_failed_fetch_is_an_outage_at_once_and_later_keys_mend_it(idp: Issuer) -> None:
    guard, token = idp.pending_guard(LONG), idp.token()
    timer = later(0.05, lambda: idp.fail(guard))
    began = time.monotonic()
    assert code(lambda: guard.verify(token)) == "keys_unavailable"
    assert time.monotonic() - began < 5
    timer.join()
    idp.publish()
    assert guard.verify(token).subject == "test-user"
    assert code(lambda: idp.fail(guard)) == "misuse_closed"


def test_a_token_of_a_stranger_never_waits(idp: Issuer) -> None:
    guard, began = idp.pending_guard(LONG), time.monotonic()
    assert code(lambda: guard.verify(idp.wrong_issuer())) == "iss_untrusted"
    assert time.monotonic() - began < 1


def test_an_event_loop_is_not_stopped_by_verify(idp: Issuer) -> None:
    async def main() -> None:
        guard, ready = idp.pending_guard(LONG), idp.guard()
        assert ready.verify(idp.token()).subject == "test-user", "nothing to wait for"
        began = time.monotonic()
        for call in [lambda: guard.verify(idp.token()), lambda: guard.verify_many([idp.token()])[0]]:
            try:
                outcome = call()
            except counterseal.UnavailableError as error:
                assert "verify_async" in str(error) and "ready" in str(error)
            else:
                assert outcome.error.code == "keys_unavailable"
        assert time.monotonic() - began < 1
        # In another thread there is no loop, and waiting is right.
        waiting = asyncio.ensure_future(asyncio.to_thread(guard.verify, idp.token(sub="bob")))
        await asyncio.sleep(0.05)
        idp.publish()
        assert (await waiting).subject == "bob"

    asyncio.run(main())


def test_async_waits_on_the_loop(idp: Issuer) -> None:
    async def main() -> None:
        guard, token = idp.pending_guard(LONG), idp.token(sub="alice")
        waiting = [asyncio.ensure_future(guard.verify_async(token)) for _ in range(200)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in waiting)
        idp.publish()
        identities = await asyncio.gather(*waiting)
        assert {identity.subject for identity in identities} == {"alice"}
        assert (await guard.verify_async(token)) is guard.verify(token)
        with pytest.raises(counterseal.TokenRejectedError):
            await guard.verify_async(idp.expired())
        assert (await guard.verify_async(token, now=idp.clock.now())).subject == "alice"

    asyncio.run(main())


def test_async_keys_that_never_come_or_fail(idp: Issuer) -> None:
    async def main() -> None:
        guard, began = idp.pending_guard(SOON), time.monotonic()
        waiting = [asyncio.ensure_future(guard.verify_async(idp.token())) for _ in range(3)]
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(outcome, counterseal.UnavailableError)
        assert 0.14 < time.monotonic() - began < 2
        guard = idp.pending_guard(LONG)
        task = asyncio.ensure_future(guard.verify_async(idp.token()))
        await asyncio.sleep(0.02)
        idp.fail(guard)
        with pytest.raises(counterseal.UnavailableError):
            await task

    asyncio.run(main())


def test_cancelling_is_safe_at_any_time(idp: Issuer) -> None:
    async def main() -> None:
        guard, token = idp.pending_guard(LONG), idp.token()
        queue = _completions._queue()
        for delay in [0, 0, 0.001, 0.01]:
            task = asyncio.ensure_future(guard.verify_async(token))
            await asyncio.sleep(delay)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert queue._waiting == {}
        keep = asyncio.ensure_future(guard.verify_async(token))
        gone = asyncio.ensure_future(guard.verify_async(token))
        await asyncio.sleep(0.01)
        idp.publish()
        gone.cancel()  # its ticket may be in the queue already
        assert (await keep).subject == "test-user"
        with pytest.raises(asyncio.CancelledError):
            await gone
        await asyncio.sleep(0.02)
        assert queue._waiting == {}

    asyncio.run(main())


def test_loops_and_guards_that_end_while_somebody_waits(idp: Issuer) -> None:
    guard = idp.pending_guard(LONG)

    async def abandoned() -> None:
        asyncio.ensure_future(guard.verify_async(idp.token()))
        await asyncio.sleep(0.01)

    asyncio.run(abandoned())  # cancels what is left
    loop = asyncio.new_event_loop()
    task = loop.create_task(guard.verify_async(idp.token()))
    loop.run_until_complete(asyncio.sleep(0.01))
    task.cancel()
    loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
    loop.close()
    idp.publish()
    assert guard.verify(idp.token())

    async def closed() -> None:
        guard = idp.pending_guard(LONG)
        task = asyncio.ensure_future(guard.verify_async(idp.token()))
        await asyncio.sleep(0.01)
        guard.close()
        with pytest.raises(counterseal.MisuseError):
            await asyncio.wait_for(task, 5)

    asyncio.run(closed())


def test_no_thread_before_the_first_wait_and_one_after(run: Callable[[str], str]) -> None:
    print_threads = """
import asyncio, os, threading
from counterseal.testing import issuer
def threads():
    return len(os.listdir("/proc/self/task")), threading.active_count()
idp = issuer()
guard, pending = idp.guard(), idp.pending_guard('[fetch]\\nwait = "5s"')
guard.verify(idp.token())
asyncio.run(guard.verify_async(idp.token()))
print(threads())
async def main():
    waiting = [asyncio.ensure_future(pending.verify_async(idp.token())) for _ in range(50)]
    await asyncio.sleep(0.05)
    print(threads())
    idp.publish()
    await asyncio.gather(*waiting)
asyncio.run(main())
print(threads())
"""
    assert run(print_threads) == "(1, 1)\n(2, 2)\n(2, 2)\n"


def test_the_interpreter_ends_while_somebody_waits(run: Callable[[str], str]) -> None:
    begin = """
import asyncio, threading, time
from counterseal.testing import issuer
idp = issuer()
guard = idp.pending_guard('[fetch]\\nwait = "60s"')
token = idp.token()
"""
    began = time.monotonic()
    run(begin + "threading.Thread(target=guard.verify, args=(token,), daemon=True).start()\ntime.sleep(0.1)")
    run(
        begin
        + """
async def main():
    asyncio.ensure_future(guard.verify_async(token))
    await asyncio.sleep(0.1)
asyncio.run(main())
"""
    )
    run(begin + "import sys\ncompletions = __import__('counterseal')._counterseal.Completions()\n"
        "threading.Thread(target=completions.next, daemon=True).start()\ntime.sleep(0.1)")
    assert time.monotonic() - began < 20


def test_ctrl_c_ends_a_wait(run: Callable[[str], str]) -> None:
    interrupted = """
import os, signal, threading, time
from counterseal.testing import issuer
idp = issuer()
guard = idp.pending_guard('[fetch]\\nwait = "60s"')
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins with it ignored
threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
began = time.monotonic()
try:
    CALL
except KeyboardInterrupt:
    print("interrupted", time.monotonic() - began < 5)
"""
    assert run(interrupted.replace("CALL", "guard.verify(idp.token())")) == "interrupted True\n"
    assert run(interrupted.replace("CALL", "guard.verify_many([idp.token()])")) == "interrupted True\n"


def test_a_signal_handler_that_returns_lets_the_wait_go_on(run: Callable[[str], str]) -> None:
    program = """
import os, signal, threading
from counterseal.testing import issuer
idp = issuer()
guard = idp.pending_guard('[fetch]\\nwait = "60s"')
signal.signal(signal.SIGUSR1, lambda *_: idp.publish())
threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
print(guard.verify(idp.token(sub="alice")).subject)
"""
    assert run(program) == "alice\n"


@pytest.mark.once
def test_greenlets_run_while_one_of_them_waits(run: Callable[[str], str]) -> None:
    program = """
import gevent.monkey
gevent.monkey.patch_all()
import gevent
from counterseal.testing import issuer
idp = issuer()
guard = idp.pending_guard('[fetch]\\nwait = "20s"')
seen = []
def wait():
    seen.append(guard.verify(idp.token(sub="alice")).subject)
def tick():
    for _ in range(5):
        gevent.sleep(0.01)
        seen.append("tick")
    idp.publish()
gevent.joinall([gevent.spawn(wait), gevent.spawn(wait), gevent.spawn(tick)], raise_error=True)
print(seen)
"""
    assert run(program) == f"{['tick'] * 5 + ['alice'] * 2}\n"


def test_an_exception_of_the_caller_is_not_taken_for_an_outcome(
    idp: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    guard = idp.pending_guard(LONG)
    monkeypatch.setattr(_completions, "settle", interrupted)
    with pytest.raises(KeyboardInterrupt):
        guard.verify_many([idp.token()])
