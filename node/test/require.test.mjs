// What one handler asks beyond the policy: decided in Rust, for the fields of a proof.
import assert from "node:assert/strict";
import { test } from "node:test";

import { Identity, MisuseError, TokenRejectedError } from "counterseal";
import { issuer } from "counterseal/testing";

const idp = issuer();
const now = idp.clock.now();
const guard = idp.guard();
const identity = guard.verifySync(idp.token({ scope: "read write", acr: "strong", auth_time: Math.floor(now) - 60 }));
const bare = guard.verifySync(idp.token());

test("what is there passes", () => {
  assert.equal(identity.require({ scopes: "read" }), undefined);
  identity.require({ scopes: ["read", "write"], acr: new Set(["weak", "strong"]), maxAge: 60, now });
  identity.require({ maxAge: 60, now: new Date(now * 1000) });
  identity.require({ scopes: ["read"], acr: undefined, maxAge: undefined, now: undefined });
  identity.require({ maxAge: 3600 }); // by the machine's clock
});

test("what is not there has its code, status and challenge", () => {
  for (const [who, asked, code, status, challenge] of [
    [identity, { scopes: ["read", "drop"] }, "insufficient_scope", 403, 'error="insufficient_scope", scope="read drop"'],
    [identity, { scopes: "rea" }, "insufficient_scope", 403, 'error="insufficient_scope", scope="rea"'],
    [identity, { acr: "weak" }, "acr_unmet", 401, 'error="insufficient_user_authentication", acr_values="weak"'],
    [identity, { maxAge: 5, now }, "auth_too_old", 401, 'error="insufficient_user_authentication", max_age="5"'],
    [identity, { maxAge: 60, now: now - 300 }, "auth_too_old", 401, undefined],
    [bare, { acr: ["weak", "strong"] }, "acr_unmet", 401, undefined],
    [bare, { maxAge: 315_360_000 }, "auth_too_old", 401, undefined],
  ]) {
    assert.throws(
      () => who.require(asked),
      (error) => {
        assert(error instanceof TokenRejectedError, error.stack);
        assert.deepEqual([error.code, error.status, error.enforced], [code, status, true]);
        if (challenge !== undefined) assert.equal(error.wwwAuthenticate, `Bearer ${challenge}`);
        assert.match(error.reference, /^[0-9A-Z]{13}$/);
        assert(!`${error}${error.wwwAuthenticate}`.includes("write"), "nothing of the token");
        return true;
      },
    );
  }
});

test("clocks may differ by the leeway of the policy", () => {
  const strict = idp.guard('[limits]\nleeway = "0s"').verifySync(idp.token({ auth_time: Math.floor(now) - 60 }));
  const lenient = idp.guard('[limits]\nleeway = "60s"').verifySync(idp.token({ auth_time: Math.floor(now) - 60 }));
  assert.throws(() => strict.require({ maxAge: 30, now }), { code: "auth_too_old" });
  lenient.require({ maxAge: 30, now });
});

test("an identity outlives its guard", () => {
  const own = issuer();
  const closing = own.guard();
  const left = closing.verifySync(own.token({ scope: "read" }));
  closing.close();
  left.require({ scopes: "read" });
});

test("what no handler can ask", () => {
  function* forever() {
    for (;;) yield "a";
  }
  for (const asked of [
    undefined, null, 5, "read", [], {}, { scopes: [] }, { scopes: undefined }, { scopes: null }, { scopes: 1 },
    { scopes: Buffer.from("read") }, { scopes: [Buffer.from("read")] }, { scopes: "read write" }, { scopes: "" },
    { scopes: new String("read") , acr: [1] }, { acr: [1] }, { acr: "\ud800" }, { acr: 'a"' }, { acr: "a\0" },
    { acr: forever() }, { acr: Array(65).fill("a") }, { acr: "a".repeat(257) }, { scopes: {} }, { maxAge: -1 },
    { maxAge: 1.5 }, { maxAge: true }, { maxAge: "60" }, { maxAge: 1e30 }, { maxAge: 2 ** 53 }, { maxAge: NaN },
    { maxAge: null }, { maxAge: 60n }, { scope: "read" }, { now },
  ]) {
    assert.throws(
      () => identity.require(asked),
      (error) => error instanceof MisuseError && error.code === "misuse_argument",
      JSON.stringify(asked, (_name, value) => (typeof value === "bigint" ? "bigint" : value)),
    );
  }
  for (const wrong of [now * 1000, NaN, null, "5"]) {
    assert.throws(() => identity.require({ maxAge: 60, now: wrong }), { code: "misuse_time" });
  }
});

test("what iterators throw is thrown", () => {
  function* broken() {
    yield "read";
    throw new RangeError("mine");
  }
  assert.throws(() => identity.require({ scopes: broken() }), RangeError);
});

test("only a proof can be held against anything", () => {
  const { require } = Identity.prototype;
  for (const forged of [{ scopes: ["read"] }, Object.create(identity), Object.create(Identity.prototype), { ...identity }]) {
    assert.throws(() => require.call(forged, { scopes: "read" }), TypeError);
  }
});
