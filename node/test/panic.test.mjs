// A panic in Rust is an InternalError in the call that met it, and nothing else.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { test } from "node:test";

import { Guard, InternalError, Policy } from "counterseal";
import * as testing from "counterseal/testing";

const require = createRequire(import.meta.url);
const native = require("../lib/native.cjs");

const { Clock, Network, answerKeys, fetchDue, issuer, loadPolicy, replace } = testing;
const idp = issuer();
const guard = idp.guard();
const token = idp.token();
const text = idp.policyText();

const CALLS = {
  verifySync: () => guard.verifySync(token),
  "verifySync, not seen before": () => guard.verifySync(fresh.pop()),
  "verifySync at another time": () => guard.verifySync(token, { now: idp.clock.now() }),
  "verifySync of bytes": () => guard.verifySync(Buffer.from(token)),
  explain: () => guard.explain(token),
  reload: () => guard.reload(),
  "Policy.fromStr": () => Policy.fromStr(text),
  "Policy.load": () => Policy.load("counterseal.toml"),
  "new Guard": () => new Guard(policy),
  "issuer.token": () => idp.token(),
  "issuer.rotate": () => idp.rotate(),
  "clock.now": () => idp.clock.now(),
  "clock.set": () => clock.set(0),
  "new Clock": () => new Clock(0),
  "identity.require": () => identity.require({ scopes: "a" }),
  status: () => guard.status(),
  metrics: () => guard.metrics(),
  "testing.guard": () => testing.guard(policy, clock),
  "testing.loadPolicy": () => loadPolicy("counterseal.toml"),
  "testing.replace": () => replace(guard, policy),
  "network.answer": () => network.answer("https://idp.example.com/jwks"),
  "network.requests": () => network.requests(),
  "testing.fetchDue": () => fetchDue(guard),
  "testing.answerKeys": () => answerKeys(guard, "main", "{}"),
};
const policy = idp.policy();
const network = new Network();
const clock = new Clock(idp.clock.now());
const identity = guard.verifySync(token);
const fresh = Array.from({ length: 4 }, () => idp.token());

for (const [name, call] of Object.entries(CALLS)) {
  test(`a panic inside ${name}`, () => {
    native.panicNext();
    assert.throws(call, (error) => {
      assert(error instanceof InternalError, error.stack);
      assert.deepEqual([error.code, error.number], ["internal", 7001]);
      return true;
    });
    assert.equal(guard.verifySync(token).subject, "test-user", "the guard goes on");
  });
}

test("a panic inside verify, tryVerify, verifyMany and ready", async () => {
  native.panicNext();
  await assert.rejects(guard.verify(token), { code: "internal" });
  native.panicNext();
  const { ok, error } = guard.tryVerify(token);
  assert.deepEqual([ok, error.code], [false, "internal"]);
  native.panicNext();
  await assert.rejects(guard.verifyMany([token]), { code: "internal" });
  native.panicNext();
  await assert.rejects(guard.ready(), { code: "internal" });
  await guard.verify(token);
});

test("a panic while keys land, or while a guard is let go of", () => {
  const source = `
    const native = require("./lib/native.cjs");
    const { issuer } = require("./testing.cjs");
    const idp = issuer();
    let guard = idp.pendingGuard('[fetch]\\nwait = "200ms"');
    const wait = guard.verify(idp.token());
    idp.publish();
    native.panicNext();
    wait.then((identity) => {
      console.log(identity.subject);
      guard = undefined;
      gc();
      native.panicNext();
      setTimeout(() => { gc(); console.log("goes on"); }, 50);
    });
  `;
  const options = { cwd: new URL("..", import.meta.url), encoding: "utf8" };
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--expose-gc", "-e", source], options);
  assert.deepEqual([status, stdout, stderr], [0, "test-user\ngoes on\n", ""]);
});
