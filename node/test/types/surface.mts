// Compiled, not run: what is right compiles, and each line below `@ts-expect-error` does not.
import {
  CODES,
  type Claim,
  type Code,
  CountersealError,
  Guard,
  Identity,
  MisuseError,
  type Outcome,
  Policy,
  PolicyError,
  type Problem,
  TokenRejectedError,
  UnavailableError,
  version,
} from "counterseal";
import { ABSENT, Clock, type Issuer, Network, answerKeys, fetchDue, guard as testingGuard, issuer, loadPolicy, replace } from "counterseal/testing";

const guard: Guard = Guard.load("counterseal.toml", { service: "orders" });
const same = new Guard(Policy.load(new URL("file:///policy.toml")));
const identity: Identity = guard.verifySync("Bearer x");
const awaited: Identity = await same.verify(Buffer.from("x"), { now: new Date() });
const outcomes: Outcome[] = await guard.verifyMany(["a", new Uint8Array(1)], { now: 1_700_000_000 });
Policy.fromStr("version = 1", { format: "toml", baseDir: "." });
Policy.fromDict({ version: 1, issuer: [{ name: "main", required_scopes: ["a"] }] });

for (const outcome of outcomes) {
  if (outcome.ok) {
    const subject: string | null = outcome.identity.subject;
    // @ts-expect-error there is no error beside an identity
    outcome.error.code;
    void subject;
  } else {
    const code: Code = outcome.error.code;
    // @ts-expect-error there is no identity beside an error
    outcome.identity.subject;
    void code;
  }
}

try {
  guard.verifySync("x");
} catch (error) {
  if (error instanceof TokenRejectedError) {
    const challenge: string | undefined = error.wwwAuthenticate;
    const status: number = error.status;
    const counts: boolean = error.enforced;
    void [counts, challenge, status, error.rule, error.reference];
    // @ts-expect-error a misspelt code is noticed
    if (error.code === "token_expierd") void 0;
    // @ts-expect-error a rejection is no outage
    error.retryAfter;
  } else if (error instanceof UnavailableError) {
    const seconds: number = error.retryAfter;
    void seconds;
  } else if (error instanceof PolicyError) {
    const problems: readonly Problem[] = error.problems;
    void problems;
  } else if (error instanceof MisuseError || error instanceof CountersealError) {
    const number: number = CODES[error.code].number;
    void number;
  }
}

const claim: Claim | undefined = identity.claim("/realm_access/roles");
const roles: readonly string[] = identity.roles;
void [claim, roles, awaited.equals(identity), identity.toDict().claims["x"]];

// A promise is not an identity.
// @ts-expect-error await it
guard.verify("x").subject;
// @ts-expect-error a token is a string or bytes
guard.verifySync(5);
// @ts-expect-error a token is a string or bytes
guard.verifySync(undefined);
// @ts-expect-error a header that may be there several times is not one token
guard.verifySync(["x"]);
// @ts-expect-error a token is not a list of tokens
await guard.verifyMany(5);
// @ts-expect-error now is a Date or a number
guard.verifySync("x", { now: "2026-01-01" });
// @ts-expect-error there is no such option
guard.verifySync("x", { audience: "any" });
Guard.load("counterseal.toml", "orders");
await guard.ready(5);
const states: string[] = guard.status().issuers.map((entry) => entry.key_state);
const ages: (number | null | undefined)[] = guard.status().issuers.map((entry) => entry.fetch?.key_age);
// @ts-expect-error its names are those of the data
guard.status().denyFile;
identity.require({ scopes: "a", acr: ["b"], maxAge: 300, now: new Date() });
// @ts-expect-error there is no such requirement
identity.require({ scope: "a" });
const text: string = guard.metrics() + version;
const clock = new Clock(1_800_000_000);
replace(testingGuard(loadPolicy("x.toml", { service: "orders" }), clock), Policy.load("x.toml", "orders"));
answerKeys(guard, "main", null);
const network = new Network();
network.answer("https://idp.example.com/jwks", { keys: [] }, { headers: { Age: "1" }, address: "10.0.0.1" });
network.fail("https://idp.example.com/jwks", "reset");
fetchDue(testingGuard(Policy.load("x.toml"), clock, network));
const asked: string[] = network.requests();
// @ts-expect-error there is no such fault
network.fail("https://idp.example.com/jwks", "earthquake");
void asked;
// @ts-expect-error keys that cannot be had are null
answerKeys(guard, "main");
void [states, text];
// @ts-expect-error a guard wants a policy
new Guard({ version: 1 });
// @ts-expect-error what looks like a policy is none
new Guard({} as object);
// @ts-expect-error an identity is a proof and cannot be made
new Identity();
// @ts-expect-error what looks like an identity is none
const forged: Identity = { ...identity };
// @ts-expect-error a policy comes from a file, text or object
new Policy();
// @ts-expect-error an error is made by the package
new TokenRejectedError("x");
// @ts-expect-error fields do not change
identity.subject = "root";
// @ts-expect-error lists do not change
identity.roles.push("admin");
// @ts-expect-error claims do not change
identity.claims["admin"] = true;
// @ts-expect-error undefined would be left out of JSON without a word
Policy.fromDict({ version: 1, required_scopes: undefined });
// @ts-expect-error TOML or JSON
Policy.fromStr("", { format: "yaml" });
void forged;

const idp: Issuer = issuer({ audience: "https://api.example.com", algorithm: "Ed25519" });
const token: string = idp.token({ sub: "alice", roles: ["refunds"], n: 2n ** 60n, jti: ABSENT }, { header: { kid: "x" } });
idp.clock.advance(60);
idp.guard('required_scopes = ["a"]', { profile: "access_token" }).verifySync(token);
// @ts-expect-error roles are strings
idp.token({ roles: [1] });
// @ts-expect-error a function is no claim
idp.token({ other: () => 1 });
