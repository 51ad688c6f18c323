"""The guard as its users meet it."""

from __future__ import annotations

import datetime
import gc
import inspect
import weakref
from pathlib import Path

import pytest
from conftest import code

import counterseal
from counterseal.testing import ABSENT, Issuer, issuer


def test_a_token_gives_an_identity_and_the_same_object_again(idp: Issuer, guard: counterseal.Guard) -> None:
    token = idp.token(sub="alice")
    identity = guard.verify(token)
    assert identity.subject == "alice"
    assert guard.verify(token) is identity
    assert guard.verify("Bearer " + token) is identity
    assert guard.verify("bEARER   " + token) is identity
    assert guard.verify(token.encode()) is identity
    assert guard.try_verify(token).identity is identity
    assert guard.verify_many([token])[0].identity is identity
    assert guard.verify(idp.token(sub="bob")).subject == "bob"


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "ES256K", "Ed25519", "RS256", "PS512"])
def test_every_kind_of_key(algorithm: str) -> None:
    idp = issuer(algorithm=algorithm)
    assert idp.algorithm == algorithm
    assert counterseal.Guard(idp.policy()).verify(idp.token()).subject == "test-user"


def test_a_rejection_tells_what_the_handler_needs(idp: Issuer, guard: counterseal.Guard) -> None:
    with pytest.raises(counterseal.TokenRejectedError) as caught:
        guard.verify(idp.expired())
    error = caught.value
    assert (error.code, error.number, error.rule, error.status) == ("token_expired", 3007, "CLM-08", 401)
    assert error.www_authenticate == 'Bearer error="invalid_token"'
    assert len(error.reference) == 13
    assert str(error).startswith("token_expired: ")

    scoped = idp.guard('required_scopes = ["orders:read"]')
    with pytest.raises(counterseal.TokenRejectedError) as caught:
        scoped.verify(idp.token())
    assert (caught.value.status, caught.value.code) == (403, "insufficient_scope")
    assert caught.value.www_authenticate == 'Bearer error="insufficient_scope", scope="orders:read"'


def test_odd_tokens_are_refused_with_their_codes(idp: Issuer, guard: counterseal.Guard) -> None:
    for token, expected in [
        (idp.expired(), "token_expired"),
        (idp.not_yet_valid(), "token_not_yet_valid"),
        (idp.wrong_audience(), "aud_mismatch"),
        (idp.wrong_issuer(), "iss_untrusted"),
        (idp.wrong_key(), "signature_invalid"),
        (idp.tampered(), "signature_invalid"),
        (idp.unsigned(), "alg_not_allowed"),
        (idp.token(jti=ABSENT), "claim_missing"),
        (idp.token(exp=None), "claim_wrong_type"),
        (idp.token(header={"kid": "nobody"}), "kid_unknown"),
        (idp.id_token(), "typ_mismatch"),
        (idp.sign(b'{"alg":"ES256","typ":"at+jwt"}', b'{"a":1,"a":2}'), "json_duplicate_member"),
    ]:
        assert code(lambda token=token: guard.verify(token)) == expected
        outcome = guard.try_verify(token)
        assert outcome.identity is None and outcome.error is not None and outcome.error.code == expected


def test_an_outcome_has_no_truth_value(idp: Issuer, guard: counterseal.Guard) -> None:
    for token in [idp.token(), idp.expired()]:
        outcome = guard.try_verify(token)
        assert code(lambda outcome=outcome: bool(outcome)) == "misuse_argument"
        assert "test-user" not in repr(outcome)


def test_a_batch_has_an_outcome_for_each(idp: Issuer, guard: counterseal.Guard) -> None:
    alice = idp.token(sub="alice")
    outcomes = guard.verify_many(iter([alice, idp.expired(), alice.encode(), "nonsense"]))
    assert isinstance(outcomes, list)
    codes = [outcome.error.code if outcome.error else outcome.identity.subject for outcome in outcomes]
    assert codes == ["alice", "token_expired", "alice", "token_malformed"]
    assert outcomes[0].identity is outcomes[2].identity is guard.verify(alice)
    assert guard.verify_many([]) == []


def test_now_judges_the_claims_at_another_time(idp: Issuer, guard: counterseal.Guard) -> None:
    idp.clock.set(1_800_000_000)
    token = idp.token(sub="alice")
    assert code(lambda: guard.verify(token, now=1_800_003_630)) == "token_expired"
    assert guard.verify(token, now=1_800_003_629.9).subject == "alice"
    utc = datetime.datetime.fromtimestamp(1_800_000_000, datetime.timezone.utc)
    assert guard.verify(token, utc).subject == "alice"
    east = utc.astimezone(datetime.timezone(datetime.timedelta(hours=9)))
    assert guard.verify(token, now=east).subject == "alice"
    assert code(lambda: guard.verify(token, now=utc + datetime.timedelta(days=1))) == "token_expired"
    assert guard.try_verify(token, now=0).error.code == "iat_future"
    assert [outcome.error.code for outcome in guard.verify_many([token, token], now=0)] == ["iat_future"] * 2
    assert guard.explain(token, now=0).code == "iat_future"
    # Past the cache: another object each time, and nothing is put there.
    assert guard.verify(token, now=1_800_000_000) is not guard.verify(token, now=1_800_000_000)


