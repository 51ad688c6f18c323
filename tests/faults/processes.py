"""What happens to processes while keys are fetched: processes.py FOLDER GO_PROGRAM.

Forks, exits while a fetch hangs, and a process that is frozen and thawed. `tests/faults/processes` begins the server
whose seat is `processes`, and calls this.
"""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings
from pathlib import Path
from typing import Callable, Optional

from counterseal import Guard, TokenRejectedError

warnings.filterwarnings("ignore", message="This process .* is multi-threaded")

ROOT = Path(__file__).parents[2]
FORKS = 1000
AT_ONCE = 8
# Refreshed all the time: each fetch takes 0.7 s, and the next begins 0.75 s after it.
RESTLESS = 'ttl_min = "1s"\nttl_max = "1s"\ncooldown = "1s"\n'


class Case:
    """A guard's policy, valid tokens, and one that names an unknown key."""

    def __init__(self, folder: Path, name: str, settings: str = "") -> None:
        seat = json.loads((folder / "processes.json").read_text())
        cases = {case["case"]: case for case in seat["cases"]}
        self.token = cases[f"{name}/cold"]["steps"][0]["token"]
        self.spare = cases[f"{name}/cold"]["spare"]
        self.stranger = cases[f"{name}/cold"]["stranger"]
        policy = Path(cases[f"{name}/cold"]["policy"])
        self.policy = policy.with_name(f"{name}.{abs(hash(settings))}.toml")
        self.policy.write_text(policy.read_text() + settings)

    def stranger_of(self, number: int) -> str:
        """A token of another unknown key, whose signature is not looked at."""
        header, rest = self.stranger.split(".", 1)
        members = json.loads(base64.urlsafe_b64decode(header + "=="))
        members["kid"] = f"nobody-{number}"
        return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=") + "." + rest

    def load(self) -> Guard:
        return Guard.load(self.policy)


def fetch(guard: Guard) -> dict:
    return guard.status()["issuers"][0]["fetch"]


def fork(work: Callable[[], object], leaves: Callable[[int], object] = os._exit) -> int:
    child = os.fork()
    if child != 0:
        return child
    try:
        work()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    leaves(0)
    raise AssertionError("unreachable")


def await_children(children: list[int], seconds: float) -> None:
    """All of them end well, in time."""
    end = time.monotonic() + seconds
    for child in children:
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if time.monotonic() > end:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                raise AssertionError(f"a child hung for {seconds} s")
            time.sleep(0.001)


def reap(children: list[int], most: int, seconds: float = 20) -> None:
    """Until so many are left."""
    end = time.monotonic() + seconds
    while len(children) > most:
        for child in list(children):
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                assert status == 0, f"a child ended with {status}"
                children.remove(child)
        if time.monotonic() > end:
            for child in children:
                os.kill(child, signal.SIGKILL)
            raise AssertionError(f"{len(children)} children hang")
        time.sleep(0.0005)


def a_thousand_forks_during_refreshes(folder: Path) -> str:
    case = Case(folder, "good_late", RESTLESS + "[cache]\nentries = 8\n")
    guard = case.load()
    guard.verify(case.token)
    stop = threading.Event()

    def verify() -> None:
        while not stop.is_set():
            guard.verify_many([case.token, *case.spare])
            guard.try_verify(case.stranger)

    def in_child(number: int, refreshes: int) -> Callable[[], None]:
        def work() -> None:
            assert guard.verify(case.token).subject == "test-user"  # the cache is empty after a fork
            assert guard.verify(case.token).subject == "test-user"
            assert guard.verify(case.spare[0]).subject == "test-user"
            unknown = case.stranger_of(number)
            error = guard.try_verify(unknown).error
            assert error is not None and error.code == "keys_unavailable", error
            if number % 20 == 0:
                try:
                    guard.verify(unknown)
                    raise AssertionError("a token of an unknown key")
                except TokenRejectedError as rejected:
                    assert rejected.code == "kid_unknown", rejected.code
                assert fetch(guard)["refreshes"] > refreshes, "it fetched for itself"

        return work

    threads = [threading.Thread(target=verify) for _ in range(2)]
    for thread in threads:
        thread.start()
    begun, under_way, children = time.monotonic(), 0, []
    try:
        for number in range(FORKS):
            counts = fetch(guard)
            under_way += counts["in_flight"]
            # Every twentieth waits for a fetch of its own; every seventh ends as a program does.
            children.append(fork(in_child(number, counts["refreshes"]), sys.exit if number % 7 == 0 else os._exit))
            reap(children, AT_ONCE)
        reap(children, 0)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    took = time.monotonic() - begun
    counts = fetch(guard)
    assert took <= 30, f"{FORKS} forks took {took:.1f} s"
    assert under_way >= FORKS / 10, f"only {under_way} were made during a fetch"
    assert counts["failures"] == 0 and counts["refreshes"] >= took / 3, counts
    return f"{FORKS} forks in {took:.1f} s, {under_way} of them during a fetch; {counts['refreshes']} refreshes beside them"


