// CAC-10: whatever is thrown out of a tiny cache, nobody gets another token's identity.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";

import { Guard, Policy } from "counterseal";
import { issuer } from "counterseal/testing";

const CACHE = (entries) => `[cache]\nentries = ${entries}`;

/** Verifies tokens of known `jti` in random order, in every way, and counts those that come back as another's. */
async function hammer(policyText, tokens, rounds) {
  const guard = new Guard(Policy.fromStr(policyText));
  let wrong = 0;
  let seen = 0;
  let random = 12345;
  const next = (limit) => {
    random = (Math.imul(random, 1103515245) + 12345) & 0x7fffffff;
    return (random >> 8) % limit;
  };
  const look = (identity, jti) => {
    seen += 1;
    if (identity.tokenId !== jti || identity.claims.jti !== jti) wrong += 1;
  };
  const waits = [];
  for (let round = 0; round < rounds; round++) {
    // Hot tokens among cold ones: places are taken and taken back.
    const { token, jti } = tokens[next(4) === 0 ? next(tokens.length) : next(4)];
    switch (next(5)) {
      case 0:
        waits.push(guard.verify(token).then((identity) => look(identity, jti)));
        break;
      case 1:
        look(guard.tryVerify(token).identity, jti);
        break;
      case 2:
        waits.push(
          guard
            .verifyMany([token, tokens[0].token])
            .then(([one, two]) => (look(one.identity, jti), look(two.identity, tokens[0].jti))),
        );
        break;
      default:
        look(guard.verifySync(token), jti);
    }
    if (waits.length > 200) await Promise.all(waits.splice(0));
  }
  await Promise.all(waits);
  return { wrong, seen };
}

if (!isMainThread && workerData?.race) {
  parentPort.postMessage(await hammer(...workerData.race));
} else {
  const idp = issuer({ algorithm: "Ed25519" });
  const tokens = Array.from({ length: 64 }, (_, at) => ({ token: idp.token({ jti: `race-${at}` }), jti: `race-${at}` }));

  for (const entries of [0, 1, 2, 3, 16]) {
    test(`a cache of ${entries} tokens, one thread`, async () => {
      const { wrong, seen } = await hammer(idp.policyText() + CACHE(entries), tokens, 2000);
      assert.equal(wrong, 0);
      assert(seen >= 2000);
    });
  }

  test("a tiny cache in each of four threads", async () => {
    const workers = Array.from({ length: 4 }, () => {
      const race = [idp.policyText() + CACHE(2), tokens, 3000];
      return new Worker(new URL(import.meta.url), { workerData: { race } });
    });
    const results = await Promise.all(
      workers.map(async (worker) => {
        const [[result]] = await Promise.all([once(worker, "message"), once(worker, "exit")]);
        return result;
      }),
    );
    for (const { wrong, seen } of results) {
      assert.equal(wrong, 0);
      assert(seen >= 3000);
    }
  });

  test("keys that change drop what they verified", () => {
    const guard = idp.guard(CACHE(8));
    const token = idp.token({ jti: "old" });
    const before = guard.verifySync(token);
    assert.equal(guard.verifySync(token), before);
    idp.rotate();
    const after = guard.verifySync(token);
    assert.notEqual(after, before, "verified anew");
    assert(after.equals(before));
    idp.retire();
    assert.equal(guard.tryVerify(token).error.code, "kid_unknown");
  });
}
