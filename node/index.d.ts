import type { Code } from "./codes";

export type { Code };

/** A token: text, bare or behind "Bearer ", or its bytes. A `Buffer` is a `Uint8Array`. */
export type Token = string | Uint8Array;

/** A `Date`, or seconds since 1970. Milliseconds are refused. */
export type Time = Date | number;

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** A claim: what JSON can say, with integers beyond 2^53 - 1 as `bigint`. Frozen all the way down. */
export type Claim =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Claim[]
  | { readonly [name: string]: Claim };

/** The claims by name. Nothing is inherited: `claims.constructor` is a claim or not there. */
export interface Claims {
  readonly [name: string]: Claim | undefined;
}

export interface ServiceOptions {
  /** Chooses an overlay `[service.NAME]`; `Policy.load` takes it from COUNTERSEAL_SERVICE where it is not given. */
  readonly service?: string | undefined;
}

export interface SourceOptions extends ServiceOptions {
  /** Where relative paths of the policy start; the working directory otherwise. */
  readonly baseDir?: string | URL | undefined;
}

export interface TextOptions extends SourceOptions {
  /** How the text is written: "toml" where it is not given. */
  readonly format?: "toml" | "json" | undefined;
}

export interface VerifyOptions {
  /** Judges at another time, past the cache. */
  readonly now?: Time | undefined;
}

/** What one handler asks beyond the policy. */
export interface RequireOptions extends VerifyOptions {
  /** All of these; one string is one scope. */
  readonly scopes?: string | Iterable<string> | undefined;
  /** One of these classes of sign-in would do. */
  readonly acr?: string | Iterable<string> | undefined;
  /** The sign-in is at most so many seconds ago, by the machine's clock or at `now`. */
  readonly maxAge?: number | undefined;
}

/** A checked policy, ready for a `Guard`. */
export class Policy {
  private constructor();
  #policy;

  /**
   * Reads a policy file, TOML or (`.json`) JSON, and the key files and secrets that it names. A string in place of
   * the options is the service.
   *
   * @throws {PolicyError} with every mistake at once, each with its line and column
   */
  static load(path: string | URL, options?: ServiceOptions | string): Policy;

  /** Reads a policy from text. */
  static fromStr(text: string, options?: TextOptions): Policy;

  /** Reads a policy from an object of the same shape as the file. Its problems have no lines. */
  static fromDict(policy: { readonly [name: string]: Json }, options?: SourceOptions): Policy;
}

/** Verifies tokens by a policy. Build it once, at start-up, and share it. */
export class Guard {
  #guard;

  constructor(policy: Policy);

  /**
   * Loads a policy file and builds its guard; see `Policy.load`.
   *
   * @throws {PolicyError} with every mistake in the file
   */
  static load(path: string | URL, options?: ServiceOptions | string): Guard;

  /**
   * Verifies a token. Where the issuer's keys are on their way it waits up to `fetch.wait`; the verification
   * itself is synchronous and costs some microseconds, or some hundred nanoseconds for a token seen before.
   *
   * Rejects with a `TokenRejectedError` whose code is that of the first check that failed, or with an
   * `UnavailableError` where nobody can decide now.
   */
  verify(token: Token, options?: VerifyOptions): Promise<Identity>;

  /** As `verify`, but throws, and never waits: keys that are not there yet are an outage. */
  verifySync(token: Token, options?: VerifyOptions): Identity;

  /** As `verifySync`, but returns what it would have thrown: that costs less where many tokens are refused. */
  tryVerify(token: Token, options?: VerifyOptions): Outcome;

  /** Verifies many tokens at one reading of the clock; an outcome for each, in order. Waits once for all of them. */
  verifyMany(tokens: Iterable<Token>, options?: VerifyOptions): Promise<Outcome[]>;

  /** The same verification as a report of every check, for people. It costs several times as much. */
  explain(token: Token, options?: VerifyOptions): Report;

  /**
   * Waits until the keys of every issuer are there, at start-up or for a readiness probe: 10 seconds where nothing
   * else is given. Rejects with an `UnavailableError` where they cannot be had.
   */
  ready(timeoutSeconds?: number): Promise<void>;

  /**
   * How the guard is doing: the policy in force and its reloads, each issuer with its keys and what became of its
   * tokens, the cache, and `alarms`, which is empty when all is well.
   */
  status(): Status;

  /** The numbers of `status` as Prometheus text. */
  metrics(): string;

  /**
   * Reads the policy file again and swaps the whole policy at once.
   *
   * @throws {PolicyError} where the new one has mistakes; the old one stays then
   */
  reload(): void;

  /** Refuses every later call with a `MisuseError`, also those that wait. Identities stay valid. */
  close(): void;
}

/**
 * A verified token's identity: the proof that it passed. Only a guard makes one, and it is frozen.
 *
 * `console.log` shows neither token nor claims. `JSON.stringify` writes `toJSON()`: fields and claims, never the token.
 */
