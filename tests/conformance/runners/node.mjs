// Runs prepared cases on the objects that every user of the package has: node node.mjs FOLDER.
//
// The form of cases and outcomes is in ../README.md. Nothing is expected here, and no code or claim is asked for.
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join, resolve } from "node:path";

import { CountersealError, Policy, PolicyError, TokenRejectedError, UnavailableError } from "../../../node/index.mjs";
import * as testing from "../../../node/testing.mjs";

const START = 1_800_000_000;
const IDENTITY = names(`subject issuer audience scopes roles tenant client_id subject_kind actors token_id issued_at
  expires_at auth_time acr amr profile transaction_id groups_incomplete claims`);
const REJECTED = names("code number rule status www_authenticate enforced");
const UNAVAILABLE = names("code number status retry_after enforced");
const PROBLEM = names("code path pointer line column message hint");
const REPORT = names("verdict code not_reached");
const ISSUER = "name key_state keys required fetch".split(" ");
const CHECK = names("rule name stage outcome detail");
const COUNTERS = {
  hits: "counterseal_cache_hits_total",
  misses: "counterseal_cache_misses_total",
  inserts: "counterseal_cache_inserts_total",
  evictions: "counterseal_cache_evictions_total",
  entries: "counterseal_cache_entries",
};

/** A case: one clock, and one guard at a time. */
class Run {
  constructor(folder) {
    this.folder = folder;
    this.clock = new testing.Clock(START);
    this.network = new testing.Network();
  }

  step(step) {
    const [[name, value]] = Object.entries(step);
    return this[`${name}Step`](value);
  }

  atStep(seconds) {
    this.clock.set(seconds);
  }

  advanceStep(seconds) {
    this.clock.advance(seconds);
  }

  skipStep() {}

  loadStep(policy) {
    this.guard = undefined;
    return attempt(() => (this.guard = testing.guard(this.policy(policy), this.clock, this.network)));
  }

  reloadStep(policy) {
    return attempt(() => testing.replace(this.guard, this.policy(policy)));
  }

  networkStep({ url, answer, body }) {
    if (answer.fault === undefined) this.network.answer(url, Buffer.from(body, "base64"), answer);
    else this.network.fail(url, answer.fault);
  }

  fetchStep() {
    testing.fetchDue(this.guard);
    return this.network.requests();
  }

  async readyStep() {
    try {
      await this.guard.ready(0);
    } catch (error) {
      return refusal(ours(error));
    }
    return "ok";
  }

  statusStep() {
    const { issuers, alarms } = this.guard.status();
    const shown = issuers.map((issuer) => Object.fromEntries(ISSUER.map((name) => [name, issuer[name]])));
    return { status: { issuers: shown, alarms } };
  }

  keysStep({ issuer, jwks }) {
    return attempt(() => testing.answerKeys(this.guard, issuer, jwks === null ? null : Buffer.from(jwks, "base64")));
  }

  verifyStep(verify) {
    const outcome = this.verified(verify);
    return outcome.ok ? { verified: fields(outcome.identity, IDENTITY) } : refusal(outcome.error);
  }

  requireStep(asked) {
    const outcome = this.verified(asked);
    if (!outcome.ok) return refusal(outcome.error);
    const { scopes, acr, max_age: maxAge } = asked;
    try {
      outcome.identity.require({ scopes, acr, maxAge: maxAge ?? undefined, now: this.clock.now() });
    } catch (error) {
      return refusal(ours(error));
    }
    return "ok";
  }

  explainStep(explain) {
    const report = this.guard.explain(token(explain));
    return { report: { ...fields(report, REPORT), checks: report.checks.map((check) => fields(check, CHECK)) } };
  }

  countersStep() {
    const numbers = new Map(this.guard.metrics().split("\n").map((line) => line.split(" ")));
    return Object.fromEntries(Object.entries(COUNTERS).map(([name, metric]) => [name, Number(numbers.get(metric))]));
  }

  verified(step) {
    try {
      return this.guard.tryVerify(token(step), step.now == null ? undefined : { now: step.now });
    } catch (error) {
      return { ok: false, error: ours(error) };
    }
  }

  policy({ folder, file, service, environment, scripted }) {
    process.chdir(join(this.folder, folder));
    Object.assign(process.env, environment);
    try {
      return (scripted ? testing.loadPolicy : Policy.load)(file, { service: service ?? undefined });
    } finally {
      for (const name of Object.keys(environment)) delete process.env[name];
    }
  }
}

function attempt(action) {
  try {
    action();
  } catch (error) {
    if (error instanceof PolicyError) return { problems: error.problems.map((problem) => fields(problem, PROBLEM)) };
    return { error: ours(error).code };
  }
  return "ok";
}

function refusal(error) {
  if (error instanceof TokenRejectedError) return { rejected: fields(error, REJECTED) };
  if (error instanceof UnavailableError) return { unavailable: fields(error, UNAVAILABLE) };
  return { error: error.code };
}

function ours(error) {
  if (error instanceof CountersealError) return error;
  throw error;
}

/** As text where it is some. */
function token({ token }) {
  const bytes = Buffer.from(token, "base64");
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
}

/** The names of fields, each with the one that it has in JavaScript. */
function names(text) {
  const camelCase = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
  return text.split(/\s+/).map((name) => [name, camelCase(name)]);
}

function fields(of, names) {
  return Object.fromEntries(names.map(([name, here]) => [name, of[here] ?? null]));
}

/** RFC 8785, which is how JavaScript writes; integers of any size as their digits. */
function canonical(value) {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : value > 0 ? "1e999" : "-1e999";
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const members = Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`);
  return `{${members.join()}}`;
}

const folder = resolve(process.argv[2]);
const out = openSync(join(folder, "node.jsonl"), "w");
for (const line of readFileSync(join(folder, "cases.jsonl"), "utf8").split("\n")) {
  if (line === "") continue;
  const { id, steps } = JSON.parse(line);
  const run = new Run(folder);
  const outcome = [];
  for (const step of steps) outcome.push((await run.step(step)) ?? null);
  writeSync(out, `${canonical({ id, outcome })}\n`);
}
closeSync(out);
