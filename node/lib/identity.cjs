"use strict";
// The proof that a token passed. Its text comes from the native module and is read when it is first needed.

const { inspect } = require("node:util");
const { attempt, misuse } = require("./errors.cjs");
const native = require("./native.cjs");
const { options, seconds, text } = require("./options.cjs");

const { create, defineProperty, freeze, hasOwn, keys } = Object;
const { isArray } = Array;
const { parse } = JSON;
const { propertyIsEnumerable } = Object.prototype;

/** What only this package has: without it there is no identity. */
const PROOF = Symbol("proof");

/** The fields and claims as text: equal for equal identities, also where a test compares deeply. */
const TEXT = Symbol("counterseal.identity");

/** The prototype of claims: no name is inherited, whatever became of `Object.prototype`. */
const BARE = freeze({
  __proto__: null,
  [inspect.custom]() {
    return { ...this };
  },
});

/** No claim has a symbol for its name. */
const NOWHERE = freeze([Symbol("nowhere")]);

/** The fields in the order in which the native module tells them; behind them stand the name of the issuer's entry and its
 * leeway. */
const FIELDS = freeze([
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
]);
const ISSUER_NAME = FIELDS.length;
const LEEWAY = ISSUER_NAME + 1;

/** Is an identity the one of that proof (CAC-10)? */
let is;

/** Is it an identity at all? */
let isProof;

class Identity {
  #id;
  #fields;
  #claims;

  constructor(proof, id, text) {
    if (proof !== PROOF) throw misuse("an identity is a proof: only a guard makes one");
    this.#id = id;
    this[TEXT] = text;
    freeze(this);
  }

