"""Runs the cases of FOLDER/python.json and FOLDER/python-async.json on the package: python.py FOLDER.

The form of cases and outcomes is in ../README.md. Nothing is expected here.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from counterseal import CountersealError, Guard


def main() -> None:
    folder = Path(sys.argv[1])
    seat = json.loads((folder / "python.json").read_text())
    with ThreadPoolExecutor(seat["at_once"]) as threads:
        outcomes = list(threads.map(in_thread, seat["cases"]))
    measured = [in_rounds(seat["heavy"], rounds) for rounds in seat["rounds"]]
    memory = {"before_kb": measured[0], "after_kb": measured[1], "peak_kb": memory_of_process("VmHWM")}
    write(folder / "python.jsonl", [*outcomes, {"memory": memory}])

    seat = json.loads((folder / "python-async.json").read_text())
    write(folder / "python-async.jsonl", asyncio.run(on_loop(seat["cases"], seat["at_once"])))


def in_thread(case: dict) -> dict:
    guard = Guard.load(case["policy"])
    steps = []
    for step in case["steps"]:
        begun = time.monotonic()
        try:
            if step["way"] == "try":
                error = guard.try_verify(step["token"]).error
            else:
                guard.verify(step["token"])
                error = None
        except CountersealError as raised:
            error = raised
        steps.append(verdict(error, begun))
    return outcome(case, guard, steps)


async def on_loop(cases: list, at_once: int) -> list:
    free = asyncio.Semaphore(at_once)

    async def run(case: dict) -> dict:
        async with free:
            return await case_on_loop(case)

    return await asyncio.gather(*map(run, cases))


async def case_on_loop(case: dict) -> dict:
    guard = Guard.load(case["policy"])
    steps = []
    for step in case["steps"]:
        begun = time.monotonic()
        try:
            if step["way"] == "try":
                error = guard.try_verify(step["token"]).error
            else:
                await guard.verify_async(step["token"])
                error = None
        except CountersealError as raised:
            error = raised
        steps.append(verdict(error, begun))
    return outcome(case, guard, steps)


def verdict(error: CountersealError | None, begun: float) -> dict:
    took = int((time.monotonic() - begun) * 1000)
    if error is None:
        return {"code": None, "status": None, "took_ms": took}
    return {"code": error.code, "status": error.status, "took_ms": took}


def outcome(case: dict, guard: Guard, steps: list) -> dict:
    (issuer,) = guard.status()["issuers"]
    fetch = issuer["fetch"]
    return {
        "case": case["case"],
        "steps": steps,
        "state": issuer["key_state"],
        "last_error": fetch["last_error"],
        "moved": fetch["moved"],
    }


def in_rounds(cases: list, rounds: int) -> int:
    for _ in range(rounds):
        for case in cases:
            in_thread(case)
    return memory_of_process("VmRSS")


def memory_of_process(name: str) -> int:
    """A number of /proc/self/status in KiB; 0 where there is none."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))


def write(path: Path, lines: list) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    main()
