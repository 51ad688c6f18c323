"""Budgets of the Python package, and its peers on the same tokens in the same run.

Everything is measured in rounds: each round runs each candidate for a short while, so that a slow moment of
the machine hits all of them. A figure is the median of its rounds, a ratio the median of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import platform
import statistics
import subprocess
import sys
import threading
import time
from typing import Any, Callable, Iterable

import peers
import samples

import counterseal

clock = time.thread_time
"""What this thread was given: what others take of the machine does not count."""

BUDGETS = pathlib.Path(__file__).parent / "budgets.json"
Candidate = Callable[[int], float]
"""Runs so many times and gives the seconds that one run took."""


def calls(call: Callable[[Any], object], arguments: Iterable[Any]) -> Candidate:
    """A candidate that calls with one argument after the other: fresh strings, so that nothing is reused."""
    arguments = list(arguments)

    def run(count: int) -> float:
        batch = [arguments[number % len(arguments)] for number in range(count)]
        began = clock()
        for argument in batch:
            call(argument)
        return (clock() - began) / count

    return run


def timed(call: Callable[[], object]) -> float:
    """The seconds of one call."""
    began = clock()
    call()
    return clock() - began


def interleaved(candidates: dict[str, Candidate], rounds: int, seconds: float) -> dict[str, list[float]]:
    """The seconds of each round, by candidate."""
    counts = {}
    for name, candidate in candidates.items():
        candidate(3)
        counts[name] = max(3, int(seconds / max(candidate(20), 1e-9)))
    measured: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(rounds):
        for name, candidate in candidates.items():
            measured[name].append(candidate(counts[name]))
    return measured


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def difference(more: list[float], less: list[float]) -> float:
    return median(a - b for a, b in zip(more, less))


def ratio(slow: list[float], fast: list[float]) -> float:
    return median(a / b for a, b in zip(slow, fast))


class Table:
    """The results, with pass or fail for each budget."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.budgets = json.loads(BUDGETS.read_text())

    def add(self, name: str, value: float, unit: str, note: str = "") -> None:
        budget = self.budgets.get(name)
        verdict = ""
        if budget:
            slack = budget.get("slack", 1.0)
            kept = value <= budget["most"] if "most" in budget else value * slack >= budget["least"]
            verdict = "pass" if kept else "FAIL"
        limit = "" if not budget else (f"≤ {budget['most']:g}" if "most" in budget else f"≥ {budget['least']:g}")
        self.rows.append({"what": name, "value": value, "unit": unit, "budget": limit, "verdict": verdict, "note": note})
        print(f"{name:58} {value:10.3g} {unit:8} {limit:>8} {verdict:5} {note}", flush=True)

    def markdown(self, machine: str) -> str:
        lines = [
            "<!-- Written by `make bench-python`. -->",
            "",
            "# Python",
            "",
            machine,
            "",
            "| what | measured | budget | |",
            "|---|---|---|---|",
        ]
        for row in self.rows:
            note = f" ({row['note']})" if row["note"] else ""
            lines.append(
                f"| {row['what']}{note} | {row['value']:.3g} {row['unit']} | {row['budget']} | {row['verdict']} |"
            )
        return "\n".join(lines) + "\n"


def cached(table: Table, options: argparse.Namespace) -> None:
    """Tokens that were seen before."""
    sample = samples.sample("RS256")
    guard = sample.guard(cache=4096)
    many = [sample.token(number) for number in range(256)]
    for token in many:
        guard.verify(token)
    hot = samples.fresh(sample.token(0), 64)
    nothing = calls(lambda _: None, [None])
    candidates = {
        "hot": calls(guard.verify, hot),
        "bytes": calls(guard.verify, [token.encode() for token in hot]),
        "256": calls(guard.verify, many),
        "try": calls(guard.try_verify, hot),
        "claims": calls(lambda token: guard.verify(token).claims, hot),
        "many": lambda count: batch(guard, hot, count),
        "pyjwt": calls(peers.PEERS["PyJWT"](sample), hot),
        "nothing": nothing,
    }
    measured = interleaved(candidates, options.rounds, options.seconds)
    for name, what in [
        ("hot", "cached hit"),
        ("bytes", "cached hit, bytes"),
        ("256", "cached hit, 256 live tokens"),
        ("try", "cached hit, try_verify"),
        ("claims", "cached hit, with all claims read"),
    ]:
        table.add(what, difference(measured[name], measured["nothing"]) * 1e9, "ns", "without the loop")
    table.add("cached hit, verify_many, for each", median(measured["many"]) * 1e9, "ns", "batches of 64")
    table.add("cached hit against PyJWT RS256", ratio(measured["pyjwt"], measured["hot"]), "×")


