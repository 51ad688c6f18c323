// The proof: frozen, exact, and nobody else's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { Guard, Identity } from "counterseal";
import { issuer } from "counterseal/testing";

const idp = issuer();
const guard = idp.guard();
const HEADER = JSON.stringify({ alg: "ES256", typ: "at+jwt", kid: "test-1" });

/** The identity of a token with these claims, written out as they are. */
function verified(claims) {
  const now = Math.floor(idp.clock.now());
  const usual = `"iss":"${idp.issuer}","aud":"${idp.audience}","sub":"a","client_id":"c","jti":"j","iat":${now},"exp":${now + 60}`;
  return guard.verifySync(idp.sign(HEADER, `{${usual},${claims}}`));
}

test("it is frozen all the way down", () => {
  const identity = verified('"roles":["a"],"o":{"l":[{"x":1},[2]]}');
  const seen = [];
  const walk = (value) => {
    if (typeof value !== "object" || value === null) return;
    assert(Object.isFrozen(value));
    seen.push(value);
    Object.values(value).forEach(walk);
  };
  walk(identity);
  for (const name in identity) walk(identity[name]);
  walk(identity.claims);
  assert(seen.length > 8);
  assert.equal(identity.claims, identity.claims);
  assert.equal(identity.roles, identity.roles);
  assert.throws(() => (identity.subject = "root"), TypeError);
  assert.throws(() => (identity.extra = 1), TypeError);
  assert.throws(() => identity.roles.push("admin"), TypeError);
  assert.throws(() => (identity.claims.sub = "root"), TypeError);
  assert.throws(() => Object.defineProperty(identity, "subject", { value: "root" }), TypeError);
  assert.throws(() => Object.setPrototypeOf(identity, {}), TypeError);
  assert.throws(() => (Identity.prototype.hasRole = () => true), TypeError);
  assert.throws(() => Object.defineProperty(Identity.prototype, "subject", { get: () => "root" }), TypeError);
});

test("integers are exact, of any size", () => {
  const digits = "9".repeat(4000);
  const { claims } = verified(
    `"n":[9007199254740991,9007199254740992,-9007199254740992,18446744073709551616,0,-1,1.5,1e3],"big":{"deep":[{"x":${digits}}]},"f":9007199254740993.0`,
  );
  assert.deepEqual(
    [...claims.n],
    [9007199254740991, 9007199254740992n, -9007199254740992n, 18446744073709551616n, 0, -1, 1.5, 1000],
  );
  assert.equal(claims.big.deep[0].x, BigInt(digits));
  assert.equal(typeof claims.f, "number");
  assert(Object.isFrozen(claims.n) && Object.isFrozen(claims.big.deep));
  const identity = verified('"n":9007199254740993');
  assert.equal(identity.claim("n"), 9007199254740993n);
  assert.equal(JSON.parse(JSON.stringify(identity)).claims.n, "9007199254740993");
  assert.equal(identity.toDict().claims.n, 9007199254740993n);
});

test("names of claims are names and nothing else", () => {
  const identity = verified(
    '"__proto__":{"admin":true,"n":9007199254740993},"constructor":1,"toString":[2],"o":{"__proto__":9007199254740993}',
  );
  const { claims } = identity;
  assert(Object.hasOwn(claims, "__proto__"));
  assert.equal(Object.getOwnPropertyDescriptor(claims, "__proto__").value.n, 9007199254740993n);
  assert.equal(Object.getOwnPropertyDescriptor(claims.o, "__proto__").value, 9007199254740993n);
  assert.equal(claims.admin, undefined);
  assert.equal(claims.constructor, 1);
  assert.deepEqual([...claims.toString], [2]);
  assert.equal(identity.claim("/__proto__/admin"), true);
  assert.equal(identity.claim("__proto__").admin, true);
  assert.equal(Object.getOwnPropertyDescriptor(identity.toDict().claims, "__proto__").value.admin, true);
  assert.equal({}.admin, undefined);
});

test("nothing is inherited, whatever became of built-in objects", () => {
  const identity = verified('"o":{"p":1}');
  Object.prototype.admin = true;
  Array.prototype.admin = true;
  try {
    assert.equal(identity.claims.admin, undefined);
    assert.equal(identity.claims.o.admin, undefined);
    assert.equal(identity.claim("admin"), undefined);
    assert.equal(identity.claim("/o/admin"), undefined);
    assert.equal(identity.claim("/roles/admin"), undefined);
  } finally {
    delete Object.prototype.admin;
    delete Array.prototype.admin;
  }
  for (const name of ["constructor", "toString", "hasOwnProperty", "__proto__", "valueOf"]) {
    assert.equal(identity.claims[name], undefined, name);
    assert.equal(identity.claim(name), undefined, name);
  }
});

