"""Waiting for keys, in the way that suits the caller: a thread, an event loop, a greenlet.

Deciding never waits. Where keys are on their way, the guard answers with a flight; the caller waits until
it is over and asks again, at most ``WAITS`` times and ``fetch.wait`` in all. Then it is an outage.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Optional

from ._counterseal import WAITS, Completions, Flight

if TYPE_CHECKING:
    import asyncio

    from ._counterseal import Guard, Identity
    from ._types import Time, Token
    from .errors import UnavailableError


def deadline(guard: Guard) -> float:
    """When a wait that begins now is over."""
    return time.monotonic() + guard._wait_seconds


def settle(
    guard: Guard,
    token: Token,
    now: Optional[Time],
    flight: Flight,
    until: Optional[float] = None,
) -> Identity:
    """Waits in this thread and decides again."""
    if until is None:
        until = deadline(guard)
    for _ in range(WAITS):
        if not _wait(guard, flight, until):
            break
        answer = guard._answer(token, now)
        if not isinstance(answer, Flight):
            return answer
        flight = answer
    raise guard._keys_unavailable(flight)


async def settle_async(guard: Guard, token: Token, now: Optional[Time], flight: Flight) -> Identity:
    """The same on the event loop."""
    until = deadline(guard)
    for _ in range(WAITS):
        if not await _queue().landed(guard, flight, until):
            break
        answer = guard._answer(token, now)
        if not isinstance(answer, Flight):
            return answer
        flight = answer
    raise guard._keys_unavailable(flight)


def ready(guard: Guard, timeout: float) -> None:
    """Waits until the keys of every issuer are there."""
    until = time.monotonic() + timeout
    while (flight := guard._readiness()) is not None:
        if not _wait(guard, flight, until):
            raise guard._keys_unavailable(flight)


def _wait(guard: Guard, flight: Flight, until: float) -> bool:
    """Waits in this thread; False when the time is over."""
    if _runs_event_loop():
        raise _in_event_loop(guard, flight)
    return (_wait_in_greenlet if _runs_greenlets() else _wait_in_thread)(guard, flight, until)


def _runs_event_loop() -> bool:
    asyncio_events = sys.modules.get("asyncio.events")  # never imported: no loop runs
    return asyncio_events is not None and asyncio_events._get_running_loop() is not None


def _in_event_loop(guard: Guard, flight: Flight) -> UnavailableError:
    error = guard._keys_unavailable(flight)
    hint = (
        "this thread runs an event loop, which waiting would stop: await guard.verify_async(…), "
        "or call guard.ready(…) before the loop begins"
    )
    error.args = (f"{error}; {hint}",)
    return error


def _wait_in_thread(guard: Guard, flight: Flight, until: float) -> bool:
    return guard._wait(flight, until - time.monotonic())


def _runs_greenlets() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and monkey.is_module_patched("time")


def _wait_in_greenlet(guard: Guard, flight: Flight, until: float) -> bool:
    """Lets other greenlets of this thread run: one of them may bring the keys."""
    while not guard._wait(flight, 0.0):
        if time.monotonic() >= until:
            return False
        time.sleep(0.005)  # patched: the hub goes on
    return True


class _Queue:
    """Takes tickets out of the runtime's queue, in a thread of its own that begins with the first wait."""

    def __init__(self) -> None:
        self._completions = Completions()
        self._lock = threading.Lock()
        self._waiting: dict[int, asyncio.Future[bool]] = {}
        self._next_ticket = 1
        self._thread: Optional[threading.Thread] = None

    async def landed(self, guard: Guard, flight: Flight, until: float) -> bool:
        """True once the flight is over, False when the time is."""
        import asyncio

        loop = asyncio.get_running_loop()
        landed: asyncio.Future[bool] = loop.create_future()
        ticket = self._enter(landed)
        timer = loop.call_later(max(0.0, until - time.monotonic()), _resolve, landed, False)
        try:
            guard._watch(flight, ticket, self._completions)
            return await landed
        finally:
            timer.cancel()
            guard._unwatch(ticket, self._completions)
            with self._lock:
                self._waiting.pop(ticket, None)

    def close(self) -> None:
        """Ends the thread, before the interpreter does."""
        self._completions.close()
        if self._thread is not None:
            self._thread.join(1.0)

    def _enter(self, landed: asyncio.Future[bool]) -> int:
        with self._lock:
            ticket = self._next_ticket
            self._next_ticket += 1
            self._waiting[ticket] = landed
            if self._thread is None:
                self._thread = threading.Thread(target=self._drain, name="counterseal", daemon=True)
                self._thread.start()
            return ticket

    def _drain(self) -> None:
        while tickets := self._completions.next():
            for ticket in tickets:
                with self._lock:
                    landed = self._waiting.pop(ticket, None)
                if landed is not None:
                    try:
                        landed.get_loop().call_soon_threadsafe(_resolve, landed, True)
                    except RuntimeError:
                        pass  # that loop is closed: nobody waits there


def _resolve(landed: asyncio.Future[bool], outcome: bool) -> None:
    if not landed.done():
        landed.set_result(outcome)


_shared: Optional[_Queue] = None
_shared_lock = threading.Lock()


def _queue() -> _Queue:
    global _shared
    with _shared_lock:
        if _shared is None:
            import atexit

            _shared = _Queue()
            atexit.register(_shared.close)
        return _shared


def _after_fork() -> None:
    """The thread of the parent is not here: a child that waits begins its own."""
    global _shared, _shared_lock
    _shared = None
    _shared_lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
