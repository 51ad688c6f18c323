"""What Python can hand over and JSON cannot say. The ids are shared with the other languages' suites."""

from __future__ import annotations

import datetime
import decimal
import fractions
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT

import counterseal
from counterseal import Policy
from counterseal.testing import Issuer, issuer


class Text(str):
    """A str that lies about itself to Python code."""

    def encode(self, *_: object) -> bytes:  # type: ignore[override]
        raise RuntimeError("never called")

    def __str__(self) -> str:
        raise RuntimeError("never called")

    __eq__ = None  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]
    __len__ = None  # type: ignore[assignment]


class Bytes(bytes):
    def __len__(self) -> int:
        raise RuntimeError("never called")

    def __bytes__(self) -> bytes:
        raise RuntimeError("never called")


IDP = issuer()
GUARD = IDP.guard()
TOKEN = IDP.token(sub="alice")

ACCEPTED = {
    "string": TOKEN,
    "bytes": TOKEN.encode(),
    "bearer": "Bearer " + TOKEN,
    "bearer_bytes": b"Bearer " + TOKEN.encode(),
    "string_subclass": Text(TOKEN),
    "bytes_subclass": Bytes(TOKEN.encode()),
}

REJECTED = {
    "empty": ("", "token_malformed"),
    "empty_bytes": (b"", "token_malformed"),
    "bearer_alone": ("Bearer ", "token_malformed"),
    "bearer_twice": ("Bearer Bearer " + TOKEN, "token_malformed"),
    "space_behind": (TOKEN + " ", "token_malformed"),
    "line_break_behind": (TOKEN + "\n", "token_malformed"),
    "nul_behind": (TOKEN + "\0", "base64_alphabet"),
    "nul_inside": (TOKEN[:9] + "\0" + TOKEN[9:], "base64_alphabet"),
    "nul_in_front": ("\0" + TOKEN, "base64_alphabet"),
    "surrogate_behind": (TOKEN + "\ud800", "base64_alphabet"),
    "surrogate_alone": ("\udcff", "token_malformed"),
    "surrogate_pair_in_halves": (TOKEN + "\ud83d\ude00", "base64_alphabet"),
    "latin_1": (TOKEN + "é", "base64_alphabet"),
    "wide": (TOKEN + "ш", "base64_alphabet"),
    "wide_look_alike": (TOKEN.replace("e", "е"), "base64_alphabet"),
    "wide_that_truncates": ("".join(chr(0x100 + ord(letter)) for letter in TOKEN), "token_malformed"),
    "emoji": (TOKEN + "😀", "base64_alphabet"),
    "byte_order_mark": ("\ufeff" + TOKEN, "base64_alphabet"),
    "not_utf_8": (TOKEN.encode() + b"\xff", "base64_alphabet"),
    "utf_16": (TOKEN.encode("utf-16"), "base64_alphabet"),
    "huge": ("a" * 50_000_000, "token_too_large"),
    "huge_wide": ("ш" * 5_000_000, "token_too_large"),
    "huge_bytes": (b"a" * 50_000_000, "token_too_large"),
    "huge_of_dots": ("." * 1_000_000, "token_too_large"),
    "one_byte_too_many": ("a" * 16385, "token_too_large"),
    "as_large_as_may_be": ("a" * 16384, "token_malformed"),
}

MISUSED: dict[str, Any] = {
    "null": None,
    "number": 5,
    "float": 1.5,
    "boolean": True,
    "list": [TOKEN],
    "dict": {"token": TOKEN},
    "bytearray": bytearray(TOKEN.encode()),
    "memoryview": memoryview(TOKEN.encode()),
    "object": object(),
    "type": str,
    "path": Path(TOKEN[:50]),
    "identity": GUARD.verify(TOKEN),
    "outcome": GUARD.try_verify(TOKEN),
}


def test_every_shared_input_is_here() -> None:
    """The list is for all languages; what Python alone can hand over comes on top."""
    shared = json.loads((PROJECT / "tests/surface/host_input.json").read_text())
    for group, here in [("accepted", ACCEPTED), ("rejected", REJECTED), ("misused", MISUSED), ("times", TIMES)]:
        assert set(shared[group]) - set(here) == set(), group
    for name, entry in shared["rejected"].items():
        assert REJECTED[name][1] == entry["code"], name
    codes = {entry["code"] for group in ("misused", "times") for entry in shared[group].values()}
    assert codes == {"misuse_argument", "misuse_time"}


