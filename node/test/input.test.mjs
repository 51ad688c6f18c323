// What JSON cannot hold: every function with what it was not made for. Each has a documented error; nothing crashes,
// and nothing that is no token passes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { test } from "node:test";

import { CountersealError, Guard, MisuseError, Policy } from "counterseal";
import * as testing from "counterseal/testing";

const { issuer } = testing;
const idp = issuer();
const guard = idp.guard();
const token = idp.token({ sub: "alice" });
const identity = guard.verifySync(token);
const LARGEST = 16 * 1024;

class Bytes extends Uint8Array {}

const inWebAssembly = (shared) => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared });
  const bytes = new Uint8Array(memory.buffer, 0, token.length);
  bytes.set(Buffer.from(token));
  return bytes;
};

const detached = () => {
  const bytes = new Uint8Array(Buffer.from(token));
  structuredClone(bytes, { transfer: [bytes.buffer] });
  return bytes;
};

const within = () => {
  const wide = Buffer.alloc(token.length + 20, "x");
  wide.write(token, 7);
  return wide.subarray(7, 7 + token.length);
};

/** Those that are the token. */
const SAME = {
  string: token,
  "bearer-string": `Bearer ${token}`,
  "bearer-case": `bEaReR ${token}`,
  "bearer-spaces": `Bearer ${" ".repeat(70_000)}${token}`,
  buffer: Buffer.from(token),
  "buffer-slice": within(),
  "uint8array-subclass": new Bytes(Buffer.from(token)),
  "uint8array-realm": runInNewContext("Uint8Array.from(bytes)", { bytes: [...Buffer.from(token)] }),
  "string-two-byte": `${token}é`.slice(0, -1),
  "string-rope": token.slice(0, 50) + token.slice(50, 99) + token.slice(99),
  "webassembly-memory": inWebAssembly(false),
};

/** Those that are text or bytes and no token of ours. */
const REFUSED = {
  empty: "",
  "empty-buffer": Buffer.alloc(0),
  "bearer-alone": "Bearer ",
  "basic-scheme": `Basic ${token}`,
  "nul-behind": `${token}\0`,
  "nul-inside": `${token.slice(0, 20)}\0${token.slice(20)}`,
  "space-behind": `${token} `,
  "newline-behind": `${token}\n`,
  "surrogate-behind": `${token}\ud800`,
  "surrogate-low": `\udc00${token}`,
  "surrogate-inside": `${token.slice(0, 40)}\ud800${token.slice(41)}`,
  "wide-behind": `${token}\u0100`,
  // A letter whose low byte is the one of the letter that stands here: Latin-1 would read the token itself.
  "wide-same-low-byte": token.slice(0, -1) + String.fromCharCode(token.charCodeAt(token.length - 1) + 0x100),
  "bom-before": `\ufeff${token}`,
  "detached-buffer": detached(),
  huge: "a".repeat(50_000_000),
  "huge-two-byte": "€".repeat(5_000_000),
  "huge-buffer": Buffer.alloc(50_000_000, 0x61),
  dots: ".".repeat(100_000),
};

/** Those that are no token at all. */
const MISUSED = {
  undefined: undefined,
  null: null,
  number: 5,
  nan: NaN,
  bigint: 5n,
  boolean: true,
  symbol: Symbol("token"),
  object: {},
  array: [token],
  function: () => token,
  "string-object": new String(token),
  "to-string": { toString: () => token },
  "array-buffer": new Uint8Array(Buffer.from(token)).buffer,
  "data-view": new DataView(new ArrayBuffer(8)),
  "uint16-array": new Uint16Array(8),
  "int8-array": new Int8Array(8),
  "uint8-clamped": new Uint8ClampedArray(Buffer.from(token)),
  "shared-array-buffer": new SharedArrayBuffer(8),
  "shared-bytes": (() => {
    const bytes = new Uint8Array(new SharedArrayBuffer(token.length));
    bytes.set(Buffer.from(token));
    return bytes;
  })(),
  "shared-webassembly-memory": inWebAssembly(true),
  proxy: new Proxy(Buffer.from(token), {}),
  "typed-array-prototype": Object.create(Uint8Array.prototype),
  identity,
  promise: guard.verify(token),
};

