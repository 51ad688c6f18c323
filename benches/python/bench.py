"""Budgets of the Python package, and its peers on the same tokens in the same run.

Everything is measured in rounds: each round runs each candidate for a short while, so that a slow moment of
the machine hits all of them. A figure is the median of its rounds, a ratio the median of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import json
import os
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
NOISE = 1.15
"""Comparisons with peers allow for this much."""
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
    """The results, with pass or fail for each budget; its rows are those that `benches/table.mjs` describes."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.budgets = json.loads(BUDGETS.read_text())
        self.unused = set(self.budgets)

    def add(self, section: str, what: str, value: float, unit: str, note: str = "") -> None:
        """A value in ns, or in times."""
        limit = self._budget(f"{section}: {what}")
        self._row({"section": section, "what": what, "measured": value, "unit": unit, "note": note}, limit)

    def beside(self, section: str, what: str, ratio: float, peer: str, took: float, own: float) -> None:
        """How many times as long a peer took, and what both took in ns."""
        target = self._budget(f"{section}: {what}: {peer}").get("least")
        limit = {"least": target / NOISE} if target else {}
        note = f"{target:g} × less 15 % for noise" if target else ""
        row = {"section": section, "what": what, "measured": ratio, "unit": "times", "note": note}
        self._row({**row, "peer": {"name": peer, "took": took, "own": own}}, limit)

    def _budget(self, name: str) -> dict[str, float]:
        self.unused.discard(name)
        found: dict[str, float] = self.budgets.get(name, {})
        return found

    def _row(self, row: dict[str, Any], limit: dict[str, float]) -> None:
        measured, most, least = row["measured"], limit.get("most"), limit.get("least")
        kind, budget, passes = None, None, None
        if most is not None:
            kind, budget, passes = "at_most", most, measured <= most
        elif least is not None:
            kind, budget, passes = "at_least", least, measured >= least
        self.rows.append({**row, "budget": budget, "budget_kind": kind, "passes": passes})
        name = f"{row['section']}: {row['what']}" + (f", {row['peer']['name']}" if "peer" in row else "")
        bound = "" if budget is None else f"{'≤' if kind == 'at_most' else '≥'} {budget:g}"
        verdict = {None: "", True: "pass", False: "FAIL"}[passes]
        print(f"{name:58} {measured:10.4g} {row['unit']:5} {bound:>10} {verdict:5} {row['note']}", flush=True)


CACHE = "From the cache"


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
        ("hot", "hit on one token"),
        ("bytes", "hit on one token, as bytes"),
        ("256", "hit, 256 live tokens"),
        ("try", "hit on one token, try_verify"),
        ("claims", "hit on one token, all claims read"),
    ]:
        table.add(CACHE, what, difference(measured[name], measured["nothing"]) * 1e9, "ns", "without the loop")
    table.add(CACHE, "verify_many, for each", median(measured["many"]) * 1e9, "ns", "batches of 64")
    peer, hot = measured["pyjwt"], measured["hot"]
    table.beside(CACHE, "hit on one token, RS256", ratio(peer, hot), "PyJWT", median(peer) * 1e9, median(hot) * 1e9)


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
        took = {name: median(values) * 1e9 for name, values in measured.items()}
        over = {name: difference(measured[name], measured["rust"]) * 1e9 for name in ("verify", "claims")}
        table.add(algorithm, "verify, in Rust", took["rust"], "ns", f"{len(tokens[0])} bytes")
        table.add(algorithm, "verify", took["verify"], "ns")
        table.add(algorithm, "verify, all claims read", took["claims"], "ns")
        table.add(algorithm, "verify_many, for each", took["many"], "ns")
        table.add(algorithm, "verify over Rust", over["verify"], "ns")
        table.add(algorithm, "verify, all claims read, over Rust", over["claims"], "ns")
        for name in peers.PEERS:
            times = ratio(measured[name], measured["claims"])
            table.beside(algorithm, "all claims read", times, name, took[name], took["claims"])


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
        over = difference(measured["raised"], measured["returned"]) * 1e9
        table.add("Rejections", f"{what}, returned", median(measured["returned"]) * 1e9, "ns")
        table.add("Rejections", f"{what}, raised over returned", over, "ns")


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
    table.add("Two threads over one", "uncached RS256", median(ratios), "times", "needs two idle cores")


def importing(table: Table) -> None:
    """In interpreters of their own; what `typing` takes is not ours, and most programs have it already."""
    program = "import time, typing, threading; b = time.perf_counter(); import counterseal; print(time.perf_counter() - b)"
    times = [
        float(subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout)
        for _ in range(9)
    ]
    table.add("Start and size", "import counterseal", median(times) * 1e9, "ns")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("ROUNDS", "15")))
    parser.add_argument("--seconds", type=float, default=0.02, help="for each candidate in each round")
    parser.add_argument("--write", type=pathlib.Path, help="folder for python.json")
    options = parser.parse_args()
    sys.setswitchinterval(0.005)
    table = Table()
    cached(table, options)
    uncached(table, options)
    rejected(table, options)
    two_threads(table, options)
    importing(table)
    if options.write:
        runtime = f"CPython {platform.python_version()}"
        results = {"language": "Python", "machine": {**samples.machine(), "runtime": runtime}, "results": table.rows}
        (options.write / "python.json").write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    failed = [f"{row['section']}: {row['what']}" for row in table.rows if row["passes"] is False]
    print(f"\n{len(failed)} of {len(table.budgets)} budgets are not kept" + "".join(f"\n  {name}" for name in failed))
    if table.unused:
        print(f"budgets that nothing measures: {sorted(table.unused)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
