"""The stubs are those of the real module, and misuse is a type error."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PROJECT

import counterseal

pytestmark = pytest.mark.once


def mypy(arguments: list[str], folder: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def test_the_stubs_are_those_of_the_module(tmp_path: Path) -> None:
    allowed = str(Path(__file__).with_name("stubtest-allowlist.txt"))
    config = str(PROJECT / "python/pyproject.toml")
    status, said = mypy(["mypy.stubtest", "counterseal", "--allowlist", allowed, "--mypy-config-file", config], tmp_path)
    assert status == 0, said


def test_the_package_is_sound_for_every_version() -> None:
    for version in ["3.10", "3.13"]:
        status, said = mypy(["mypy", "--strict", "--python-version", version, "counterseal"], PROJECT / "python")
        assert status == 0, said


def test_the_package_is_typed() -> None:
    assert (Path(counterseal.__file__).parent / "py.typed").exists()


RIGHT = """
import asyncio, datetime, pathlib
import counterseal
from counterseal import Guard, Identity, Outcome, Policy
from counterseal.errors import CODES
from counterseal.testing import ABSENT, issuer

guard: Guard = Guard.load(pathlib.Path("a"), service="b")
identity: Identity = guard.verify("token")
guard.verify(b"token", now=datetime.datetime.now(datetime.timezone.utc))
subject: str | None = identity.subject
roles: tuple[str, ...] = identity.roles
outcomes: list[Outcome] = guard.verify_many(["a", b"b"], now=1.5)
for outcome in outcomes:
    if outcome.error is not None:
        print(outcome.error.code == "token_expired", outcome.error.status)
async def main() -> str:
    return (await guard.verify_async("a")).issuer
try:
    Policy.from_dict({"version": 1})
except counterseal.PolicyError as error:
    print(error.problems[0].line)
with issuer(audience="a").guard() as made:
    made.explain("x").checks[0].rule
issuer().token(sub=ABSENT, header={"kid": 1})
CODES["token_expired"].status
"""

WRONG = """
guard.verify(None)
guard.verify(5)
guard.verify("a", now="tomorrow")
guard.verify_many(None)
identity.subject = "root"
identity.roles.append("admin")
Identity()
class Root(Identity): pass
Outcome()
if guard.try_verify("a").identity.subject: pass
Policy.from_str("a", "yaml")
Guard("counterseal.toml")
guard.decode("a")
CODES["no_such_code"]
identity.has_role(5)
"""


def test_right_use_has_no_type_error(tmp_path: Path) -> None:
    (tmp_path / "right.py").write_text(RIGHT)
    status, said = mypy(["mypy", "--strict", "right.py"], tmp_path)
    assert status == 0, said


def test_misuse_is_a_type_error(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text(RIGHT + WRONG)
    _, said = mypy(["mypy", "--strict", "wrong.py"], tmp_path)
    first = RIGHT.count("\n") + 2
    expected = {first + offset for offset in range(WRONG.count("\n") - 1)}
    reported = {int(line) for line in re.findall(r"^wrong\.py:(\d+): error", said, re.M)}
    assert reported == expected, said
