"use strict";
// The guard: build it once, at start-up, and share it.

const { inspect } = require("node:util");
const { abandon, deadlineOf, ready, settle } = require("./completions.cjs");
const { CODES, CountersealError, attempt, fromNumber, fromText, misuse } = require("./errors.cjs");
const identity = require("./identity.cjs");
const native = require("./native.cjs");
const options = require("./options.cjs");
const { Policy, nativeOf: policyOf } = require("./policy.cjs");
const report = require("./report.cjs");
const { Table } = require("./table.cjs");

const { isProof } = identity;

const TOKEN = "a token is a string or a Uint8Array";

/** More about what can be wrong with a call, in the terms of JavaScript. */
const DETAILS = {
  [CODES.misuse_argument.number]: TOKEN,
  [CODES.misuse_closed.number]: "the guard is closed",
  [CODES.misuse_time.number]: "now is a Date, or seconds since 1970 and not milliseconds",
};

/** Seconds that `ready` waits at most: a day. */
const LONGEST = 86_400;

/** The native part of a guard, for the issuer of tests. */
let nativeOf;

class Guard {
  #native;
  #answer;
  #recall;
  #table;

  constructor(policy) {
    const inner = policyOf(policy);
    this.#native = attempt(() => new native.Guard(inner));
    [this.#answer, this.#recall] = attempt(() => this.#native.functions());
    this.#table = new Table(attempt(() => this.#native.cacheCapacity()));
  }

  static load(path, given) {
    return new this(Policy.load(path, given));
  }

  async verify(token, given) {
    const now = given === undefined ? undefined : options.now(given);
    const verdict = this.#decide(token, now);
    if (verdict === undefined) return this.#wait(token, now, deadlineOf(this.#native));
    if (isProof(verdict)) return verdict;
    throw verdict;
  }

  verifySync(token, given) {
    const now = given === undefined ? undefined : options.now(given);
    const verdict = this.#decide(token, now) ?? this.#outage();
    if (isProof(verdict)) return verdict;
    throw verdict;
  }

  tryVerify(token, given) {
    const now = given === undefined ? undefined : options.now(given);
    return outcome(this.#decide(token, now) ?? this.#outage());
  }

  async verifyMany(tokens, given) {
    const now = given === undefined ? undefined : options.now(given);
    const list = listed(tokens);
    const answers = attempt(() => this.#native.answerMany(list, now), TOKEN);
    let deadline;
    const settled = list.map((token, at) => {
      // What waits is asked once more: the guard knows the keys that its last answer waits for.
      const verdict = this.#verdict(token, now, answers[at]) ?? this.#decide(token, now);
      if (verdict !== undefined) return outcome(verdict);
      deadline ??= deadlineOf(this.#native);
      return this.#wait(token, now, deadline).then(outcome, failed);
    });
    return Promise.all(settled);
  }

  explain(token, given) {
    const now = given === undefined ? undefined : options.now(given);
    return report.fromText(attempt(() => this.#native.explain(token, now), TOKEN));
  }

  async ready(timeoutSeconds = 10) {
    const isTime = typeof timeoutSeconds === "number" && timeoutSeconds >= 0 && timeoutSeconds <= LONGEST;
    if (!isTime) throw misuse(`timeoutSeconds is a number from 0 to ${LONGEST}`);
    return ready(this.#native, timeoutSeconds * 1000);
  }

  status() {
    return JSON.parse(attempt(() => this.#native.status()));
  }

  metrics() {
    return attempt(() => this.#native.metrics());
  }

  reload() {
    attempt(() => this.#native.reload());
    this.#table.clear();
  }

  close() {
    attempt(() => this.#native.close());
    this.#table.clear();
    abandon(this.#native);
  }

  [inspect.custom]() {
    return "Guard";
  }

  /** An identity, an error, or undefined while keys are on their way. */
  #decide(token, now) {
    const answer = now === undefined ? this.#answer(token) : this.#answer(token, now);
    if (typeof answer === "number") {
      const known = this.#table.get(answer);
      if (known !== undefined) return known;
    }
    return this.#verdict(token, now, answer);
  }

  /** The same for what the native module answered: `bindings/node/src/answer.rs` says how. */
  #verdict(token, now, answer) {
    if (typeof answer === "string") {
      const id = identity.numberOf(answer);
      return id === undefined ? fromText(answer) : this.#proven(id, now, answer);
    }
    if (answer > 0) return this.#table.get(answer) ?? this.#verdict(token, now, this.#recall(token));
    if (answer === 0) return undefined;
    return fromNumber(-answer, DETAILS[-answer]);
  }

  #proven(id, now, answer) {
    const made = identity.fromText(id, answer);
    if (now === undefined) this.#table.put(id, made);
    return made;
  }

  #outage() {
    return fromText(attempt(() => this.#native.keysUnavailable()));
  }

  /** Waits for the keys that the last answer waits for. */
  #wait(token, now, deadline) {
    const kept = typeof token === "string" ? token : new Uint8Array(token); // it is its owner's to change
    const ask = () => {
      const verdict = this.#decide(kept, now);
      if (verdict === undefined || isProof(verdict)) return verdict;
      throw verdict;
    };
    return settle(this.#native, ask, deadline);
  }

  static {
    nativeOf = (guard) => {
      if (typeof guard !== "object" || guard === null || !(#native in guard)) throw misuse("guard is a Guard");
      return guard.#native;
    };
  }
}

function outcome(verdict) {
  return isProof(verdict) ? { ok: true, identity: verdict } : { ok: false, error: verdict };
}

function failed(error) {
  if (error instanceof CountersealError) return outcome(error);
  throw error;
}

/** The elements of an iterable of tokens. One token is no list of tokens, although it can be iterated. */
function listed(tokens) {
  const isList = typeof tokens === "object" && tokens !== null && !ArrayBuffer.isView(tokens);
  if (!isList || typeof tokens[Symbol.iterator] !== "function") throw misuse("tokens is an iterable of tokens");
  return [...tokens];
}

module.exports = { Guard, nativeOf };
