"""What ``Guard.explain`` tells: every check of one verification, in order."""

from __future__ import annotations

from typing import Literal, NamedTuple, Optional

from .errors import Code

__all__ = ["Check", "Report"]


class Check(NamedTuple):
    """One check."""

    rule: str
    """The rule that asks for it."""

    name: str
    """What it asks, in a few words."""

    stage: str
    """The step it belongs to."""

    outcome: Literal["passed", "failed"]
    """How it ended."""

    detail: Optional[str]
    """More about it; values of the token only behind a valid signature."""


class Report(NamedTuple):
    """Every check of one verification. It holds no token and no key, and it is no proof."""

    verdict: Literal["verified", "rejected", "pending"]
    """What became of the token: the same as ``verify`` says."""

    code: Optional[Code]
    """The code of a rejection."""

    checks: tuple[Check, ...]
    """The checks up to the first that failed."""

    not_reached: tuple[str, ...]
    """The steps that the verification did not come to."""
