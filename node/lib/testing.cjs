"use strict";
// An issuer with real keys, for the tests of those who use a guard: nothing is mocked.

const { inspect } = require("node:util");
const { attempt, misuse } = require("./errors.cjs");
const { Guard, nativeOf } = require("./guard.cjs");
const native = require("./native.cjs");
const { optionalText, options, path, seconds, service, text } = require("./options.cjs");
const { nativeOf: policyOf, wrap } = require("./policy.cjs");

/** As the value of a claim: the token does not have it. `null` is a claim that is null. */
const ABSENT = Symbol("counterseal.testing.ABSENT");

function issuer(given) {
  const { issuer, audience, clientId, algorithm = "ES256" } = options(
    given,
    ...["issuer", "audience", "clientId", "algorithm"],
  );
  const names = { issuer, audience, clientId, algorithm };
  for (const name of Object.keys(names)) optionalText(name, names[name]);
  return new Issuer(attempt(() => new native.Issuer(algorithm, issuer, audience, clientId)));
}

class Issuer {
  #native;
  #guards = new Set();

  constructor(inner) {
    if (!(inner instanceof native.Issuer)) throw misuse("issuer() makes an issuer");
    this.#native = inner;
    [this.issuer, this.audience, this.clientId, this.algorithm] = inner.names();
    this.clock = new Clock(attempt(() => inner.clock()));
    Object.freeze(this);
  }

