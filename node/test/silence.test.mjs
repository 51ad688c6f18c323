// Nothing that is printed, logged or sent holds a token, a key or a claim, unless a claim was asked for.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { Guard, Policy } from "counterseal";
import { issuer } from "counterseal/testing";

const SECRET = "canary-secret-of-32-bytes-at-least";
const CLAIM = "canary-claim";

const idp = issuer();
const guard = idp.guard();
const token = idp.token({ sub: CLAIM, email: CLAIM, roles: [CLAIM], nested: { [CLAIM]: [CLAIM] } });

/** Everything by which a value could show itself. */
function* shown(value) {
  for (const options of [{}, { depth: null }, { depth: null, showHidden: true }, { getters: true }, { compact: false }]) {
    yield inspect(value, options);
  }
  if (typeof value !== "object" || value === null) return;
  yield String(value?.message ?? "");
  yield String(value?.stack ?? "");
  yield Object.prototype.toString.call(value);
  yield JSON.stringify(value) ?? "";
  yield JSON.stringify(Object.entries(value));
  yield JSON.stringify(structuredClone({ ...value }, { transfer: [] }) ?? "");
}

function silent(value, ...canaries) {
  let count = 0;
  for (const text of shown(value)) {
    count += 1;
    for (const canary of canaries) assert(!text.includes(canary), `${canary} in ${text}`);
  }
  assert(count > 3);
}

/** The segments of a token, which show a part of it as well as the whole. */
const partsOf = (text) => text.split(".").filter((part) => part.length > 8);

test("the canaries can be found at all", () => {
  assert.throws(() => silent({ a: CLAIM }, CLAIM));
  assert.throws(() => silent(new Error(CLAIM), CLAIM));
});

test("an identity shows no claim to the console, and the token to nobody", () => {
  const identity = guard.verifySync(token);
  for (const text of [inspect(identity), inspect({ identity }, { depth: 9 }), inspect([identity], { showHidden: true })]) {
    for (const canary of [CLAIM, ...partsOf(token)]) assert(!text.includes(canary), text);
  }
  assert.equal(`${identity}`, "[object Identity]");
  const json = JSON.stringify(identity) + JSON.stringify(identity.toDict()) + inspect(identity.claims, { depth: 9 });
  for (const part of partsOf(token)) assert(!json.includes(part));
  assert(json.includes(CLAIM), "they were asked for");
});

test("errors hold nothing of a token", async () => {
  const claims = { sub: CLAIM, scope: CLAIM, [CLAIM]: CLAIM, email: CLAIM };
  for (const odd of ["expired", "notYetValid", "wrongAudience", "wrongIssuer", "wrongKey", "tampered", "unsigned"]) {
    const bad = idp[odd](claims);
    const { error } = guard.tryVerify(bad);
    silent(error, CLAIM, ...partsOf(bad));
    const rejected = await guard.verify(bad).then(assert.fail, (reason) => reason);
    silent(rejected, CLAIM, ...partsOf(bad));
    silent(guard.explain(bad), ...partsOf(bad));
  }
  const header = guard.tryVerify(idp.token(claims, { header: { kid: CLAIM, [CLAIM]: CLAIM } })).error;
  silent(header, CLAIM);
  silent(guard.tryVerify(`${CLAIM}.${CLAIM}.${CLAIM}`).error, CLAIM);
  silent(idp.pendingGuard().tryVerify(token).error, CLAIM, ...partsOf(token));
});

test("errors of misuse do not repeat what was handed over", () => {
  for (const call of [
    () => guard.verifySync({ [CLAIM]: token }),
    () => guard.verifySync([token]),
    () => guard.verifySync(new String(token)),
    () => guard.verifySync(token, { [CLAIM]: 1 }),
    () => guard.verifySync(token, { now: CLAIM }),
    () => Policy.load({ toString: () => CLAIM }),
    () => Policy.fromDict({ secret: SECRET, other: undefined }),
    () => new Guard({ [CLAIM]: SECRET }),
    () => idp.token({ [CLAIM]: () => CLAIM }),
    () => guard.verifySync(token).require({ scopes: `${CLAIM} ${CLAIM}` }),
    () => guard.verifySync(token).require({ acr: [CLAIM, 1] }),
  ]) {
    try {
      call();
      assert.fail("no error");
    } catch (error) {
      assert.match(error.code, /^misuse_(argument|time)$/, error.stack);
      silent(error, CLAIM, SECRET, ...partsOf(token));
    }
  }
});

test("guards, policies and issuers show no key", () => {
  process.env.COUNTERSEAL_CANARY = SECRET;
  const text = `
    version = 1
    [[issuer]]
    name = "main"
    issuer = "https://issuer.test"
    profile = "generic"
    audience = "a"
    algorithms = ["HS256"]
    keys = { secret = "\${COUNTERSEAL_CANARY}" }`;
  const policy = Policy.fromStr(text);
  const secret = new Guard(policy);
  for (const value of [policy, secret, { policy, secret }, guard, idp, idp.clock]) silent(value, SECRET, '"d"');
  assert.equal(inspect(policy), "Policy of 1 issuers");
  assert.equal(inspect(secret), "Guard");
  for (const mistake of ["adience = 1", "keys = 1", `x = "${SECRET}"`]) {
    try {
      Policy.fromStr(`${text}\n${mistake}`);
      assert.fail("no error");
    } catch (error) {
      assert.equal(error.name, "PolicyError");
      silent(error, SECRET);
    }
  }
  delete process.env.COUNTERSEAL_CANARY;
});