def ways(guard: counterseal.Guard, token: Any) -> list[Any]:
    return [
        lambda: guard.verify(token),
        lambda: guard.try_verify(token),
        lambda: guard.verify_many([token]),
        lambda: guard.explain(token),
        lambda: guard.verify(token, now=IDP.clock.now()),
    ]


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name: str) -> None:
    token = ACCEPTED[name]
    assert GUARD.verify(token).subject == "alice"
    assert GUARD.try_verify(token).identity is GUARD.verify(TOKEN)
    assert GUARD.verify_many([token])[0].identity is GUARD.verify(TOKEN)
    assert GUARD.explain(token).verdict == "verified"


@pytest.mark.parametrize("name", REJECTED)
def test_rejected(name: str) -> None:
    token, code = REJECTED[name]
    with pytest.raises(counterseal.TokenRejectedError) as caught:
        GUARD.verify(token)
    assert caught.value.code == code
    for outcome in [GUARD.try_verify(token), GUARD.verify_many([token])[0]]:
        assert outcome.error is not None and outcome.error.code == code
    assert GUARD.explain(token).code == code


@pytest.mark.parametrize("name", MISUSED)
def test_misused(name: str) -> None:
    for call in ways(GUARD, MISUSED[name]):
        with pytest.raises(counterseal.MisuseError) as caught:
            call()
        assert caught.value.code == "misuse_argument"
        assert "alice" not in str(caught.value) and TOKEN not in str(caught.value)


TIMES: dict[str, Any] = {
    "milliseconds": 1_800_000_000_000,
    "negative_milliseconds": -1_800_000_000_000,
    "float_milliseconds": 1.8e12,
    "just_beyond": 100_000_000_001,
    "enormous": 10**400,
    "nan": float("nan"),
    "infinity": float("inf"),
    "negative_infinity": float("-inf"),
    "boolean": True,
    "string": "1800000000",
    "bytes": b"1800000000",
    "decimal": decimal.Decimal(1_800_000_000),
    "fraction": fractions.Fraction(1_800_000_000),
    "naive_datetime": datetime.datetime(2027, 1, 15),
    "date": datetime.date(2027, 1, 15),
    "time": datetime.time(12),
    "timedelta": datetime.timedelta(1),
    "list": [1_800_000_000],
    "object": object(),
}


@pytest.mark.parametrize("name", TIMES)
def test_times(name: str) -> None:
    for call in [
        lambda: GUARD.verify(TOKEN, now=TIMES[name]),
        lambda: GUARD.verify(TOKEN, TIMES[name]),
        lambda: GUARD.try_verify(TOKEN, now=TIMES[name]),
        lambda: GUARD.verify_many([TOKEN], now=TIMES[name]),
        lambda: GUARD.explain(TOKEN, now=TIMES[name]),
        lambda: IDP.clock.set(TIMES[name]),
    ]:
        with pytest.raises(counterseal.MisuseError) as caught:
            call()
        assert caught.value.code == "misuse_time"


def test_a_zone_that_raises() -> None:
    class Broken(datetime.tzinfo):
        def utcoffset(self, _: object) -> datetime.timedelta:
            raise LookupError("of the caller")

    with pytest.raises(LookupError):
        GUARD.verify(TOKEN, now=datetime.datetime(2027, 1, 15, tzinfo=Broken()))


@pytest.mark.parametrize("tokens", [None, 5, "text", b"bytes", TOKEN, object()])
def test_what_is_no_batch(tokens: Any) -> None:
    with pytest.raises(counterseal.MisuseError):
        GUARD.verify_many(tokens)


def test_a_batch_that_raises_or_changes() -> None:
    def broken() -> Any:
        yield TOKEN
        raise LookupError("of the caller")

    with pytest.raises(LookupError):
        GUARD.verify_many(broken())
    with pytest.raises(counterseal.MisuseError):
        GUARD.verify_many([TOKEN, None])  # type: ignore[list-item]
    assert [outcome.identity.subject for outcome in GUARD.verify_many((TOKEN,) * 3)] == ["alice"] * 3


@pytest.mark.parametrize("policy", [None, 5, "version = 1", {}, IDP, GUARD, Policy])
def test_what_is_no_policy(policy: Any) -> None:
    with pytest.raises(counterseal.MisuseError):
        counterseal.Guard(policy)


