// What a user calls, on the real native module.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { test } from "node:test";

import {
  Guard,
  Identity,
  MisuseError,
  Policy,
  PolicyError,
  TokenRejectedError,
  version,
} from "counterseal";
import { ABSENT, issuer } from "counterseal/testing";

const idp = issuer();
const guard = idp.guard();

/** The error of a call that has to fail with that code. */
function failure(call, code, Class) {
  try {
    call();
  } catch (error) {
    assert.equal(error.code, code, error.stack);
    assert(error instanceof Class, error.name);
    return error;
  }
  assert.fail(`no error where ${code} was expected`);
}

test("a token gives its identity, in every way of asking", async () => {
  const token = idp.token({ sub: "alice", roles: ["refunds"], scope: "a b" });
  const identity = guard.verifySync(token);
  assert(identity instanceof Identity);
  assert.equal(identity.subject, "alice");
  assert.equal(identity.issuer, idp.issuer);
  assert.deepEqual(identity.audience, [idp.audience]);
  assert.deepEqual(identity.scopes, ["a", "b"]);
  assert.deepEqual(identity.roles, ["refunds"]);
  assert.equal(identity.clientId, idp.clientId);
  assert.equal(identity.subjectKind, "user");
  assert.equal(identity.profile, "access_token");
  assert.equal(identity.expiresAt - identity.issuedAt, 3600);
  assert.equal(identity.tenant, null);
  assert.equal(identity.groupsIncomplete, false);
  assert(identity.hasRole("refunds") && identity.hasScope("b"));
  assert(!identity.hasRole("refund") && !identity.hasScope("a b") && !identity.hasRole(undefined));

  for (const same of [token, `Bearer ${token}`, `bearer  ${token}`, Buffer.from(token), new TextEncoder().encode(token)]) {
    assert.equal(guard.verifySync(same), identity, "the same token gives the same object");
  }
  assert.equal(await guard.verify(token), identity);
  assert.deepEqual(guard.tryVerify(token), { ok: true, identity });
  assert.deepEqual(await guard.verifyMany([token]), [{ ok: true, identity }]);
});

test("a refused token gives its code, in every way of asking", async () => {
  const token = idp.wrongAudience({ sub: "alice" });
  const thrown = failure(() => guard.verifySync(token), "aud_mismatch", TokenRejectedError);
  assert.equal(thrown.number, 3004);
  assert.equal(thrown.status, 401);
  assert.match(thrown.rule, /^[A-Z]{3}-\d\d$/);
  assert.equal(thrown.wwwAuthenticate, 'Bearer error="invalid_token"');
  assert.match(thrown.reference, /^[0-9A-Z]{13}$/);
  await assert.rejects(guard.verify(token), { code: "aud_mismatch", name: "TokenRejectedError" });
  const outcome = guard.tryVerify(token);
  assert.equal(outcome.ok, false);
  assert.equal(outcome.error.code, "aud_mismatch");
  for (const { stack } of [thrown, outcome.error]) assert.doesNotMatch(stack, /\n/, "a verdict costs no stack");
  for (const { stack } of [new Error("x"), failure(() => guard.verifySync(5), "misuse_argument", MisuseError)]) {
    assert.match(stack, /surface\.test/, "other errors keep theirs");
  }
  const [first, second] = await guard.verifyMany([token, idp.token()]);
  assert.equal(first.error.code, "aud_mismatch");
  assert(second.ok);
});

test("every odd token is refused with the code that it promises", () => {
  const odd = {
    expired: "token_expired",
    notYetValid: "token_not_yet_valid",
    wrongAudience: "aud_mismatch",
    wrongIssuer: "iss_untrusted",
    wrongKey: "signature_invalid",
    tampered: "signature_invalid",
    unsigned: "alg_not_allowed",
  };
  for (const [name, code] of Object.entries(odd)) assert.equal(guard.tryVerify(idp[name]()).error.code, code, name);
  assert.equal(guard.tryVerify(idp.token({ jti: ABSENT })).error.code, "claim_missing");
  assert.equal(guard.tryVerify(idp.token({}, { header: { kid: "nobody" } })).error.code, "kid_unknown");
  const twice = idp.sign('{"alg":"ES256","typ":"at+jwt","kid":"test-1"}', '{"a":1,"a":2}');
  assert.equal(guard.tryVerify(twice).error.code, "json_duplicate_member");
});

