// Keys that arrive late, never, twice, and after nobody waits any more.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";

import { Guard } from "counterseal";
import { issuer } from "counterseal/testing";

const WAIT = (time) => `[fetch]\nwait = "${time}"`;

test("a promise waits for keys that are late", async () => {
  const idp = issuer();
  const guard = idp.pendingGuard();
  const token = idp.token({ sub: "alice" });
  let isSettled = false;
  const waits = Array.from({ length: 100 }, () => guard.verify(token));
  waits[0].finally(() => (isSettled = true));
  const bad = guard.verify(idp.tampered());
  bad.catch(() => {});
  await sleep(50);
  assert(!isSettled);
  idp.publish();
  const identities = await Promise.all(waits);
  assert(identities.every((identity) => identity === identities[0] && identity.subject === "alice"));
  await assert.rejects(bad, { code: "signature_invalid" });
  assert.equal(guard.verifySync(token), identities[0]);
});

test("nothing else waits", async () => {
  const idp = issuer();
  const guard = idp.pendingGuard();
  const token = idp.token();
  const outage = { name: "UnavailableError", code: "keys_unavailable", status: 503, retryAfter: 5 };
  assert.throws(() => guard.verifySync(token), outage);
  const { ok, error } = guard.tryVerify(token);
  assert(!ok);
  assert.equal(error.code, "keys_unavailable");
  assert.match(error.reference, /^[0-9A-Z]{13}$/);
  // What needs no keys is refused at once, with its own code.
  await assert.rejects(guard.verify(idp.unsigned()), { code: "alg_not_allowed" });
});

test("keys that never come are an outage after fetch.wait", async () => {
  const idp = issuer();
  const guard = idp.pendingGuard(WAIT("200ms"));
  const began = performance.now();
  await assert.rejects(guard.verify(idp.token()), { name: "UnavailableError", code: "keys_unavailable" });
  const took = performance.now() - began;
  assert(took >= 190 && took < 2000, `${took}`);
  idp.publish(); // nobody waits any more
  assert.equal((await guard.verify(idp.token())).subject, "test-user");
});

test("keys that cannot be had are an outage at once, until they come", async () => {
  const idp = issuer();
  const guard = idp.pendingGuard();
  const wait = guard.verify(idp.token());
  await sleep(20);
  idp.fail(guard);
  await assert.rejects(wait, { code: "keys_unavailable" });
  await assert.rejects(guard.verify(idp.token()), { code: "keys_unavailable" });
  assert.throws(() => idp.fail(guard), { code: "misuse_closed" });
  idp.publish();
  idp.publish();
  assert.equal((await guard.verify(idp.token())).subject, "test-user");
});

test("a batch waits once for all of its tokens", async () => {
  const idp = issuer();
  const guard = idp.pendingGuard(WAIT("300ms"));
  const tokens = [idp.token({ sub: "a" }), idp.unsigned(), idp.token({ sub: "b" }), idp.tampered()];
  const began = performance.now();
  const late = await guard.verifyMany(tokens);
  assert(performance.now() - began < 2000);
  assert.deepEqual(late.map(({ error }) => error.code), [
    "keys_unavailable",
    "alg_not_allowed",
    "keys_unavailable",
    "keys_unavailable",
  ]);
  const batch = guard.verifyMany(tokens);
  await sleep(20);
  idp.publish();
  const outcomes = await batch;
  assert.deepEqual(outcomes.map(({ identity, error }) => identity?.subject ?? error.code), [
    "a",
    "alg_not_allowed",
    "b",
    "signature_invalid",
  ]);
});

test("bytes that change while their promise waits change nothing", async () => {
  const idp = issuer();
  const guard = idp.pendingGuard();
  const bytes = Buffer.from(idp.token({ sub: "alice" }));
  const wait = guard.verify(bytes);
  bytes.fill("x");
  idp.publish();
  assert.equal((await wait).subject, "alice");
});

test("another time waits for keys too", async () => {
  const idp = issuer();
  const guard = idp.pendingGuard();
  const wait = guard.verify(idp.token(), { now: idp.clock.now() + 4000 });
  idp.publish();
  await assert.rejects(wait, { code: "token_expired" });
});

test("keys that came while the event loop was busy are there", async () => {
  const idp = issuer();
  const guard = idp.pendingGuard(WAIT("100ms"));
  const wait = guard.verify(idp.token());
  await sleep(1);
  idp.publish();
  for (const began = performance.now(); performance.now() - began < 200; );
  assert.equal((await wait).subject, "test-user");
});

test("closing a guard ends the waits on it, and no others", async () => {
  const idp = issuer();
  const [guard, other] = [idp.pendingGuard(), idp.pendingGuard()];
  const waits = [guard.verify(idp.token()), guard.verify(idp.token())];
  const stays = other.verify(idp.token());
  guard.close();
  for (const wait of waits) await assert.rejects(wait, { code: "misuse_closed" });
  idp.publish();
  assert.equal((await stays).subject, "test-user");
});

test("those who wait are bounded in number", async () => {
  const idp = issuer();
  const guard = idp.pendingGuard(WAIT("60s"));
  const token = idp.token();
  const waits = Array.from({ length: 65_536 + 10 }, () => guard.verify(token));
  const settled = Promise.allSettled(waits);
  idp.publish();
  const outcomes = await settled;
  const refused = outcomes.filter(({ status }) => status === "rejected");
  assert.equal(refused.length, 10);
  assert(refused.every(({ reason }) => reason.code === "keys_unavailable"));
});


test("ready waits for every issuer", async () => {
  const idp = issuer();
  assert.equal(await idp.guard().ready(0), undefined);
  await new Guard(idp.policy()).ready();
  const guard = idp.pendingGuard();
  const began = performance.now();
  await assert.rejects(guard.ready(0.1), { name: "UnavailableError", code: "keys_unavailable", status: 503 });
  const took = performance.now() - began;
  assert(took >= 90 && took < 5000, `${took}`);
  const waits = [guard.ready(), guard.ready(10)];
  await sleep(20);
  idp.publish();
  await Promise.all(waits);
  assert(guard.tryVerify(idp.token()).ok);
  const failed = idp.pendingGuard();
  const wait = failed.ready(10);
  idp.fail(failed);
  await assert.rejects(wait, { code: "keys_unavailable" });
  await assert.rejects(failed.ready(10), { code: "keys_unavailable" });
  for (const wrong of ["1", null, NaN, Infinity, -1, 86_401, 5n, {}]) {
    await assert.rejects(failed.ready(wrong), { code: "misuse_argument" });
  }
});

test("ready is told of a guard that closes, and sees keys that came while the event loop was busy", async () => {
  const idp = issuer();
  const [closing, busy] = [idp.pendingGuard(), idp.pendingGuard()];
  const refused = closing.ready(10);
  closing.close();
  await assert.rejects(refused, { code: "misuse_closed" });
  await assert.rejects(closing.ready(0), { code: "misuse_closed" });
  const wait = busy.ready(0.05);
  idp.publish();
  for (const began = performance.now(); performance.now() - began < 100; );
  await wait;
});
