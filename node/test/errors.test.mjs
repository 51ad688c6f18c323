// The classes, the codes, and copies of the package.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as counterseal from "counterseal";
import { answerKeys, issuer } from "counterseal/testing";

const { CODES, CountersealError, InternalError, MisuseError, PolicyError, TokenRejectedError, UnavailableError } =
  counterseal;
const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL("..", import.meta.url));

const idp = issuer();
const guard = idp.guard();
const caught = (call) => {
  try {
    call();
  } catch (error) {
    return error;
  }
  return assert.fail("no error");
};
const rejected = () => caught(() => guard.verifySync(idp.expired()));
const misused = () => caught(() => guard.verifySync(5));
const unavailable = () => caught(() => idp.pendingGuard().verifySync(idp.token()));
const config = () => caught(() => counterseal.Policy.fromStr(""));

test("each class is an error of its own, with its code", () => {
  for (const [make, Class, name] of [
    [rejected, TokenRejectedError, "TokenRejectedError"],
    [misused, MisuseError, "MisuseError"],
    [unavailable, UnavailableError, "UnavailableError"],
    [config, PolicyError, "PolicyError"],
  ]) {
    const error = make();
    assert.equal(error.name, name);
    assert(error instanceof Error && error instanceof CountersealError && error instanceof Class);
    assert.equal(Object.getPrototypeOf(error), Class.prototype);
    for (const other of [TokenRejectedError, MisuseError, UnavailableError, PolicyError, InternalError]) {
      assert.equal(error instanceof other, other === Class, `${name} ${other.name}`);
    }
    assert.equal(error.number, CODES[error.code].number);
    assert(error.message.length > 10);
    assert(Object.keys(error).includes("code"));
  }
});

test("the class is what the caller does about it, whatever the code", () => {
  // A key that contradicts itself, in a policy; and a document that is no key set, handed over by a test.
  const [key] = issuer({ algorithm: "ES384" }).jwks().keys;
  const contradicting = JSON.stringify({ ...key, alg: idp.algorithm });
  const text = idp.policyText().replace(/keys .*/, `keys = { jwks = '${contradicting}' }`);
  const inPolicy = caught(() => counterseal.Policy.fromStr(text));
  assert(inPolicy instanceof PolicyError, inPolicy.stack);
  assert.deepEqual([inPolicy.code, inPolicy.problems[0].code], ["key_alg_mismatch", "key_alg_mismatch"]);
  const scripted = new counterseal.Guard(idp.policy());
  const inCall = caught(() => answerKeys(scripted, "main", "{}"));
  assert(inCall instanceof MisuseError, inCall.stack);
});

test("what is no error of ours is none", () => {
  class Own extends TokenRejectedError {}
  const error = rejected();
  assert(!(error instanceof Own), "a class of somebody else's is its own");
  for (const no of [null, undefined, 5, {}, new Error("x"), { code: "token_expired", name: "TokenRejectedError" }]) {
    assert(!(no instanceof CountersealError));
  }
  for (const Class of [CountersealError, TokenRejectedError, MisuseError]) {
    assert.throws(() => new Class("x"), { code: "misuse_argument" });
    assert.throws(() => new Class({ code: "token_expired", message: "x" }), { code: "misuse_argument" });
  }
});

test("the table is that of docs/errors.md", () => {
  const rows = readFileSync(join(root, "..", "docs", "errors.md"), "utf8")
    .split("\n")
    .map((line) => /^\| (\d+) \| `(\w+)` \| (\S+) \| (\S+) \| (.*) \|$/.exec(line))
    .filter(Boolean);
  assert.equal(rows.length, Object.keys(CODES).length);
  for (const [, number, slug, status, oauth, message] of rows) {
    const entry = CODES[slug];
    assert.deepEqual(
      [entry.number, entry.status ?? "–", entry.oauthError ?? "–", entry.message],
      [Number(number), status === "–" ? "–" : Number(status), oauth.replaceAll("`", ""), message],
    );
  }
  assert(Object.isFrozen(CODES) && Object.values(CODES).every(Object.isFrozen));
  assert.equal(CODES.constructor, undefined);
  const declared = readFileSync(join(root, "codes.d.ts"), "utf8").match(/"\w+"/g);
  assert.deepEqual(declared.map((code) => code.slice(1, -1)).sort(), Object.keys(CODES).sort());
});

test("CommonJS and ES modules are one copy", () => {
  const byRequire = require("counterseal");
  assert.deepEqual(Object.keys(counterseal).sort(), Object.keys(byRequire).sort());
  for (const name of Object.keys(byRequire)) assert.equal(counterseal[name], byRequire[name], name);
  assert.equal(require("counterseal/testing").issuer, issuer);
  assert.throws(() => require("counterseal/lib/guard.cjs"), { code: "ERR_PACKAGE_PATH_NOT_EXPORTED" });
});

test("errors of another copy of the package are known, its proofs and guards are not", () => {
  const folder = mkdtempSync(join(tmpdir(), "counterseal-"));
  try {
    for (const name of readdirSync(root).filter((name) => /\.(cjs|node)$|^(lib|package\.json)$/.test(name))) {
      cpSync(join(root, name), join(folder, name), { recursive: true });
    }
    const other = require(join(folder, "index.cjs"));
    const { issuer: otherIssuer } = require(join(folder, "testing.cjs"));
    assert.notEqual(other.TokenRejectedError, TokenRejectedError);
    const its = otherIssuer();
    const error = caught(() => its.guard().verifySync(its.expired()));
    assert(error instanceof other.TokenRejectedError);
    assert(error instanceof TokenRejectedError && error instanceof CountersealError);
    assert(!(error instanceof UnavailableError));
    assert(rejected() instanceof other.TokenRejectedError);
    const identity = its.guard().verifySync(its.token());
    assert(!(identity instanceof counterseal.Identity));
    assert.throws(() => new counterseal.Guard(its.policy()), { code: "misuse_argument" });
    assert.throws(() => idp.fail(its.guard()), { code: "misuse_argument" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
