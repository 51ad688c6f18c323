// Memory stays where it is over many misses, guards and refusals.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

/** Misses in all; `COUNTERSEAL_MISSES=1000000` for the long variant. */
const MISSES = Number(process.env.COUNTERSEAL_MISSES ?? 30_000);

const SOURCE = `
  const { issuer } = require("./testing.cjs");
  const { Guard } = require("./index.cjs");
  const idp = issuer({ algorithm: "Ed25519" });
  const guard = idp.guard("[cache]\\nentries = 64");
  const tokens = Array.from({ length: 2000 }, () => idp.token({ pad: "x".repeat(300) }));
  const bad = idp.expired();
  const policy = idp.policy();
  const turn = (misses) => {
    for (let at = 0; at < misses; at++) {
      const identity = guard.verifySync(tokens[at % tokens.length]);
      if (identity.claims.pad.length !== 300) throw new Error("another's");
      if (at % 8 === 0) guard.tryVerify(bad);
      if (at % 8 === 1) guard.explain(tokens[at % tokens.length]);
      if (at % 500 === 0) new Guard(policy).verifySync(tokens[0]);
    }
  };
  const settle = async () => {
    for (let at = 0; at < 5; at++) { gc(); await new Promise(setImmediate); }
    return process.memoryUsage();
  };
  (async () => {
    for (let at = 0; at < 2; at++) { turn(${MISSES / 4}); await settle(); }
    const before = await settle();
    for (let at = 0; at < 2; at++) { turn(${MISSES / 4}); await settle(); }
    const after = await settle();
    console.log(JSON.stringify({ rss: after.rss - before.rss, heap: after.heapUsed - before.heapUsed }));
  })();
`;

test(`over ${MISSES} misses`, () => {
  const options = { cwd: new URL("..", import.meta.url), encoding: "utf8" };
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--expose-gc", "-e", SOURCE], options);
  assert.equal(status, 0, stderr);
  const { rss, heap } = JSON.parse(stdout);
  assert(heap < 1_000_000, `the heap grew by ${heap} bytes`);
  assert(rss < 12_000_000, `the process grew by ${rss} bytes`);
});
