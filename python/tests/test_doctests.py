"""Every example in a docstring and in the README runs."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re

import pytest
from conftest import PROJECT

import counterseal
from counterseal import _counterseal, testing

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
MODULES = ["counterseal", "counterseal.errors", "counterseal.guard", "counterseal.report", "counterseal.testing"]


def documented() -> dict[str, object]:
    """Everything public that can hold examples, by name."""
    found: dict[str, object] = {}
    for module_name in MODULES:
        module = importlib.import_module(module_name)
        found[module_name] = module
        for name in module.__all__:
            member = getattr(module, name)
            found[f"{module_name}.{name}"] = member
            if inspect.isclass(member):
                for base in member.__mro__:
                    if base.__module__.startswith("counterseal"):
                        found.update({f"{member.__name__}.{key}": value for key, value in vars(base).items()})
    return found


def examples() -> list[doctest.DocTest]:
    parser, tests, seen = doctest.DocTestParser(), [], set()
    for name, thing in documented().items():
        text = getattr(thing, "__doc__", None)
        if isinstance(text, str) and ">>>" in text and text not in seen:
            seen.add(text)
            names = {**vars(counterseal), **vars(testing)}
            tests.append(parser.get_doctest(text, names, name, None, None))
    return tests


def test_examples_of_the_native_module_are_found() -> None:
    names = {test.name.split(".")[-1] for test in examples()}
    assert {"verify", "verify_many", "explain", "claims", "claim", "Identity", "Outcome", "Policy"} <= names
    assert len(examples()) > 15


@pytest.mark.parametrize("test", examples(), ids=lambda test: test.name)
def test_an_example(test: doctest.DocTest) -> None:
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    runner.run(test, out=said.append)
    assert runner.failures == 0, "".join(said)


def test_everything_public_is_documented() -> None:
    bare = [
        name
        for name, thing in documented().items()
        if not name.split(".")[-1].startswith("_")
        and (inspect.isroutine(thing) or inspect.isclass(thing) or inspect.isdatadescriptor(thing))
        and not (getattr(thing, "__doc__", None) or "").strip()
    ]
    assert bare == []


def test_the_readme(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (PROJECT / "python/README.md").read_text()
    first, second, third = re.findall(r"```python\n(.*?)```", text, re.S)
    names: dict[str, object] = {}
    exec(second, names)
    exec(third, dict(names))
    idp = names["idp"]
    (tmp_path / "counterseal.toml").write_text(
        idp.policy_text() + '\n[[service.orders.issuer]]\nname = "main"\naudience = "orders"\n'  # type: ignore[attr-defined]
    )
    monkeypatch.chdir(tmp_path)
    exec(first, names)
    handle = names["handle"]
    assert handle("Bearer " + idp.token(aud="orders", roles=["refunds"])) == 200  # type: ignore[attr-defined,operator]
    assert handle(idp.token(aud="orders")) == 403  # type: ignore[attr-defined,operator]
    assert handle("") == 401  # type: ignore[operator]
    assert names["guard"].verify(names["token"] if False else idp.token(aud="orders"))  # type: ignore[attr-defined]
    assert _counterseal.WAITS == 2
