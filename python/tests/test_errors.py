"""The classes of errors and the table of codes."""

from __future__ import annotations

import copy
import pickle
import re
import typing
from pathlib import Path

import pytest
from conftest import PROJECT

import counterseal
from counterseal import errors
from counterseal.testing import Issuer


def test_the_classes() -> None:
    for name in ["TokenRejectedError", "UnavailableError", "PolicyError", "MisuseError", "InternalError"]:
        error = getattr(counterseal, name)
        assert issubclass(error, counterseal.CountersealError) and issubclass(error, Exception)
        assert error is getattr(errors, name) and name in counterseal.__all__


def test_codes_are_those_of_the_documented_table() -> None:
    documented = (PROJECT / "docs/errors.md").read_text()
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (\S+) \| (\S+) \| (.*) \|$", documented, re.M)
    assert len(rows) == len(errors.CODES) > 80
    for number, code, status, oauth, message in rows:
        entry = errors.CODES[code]  # type: ignore[index]
        assert entry.number == int(number)
        assert entry.status == (None if status == "–" else int(status))
        assert entry.oauth_error == (None if oauth == "–" else oauth.strip("`"))
        assert entry.message == message
    assert set(typing.get_args(errors.Code)) == set(errors.CODES)


def test_an_error_agrees_with_the_table(idp: Issuer, guard: counterseal.Guard) -> None:
    for token in [idp.expired(), idp.tampered(), "x", ""]:
        error = guard.try_verify(token).error
        entry = errors.CODES[error.code]
        assert (error.number, error.status) == (entry.number, entry.status)
        assert entry.message in str(error) and f'error="{entry.oauth_error}"' in error.www_authenticate


def test_errors_travel_between_processes(idp: Issuer, guard: counterseal.Guard, tmp_path: Path) -> None:
    outage = idp.pending_guard().try_verify(idp.token()).error
    with pytest.raises(counterseal.PolicyError) as policy:
        counterseal.Policy.load(tmp_path)
    with pytest.raises(counterseal.MisuseError) as misuse:
        guard.verify(None)  # type: ignore[arg-type]
    for error in [guard.try_verify("x").error, outage, policy.value, misuse.value]:
        for again in [pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)]:
            assert type(again) is type(error)
            assert (str(again), vars(again)) == (str(error), vars(error))


def test_an_outage_is_503(idp: Issuer) -> None:
    error = idp.pending_guard().try_verify(idp.token()).error
    assert isinstance(error, counterseal.UnavailableError)
    assert (error.code, error.status, error.number) == ("keys_unavailable", 503, 4001)
    assert error.retry_after > 0 and len(error.reference) == 13
    assert not hasattr(error, "www_authenticate")


def test_references_differ(guard: counterseal.Guard) -> None:
    assert len({guard.try_verify("x").error.reference for _ in range(100)}) == 100