  get claims() {
    return (this.#claims ??= this.#readClaims());
  }

  claim(pointer) {
    let value = this.claims;
    for (const step of steps(pointer) ?? NOWHERE) {
      // Enumerable properties of its own are the members of an object and the elements of a list.
      if (typeof value !== "object" || value === null || !propertyIsEnumerable.call(value, step)) return undefined;
      value = value[step];
    }
    return value;
  }

  hasScope(scope) {
    return this.scopes.includes(scope);
  }

  hasRole(role) {
    return this.roles.includes(role);
  }

  require(asked) {
    const { scopes, acr, maxAge, now } = options(asked, "scopes", "acr", "maxAge", "now");
    const isAge = maxAge === undefined || Number.isSafeInteger(maxAge);
    if (!isAge) throw misuse("maxAge is a whole number of seconds");
    const asks = { scopes: words(scopes), acr: words(acr), maxAge, now: now === undefined ? undefined : seconds(now) };
    const { scopes: granted, acr: held, authTime } = this;
    const has = { scopes: granted, acr: held ?? undefined, authTime: authTime ?? undefined, leeway: this.#read()[LEEWAY] };
    attempt(() => native.require(has, asks), ASKED);
  }

  equals(other) {
    return (
      isProof(other) &&
      this.issuer === other.issuer &&
      this.profile === other.profile &&
      partsOf(this[TEXT]).claims === partsOf(other[TEXT]).claims
    );
  }

  toDict() {
    const object = {};
    for (const name of FIELDS) {
      const value = this[name];
      object[name] = isArray(value) ? [...value] : value;
    }
    object.claims = thawed(this.claims, (integer) => integer);
    return object;
  }

  toJSON() {
    return { ...this.toDict(), claims: thawed(this.claims, String) };
  }

  [inspect.custom](_depth, _options) {
    return `Identity of ${inspect(this.#read()[ISSUER_NAME])}`;
  }

  get [Symbol.toStringTag]() {
    return "Identity";
  }

  #read() {
    return (this.#fields ??= fieldsOf(this[TEXT]));
  }

  #readClaims() {
    const { bigIntegers, claims: json } = partsOf(this[TEXT]);
    const claims = parse(json);
    if (bigIntegers !== "") for (const [path, digits] of parse(bigIntegers)) replace(claims, path, BigInt(digits));
    return frozen(claims);
  }

  static {
    is = (identity, id) => identity.#id === id;
    isProof = (candidate) => typeof candidate === "object" && candidate !== null && #id in candidate;
    FIELDS.forEach((name, at) => {
      const get = function () {
        return this.#read()[at];
      };
      defineProperty(Identity.prototype, name, { get, enumerable: true });
    });
    freeze(Identity.prototype);
    freeze(Identity);
  }
}

/** What can be asked, in the terms of JavaScript. */
const ASKED = "require({ scopes, acr, maxAge, now }): one of the first three, in words without spaces; now in seconds";

/** Words that a handler asks for: one, or some of them. Never many more than can be asked for. */
function words(asked) {
  if (asked === undefined) return [];
  if (typeof asked === "string") return [text("a word", asked)];
  const isList = typeof asked === "object" && asked !== null && typeof asked[Symbol.iterator] === "function";
  if (!isList) throw misuse("scopes and acr are a string, or an iterable of strings");
  const found = [];
  for (const word of asked) {
    found.push(text("a word", word));
    if (found.length > native.REQUIREMENTS) break;
  }
  return found;
}

/** The identity that a native answer tells; its number is `numberOf(answer)`. */
function fromText(id, answer) {
  return new Identity(PROOF, id, answer.slice(answer.indexOf("\n") + 1));
}

/** The number that an answer begins with; undefined where it begins with none. */
function numberOf(answer) {
  let number;
  for (let at = 0, digit; (digit = answer.charCodeAt(at) - 48) >= 0 && digit <= 9; at++) {
    number = (number ?? 0) * 10 + digit;
  }
  return number;
}

/** The lines of an identity's text: `bindings/node/src/identity.rs` says what stands in them. */
function partsOf(text) {
  const one = text.indexOf("\n");
  const two = text.indexOf("\n", one + 1);
  return { fields: text.slice(0, one), bigIntegers: text.slice(one + 1, two), claims: text.slice(two + 1) };
}

function fieldsOf(text) {
  const fields = parse(partsOf(text).fields);
  for (let at = 0; at < ISSUER_NAME; at++) {
    if (isArray(fields[at])) freeze(fields[at]);
  }
  return fields;
}

/** The value without what JSON.parse has it inherit, frozen all the way down. A copy, which costs less than another
 * prototype; and there is nothing to inherit from, so that `__proto__` is a name like any other. */
function frozen(value) {
  if (isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      const element = value[at];
      if (typeof element === "object" && element !== null) value[at] = frozen(element);
    }
    return freeze(value);
  }
  const copy = create(BARE);
  const names = keys(value);
  for (let at = 0; at < names.length; at++) {
    const member = value[names[at]];
    copy[names[at]] = typeof member === "object" && member !== null ? frozen(member) : member;
  }
  return freeze(copy);
}

/** A plain copy that is its receiver's to change. */
function thawed(value, integer) {
  if (typeof value === "bigint") return integer(value);
  if (typeof value !== "object" || value === null) return value;
  if (isArray(value)) return value.map((element) => thawed(element, integer));
  const copy = {};
  // Defined rather than set: a member may be called `__proto__`.
  for (const name of keys(value)) put(copy, name, thawed(value[name], integer));
  return copy;
}

/** Puts an integer where `JSON.parse` has rounded it. */
function replace(claims, path, integer) {
  let holder = claims;
  // Members are the holder's own, also one that is called `__proto__`.
  for (const step of path.slice(0, -1)) holder = hasOwn(holder, step) ? holder[step] : undefined;
  put(holder, path.at(-1), integer);
}

function put(object, name, value) {
  defineProperty(object, name, { value, configurable: true, enumerable: true, writable: true });
}

/** Pointers are written in code, so there are few of them. */
const pointers = new Map();
const POINTERS = 1024;

/** Undefined for what is neither a pointer nor a name. */
function steps(pointer) {
  let found = pointers.get(pointer);
  if (found === undefined) {
    if (typeof pointer !== "string") throw misuse("a claim is named by a JSON Pointer or its name");
    found = attempt(() => native.pointer(pointer)) ?? undefined;
    if (found !== undefined && pointers.size < POINTERS) pointers.set(pointer, found);
  }
  return found;
}

module.exports = { Identity, fromText, is, isProof, numberOf };
