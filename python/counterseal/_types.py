"""What arguments may be. For type checkers: nothing imports it at run time."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Union

Token = Union[str, bytes]
"""A compact token, bare or behind "Bearer "."""

Time = Union[int, float, datetime]
"""Seconds since 1970, or a datetime that knows its zone."""

Path = Union[str, "os.PathLike[str]"]
"""Where a file is."""
