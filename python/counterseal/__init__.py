"""Strict token validation from one policy file, the same in every language.

>>> import counterseal
>>> from counterseal.testing import issuer
>>> idp = issuer()                                    # in production: a policy file
>>> guard = counterseal.Guard(idp.policy())           # once, at start-up
>>> identity = guard.verify(idp.token(sub="alice"))   # or an error with a code
>>> identity.subject
'alice'
"""

from __future__ import annotations

from ._counterseal import Identity, Outcome, Policy
from .errors import (
    CountersealError,
    InternalError,
    MisuseError,
    PolicyError,
    Problem,
    TokenRejectedError,
    UnavailableError,
)
from .guard import Guard
from .report import Check, Report

__version__ = "0.1.0"

__all__ = [
    "Check",
    "CountersealError",
    "Guard",
    "Identity",
    "InternalError",
    "MisuseError",
    "Outcome",
    "Policy",
    "PolicyError",
    "Problem",
    "Report",
    "TokenRejectedError",
    "UnavailableError",
    "__version__",
]