  get kid() {
    return attempt(() => this.#native.kid());
  }

  token(claims, given) {
    return this.#made("access_token", undefined, claims, given);
  }

  idToken(claims, given) {
    return this.#made("id_token", undefined, claims, given);
  }

  expired(claims, given) {
    return this.#made("access_token", "expired", claims, given);
  }

  notYetValid(claims, given) {
    return this.#made("access_token", "not_yet_valid", claims, given);
  }

  wrongAudience(claims, given) {
    return this.#made("access_token", "wrong_audience", claims, given);
  }

  wrongIssuer(claims, given) {
    return this.#made("access_token", "wrong_issuer", claims, given);
  }

  wrongKey(claims, given) {
    return this.#made("access_token", "wrong_key", claims, given);
  }

  tampered(claims, given) {
    return this.#made("access_token", "tampered", claims, given);
  }

  unsigned(claims, given) {
    return this.#made("access_token", "unsigned", claims, given);
  }

  sign(header, payload) {
    return attempt(() => this.#native.sign(bytes("header", header), bytes("payload", payload)));
  }

  policy(more = "", given) {
    return this.#policy(more, given, false);
  }

  policyText(given) {
    const profile = profileOf(given);
    return attempt(() => this.#native.policyText(profile), NO_PROFILE);
  }

  guard(more = "", given) {
    const guard = this.pendingGuard(more, given);
    attempt(() => this.#native.publish(nativeOf(guard)));
    return guard;
  }

  pendingGuard(more = "", given) {
    const guard = new Guard(this.#policy(more, given, true));
    this.#guards.add(new WeakRef(guard));
    return guard;
  }

  publish() {
    for (const guard of this.#open()) attempt(() => this.#native.publish(guard));
  }

  fail(guard) {
    const inner = nativeOf(guard);
    attempt(() => this.#native.fail(inner), "the guard does not wait for keys of this issuer");
  }

  rotate() {
    const kid = attempt(() => this.#native.rotate());
    this.#publishToThoseWithKeys();
    return kid;
  }

  retire() {
    attempt(() => this.#native.retire());
    this.#publishToThoseWithKeys();
  }

  jwks() {
    return JSON.parse(attempt(() => this.#native.jwks()));
  }

  [inspect.custom]() {
    return `Issuer ${inspect(this.issuer)}`;
  }

  #policy(more, given, handedIn) {
    const [settings, profile] = [text("more", more), profileOf(given)];
    return wrap(attempt(() => this.#native.policy(profile, settings, handedIn), NO_PROFILE));
  }

  /** The guards that are still there and open. */
  *#open() {
    for (const reference of this.#guards) {
      const guard = reference.deref();
      const inner = guard === undefined ? undefined : nativeOf(guard);
      if (inner?.isOpen()) yield inner;
      else this.#guards.delete(reference);
    }
  }

  #publishToThoseWithKeys() {
    for (const guard of this.#open()) if (!guard.isPending(this.token())) attempt(() => this.#native.publish(guard));
  }

  #made(profile, oddity, claims = {}, given) {
    const { header = {} } = options(given, "header");
    const [members, headers] = [object("claims", claims), object("header", header)];
    const removed = Object.keys(members).filter((name) => members[name] === ABSENT);
    const kept = Object.entries(members).filter(([, value]) => value !== ABSENT);
    return attempt(() =>
      this.#native.issue(profile, json(Object.fromEntries(kept)), removed, json(headers), oddity),
    );
  }
}

let clockOf;

class Clock {
  #native;

  constructor(now) {
    this.#native = now instanceof native.Clock ? now : clockAt(seconds(now));
    Object.freeze(this);
  }

  now() {
    return attempt(() => this.#native.now());
  }

  set(now) {
    const at = seconds(now);
    attempt(() => this.#native.set(at));
  }

  advance(by) {
    this.set(this.now() + seconds(by));
  }

  static {
    clockOf = (clock) => {
      if (typeof clock !== "object" || clock === null || !(#native in clock)) throw misuse("clock is a Clock");
      return clock.#native;
    };
  }

  [inspect.custom]() {
    return `Clock at ${new Date(this.now() * 1000).toISOString()}`;
  }
}

function clockAt(now) {
  return attempt(() => new native.Clock(now));
}

let networkOf;

class Network {
  #native = attempt(() => new native.Network());

  answer(url, body = "", given) {
    const { status, headers = [], address, bearer } = options(given, "status", "headers", "address", "bearer");
    if (typeof headers !== "object" || headers === null) throw misuse("headers are an object, or a list of pairs");
    const pairs = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
    const isPlain = typeof body === "string" || body instanceof Uint8Array;
    this.#answer(url, { status, headers: pairs, address, bearer }, isPlain ? body : json(object("body", body)));
  }

  fail(url, fault = "timeout") {
    this.#answer(url, { fault }, "");
  }

  requests() {
    return attempt(() => this.#native.requests());
  }

  #answer(url, reply, body) {
    const [to, told, sent] = [text("url", url), JSON.stringify(reply), bytes("body", body)];
    attempt(() => this.#native.answer(to, told, sent), "nothing answers like that");
  }

  static {
    networkOf = (network) => {
      if (typeof network !== "object" || network === null || !(#native in network)) throw misuse("network is a Network");
      return network.#native;
    };
  }
}

function guard(policy, clock, network) {
  const [inner, standing] = [policyOf(policy), clockOf(clock)];
  const played = network === undefined ? undefined : networkOf(network);
  return new Guard(wrap(attempt(() => inner.withClock(standing, played))));
}

function fetchDue(guard) {
  const inner = nativeOf(guard);
  attempt(() => native.fetchDue(inner));
}

function loadPolicy(file, given) {
  const [name, from] = [service(given), path("path", file)];
  return wrap(attempt(() => native.Policy.loadScripted(from, name)));
}

function replace(guard, policy) {
  const [inner, other] = [nativeOf(guard), policyOf(policy)];
  attempt(() => inner.replace(other));
}

function answerKeys(guard, issuer, jwks) {
  const [inner, name] = [nativeOf(guard), text("issuer", issuer)];
  const set = jwks === null ? undefined : bytes("jwks", jwks);
  attempt(() => native.answerKeys(inner, name, set));
}

const NO_PROFILE = "there is no profile of that name";

function profileOf(given) {
  const { profile = "access_token" } = options(given, "profile");
  return text("profile", profile);
}

function object(name, members) {
  if (typeof members !== "object" || members === null || Array.isArray(members)) throw misuse(`${name} are an object`);
  return members;
}

function bytes(name, value) {
  if (typeof value === "string") return Buffer.from(value);
  if (value instanceof Uint8Array) return value;
  throw misuse(`${name} is a string or a Uint8Array`);
}

/** JSON with integers of any size. */
function json(value) {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return `[${value.map(json).join()}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.keys(value).map((name) => `${JSON.stringify(name)}:${json(value[name])}`).join()}}`;
  }
  const isPlain = value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
  if (!isPlain) throw misuse("claims and headers hold what JSON can say; a claim that is not there is ABSENT");
  return JSON.stringify(value);
}

module.exports = { ABSENT, Clock, Issuer, Network, answerKeys, fetchDue, guard, issuer, loadPolicy, replace };