async function everyWay(value, look) {
  const ways = {
    verifySync: () => guard.verifySync(value),
    tryVerify: () => {
      const outcome = guard.tryVerify(value);
      if (!outcome.ok) throw outcome.error;
      return outcome.identity;
    },
    verify: () => guard.verify(value),
    now: () => guard.verifySync(value, { now: idp.clock.now() }),
    verifyMany: async () => {
      const [outcome] = await guard.verifyMany([value]);
      if (!outcome.ok) throw outcome.error;
      return outcome.identity;
    },
  };
  for (const [name, way] of Object.entries(ways)) {
    let result;
    try {
      result = { value: await way() };
    } catch (error) {
      result = { error };
    }
    look(result, name);
  }
}

for (const [id, value] of Object.entries(SAME)) {
  test(`the same token: ${id}`, async () => {
    await everyWay(value, (result, way) => {
      assert.equal(result.error, undefined, `${way}: ${result.error?.code}`);
      assert(result.value.equals(identity), way);
    });
    assert.equal(guard.explain(value).verdict, "verified");
  });
}

for (const [id, value] of Object.entries(REFUSED)) {
  test(`refused: ${id}`, async () => {
    const codes = new Set();
    await everyWay(value, ({ error }, way) => {
      assert.equal(error?.name, "TokenRejectedError", way);
      codes.add(error.code);
    });
    codes.add(guard.explain(value).code);
    assert.equal(codes.size, 1, [...codes].join());
    if (/huge|dots/.test(id)) assert.deepEqual([...codes], ["token_too_large"]);
  });
}

for (const [id, value] of Object.entries(MISUSED)) {
  test(`misused: ${id}`, async () => {
    await everyWay(value, ({ error }, way) => {
      assert.equal(error?.code, "misuse_argument", way);
      assert(error instanceof MisuseError);
    });
    assert.throws(() => guard.explain(value), { code: "misuse_argument" });
  });
}

test("a long token is read to its end: none is cut into one that passes", () => {
  const long = (length) => {
    const claims = { pad: "" };
    const bare = idp.token(claims).length;
    claims.pad = "x".repeat(Math.floor(((length - bare) * 3) / 4));
    return idp.token(claims);
  };
  for (const wanted of [4000, 5400, 6000, 12_000, LARGEST - 30]) {
    const given = long(wanted);
    assert(given.length <= LARGEST, `${given.length}`);
    assert.equal(guard.tryVerify(given).ok, true, `${given.length}`);
    assert.equal(guard.tryVerify(`Bearer   ${given}`).ok, true);
    // Whatever stands behind it, where a buffer of ours could end, is part of the token.
    for (const tail of ["x", "é", "€", "😀", "\ud800", "x".repeat(16 * 1024 - given.length), "😀".repeat(9000)]) {
      assert.equal(guard.tryVerify(given + tail).ok, false, `${given.length} + ${tail.length}`);
      assert.equal(guard.tryVerify(`Bearer ${given}${tail}`).ok, false);
    }
  }
  // Around each place where room ends: 16 KiB on the stack, 1 MiB beside it.
  const raised = idp.guard("[limits]\ntoken_bytes = 65536");
  const given = long(16_300);
  assert.equal(raised.tryVerify(given).ok, true);
  for (const room of [16 * 1024, 1024 * 1024]) {
    for (let spaces = room - given.length - 20; spaces < room - given.length + 4; spaces++) {
      const padded = `Bearer ${" ".repeat(Math.max(0, spaces))}${given}`;
      for (const tail of ["x", "é", "€", "😀"]) {
        assert.equal(raised.tryVerify(padded + tail).ok, false, `${room} ${spaces} ${tail}`);
      }
    }
  }
  assert.equal(raised.tryVerify(`Bearer ${" ".repeat(100_000)}${given}`).ok, true);
  assert.equal(raised.tryVerify(`Bearer ${" ".repeat(2 ** 20)}${given}`).error.code, "token_too_large");
});

// The list is for all languages; what stands above is Node's own.
const SHARED = JSON.parse(readFileSync(new URL("../../tests/surface/host_input.json", import.meta.url), "utf8"));

class Text extends String {}