def uncached(table: Table, options: argparse.Namespace) -> None:
    """Every token is new, beside Rust and the peers."""
    for algorithm in ["HS256", "RS256", "ES256", "Ed25519"]:
        sample = samples.sample(algorithm)
        guard = sample.guard(cache=0)
        tokens = samples.fresh(sample.token(0), 256)
        rust = samples.in_rust()
        candidates: dict[str, Candidate] = {
            "rust": lambda count, g=guard, t=tokens[0]: timed(lambda: rust(g, t, None, count)) / count,
            "verify": calls(guard.verify, tokens),
            "claims": calls(lambda token, g=guard: g.verify(token).claims, tokens),
            "many": lambda count, g=guard, t=tokens: batch(g, t, count),
        }
        for name, peer in peers.PEERS.items():
            candidates[name] = calls(peer(sample), tokens)
        measured = interleaved(candidates, options.rounds, options.seconds)
        micro = {name: median(values) * 1e6 for name, values in measured.items()}
        table.add(f"{algorithm} in Rust", micro["rust"], "µs", f"{len(tokens[0])} bytes")
        table.add(f"{algorithm} uncached over Rust", difference(measured["verify"], measured["rust"]) * 1e6, "µs")
        table.add(
            f"{algorithm} uncached, all claims read, over Rust",
            difference(measured["claims"], measured["rust"]) * 1e6,
            "µs",
        )
        table.add(f"{algorithm} verify", micro["verify"], "µs")
        table.add(f"{algorithm} verify, all claims read", micro["claims"], "µs")
        table.add(f"{algorithm} verify_many, for each", micro["many"], "µs")
        for name in peers.PEERS:
            table.add(f"{algorithm} {name}", micro[name], "µs")
            table.add(f"{algorithm} against {name}", ratio(measured[name], measured["claims"]), "×", "all claims read")


def batch(guard: counterseal.Guard, tokens: list[str], count: int) -> float:
    rounds = max(1, count // len(tokens))
    return timed(lambda: [guard.verify_many(tokens) for _ in range(rounds)]) / (rounds * len(tokens))


def rejected(table: Table, options: argparse.Namespace) -> None:
    """Tokens that are refused: raised and returned."""
    sample = samples.sample("ES256")
    guard = sample.guard(cache=4096)
    for what, token in [("malformed", "x.y"), ("of an unknown issuer", sample.of_a_stranger())]:

        def raising(token: str) -> None:
            try:
                guard.verify(token)
            except counterseal.TokenRejectedError:
                pass

        measured = interleaved(
            {"raised": calls(raising, [token]), "returned": calls(guard.try_verify, [token])},
            options.rounds,
            options.seconds,
        )
        table.add(f"rejection, {what}, returned", median(measured["returned"]) * 1e9, "ns")
        table.add(
            f"rejection, {what}, raised over returned",
            difference(measured["raised"], measured["returned"]) * 1e6,
            "µs",
        )


def two_threads(table: Table, options: argparse.Namespace) -> None:
    """The GIL is let go of on a miss."""
    sample = samples.sample("RS256")
    guard = sample.guard(cache=0)
    tokens = samples.fresh(sample.token(0), 256)

    def work(seconds: float) -> int:
        done, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            for token in tokens[:32]:
                guard.verify(token)
            done += 32
        return done

    ratios = []
    for _ in range(options.rounds):
        one, both = work(options.seconds * 4), [0, 0]
        threads = [
            threading.Thread(target=lambda place: both.__setitem__(place, work(options.seconds * 4)), args=(place,))
            for place in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ratios.append(sum(both) / one)
    table.add("two threads over one, uncached RS256", median(ratios), "×", "needs two idle cores")


def importing(table: Table) -> None:
    """In interpreters of their own; what `typing` takes is not ours, and most programs have it already."""
    program = "import time, typing, threading; b = time.perf_counter(); import counterseal; print(time.perf_counter() - b)"
    times = [
        float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
        for _ in range(9)
    ]
    table.add("import counterseal", median(times) * 1e3, "ms")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.02, help="for each candidate in each round")
    parser.add_argument("--write", type=pathlib.Path, help="folder for python.md and python.json")
    options = parser.parse_args()
    sys.setswitchinterval(0.005)
    table = Table()
    cached(table, options)
    uncached(table, options)
    rejected(table, options)
    two_threads(table, options)
    importing(table)
    if options.write:
        machine = f"CPython {platform.python_version()} on {samples.machine()}, {time.strftime('%Y-%m-%d')}."
        (options.write / "python.md").write_text(table.markdown(machine))
        (options.write / "python.json").write_text(json.dumps(table.rows, indent=1, ensure_ascii=False) + "\n")
    failed = [row["what"] for row in table.rows if row["verdict"] == "FAIL"]
    print(f"\n{len(failed)} of {len(table.budgets)} budgets are not kept" + "".join(f"\n  {name}" for name in failed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