def workers(case: Case, guard: Optional[Guard]) -> None:
    """Some processes that serve at once, as gunicorn and others begin them."""

    def serve() -> None:
        own = guard or case.load()
        own.ready(10)
        for token in [case.token, *case.spare]:
            assert own.verify(token).subject == "test-user"
        before = fetch(own)["refreshes"]
        end = time.monotonic() + 6
        while fetch(own)["refreshes"] < before + 1:  # it has a thread of its own
            assert time.monotonic() < end, "no refresh in a worker"
            time.sleep(0.05)
            assert own.verify(case.token).subject == "test-user"

    await_children([fork(serve) for _ in range(4)], 20)


def workers_of_a_preloaded_guard(folder: Path) -> str:
    case = Case(folder, "good_late", RESTLESS)
    guard = case.load()
    workers(case, guard)  # nothing was fetched before
    guard.verify(case.token)
    workers(case, guard)  # keys, thread and all
    return "8 workers, half of them with keys of before"


def workers_that_load_for_themselves(folder: Path) -> str:
    workers(Case(folder, "good_late", RESTLESS), None)
    return "4 workers"


def subject(token: str) -> Optional[str]:
    return SHARED.verify(token).subject


SHARED: Guard


def a_pool_of_multiprocessing(folder: Path) -> str:
    global SHARED
    case = Case(folder, "good_late", RESTLESS)
    SHARED = case.load()
    for _ in range(2):  # without keys, and with them
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(subject, case.spare * 10) == ["test-user"] * len(case.spare) * 10
        SHARED.verify(case.token)
    return "2 pools"


PYTHON = """
import sys, threading, asyncio, counterseal
guard = counterseal.Guard.load(sys.argv[1])
print(guard.try_verify(sys.argv[2]).error.code, flush=True)
if sys.argv[3] == "thread":
    threading.Thread(target=guard.verify, args=(sys.argv[2],), daemon=True).start()
if sys.argv[3] == "loop":
    async def begin():
        task = asyncio.ensure_future(guard.verify_async(sys.argv[2]))
        await asyncio.sleep(0.1)
        task.cancel()
    asyncio.run(begin())
"""

WORKER = """
const { Worker } = require("node:worker_threads");
const [module_, policy, token] = process.argv.slice(1);
const code = `
  const { parentPort, workerData: [module_, policy, token] } = require("node:worker_threads");
  import(module_).then(({ Guard }) => {
    const guard = Guard.load(policy);
    guard.verify(token).catch(() => {});
    parentPort.postMessage(guard.tryVerify(token).error.code);
  });
`;
const worker = new Worker(code, { eval: true, workerData: [module_, policy, token] });
worker.on("message", (code) => {
  console.log(code);
  worker.terminate();
});
"""

NODE = """
import(process.argv[1]).then(({ Guard }) => {
  const guard = Guard.load(process.argv[2]);
  console.log(guard.tryVerify(process.argv[3]).error.code);
  if (process.argv[4] === "promise") {
    guard.verify(process.argv[3]).catch(() => {});
    setTimeout(() => process.exit(0), 100);
  }
});
"""