test("403 names the scopes that are missing", () => {
  const strict = idp.guard('required_scopes = ["orders:read"]');
  const error = failure(() => strict.verifySync(idp.token()), "insufficient_scope", TokenRejectedError);
  assert.equal(error.status, 403);
  assert.equal(error.wwwAuthenticate, 'Bearer error="insufficient_scope", scope="orders:read"');
});

test("another time judges the claims, past the cache", async () => {
  const token = idp.token();
  const identity = guard.verifySync(token);
  const now = idp.clock.now();
  const then = guard.verifySync(token, { now });
  assert.notEqual(then, identity, "not from the cache");
  assert(then.equals(identity));
  assert.equal(guard.verifySync(token), identity);
  for (const late of [now + 4000, new Date((now + 4000) * 1000)]) {
    assert.equal(guard.tryVerify(token, { now: late }).error.code, "token_expired");
    await assert.rejects(guard.verify(token, { now: late }), { code: "token_expired" });
    assert.equal((await guard.verifyMany([token], { now: late }))[0].error.code, "token_expired");
    assert.equal(guard.explain(token, { now: late }).code, "token_expired");
  }
  for (const wrong of [now * 1000, NaN, Infinity, -Infinity, new Date(NaN)]) {
    failure(() => guard.verifySync(token, { now: wrong }), "misuse_time", MisuseError);
    failure(() => guard.explain(token, { now: wrong }), "misuse_time", MisuseError);
    await assert.rejects(guard.verify(token, { now: wrong }), { code: "misuse_time" });
    await assert.rejects(guard.verifyMany([token], { now: wrong }), { code: "misuse_time" });
  }
  for (const wrong of ["2026-01-01", null, 5n, {}, true]) {
    failure(() => guard.verifySync(token, { now: wrong }), "misuse_time", MisuseError);
  }
});

test("explain lists every check", () => {
  const passed = guard.explain(idp.token());
  assert.equal(passed.verdict, "verified");
  assert.equal(passed.code, null);
  assert.deepEqual(passed.notReached, []);
  const report = guard.explain(idp.expired());
  assert.equal(report.code, "token_expired");
  const last = report.checks.at(-1);
  assert.deepEqual([last.rule, last.outcome], ["CLM-08", "failed"]);
  assert(report.notReached.length > 0);
  assert(Object.isFrozen(report) && Object.isFrozen(report.checks) && Object.isFrozen(last));
  assert.equal(idp.pendingGuard().explain(idp.token()).verdict, "pending");
});

