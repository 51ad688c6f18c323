"""Fixtures: an issuer with real keys, and its guard."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

import counterseal
from counterseal.testing import Issuer, issuer

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def idp() -> Issuer:
    return issuer()


@pytest.fixture
def guard(idp: Issuer) -> counterseal.Guard:
    return idp.guard()


@pytest.fixture
def run() -> Callable[[str], str]:
    """Runs a program in an interpreter of its own and gives what it prints."""

    def run(program: str, expect: int = 0, timeout: float = 60) -> str:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=timeout
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What is skipped is said in one line each."""
    for report in terminalreporter.stats.get("skipped", []):
        terminalreporter.write_line(f"left out: {report.nodeid}: {report.longrepr[2]}")


def code(call: Callable[[], object]) -> str:
    """The code of the error that a call raises."""
    with pytest.raises(counterseal.CountersealError) as caught:
        call()
    return caught.value.code
