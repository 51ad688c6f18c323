"""What the package exports is what the list of all languages says: no more and no less."""

from __future__ import annotations

import inspect
import json
import operator

import pytest
from conftest import PROJECT

import counterseal
from counterseal import testing

pytestmark = pytest.mark.once

LIST = json.loads((PROJECT / "tests/surface/python.json").read_text())
INHERITED = set(dir(Exception)) | set(dir(tuple)) | set(dir(object))


def exported() -> set[str]:
    names = set()
    for prefix, module in (("", counterseal), ("testing.", testing)):
        for name in module.__all__:
            member = getattr(module, name)
            names.add(prefix + name)
            if inspect.isclass(member):
                fields = set(dir(member)) | set(vars(member).get("__annotations__", {}))
                names |= {
                    f"{prefix}{name}.{field}" for field in fields - INHERITED if not field.startswith("_")
                }
    return names


def test_the_list_says_what_is_exported() -> None:
    listed = {name for name in LIST.values() if isinstance(name, str)}
    # A class without a constructor of its own stands there by its members.
    whole = {name.rpartition(".")[0] for name in listed} - {"", "testing"}
    assert listed - exported() == set()
    assert exported() - listed - whole == set()


def test_what_can_be_called_says_what_it_does() -> None:
    for name in LIST.values():
        owner, _, member = name.rpartition(".")
        found = getattr(operator.attrgetter(owner)(counterseal) if owner else counterseal, member, None)
        if inspect.isroutine(found) or inspect.isclass(found):
            assert inspect.getdoc(found), name