export class Identity {
  private constructor();
  #proof;

  /** `sub`: together with `issuer` it names the principal; alone it does not. */
  readonly subject: string | null;
  /** The issuer as the policy spells it. */
  readonly issuer: string;
  /** The audiences, in the token's order. */
  readonly audience: readonly string[];
  /** The scopes, in the token's order. */
  readonly scopes: readonly string[];
  /** The roles from where the policy says they are. */
  readonly roles: readonly string[];
  /** The tenant from where the policy says it is. */
  readonly tenant: string | null;
  /** The client that the token was issued to. */
  readonly clientId: string | null;
  /** Person or client. */
  readonly subjectKind: "user" | "client" | "unknown";
  /** The actors of a delegated token, outermost first. */
  readonly actors: readonly string[];
  /** `jti` */
  readonly tokenId: string | null;
  /** `iat` in seconds since 1970. */
  readonly issuedAt: number | null;
  /** `exp` in seconds since 1970. */
  readonly expiresAt: number | null;
  /** When the person signed in, in seconds since 1970. */
  readonly authTime: number | null;
  /** The class of the authentication. */
  readonly acr: string | null;
  /** The methods of the authentication. */
  readonly amr: readonly string[];
  /** The profile under which the token was accepted. */
  readonly profile: string;
  /** The transaction that the token belongs to. */
  readonly transactionId: string | null;
  /** Did the provider leave group lists out? Then an empty list of roles means nothing. */
  readonly groupsIncomplete: boolean;
  /** All claims, read when they are first asked for. */
  readonly claims: Claims;

  /** One claim by JSON Pointer (RFC 6901) or by name; undefined where there is none. */
  claim(pointer: string): Claim | undefined;
  /** Was exactly this scope granted? */
  hasScope(scope: string): boolean;
  /** Is exactly this role among them? */
  hasRole(role: string): boolean;
  /**
   * Holds the identity against what one handler asks beyond the policy. Something has to be asked.
   *
   * @throws {TokenRejectedError} with the challenge for the client: `insufficient_scope` (403), `acr_unmet` or
   * `auth_too_old` (401, RFC 9470)
   */
  require(asked: RequireOptions): void;
  /** Is it of the same issuer, profile and claims? */
  equals(other: unknown): boolean;
  /** The fields and claims as a plain object, yours to change. */
  toDict(): IdentityObject;
  /** The same with `bigint` as digits, for `JSON.stringify`. */
  toJSON(): IdentityObject;
}

/** The fields of an identity as plain values. */
export interface IdentityObject {
  subject: string | null;
  issuer: string;
  audience: string[];
  scopes: string[];
  roles: string[];
  tenant: string | null;
  clientId: string | null;
  subjectKind: "user" | "client" | "unknown";
  actors: string[];
  tokenId: string | null;
  issuedAt: number | null;
  expiresAt: number | null;
  authTime: number | null;
  acr: string | null;
  amr: string[];
  profile: string;
  transactionId: string | null;
  groupsIncomplete: boolean;
  claims: { [name: string]: unknown };
}

/** What became of a token: look at `ok` first. */
export type Outcome =
  | { readonly ok: true; readonly identity: Identity; readonly error?: never }
  | { readonly ok: false; readonly error: CountersealError; readonly identity?: never };

/** Every check of one verification. It holds no token and no key, and it is no proof. */
export interface Report {
  /** What became of the token: the same as `verify` says. */
  readonly verdict: "verified" | "rejected" | "pending";
  /** The code of a rejection. */
  readonly code: Code | null;
  /** The checks up to the first that failed. */
  readonly checks: readonly Check[];
  /** The steps that the verification did not come to. */
  readonly notReached: readonly string[];
}

export interface Check {
  /** The rule that asks for it. */
  readonly rule: string;
  /** What it asks, in a few words. */
  readonly name: string;
  /** The step it belongs to. */
  readonly stage: string;
  readonly outcome: "passed" | "failed";
  /** More about it; values of the token only behind a valid signature. */
  readonly detail: string | null;
}

/**
 * A guard at one moment. Nothing in it comes from a token. It is data for a health page, the same in every language:
 * its names are those of docs/operating.md, written as there.
 */
export interface Status {
  /** The policy in force, and attempts to load another. */
  policy: {
    /** How many policies came before it. */
    generation: number;
    failed_reloads: number;
    /** null where there was no attempt. */
    last_reload_succeeded: boolean | null;
    /** In seconds since 1970. */
    last_reload_at: number | null;
  };
  /** The policy's entries, in the order of the file. */
  issuers: IssuerStatus[];
  /** What became of tokens that belong to no issuer of the policy. */
  unknown_issuer: Decisions;
  /** The verified-token cache since the guard was made. */
  cache: { hits: number; misses: number; inserts: number; evictions: number; entries: number };
  /** `deny_file`, where the policy names one. */
  deny_file: { path: string; denied: number; alarm: Alarm | null } | null;
  /** What an operator should look at now. */
  alarms: Alarm[];
}