test("a claim is found as RFC 6901 says", () => {
  const identity = verified('"l":["x",["y"]],"a/b":1,"m~n":2,"":3,"o":{"p":{"q":null}}');
  for (const [pointer, expected] of [
    ["/l/0", "x"],
    ["/l/1/0", "y"],
    ["/l/00", undefined],
    ["/l/2", undefined],
    ["/l/-", undefined],
    ["/l/length", undefined],
    ["/a~1b", 1],
    ["a/b", 1],
    ["/m~0n", 2],
    ["/", 3],
    ["/o/p/q", null],
    ["/o/p/q/r", undefined],
    ["/o/none", undefined],
    ["", undefined],
    ["/a~2", undefined],
    ["/l/0/0", undefined],
  ]) {
    assert.equal(identity.claim(pointer), expected, pointer);
    assert.equal(identity.claim(pointer), expected, `${pointer} again`);
  }
  for (const wrong of [5, null, undefined, {}, Symbol("x")]) {
    assert.throws(() => identity.claim(wrong), { code: "misuse_argument" });
  }
});

test("it is compared by value", () => {
  const token = idp.token({ sub: "alice" });
  const [one, two] = [guard.verifySync(token), idp.guard().verifySync(token)];
  const other = guard.verifySync(idp.token({ sub: "bob" }));
  assert.notEqual(one, two);
  assert(one.equals(two) && two.equals(one));
  assert(!one.equals(other));
  assert.deepEqual(one, two);
  assert.notDeepEqual(one, other, "a deep comparison sees the difference");
  for (const no of [null, undefined, 5, {}, { ...one }, Object.create(Identity.prototype)]) assert(!one.equals(no));
});

test("only a guard makes one", () => {
  const identity = guard.verifySync(idp.token());
  assert.throws(() => new Identity(), { code: "misuse_argument" });
  assert.throws(() => new identity.constructor(Symbol("proof"), 1, "x"), { code: "misuse_argument" });
  assert.throws(() => Reflect.construct(Identity, [identity, 1, ""]), { code: "misuse_argument" });
  const forged = Object.create(Identity.prototype);
  assert.throws(() => forged.subject, TypeError);
  const clone = structuredClone(identity);
  assert(!(clone instanceof Identity), "what comes back from a queue is no proof");
  assert.deepEqual(clone, {});
});

test("plain copies are their receiver's", () => {
  const identity = verified('"roles":["a"],"o":{"l":[1]}');
  const object = identity.toDict();
  assert.deepEqual(Object.keys(object), [
    "subject",
    "issuer",
    "audience",
    "scopes",
    "roles",
    "tenant",
    "clientId",
    "subjectKind",
    "actors",
    "tokenId",
    "issuedAt",
    "expiresAt",
    "authTime",
    "acr",
    "amr",
    "profile",
    "transactionId",
    "groupsIncomplete",
    "claims",
  ]);
  object.roles.push("admin");
  object.claims.o.l.push(2);
  assert.deepEqual(identity.roles, ["a"]);
  assert.deepEqual([...identity.claims.o.l], [1]);
  assert.deepEqual(JSON.parse(JSON.stringify(identity)), { ...identity.toDict() });
});

test("text of any kind is the same text", () => {
  const text = 'ü ß 漢字 😀 \u0000 \u2028 " \\ \u007f';
  const { claims, subject } = guard.verifySync(idp.token({ sub: "Jürgen 😀", text, [text]: text }));
  assert.equal(subject, "Jürgen 😀");
  assert.equal(claims.text, text);
  assert.equal(claims[text], text);
  assert.equal(guard.verifySync(idp.token({ latin: "é".repeat(300) })).claims.latin, "é".repeat(300));
});

test("identities outlive their guard", () => {
  const own = new Guard(idp.policy());
  const identity = own.verifySync(idp.token({ sub: "alice" }));
  own.close();
  assert.equal(identity.claims.sub, "alice");
  assert.equal(inspect(identity), "Identity of 'main'");
});
