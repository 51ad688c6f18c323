"""Verifies while keys are rotated: python.py POLICY. README.md of the folder above says what is asked and answered."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter

from counterseal import CountersealError, Guard

WORKERS = 3


class Load:
    """Threads that verify the live tokens, again and again."""

    def __init__(self, guard: Guard) -> None:
        self.guard = guard
        self.live: list[str] = []
        self.turn = [0] * WORKERS
        self.verified = [0] * WORKERS
        self.refusals: Counter[str] = Counter()
        self.is_over = False
        self.threads = [threading.Thread(target=self.work, args=(number,)) for number in range(WORKERS)]
        for thread in self.threads:
            thread.start()

    def work(self, number: int) -> None:
        while not self.is_over:
            self.turn[number] += 1
            for token in self.live:
                try:
                    self.guard.verify(token)
                    self.verified[number] += 1
                except CountersealError as error:
                    self.refusals[error.code] += 1
            time.sleep(0.001)

    def replace(self, live: list[str]) -> None:
        """Until nobody verifies what was live before."""
        self.live = live
        begun = list(self.turn)
        while any(turn < before + 2 for turn, before in zip(self.turn, begun)):
            time.sleep(0.001)

    def end(self) -> None:
        self.is_over = True
        for thread in self.threads:
            thread.join()


def main() -> None:
    guard = Guard.load(sys.argv[1])
    load = Load(guard)
    gone: list[str] = []
    for line in sys.stdin:
        asked = json.loads(line)
        if "live" in asked:
            load.replace(asked["live"])
            answer: dict = {}
        elif "removed" in asked:
            answer = refuse(guard, asked["removed"])
            gone += asked["removed"]
        else:
            load.end()
            codes, counts = codes_of(guard, gone), fetch(guard)
            answer = {
                "verified": sum(load.verified),
                "refusals": dict(load.refusals),
                "codes": codes,
                **{name: counts[name] for name in ("refreshes", "failures", "attempts")},
            }
        print(json.dumps(answer), flush=True)


def refuse(guard: Guard, tokens: list[str]) -> dict:
    """Until tokens whose key is gone are no longer verified: after how many refreshes, and how long?"""
    begun, before = time.monotonic(), fetch(guard)
    # What was under way when the key left is not a refresh after it.
    least = before["refreshes"] + (1 if before["in_flight"] else 0)
    last = 0
    for token in tokens:
        counted = fetch(guard)["refreshes"]
        while guard.try_verify(token).identity is not None:
            last = max(last, counted - least + 1)  # it was good after so many refreshes
            time.sleep(0.005)
            counted = fetch(guard)["refreshes"]
    return {"refreshes": last, "took_ms": int((time.monotonic() - begun) * 1000)}


def codes_of(guard: Guard, tokens: list[str]) -> list[str]:
    """How they are refused, once a fetch has proved what is unknown."""
    codes = set()
    while tokens:
        outcomes = [(token, guard.try_verify(token)) for token in tokens]
        found = [(token, "verified" if outcome.error is None else outcome.error.code) for token, outcome in outcomes]
        codes.update(code for _, code in found if code != "keys_unavailable")
        tokens = [token for token, code in found if code == "keys_unavailable"]
        time.sleep(0.01)
    return sorted(codes)


def fetch(guard: Guard) -> dict:
    return guard.status()["issuers"][0]["fetch"]


if __name__ == "__main__":
    main()
