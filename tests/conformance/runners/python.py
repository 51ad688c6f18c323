"""Runs prepared cases on the objects that every user of the package has: python.py FOLDER.

The form of cases and outcomes is in ../README.md. Nothing is expected here, and no code or claim is asked for.
"""

from __future__ import annotations

import base64
import json
import math
import os
import sys
from pathlib import Path

from counterseal import CountersealError, Policy, PolicyError, TokenRejectedError, UnavailableError, testing

START = 1_800_000_000
IDENTITY = """subject issuer audience scopes roles tenant client_id subject_kind actors token_id issued_at expires_at
    auth_time acr amr profile transaction_id groups_incomplete claims""".split()
REJECTED = "code number rule status www_authenticate enforced".split()
UNAVAILABLE = "code number status retry_after enforced".split()
PROBLEM = "code path pointer line column message hint".split()
REPORT = "verdict code not_reached".split()
ISSUER = "name key_state keys required fetch".split()
CHECK = "rule name stage outcome detail".split()
COUNTERS = {
    "hits": "counterseal_cache_hits_total",
    "misses": "counterseal_cache_misses_total",
    "inserts": "counterseal_cache_inserts_total",
    "evictions": "counterseal_cache_evictions_total",
    "entries": "counterseal_cache_entries",
}


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    with open(folder / "cases.jsonl", encoding="utf-8") as cases:
        with open(folder / "python.jsonl", "w", encoding="utf-8", newline="\n") as out:
            for line in cases:
                case = json.loads(line)
                run = Run(folder)
                outcome = [run.step(step) for step in case["steps"]]
                out.write(canonical({"id": case["id"], "outcome": outcome}) + "\n")


class Run:
    """A case: one clock, and one guard at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = testing.Clock(START)
        self.network = testing.Network()
        self.guard = None

    def step(self, step: dict):
        ((name, value),) = step.items()
        return getattr(self, "step_" + name)(value)

    def step_at(self, seconds):
        self.clock.set(seconds)

    def step_advance(self, seconds):
        self.clock.advance(seconds)

    def step_skip(self, _):
        pass

    def step_load(self, policy):
        self.guard = None

        def build():
            self.guard = testing.guard(self.policy(policy), self.clock, self.network)

        return attempt(build)

    def step_reload(self, policy):
        return attempt(lambda: testing.replace(self.guard, self.policy(policy)))

    def step_network(self, network):
        answer = dict(network["answer"])
        if "fault" in answer:
            self.network.fail(network["url"], answer["fault"])
        else:
            self.network.answer(network["url"], base64.b64decode(network["body"]), **answer)

    def step_fetch(self, _):
        testing.fetch_due(self.guard)
        return self.network.requests()

    def step_ready(self, _):
        try:
            self.guard.ready(0)
        except CountersealError as error:
            return refusal(error)
        return "ok"

    def step_status(self, _):
        status = self.guard.status()
        issuers = [{name: issuer[name] for name in ISSUER} for issuer in status["issuers"]]
        return {"status": {"issuers": issuers, "alarms": status["alarms"]}}

    def step_keys(self, keys):
        jwks = None if keys["jwks"] is None else base64.b64decode(keys["jwks"])
        return attempt(lambda: testing.answer_keys(self.guard, keys["issuer"], jwks))

    def step_verify(self, verify):
        try:
            outcome = self.guard.try_verify(token(verify), verify["now"])
        except CountersealError as error:
            return refusal(error)
        if outcome.identity is not None:
            return {"verified": fields(outcome.identity, IDENTITY)}
        return refusal(outcome.error)

    def step_require(self, asked):
        outcome = self.guard.try_verify(token(asked))
        if outcome.identity is None:
            return refusal(outcome.error)
        try:
            asked = {name: asked[name] for name in ("scopes", "acr", "max_age")}
            outcome.identity.require(**asked, now=self.clock.now())
        except CountersealError as error:
            return refusal(error)
        return "ok"

    def step_explain(self, explain):
        report = self.guard.explain(token(explain))
        checks = [fields(check, CHECK) for check in report.checks]
        return {"report": {**fields(report, REPORT), "checks": checks}}

    def step_counters(self, _):
        lines = [line.split() for line in self.guard.metrics().splitlines()]
        numbers = {line[0]: line[1] for line in lines if len(line) == 2}
        return {name: int(numbers[metric]) for name, metric in COUNTERS.items()}

    def policy(self, policy):
        os.chdir(self.folder / policy["folder"])
        os.environ.update(policy["environment"])
        try:
            load = testing.load_policy if policy["scripted"] else Policy.load
            return load(policy["file"], policy["service"])
        finally:
            for name in policy["environment"]:
                del os.environ[name]


def attempt(action):
    try:
        action()
    except PolicyError as error:
        return {"problems": [fields(problem, PROBLEM) for problem in error.problems]}
    except CountersealError as error:
        return {"error": error.code}
    return "ok"


def refusal(error):
    if isinstance(error, TokenRejectedError):
        return {"rejected": fields(error, REJECTED)}
    if isinstance(error, UnavailableError):
        return {"unavailable": fields(error, UNAVAILABLE)}
    return {"error": error.code}


def token(step):
    """As text where it is some."""
    data = base64.b64decode(step["token"])
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def fields(of, names):
    return {name: getattr(of, name) for name in names}


def canonical(value) -> str:
    """RFC 8785; integers of any size as their digits."""
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    if isinstance(value, float):
        return number(value)
    return json.dumps(value, ensure_ascii=False)


def number(value: float) -> str:
    """A double as ECMAScript writes it."""
    if math.isinf(value):
        return "1e999" if value > 0 else "-1e999"
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    digits, point = shortest(abs(value))
    if 0 < point <= 21:
        whole, fraction = digits[:point].ljust(point, "0"), digits[point:]
        return sign + whole + ("." + fraction if fraction else "")
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    fraction = "." + digits[1:] if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}e{point - 1:+}"


def shortest(value: float) -> tuple[str, int]:
    """The fewest digits that read back as the same double, and where the decimal point stands among them."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    zeros = len(whole + fraction) - len(digits)
    return digits.rstrip("0"), len(whole) - zeros + int(exponent or 0)


if __name__ == "__main__":
    main()
