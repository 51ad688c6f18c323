"""Measures in Python; README.md of this folder says what is asked and answered."""

import json
import statistics
import sys
import time
from time import perf_counter_ns

SECONDS = 1
SAMPLES = 1_000_000


def cold(policy: str) -> None:
    token = sys.stdin.readline().strip()
    began = perf_counter_ns()
    import counterseal

    imported = perf_counter_ns()
    guard = counterseal.Guard.load(policy)
    guard.verify(token)
    first = perf_counter_ns() - imported
    later = statistics.median(timed(guard, token) for _ in range(50))
    print(json.dumps({"import_ns": imported - began, "first_ns": first, "later_ns": later}), flush=True)


def latencies(policies: "list[str]") -> None:
    import counterseal

    token = sys.stdin.readline().strip()
    guards = [counterseal.Guard.load(policy) for policy in policies]
    for guard in guards:
        guard.verify(token)
    for line in sys.stdin:
        print(json.dumps([measure(guard, token, line.strip()) for guard in guards]), flush=True)


def measure(guard, token: str, phase: str) -> dict:
    before = wait(guard, phase)
    verify, samples = guard.verify, []
    end = perf_counter_ns() + SECONDS * 1_000_000_000
    while len(samples) < SAMPLES:
        began = perf_counter_ns()
        verify(token)
        ended = perf_counter_ns()
        samples.append(ended - began)
        if ended > end:
            break
    held = holds(guard, phase, before)
    samples.sort()
    at = [samples[int(len(samples) * part)] for part in (0.5, 0.99, 0.999)]
    return {"count": len(samples), "ns": at, "held": held}


def wait(guard, phase: str) -> dict:
    begun = fetch(guard)
    while True:
        now = fetch(guard)
        if phase == "quiet" and now["refreshes"] > begun["refreshes"] and not now["in_flight"]:
            return now
        if phase == "refresh" and now["in_flight"]:
            return now
        if phase == "down" and now["state"] == "stale" and now["failures"] > 0:
            return now
        time.sleep(0.005)


def holds(guard, phase: str, before: dict) -> bool:
    now = fetch(guard)
    if phase == "quiet":
        return now["attempts"] == before["attempts"]
    if phase == "refresh":
        return now["in_flight"] and now["attempts"] == before["attempts"]
    return now["state"] == "stale"


def fetch(guard) -> dict:
    issuer = guard.status()["issuers"][0]
    return {**issuer["fetch"], "state": issuer["key_state"]}


def timed(guard, token: str) -> int:
    began = perf_counter_ns()
    guard.verify(token)
    return perf_counter_ns() - began


if sys.argv[1] == "cold":
    cold(sys.argv[2])
else:
    latencies(sys.argv[2:])