const BOM = "\ufeff";
const ABSENT = (why) => ({ absent: why });
const HERE = {
  accepted: {
    string: token,
    bytes: new TextEncoder().encode(token),
    bearer: `Bearer ${token}`,
    bearer_bytes: Buffer.from(`Bearer ${token}`),
    string_subclass: ABSENT("an object of a class that extends String is an object and no text: it is misused below"),
    bytes_subclass: new Bytes(Buffer.from(token)),
  },
  rejected: {
    empty: "",
    empty_bytes: new Uint8Array(),
    bearer_alone: "Bearer ",
    bearer_twice: `Bearer Bearer ${token}`,
    space_behind: `${token} `,
    line_break_behind: `${token}\n`,
    nul_behind: `${token}\0`,
    nul_inside: `${token.slice(0, 9)}\0${token.slice(9)}`,
    nul_in_front: `\0${token}`,
    surrogate_behind: `${token}\ud800`,
    surrogate_alone: "\udcff",
    surrogate_pair_in_halves: token + String.fromCharCode(0xd83d) + String.fromCharCode(0xde00),
    latin_1: `${token}é`,
    wide: `${token}ш`,
    wide_look_alike: token.replaceAll("e", "\u0435"),
    wide_that_truncates: String.fromCharCode(...[...token].map((letter) => 0x100 + letter.charCodeAt(0))),
    emoji: `${token}😀`,
    byte_order_mark: BOM + token,
    not_utf_8: Buffer.concat([Buffer.from(token), Buffer.of(0xff)]),
    utf_16: Buffer.from(BOM + token, "utf16le"),
    huge: "a".repeat(50_000_000),
    huge_wide: "ш".repeat(5_000_000),
    huge_bytes: Buffer.alloc(50_000_000, "a"),
    huge_of_dots: ".".repeat(1_000_000),
    one_byte_too_many: "a".repeat(LARGEST + 1),
    as_large_as_may_be: "a".repeat(LARGEST),
  },
  misused: {
    null: null,
    number: 5,
    float: 1.5,
    boolean: true,
    list: [token],
    dict: { token },
    object: new Text(token),
    type: String,
    identity,
    outcome: guard.tryVerify(token),
  },
  times: {
    milliseconds: 1_800_000_000_000,
    negative_milliseconds: -1_800_000_000_000,
    float_milliseconds: 1.8e12 + 0.5,
    just_beyond: 100_000_000_001,
    enormous: 10n ** 400n,
    nan: NaN,
    infinity: Infinity,
    negative_infinity: -Infinity,
    boolean: true,
    string: "1800000000",
    bytes: Buffer.from("1800000000"),
    list: [1_800_000_000],
    object: new Text("1800000000"),
  },
};

test("every shared input is here, or why not", () => {
  for (const [group, entries] of Object.entries(SHARED)) {
    assert.deepEqual(Object.keys(HERE[group]).sort(), Object.keys(entries).sort(), group);
  }
});

for (const [group, entries] of Object.entries(SHARED)) {
  for (const [id, { code }] of Object.entries(entries)) {
    const input = HERE[group][id];
    if (typeof input?.absent === "string") continue;
    test(`shared: ${group}: ${id}`, async () => {
      const isTime = group === "times";
      if (isTime) {
        const options = { now: input };
        for (const call of [
          () => guard.verifySync(token, options),
          () => guard.tryVerify(token, options),
          () => guard.explain(token, options),
          () => identity.require({ maxAge: 60, now: input }),
          () => new testing.Clock(input),
        ]) {
          assert.throws(() => thrown(call()), { code });
        }
        for (const call of [() => guard.verify(token, options), () => guard.verifyMany([token], options)]) {
          await assert.rejects(call(), { code });
        }
        return;
      }
      const codes = new Set();
      await everyWay(input, ({ value, error }) => {
        codes.add(error?.code);
        if (group === "accepted") assert.equal(value?.subject, "alice");
        if (group === "rejected") assert.equal(error?.name, "TokenRejectedError");
      });
      assert.deepEqual([...codes], [code]);
      if (group === "misused") assert.throws(() => guard.explain(input), { code });
      else assert.equal(guard.explain(input).code, code ?? null);
    });
  }
}

/** `tryVerify` tells what others throw. */
function thrown(result) {
  if (result?.error !== undefined) throw result.error;
  return result;
}

const JUNK = [undefined, null, 0, -1, NaN, 5n, "", "x", "\ud800", "\0", true, Symbol("x"), [], {}, () => {}, identity, guard];

/** Calls that take anything and have to answer with one of our errors, or with a value. */
function survives(name, call) {
  for (const [at, junk] of JUNK.entries()) {
    try {
      call(junk);
    } catch (error) {
      assert(error instanceof CountersealError, `${name} ${at}: ${error.stack}`);
      assert.notEqual(error.code, "internal", `${name} ${at}`);
    }
  }
}