def exits_while_a_fetch_hangs(folder: Path, go: str) -> str:
    case = Case(folder, "silence_beyond_wait")
    policy, token = str(case.policy), case.token
    python, node = [sys.executable, "-c", PYTHON, policy, token], ["node", "-e", NODE, str(ROOT / "node/index.mjs")]
    commands = {
        "Python": [*python, "nothing"],
        "Python, a thread waits": [*python, "thread"],
        "Python, a task was cancelled": [*python, "loop"],
        "Node": [*node, policy, token, "nothing"],
        "Node, a promise is open": [*node, policy, token, "promise"],
        "Node, a worker was terminated": ["node", "-e", WORKER, str(ROOT / "node/index.mjs"), policy, token],
    }
    if go:
        commands["Go"] = [go, "exit", policy, token]
        commands["Go, a goroutine waits"] = [go, "exit", policy, token, "goroutine"]
    took = {}
    for name, command in commands.items():
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        code = process.stdout.readline().strip()
        begun = time.monotonic()
        try:
            status = process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"{name}: it does not end") from None
        took[name] = time.monotonic() - begun
        assert (code, status) == ("keys_unavailable", 0), f"{name}: {code}, {status}"
        assert took[name] < 2, f"{name} took {took[name]:.1f} s to end"
    slowest = max(took, key=lambda name: took[name])
    return f"{len(took)} programs, the slowest ({slowest}) after {took[slowest] * 1000:.0f} ms"


FROZEN = """
import json, sys, threading, time, counterseal
guard = counterseal.Guard.load(sys.argv[1])
tokens, refused, verified = sys.argv[2:], [], 0
guard.verify(tokens[0])
def work():
    global verified
    while True:
        for token in tokens:
            try:
                guard.verify(token)
                verified += 1
            except counterseal.CountersealError as error:
                refused.append(error.code)
        time.sleep(0.002)
threading.Thread(target=work, daemon=True).start()
print("{}", flush=True)
for line in sys.stdin:
    fetch = guard.status()["issuers"][0]["fetch"]
    print(json.dumps({"verified": verified, "refused": refused, **fetch}), flush=True)
"""


def a_frozen_and_thawed_process(folder: Path) -> str:
    # Its keys are too old when it wakes up: it has to wait for new ones, and may refuse nobody.
    case = Case(folder, "good_late", RESTLESS + 'stale = "1s"\n')
    command = [sys.executable, "-c", FROZEN, str(case.policy), case.token, *case.spare]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    process.stdout.readline()

    def ask() -> dict:
        process.stdin.write("\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    try:
        for wants_fetch in (True, False):
            while (before := ask())["in_flight"] != wants_fetch:
                time.sleep(0.01)
            process.send_signal(signal.SIGSTOP)
            time.sleep(4.5)
            process.send_signal(signal.SIGCONT)
            end = time.monotonic() + 10
            while (after := ask())["refreshes"] < before["refreshes"] + 2 or after["verified"] == before["verified"]:
                assert time.monotonic() < end, f"no keys came after the thaw: {after}"
                time.sleep(0.05)
            assert after["refused"] == [], after["refused"]
    finally:
        process.kill()
        process.wait()
    return f"frozen twice, with a fetch under way and without; {after['verified']} tokens verified, none refused"


def main() -> None:
    folder, go = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else ""
    passed, failed = 0, 0
    for test in (
        a_thousand_forks_during_refreshes,
        workers_of_a_preloaded_guard,
        workers_that_load_for_themselves,
        a_pool_of_multiprocessing,
        lambda folder: exits_while_a_fetch_hangs(folder, go),
        a_frozen_and_thawed_process,
    ):
        name = "exits_while_a_fetch_hangs" if test.__name__ == "<lambda>" else test.__name__
        try:
            print(f"{name.replace('_', ' ')}: {test(folder)}", flush=True)
            passed += 1
        except Exception as error:
            traceback.print_exc()
            print(f"FAILED {name.replace('_', ' ')}: {error}", flush=True)
            failed += 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
