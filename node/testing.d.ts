import type { Guard, Policy, ServiceOptions, Time } from "./index";

/** As the value of a claim: the token does not have it. `null` is a claim that is null. */
export const ABSENT: unique symbol;

/** A value for a claim. */
export type ClaimValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly ClaimValue[]
  | { readonly [name: string]: ClaimValue };

/** Claims or header members by name; they take the place of the defaults. */
export interface Members {
  readonly [name: string]: ClaimValue | typeof ABSENT;
}

/** The claims of a token. Those that every token has are named for the editor's sake; any other may be given. */
export interface TokenClaims extends Members {
  readonly sub?: string | typeof ABSENT;
  readonly scope?: string | typeof ABSENT;
  readonly roles?: readonly string[] | typeof ABSENT;
}

export interface TokenOptions {
  /** Changes the header in the same way. */
  readonly header?: { readonly [name: string]: ClaimValue } | undefined;
}

export interface IssuerOptions {
  readonly issuer?: string | undefined;
  /** The audience of its access tokens: the service under test. */
  readonly audience?: string | undefined;
  /** The client that its tokens are issued to. */
  readonly clientId?: string | undefined;
  /** "ES256" where it is not given; any other signature algorithm. */
  readonly algorithm?: string | undefined;
}

export interface ProfileOptions {
  /** "access_token" where it is not given. */
  readonly profile?: string | undefined;
}

/** An issuer with a fresh key, for the tests of those who use a guard: nothing is mocked. */
export function issuer(options?: IssuerOptions): Issuer;

/** Issues tokens that a real guard accepts, and odd ones that it refuses. */
export class Issuer {
  private constructor();
  #issuer;

  readonly issuer: string;
  readonly audience: string;
  readonly clientId: string;
  readonly algorithm: string;
  /** The `kid` of the key that signs. */
  readonly kid: string;
  /** Dates its tokens; its guards go by it. */
  readonly clock: Clock;

  /** An access token (RFC 9068) that is right in everything. */
  token(claims?: TokenClaims, options?: TokenOptions): string;
  /** An ID token for the client; a guard of the profile "id_token" accepts it. */
  idToken(claims?: TokenClaims, options?: TokenOptions): string;
  /** Ended an hour ago: `token_expired`. */
  expired(claims?: TokenClaims, options?: TokenOptions): string;
  /** Begins in an hour: `token_not_yet_valid`. */
  notYetValid(claims?: TokenClaims, options?: TokenOptions): string;
  /** For another service: `aud_mismatch`. */
  wrongAudience(claims?: TokenClaims, options?: TokenOptions): string;
  /** Of somebody who is not trusted: `iss_untrusted`. */
  wrongIssuer(claims?: TokenClaims, options?: TokenOptions): string;
  /** Signed with a key that nobody published: `signature_invalid`. */
  wrongKey(claims?: TokenClaims, options?: TokenOptions): string;
  /** Changed after it was signed: `signature_invalid`. */
  tampered(claims?: TokenClaims, options?: TokenOptions): string;
  /** With the algorithm "none": `alg_not_allowed`. */
  unsigned(claims?: TokenClaims, options?: TokenOptions): string;
  /** Any payload under any header, signed with the current key. */
  sign(header: string | Uint8Array, payload: string | Uint8Array): string;

  /**
   * A policy that accepts its tokens, with the keys that it has now. `more` is TOML: further settings of the issuer
   * first, then other tables.
   */
  policy(more?: string, options?: ProfileOptions): Policy;
  /** The text of that policy, in TOML. */
  policyText(options?: ProfileOptions): string;
  /** A guard of that policy. It goes by `clock` and learns of new keys at once. */
  guard(more?: string, options?: ProfileOptions): Guard;
  /** A guard whose keys are not there yet: `publish` or `fail` end the wait. */
  pendingGuard(more?: string, options?: ProfileOptions): Guard;
  /** Hands the keys to every guard of this issuer. */
  publish(): void;
  /** Tells a guard that waits for keys that they cannot be had: an outage until `publish`. */
  fail(guard: Guard): void;
  /** Signs with a new key from now on and gives its `kid`. The old one still verifies. */
  rotate(): string;
  /** Takes all keys but the current one away: what they signed is refused from now on. */
  retire(): void;
  /** The JWK Set: the current key, and those before it that have not retired. */
  jwks(): { keys: Record<string, unknown>[] };
}

/** A guard of any policy that goes by that clock, and fetches keys over that network. */
export function guard(policy: Policy, clock: Clock, network?: Network): Guard;

export interface ReplyOptions {
  /** 200 where it is not given. */
  readonly status?: number | undefined;
  /** Content-Type is "application/json" where it is not among them. */
  readonly headers?: { readonly [name: string]: string } | Iterable<readonly [string, string]> | undefined;
  /** What the host has as address; a public one where it is not given. */
  readonly address?: string | undefined;
  /** The credential that it asks for: to others it answers 401, as it does without to those who bring one. */
  readonly bearer?: string | undefined;
}

/** What goes wrong before there is an answer. */
export type Fault = "timeout" | "connect_timeout" | "host_not_found" | "refused" | "reset" | "closed" | "certificate";

/**
 * A network without sockets: what is behind each URL is what a test says. Until then no host is found.
 *
 * Everything but the sockets is real: redirects, media types, sizes, addresses and credentials are judged as they are
 * of a server. A guard with such a network begins no thread: what is due is fetched by `fetchDue`, or, where the policy
 * says `mode = "inline"`, by the call that needs it.
 */
export class Network {
  #native;

  /** From now on this is what the URL answers. */
  answer(url: string, body?: string | Uint8Array | object, options?: ReplyOptions): void;
  /** From now on there is no answer from the URL, but a fault: a timeout where none is given. */
  fail(url: string, fault?: Fault): void;
  /** The URLs that guards asked for since the last time, in order. */
  requests(): string[];
}

/** Fetches in this thread what the guard would fetch now by itself, and wakes those who wait for it. */
export function fetchDue(guard: Guard): void;

/**
 * As `Policy.load`, for a file in which `keys = { scripted = true }` is allowed: keys that a test hands in by
 * `answerKeys`. Nothing else accepts such a file.
 */
export function loadPolicy(path: string | URL, options?: ServiceOptions | string): Policy;

/** Puts another policy in place of the guard's, at once and whole, as `reload` does with a changed file. */
export function replace(guard: Guard, policy: Policy): void;

/**
 * Hands a JWK Set to the guard's issuer of that name in the policy, or (null) tells that its keys cannot be had: the
 * answer that tokens wait for, or else a new set in place of the old one.
 *
 * @throws {MisuseError} with the code of what is wrong with the set, or where nothing waits for a failure
 */
export function answerKeys(guard: Guard, issuer: string, jwks: string | Uint8Array | null): void;

/** Stands until it is moved. Every issuer has one; `guard` builds guards that go by another. */
export class Clock {
  #clock;

  constructor(now: Time);

  /** Seconds since 1970. */
  now(): number;
  /** Shows that time. */
  set(now: Time): void;
  /** Moves it on, or back. */
  advance(seconds: number): void;
}