/** The fetching of an issuer's keys since the guard was made. */
export interface FetchStatus {
  /** Seconds since the keys were fetched; null where they were not yet. */
  key_age: number | null;
  /** Fetches that were begun, that brought keys, and that did not. */
  attempts: number;
  refreshes: number;
  failures: number;
  /** Tokens that named a key which the set did not have. */
  unknown_kids: number;
  /** How often metadata named another host for the keys than before, and when it last did. */
  moved: number;
  moved_at: number | null;
  /** Why a fetch failed last, a code and a few words, and when. */
  last_error: string | null;
  last_error_at: number | null;
  in_flight: boolean;
  /** Is a server of its keys asked through a proxy, which resolves its name? */
  via_proxy: boolean;
  /** Codes of why keys of the set were left out. */
  skipped: string[];
}

export interface IssuerStatus {
  /** The name in the policy. */
  name: string;
  issuer: string;
  profile: string;
  preset: string | null;
  /** Do refusals count? */
  enforced: boolean;
  /** Where its keys are. */
  key_state: "static" | "awaited" | "failed" | "held" | "fresh" | "stale" | "cooling_down";
  /** How many keys can be used. */
  keys: number;
  /** Is the service ready only when its keys are there? */
  required: boolean;
  /** How the fetching of its keys goes; null where they are not fetched. */
  fetch: FetchStatus | null;
  decisions: Decisions;
}

export interface Decisions {
  /** Tokens that passed a whole verification; those answered from the cache are not among them. */
  verified: number;
  /** Decisions that had to wait for keys. */
  pending: number;
  /** Refusals and outages, by code; `enforced` is false where they were only reported. */
  refused: { code: Code; enforced: boolean; count: number }[];
}

/** Something is wrong and the guard goes on with what it had. */
export interface Alarm {
  code: Code;
  message: string;
}

/** Any error of this package. `instanceof` works across copies of it; compare `code`. */
export abstract class CountersealError extends Error {
  protected constructor(told: never);
  /** The stable code, for logs, metrics and comparisons. */
  readonly code: Code;
  /** The same as a number; thousands stand for the class. */
  readonly number: number;
}

/** The token is not acceptable: refuse the request. */
export class TokenRejectedError extends CountersealError {
  private constructor(told: never);
  /** The check that failed. */
  readonly rule: string;
  /** The HTTP status for the client: 401 or 403. */
  readonly status: number;
  /** The value of the header WWW-Authenticate: all that the client may know. */
  readonly wwwAuthenticate: string | undefined;
  /** An opaque support reference. */
  readonly reference: string;
  /** Does it count? Where not, `enforce = false`: report it, and let the library decide that decided before. */
  readonly enforced: boolean;
}

/** Nobody can decide now: answer 503, alert, and never log the user out. */
export class UnavailableError extends CountersealError {
  private constructor(told: never);
  /** The HTTP status for the client: 503. */
  readonly status: number;
  /** Seconds, for the header Retry-After. */
  readonly retryAfter: number;
  /** An opaque support reference. */
  readonly reference: string;
  /** Does it count? Where not, `enforce = false`: report it, and let the library decide that decided before. */
  readonly enforced: boolean;
}

/** The policy cannot be used: fix the file. */
export class PolicyError extends CountersealError {
  private constructor(told: never);
  /** Every mistake, in the order of the file. */
  readonly problems: readonly Problem[];
}

/** The call is wrong: fix the code. */
export class MisuseError extends CountersealError {
  private constructor(told: never);
  #misuse;
}

/** Counterseal is wrong: report it. */
export class InternalError extends CountersealError {
  private constructor(told: never);
  #internal;
}

/** One mistake in a policy. It never holds a secret. */
export interface Problem {
  /** The setting, such as `issuer[0].keys.jwks_file`; empty for the file as a whole. */
  readonly path: string;
  /** The same as a JSON Pointer. */
  readonly pointer: string;
  /** Counted from 1; null where the policy was an object. */
  readonly line: number | null;
  /** In characters, counted from 1. */
  readonly column: number | null;
  /** Which kind of mistake. */
  readonly code: Code;
  /** What is wrong. */
  readonly message: string;
  /** What to write instead. */
  readonly hint: string | null;
}

/** What there is to know about a code. */
export interface CodeEntry {
  readonly number: number;
  readonly category: "malformed" | "untrusted" | "rejected" | "unavailable" | "policy" | "misuse" | "internal";
  /** The HTTP status at a protected resource, where a request is answered with it. */
  readonly status: number | null;
  /** The error of RFC 6750 that the client may see. */
  readonly oauthError: string | null;
  /** One sentence without any value. */
  readonly message: string;
}

/** The version of the package. */
export const version: string;

/** Every code. */
export const CODES: { readonly [code in Code]: CodeEntry };