def test_explain_lists_every_check(idp: Issuer, guard: counterseal.Guard) -> None:
    report = guard.explain(idp.token())
    assert (report.verdict, report.code, report.not_reached) == ("verified", None, ())
    assert len(report.checks) > 20 and all(check.outcome == "passed" for check in report.checks)
    report = guard.explain(idp.tampered())
    assert (report.verdict, report.code) == ("rejected", "signature_invalid")
    last = report.checks[-1]
    assert (last.outcome, last.stage) == ("failed", "signature") and last.rule.startswith("JWS-")
    assert report.not_reached
    assert guard.explain("x").checks[-1].rule == "JWS-01"
    assert idp.pending_guard().explain(idp.token()).verdict == "pending"


def test_load_and_reload(tmp_path: Path) -> None:
    idp, other = issuer(), issuer()
    file = tmp_path / "counterseal.toml"
    file.write_text(idp.policy_text())
    guard = counterseal.Guard.load(file)
    assert isinstance(guard, counterseal.Guard)
    token = idp.token()
    before = guard.verify(token)
    file.write_text(other.policy_text())
    guard.reload()
    assert code(lambda: guard.verify(token)) == "signature_invalid"
    assert guard.verify(other.token()).subject == "test-user"
    file.write_text("version = 2")
    with pytest.raises(counterseal.PolicyError):
        guard.reload()
    assert guard.verify(other.token()).subject == "test-user", "the old policy stays"
    assert before.subject == "test-user", "identities outlive their policy"
    file.unlink()
    assert code(guard.reload) == "config_file"
    assert code(counterseal.Guard(idp.policy()).reload) == "misuse_closed"


def test_a_closed_guard_refuses_and_its_identities_stay(idp: Issuer) -> None:
    with idp.guard() as guard:
        token = idp.token(sub="alice")
        identity = guard.verify(token)
    for call in [
        lambda: guard.verify(token),
        lambda: guard.try_verify(token),
        lambda: guard.verify_many([token]),
        lambda: guard.explain(token),
        guard.reload,
        lambda: guard._answer(token),
    ]:
        assert code(call) == "misuse_closed"
    guard.close()
    assert (identity.subject, identity.claims["sub"]) == ("alice", "alice")


def test_a_guard_can_be_collected_and_subclassed(idp: Issuer) -> None:
    class Mine(counterseal.Guard):
        pass

    guard = Mine(idp.policy())
    identity = guard.verify(idp.token())
    gone = weakref.ref(guard)
    del guard
    gc.collect()
    assert gone() is None
    assert identity.subject == "test-user"
    assert isinstance(Mine.load.__func__, object) and inspect.iscoroutinefunction(Mine.verify_async)


def test_a_cache_of_none_and_of_one(idp: Issuer) -> None:
    for more, same in [("[cache]\nentries = 0", False), ("[cache]\nentries = 1", True)]:
        guard = idp.guard(more)
        token = idp.token()
        assert (guard.verify(token) is guard.verify(token)) == same
        assert guard.verify(token) == guard.verify(token)


def test_status_and_metrics(idp: Issuer, guard: counterseal.Guard) -> None:
    token = idp.token()
    for _ in range(3):
        guard.verify(token)
    for odd in [idp.expired(), idp.expired(), "x"]:
        guard.try_verify(odd)
    status = guard.status()
    (entry,) = status["issuers"]
    assert (entry["name"], entry["issuer"], entry["key_state"], entry["keys"]) == ("main", idp.issuer, "held", 1)
    assert entry["decisions"]["refused"] == [{"code": "token_expired", "enforced": True, "count": 2}]
    assert (status["cache"]["hits"], status["cache"]["entries"], status["alarms"]) == (2, 1, [])
    metrics = guard.metrics()
    assert 'counterseal_decisions_total{issuer="main",outcome="rejected",code="token_expired",enforced="true"} 2' in metrics
    assert idp.token()[:20] not in metrics and "test-user" not in metrics + repr(status)
    assert idp.pending_guard().status()["issuers"][0]["key_state"] == "awaited"


def test_an_entry_that_only_reports(idp: Issuer) -> None:
    guard = idp.guard("enforce = false")
    error = guard.try_verify(idp.expired()).error
    assert (error.code, error.enforced) == ("token_expired", False)
    assert guard.verify(idp.token()).subject == "test-user"
    assert idp.guard().try_verify(idp.expired()).error.enforced is True


def test_the_clock_and_the_keys_of_an_issuer_for_tests(idp: Issuer, guard: counterseal.Guard) -> None:
    token = idp.token()
    guard.verify(token)
    idp.clock.advance(3600 + 30)
    assert code(lambda: guard.verify(token)) == "token_expired"
    idp.clock.advance(-3600)
    guard.verify(token)
    assert (idp.kid, idp.rotate(), idp.kid) == ("test-1", "test-2", "test-2")
    guard.verify(token)
    assert guard.verify(idp.token())
    assert [key["kid"] for key in idp.jwks()["keys"]] == ["test-1", "test-2"]
    assert "d" not in idp.jwks()["keys"][0]
    idp.retire()
    assert code(lambda: guard.verify(token)) == "kid_unknown"
    other = issuer("https://other.test", audience="a", client_id="c", algorithm="Ed25519")
    identity = other.guard().verify(other.token())
    assert (identity.issuer, identity.audience, identity.client_id) == ("https://other.test", ("a",), "c")
    assert code(lambda: issuer(algorithm="HS256")) == "config_alg_unsupported"
    assert code(lambda: issuer(algorithm="none")) == "misuse_argument"
    assert code(lambda: idp.token(sub=float("nan"))) == "misuse_argument"
    assert code(lambda: idp.token(sub=object())) == "misuse_argument"