test("every function has an answer to everything", async () => {
  const calls = {
    "Policy.load": (junk) => Policy.load(junk),
    "Policy.load service": (junk) => Policy.load("x", { service: junk }),
    "Policy.load options": (junk) => Policy.load("x", junk),
    "Policy.fromStr": (junk) => Policy.fromStr(junk),
    "Policy.fromStr format": (junk) => Policy.fromStr("", { format: junk }),
    "Policy.fromStr baseDir": (junk) => Policy.fromStr("", { baseDir: junk }),
    "Policy.fromDict": (junk) => Policy.fromDict(junk),
    "Policy.fromDict member": (junk) => Policy.fromDict({ version: junk }),
    "new Policy": (junk) => new Policy(junk),
    "new Guard": (junk) => new Guard(junk),
    "Guard.load": (junk) => Guard.load(junk),
    "verifySync options": (junk) => guard.verifySync(token, junk),
    "verifySync now": (junk) => guard.verifySync(token, { now: junk }),
    "explain now": (junk) => guard.explain(token, { now: junk }),
    claim: (junk) => identity.claim(junk),
    hasScope: (junk) => identity.hasScope(junk),
    hasRole: (junk) => identity.hasRole(junk),
    equals: (junk) => identity.equals(junk),
    require: (junk) => identity.require(junk),
    "require scopes": (junk) => identity.require({ scopes: junk }),
    "require acr": (junk) => identity.require({ acr: [junk] }),
    "require maxAge": (junk) => identity.require({ maxAge: junk }),
    "require now": (junk) => identity.require({ maxAge: 60, now: junk }),
    "new Clock": (junk) => new testing.Clock(junk),
    "testing.guard": (junk) => testing.guard(junk, idp.clock),
    "testing.guard clock": (junk) => testing.guard(idp.policy(), junk),
    loadPolicy: (junk) => testing.loadPolicy(junk),
    "loadPolicy service": (junk) => testing.loadPolicy("x", junk),
    replace: (junk) => testing.replace(junk, idp.policy()),
    "replace policy": (junk) => testing.replace(issuer().guard(), junk === guard ? undefined : junk),
    answerKeys: (junk) => testing.answerKeys(junk, "main", null),
    "answerKeys issuer": (junk) => testing.answerKeys(issuer().guard(), junk, "{}"),
    "answerKeys jwks": (junk) => testing.answerKeys(issuer().guard(), "main", junk),
    issuer: (junk) => issuer(junk),
    "issuer algorithm": (junk) => issuer({ algorithm: junk }),
    "issuer audience": (junk) => issuer({ audience: junk }),
    "token claims": (junk) => idp.token(junk),
    "token claim": (junk) => idp.token({ sub: junk }),
    "token options": (junk) => idp.token({}, junk),
    "token header": (junk) => idp.token({}, { header: junk }),
    sign: (junk) => idp.sign(junk, junk),
    "issuer policy": (junk) => idp.policy(junk),
    "issuer profile": (junk) => idp.policy("", { profile: junk }),
    "issuer fail": (junk) => idp.fail(junk),
    "clock set": (junk) => issuer().clock.set(junk),
    "clock advance": (junk) => issuer().clock.advance(junk),
  };
  for (const [name, call] of Object.entries(calls)) survives(name, call);
  for (const junk of JUNK) {
    for (const call of [() => guard.verifyMany(junk), () => guard.verifyMany([junk]), () => guard.verify(token, junk), () => guard.ready(junk)]) {
      await call().catch((error) => assert(error instanceof CountersealError, error.stack));
    }
  }
  assert.deepEqual(await guard.verifyMany([]), []);
});

test("a policy that JSON would change without a word is refused", () => {
  const cyclic = { version: 1 };
  cyclic.self = cyclic;
  for (const policy of [
    { version: 1, required_scopes: undefined },
    { version: 1, issuer: [undefined] },
    { version: NaN },
    { version: Infinity },
    { version: 1n },
    { version: () => 1 },
    { version: Symbol("x") },
    cyclic,
    { get version() { throw new Error("x"); } },
  ]) {
    assert.throws(() => Policy.fromDict(policy), { code: "misuse_argument" });
  }
  assert.throws(
    () => Policy.fromDict({ version: "\ud800" }),
    (error) => error.problems.some(({ code, path }) => code === "config_syntax" && path === ""),
  );
});

test("methods on other objects are refused", () => {
  for (const name of ["verifySync", "tryVerify", "explain", "reload", "close", "status", "metrics"]) {
    assert.throws(() => Guard.prototype[name].call({}, token), /TypeError|MisuseError/, name);
  }
  assert.throws(() => new Guard(Object.create(Policy.prototype)), { code: "misuse_argument" });
});