test("policies come from files, text and objects", () => {
  const folder = mkdtempSync(join(tmpdir(), "counterseal-"));
  try {
    writeFileSync(join(folder, "jwks.json"), JSON.stringify(idp.jwks()));
    const file = join(folder, "counterseal.toml");
    const text = idp.policyText().replace(/keys .*/, 'keys = { jwks_file = "jwks.json" }');
    const service = '\n[[service.orders.issuer]]\nname = "main"\naudience = "https://orders.test"\n';
    writeFileSync(file, text + service);
    const token = idp.token();
    const later = issuer().token();
    for (const policy of [
      Policy.load(file),
      Policy.load(pathToFileURL(file)),
      Policy.fromStr(text, { baseDir: folder }),
      Policy.fromStr(text, { baseDir: pathToFileURL(`${folder}/`) }),
      Policy.fromDict({
        version: 1,
        issuer: [
          {
            name: "main",
            issuer: idp.issuer,
            profile: "access_token",
            audience: idp.audience,
            algorithms: [idp.algorithm],
            keys: { jwks: JSON.stringify(idp.jwks()) },
          },
        ],
      }),
    ]) {
      const made = new Guard(policy);
      assert.equal(made.verifySync(token).subject, "test-user");
      assert.equal(made.tryVerify(later).ok, false);
    }
    const orders = Guard.load(file, { service: "orders" });
    assert.equal(orders.tryVerify(token).error.code, "aud_mismatch");
    assert.equal(Guard.load(file, "orders").tryVerify(token).error.code, "aud_mismatch", "a string is the service");
    assert.equal(new Guard(Policy.load(file, "orders")).tryVerify(token).error.code, "aud_mismatch");
    failure(() => Policy.load(file, "none"), "config_missing", PolicyError);
    assert.equal(failure(() => Guard.load(file, { service: "none" }), "config_missing", PolicyError).problems.length, 1);

    writeFileSync(file, text.replace(idp.audience, "https://other.test"));
    const live = Guard.load(file);
    assert.equal(live.tryVerify(token).error.code, "aud_mismatch");
    writeFileSync(file, text);
    live.reload();
    const identity = live.verifySync(token);
    writeFileSync(file, "version = 2\nfoo = 1");
    const { problems } = failure(() => live.reload(), "config_missing", PolicyError);
    assert.equal(problems[0].line, 1);
    assert(Object.isFrozen(problems) && Object.isFrozen(problems[0]));
    assert.equal(live.verifySync(token), identity, "the old policy stays");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("mistakes in a policy are told, all at once", () => {
  const text = failure(() => Policy.fromStr("version = 1\nfoo = 1\n[[issuer]]\nisuer = 1"), "config_unknown_key", PolicyError);
  assert(text.problems.length > 1);
  const [problem] = text.problems;
  assert.deepEqual(Object.keys(problem), ["path", "pointer", "line", "column", "code", "message", "hint"]);
  assert.deepEqual([problem.path, problem.line, problem.column], ["foo", 2, 1]);
  const object = failure(() => Policy.fromDict({ version: 1, foo: 1 }), "config_missing", PolicyError);
  assert.deepEqual([object.problems[1].pointer, object.problems[1].line], ["/foo", null]);
  assert.match(object.message, /^`issuer` is missing; .*\nfoo: unknown setting; /, "an object has no lines");
  failure(() => Policy.load("/nowhere/counterseal.toml"), "config_file", PolicyError);
  failure(() => Policy.fromStr("{", { format: "json" }), "config_syntax", PolicyError);
  failure(() => guard.reload(), "misuse_closed", MisuseError);
});

test("a closed guard refuses every call, and its identities stay", async () => {
  const own = issuer();
  const closing = own.guard();
  const token = own.token({ sub: "alice" });
  const identity = closing.verifySync(token);
  closing.close();
  closing.close();
  for (const call of [
    () => closing.verifySync(token),
    () => closing.explain(token),
    () => closing.reload(),
    () => own.fail(closing),
  ]) {
    assert(failure(call, "misuse_closed", MisuseError));
  }
  assert.equal(closing.tryVerify(token).error.code, "misuse_closed");
  await assert.rejects(closing.verify(token), { code: "misuse_closed" });
  await assert.rejects(closing.verifyMany([token]), { code: "misuse_closed" });
  own.rotate(); // leaves it alone
  assert.equal(identity.subject, "alice");
  assert.equal(identity.claims.sub, "alice");
});

test("time passes and keys change as the issuer of a test says", () => {
  const own = issuer({ algorithm: "Ed25519", issuer: "https://a.test", audience: "b", clientId: "c" });
  const its = own.guard();
  const old = own.token();
  assert.deepEqual([its.verifySync(old).issuer, its.verifySync(old).clientId], ["https://a.test", "c"]);
  assert.equal(own.rotate(), "test-2");
  assert.equal(own.kid, "test-2");
  its.verifySync(old);
  its.verifySync(own.token());
  assert.equal(own.jwks().keys.length, 2);
  own.retire();
  assert.equal(its.tryVerify(old).error.code, "kid_unknown");
  const token = own.token();
  its.verifySync(token);
  own.clock.advance(3600 + 29);
  its.verifySync(token);
  own.clock.advance(1);
  assert.equal(its.tryVerify(token).error.code, "token_expired");
  own.clock.set(new Date("2026-12-01"));
  assert.equal(own.clock.now(), Date.parse("2026-12-01") / 1000);
  const id = own.guard("", { profile: "id_token" }).verifySync(own.idToken({ nonce: "n" }));
  assert.deepEqual([id.profile, id.audience], ["id_token", ["c"]]);
  failure(() => own.guard("", { profile: "other" }), "misuse_argument", MisuseError);
  failure(() => issuer({ algorithm: "HS256" }), "config_alg_unsupported", MisuseError);
  failure(() => issuer({ algorithm: "none" }), "misuse_argument", MisuseError);
});

test("status and metrics", () => {
  const own = issuer();
  const its = own.guard();
  const token = own.token();
  for (let times = 0; times < 3; times++) its.verifySync(token);
  for (const odd of [own.expired(), own.expired(), "x"]) its.tryVerify(odd);
  const status = its.status();
  const [entry] = status.issuers;
  assert.deepEqual([entry.name, entry.issuer, entry.key_state, entry.keys], ["main", own.issuer, "held", 1]);
  assert.deepEqual(entry.decisions.refused, [{ code: "token_expired", enforced: true, count: 2 }]);
  assert.deepEqual([status.cache.hits, status.cache.entries, status.alarms], [2, 1, []]);
  assert.deepEqual(
    [status.policy.generation, status.policy.failed_reloads, status.policy.last_reload_at, status.deny_file],
    [0, 0, null, null],
  );
  assert.deepEqual([status.policy.last_reload_succeeded, status.unknown_issuer.pending, entry.fetch], [null, 0, null]);
  const names = (value) =>
    typeof value === "object" && value !== null ? Object.entries(value).flatMap(([name, member]) => [name, ...names(member)]) : [];
  assert.deepEqual(
    names(status).filter((name) => !/^[a-z_]+$|^\d+$/.test(name)),
    [],
    "names are those of the data, as in every language",
  );
  status.alarms.push("it is its receiver's to change");
  const metrics = its.metrics();
  const line = 'counterseal_decisions_total{issuer="main",outcome="rejected",code="token_expired",enforced="true"} 2';
  assert(metrics.includes(line), metrics);
  for (const hidden of ["test-user", token.slice(0, 20)]) assert(!(metrics + JSON.stringify(status)).includes(hidden));
  assert.equal(own.pendingGuard().status().issuers[0].key_state, "awaited");
  its.close();
  for (const call of [() => its.status(), () => its.metrics()]) failure(call, "misuse_closed", MisuseError);
});

test("an entry that only reports", () => {
  const reporting = idp.guard("enforce = false");
  const refused = failure(() => reporting.verifySync(idp.expired()), "token_expired", TokenRejectedError);
  assert.equal(refused.enforced, false);
  assert.equal(guard.tryVerify(idp.expired()).error.enforced, true);
  assert.equal(reporting.verifySync(idp.token()).subject, "test-user");
  for (const [more, enforced] of [["enforce = false", false], ["", true]]) {
    const { error } = idp.pendingGuard(more).tryVerify(idp.token());
    assert.deepEqual([error.code, error.enforced], ["keys_unavailable", enforced], more);
  }
});

test("the version is that of the crate", () => {
  const [, inCargo] = /\[workspace\.package\][^[]*?\nversion = "(.*?)"/.exec(readFileSync(new URL("../../Cargo.toml", import.meta.url), "utf8"));
  assert.equal(version, inCargo);
});