def test_policies_of_the_wrong_kind(tmp_path: Path) -> None:
    text = IDP.policy_text()
    for call in [
        lambda: Policy.from_str(None),  # type: ignore[arg-type]
        lambda: Policy.from_str(b"version = 1"),  # type: ignore[arg-type]
        lambda: Policy.from_str("\ud800"),
        lambda: Policy.from_str(text, "yaml"),  # type: ignore[arg-type]
        lambda: Policy.from_str(text, 5),  # type: ignore[arg-type]
        lambda: Policy.from_str(text, service=5),  # type: ignore[arg-type]
        lambda: Policy.from_str(text, base_dir=5),  # type: ignore[arg-type]
        lambda: Policy.from_dict(None),  # type: ignore[arg-type]
        lambda: Policy.from_dict([]),  # type: ignore[arg-type]
        lambda: Policy.from_dict({"version": object()}),
        lambda: Policy.from_dict({"version": float("nan")}),
        lambda: Policy.from_dict({"version": b"1"}),
        lambda: Policy.from_dict({(1, 2): 1}),  # type: ignore[dict-item]
        lambda: Policy.load(None),  # type: ignore[arg-type]
        lambda: Policy.load(5),  # type: ignore[arg-type]
        lambda: Policy.load(tmp_path, service=b"orders"),  # type: ignore[arg-type]
        lambda: counterseal.Guard.load(None),  # type: ignore[arg-type]
    ]:
        with pytest.raises(counterseal.MisuseError) as caught:
            call()
        assert caught.value.code == "misuse_argument"
    recursive: dict[str, Any] = {}
    recursive["self"] = recursive
    with pytest.raises(counterseal.MisuseError):
        Policy.from_dict(recursive)
    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}
    with pytest.raises(counterseal.CountersealError):
        Policy.from_dict(deep)
    for text in ["", "\0", "[" * 100_000, "a = " * 1000, "x" * 3_000_000, "version = 1\ud7ff"]:
        with pytest.raises(counterseal.PolicyError):
            Policy.from_str(text)
    for plain in [{}, {"version": 1}, {"version": 10**400}, {1: 2}, {None: 1}, {"\ud800": 1}, {"a": "\ud800"}]:
        with pytest.raises(counterseal.PolicyError):
            Policy.from_dict(plain)  # type: ignore[arg-type]


def test_arguments_that_are_missing_or_unknown() -> None:
    for call in [
        lambda: GUARD.verify(),  # type: ignore[call-arg]
        lambda: GUARD.verify(TOKEN, None, None),  # type: ignore[call-arg]
        lambda: GUARD.verify(TOKEN, later=1),  # type: ignore[call-arg]
        lambda: counterseal.Guard(),  # type: ignore[call-arg]
        lambda: counterseal.Outcome(),  # type: ignore[call-arg]
        lambda: Policy(),  # type: ignore[call-arg]
        lambda: counterseal.Guard.verify(TOKEN),  # type: ignore[call-arg,arg-type]
        lambda: counterseal.Guard.verify(object(), TOKEN),  # type: ignore[arg-type]
    ]:
        with pytest.raises(TypeError):
            call()
    assert GUARD.verify(token=TOKEN, now=None).subject == "alice"


def test_a_guard_that_was_never_made() -> None:
    class Mine(counterseal.Guard):
        def __new__(cls) -> Mine:
            return object.__new__(cls)

    with pytest.raises(TypeError):
        Mine()


def test_every_input_from_many_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    small = {name: token for name, (token, _) in REJECTED.items() if len(token) < 20_000}

    def all_inputs(_: int) -> None:
        for token in [*ACCEPTED.values(), *small.values(), *MISUSED.values()]:
            try:
                assert GUARD.verify(token).subject == "alice"
            except counterseal.CountersealError as error:
                assert error.code in {"misuse_argument", *(code for _, code in REJECTED.values())}

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(all_inputs, range(200)))


def test_an_issuer_for_tests_is_strict_too(idp: Issuer) -> None:
    for call in [
        lambda: issuer(5),  # type: ignore[arg-type]
        lambda: idp.sign("text", b"{}"),  # type: ignore[arg-type]
        lambda: idp.policy(profile="nobody"),
        lambda: idp.fail(idp.guard()),
        lambda: idp.fail(GUARD.__class__(idp.policy())),
        lambda: idp.clock.advance(1e300),
        lambda: idp.clock.advance(float("nan")),
    ]:
        with pytest.raises((counterseal.MisuseError, TypeError)):
            call()
    with pytest.raises(counterseal.PolicyError):
        idp.guard("nonsense")
