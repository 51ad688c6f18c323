"""The guard: build it once, share it between threads."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Optional

from . import _completions, _counterseal

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from ._counterseal import Identity
    from ._types import Path, Time, Token

__all__ = ["Guard"]


class Guard(_counterseal.Guard):
    """Verifies tokens by a policy. Build it once, at start-up, and share it.

    It may be used from any thread, and after ``fork``. A token seen before costs some hundred
    nanoseconds and gives the same Identity object; any other costs its signature.

    >>> from counterseal.testing import issuer
    >>> idp = issuer()
    >>> with Guard(idp.policy()) as guard:
    ...     guard.verify(idp.token(sub="alice")).subject
    'alice'
    """

    __slots__ = ()

    @classmethod
    def load(cls, path: Path, service: Optional[str] = None) -> Self:
        """Loads a policy file and builds its guard; see ``Policy.load``.

        Raises PolicyError with every mistake in the file.
        """
        return cls(_counterseal.Policy.load(path, service))

    async def verify_async(self, token: Token, now: Optional[Time] = None) -> Identity:
        """As ``verify``, but waits for keys on the event loop of asyncio.

        A token whose keys are there is answered at once: awaiting costs nothing then. Cancelling it is
        safe at any time.

        >>> import asyncio
        >>> from counterseal.testing import issuer
        >>> idp = issuer()
        >>> asyncio.run(idp.guard().verify_async(idp.token(sub="alice"))).subject
        'alice'
        """
        answer = self._answer(token, now)
        if isinstance(answer, _counterseal.Flight):
            return await _completions.settle_async(self, token, now, answer)
        return answer

    def ready(self, timeout: float = 10.0) -> None:
        """Waits until the keys of every issuer are there, at start-up or for a readiness probe.

        Raises UnavailableError where they cannot be had within so many seconds. On a running event loop,
        ``await asyncio.to_thread(guard.ready)``.

        >>> from counterseal.testing import issuer
        >>> issuer().guard().ready(timeout=1)
        """
        _completions.ready(self, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_counterseal._after_fork)
