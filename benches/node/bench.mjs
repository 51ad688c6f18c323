// Budgets and peers, side by side: every contender in every round, on the same tokens as fresh strings, and the median
// of the rounds. `node bench.mjs [rounds]`; the result is also written to benches/results/node.md.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, loadavg } from "node:os";

import { Guard } from "counterseal";

import { peers } from "./peers.mjs";
import { sample } from "./sample.mjs";

const native = createRequire(import.meta.url)("../../node/lib/native.cjs");
const ROUNDS = Number(process.argv[2] ?? 15);
/** 0.5 is the median. On a machine that others use too, a lower one tells more of the code and less of them. */
const QUANTILE = Number(process.env.QUANTILE ?? 0.5);
const UNCACHED = "[cache]\nentries = 0";
const TOKENS = 256;
const lines = [];
const print = (line = "") => (console.log(line), lines.push(line));

/** Strings that V8 has not seen: no hash and no shape is known of them. */
const fresh = (tokens, count) => Array.from({ length: count }, (_, at) => Buffer.from(tokens[at % tokens.length]).latin1Slice());

/** Nanoseconds for each call of each contender: medians over the rounds, in which all take turns. What counts is the
 * processor time of all threads of this process, so that nothing else on the machine does. */
async function measure(contenders, tokens, count) {
  const times = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = -2; round < ROUNDS; round++) {
    for (const [name, { call, rust, isAsync, times: of = 1 }] of Object.entries(contenders)) {
      const calls = Math.max(64, Math.floor(count * of));
      const given = rust ? [] : fresh(tokens, calls);
      const began = process.cpuUsage();
      if (rust) rust(calls);
      else if (isAsync) for (const token of given) await call(token);
      else for (const token of given) call(token);
      const { user, system } = process.cpuUsage(began);
      if (round >= 0) times[name].push(((user + system) * 1000) / calls);
    }
  }
  const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length * QUANTILE)];
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
}

/** Reads every claim, each contender in a function of its own, as each handler is. */
let sink;
const NAMES = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "azp", "sid", "scope", "tenant", "email"];
const reader = () =>
  new Function("c", `return ${NAMES.map((name) => `(c.${name} !== undefined)`).join(" + ")} + c.realm_access.roles.length;`);

function reading(call) {
  const read = reader();
  return (token) => (sink = read(call(token)));
}

function readingAsync(call) {
  const read = reader();
  return async (token) => (sink = read(await call(token)));
}

const us = (nanoseconds) => (nanoseconds / 1000).toFixed(nanoseconds < 10_000 ? 2 : 1);
const verdict = (isGood) => (isGood ? "pass" : "FAIL");
const budgets = [];

function budget(name, value, limit, unit) {
  budgets.push([name, `${value.toFixed(unit === "ns" ? 0 : 2)} ${unit}`, `${limit} ${unit}`, verdict(value <= limit)]);
}

function target(name, ratio, wanted) {
  // 15 % slack for noise
  budgets.push([name, `${ratio.toFixed(1)} ×`, `≥ ${wanted} ×`, verdict(ratio >= wanted * 0.85)]);
}

const table = (rows) => {
  print(`| ${rows[0].join(" | ")} |`);
  print(`|${rows[0].map(() => "---").join("|")}|`);
  for (const row of rows.slice(1)) print(`| ${row.join(" | ")} |`);
  print();
};

/** The native guard below a `Guard`, which only this package's own code can reach. */
const { nativeOf } = createRequire(import.meta.url)("../../node/lib/guard.cjs");

const rustLoop = (policy, tokens) => {
  const guard = new Guard(policy);
  return (calls) => native.verifyAll(nativeOf(guard), tokens, calls / tokens.length);
};

print("# Node: budgets and peers");
print();
print(`Node ${process.version}, ${cpus()[0].model}, ${cpus().length} cores, load ${loadavg()[0].toFixed(1)}; ${QUANTILE === 0.5 ? "medians" : `quantile ${QUANTILE}`} of ${ROUNDS} interleaved rounds, in processor time.`);
print("Tokens of 13 claims as fresh strings; every contender reads all claims unless the row says otherwise.");
print();

const rows = [["µs", "HS256", "RS256", "ES256", "Ed25519"]];
const results = {};
for (const algorithm of ["HS256", "RS256", "ES256", "Ed25519"]) {
  const given = sample(algorithm, TOKENS);
  const guard = new Guard(given.policy(UNCACHED));
  const others = peers(given);
  const contenders = {
    "Rust, uncached": { rust: rustLoop(given.policy(UNCACHED), given.tokens) },
    "counterseal, uncached": { call: reading((token) => guard.verifySync(token).claims) },
    "counterseal, uncached, no claim read": { call: (token) => guard.verifySync(token) },
  };
  for (const [name, call] of Object.entries(others)) {
    if (call === undefined || name.includes("cache")) continue;
    const isAsync = name === "jose";
    contenders[name] = { isAsync, times: 0.25, call: isAsync ? readingAsync(call) : reading(call) };
  }
  results[algorithm] = await measure(contenders, given.tokens, algorithm === "HS256" ? 1024 : 256);
}
for (const name of Object.keys(results.RS256)) {
  rows.push([name, ...["HS256", "RS256", "ES256", "Ed25519"].map((algorithm) => (results[algorithm][name] ? us(results[algorithm][name]) : "–"))]);
}
table(rows);

const { HS256, RS256 } = results;
const over = (result, name) => (result[name] - result["Rust, uncached"]) / 1000;
budget("uncached over Rust, HS256", over(HS256, "counterseal, uncached, no claim read"), 2, "µs");
budget("uncached over Rust, all claims read, HS256", over(HS256, "counterseal, uncached"), 4, "µs");

{
  const given = sample("RS256", TOKENS);
  const cached = new Guard(given.policy(""));
  const others = peers(given);
  const contenders = {
    "Rust, cached": { times: 4, rust: rustLoop(given.policy(""), given.tokens) },
    "verifySync, cached": { call: (token) => cached.verifySync(token) },
    "verifySync, cached, all claims read": { call: reading((token) => cached.verifySync(token).claims) },
    "tryVerify, cached": { call: (token) => cached.tryVerify(token) },
    "await verify, cached": { isAsync: true, call: (token) => cached.verify(token) },
    "fast-jwt, its cache, all claims read": { times: 0.25, call: reading(others["fast-jwt, its cache"]) },
  };
  const hits = await measure(contenders, given.tokens, 4096);
  table([["cached, 256 tokens", "ns"], ...Object.entries(hits).map(([name, value]) => [name, value.toFixed(0)])]);
  budget("cached hit, verifySync", hits["verifySync, cached"], 280, "ns");

  const hmac = sample("HS256", 1);
  const refusing = new Guard(hmac.policy(""));
  const refused = await measure(
    {
      returned: { call: (token) => (sink = refusing.tryVerify(token)) },
      thrown: {
        call: (token) => {
          try {
            refusing.verifySync(token);
          } catch (error) {
            sink = error;
          }
        },
      },
    },
    [hmac.expired],
    2048,
  );
  table([["refused (token_expired, HS256)", "µs"], ...Object.entries(refused).map(([name, value]) => [name, us(value)])]);
  budget("a thrown rejection over a returned one", (refused.thrown - refused.returned) / 1000, 4, "µs");

  const own = "counterseal, uncached";
  target("RS256 over fast-jwt", RS256["fast-jwt"] / RS256[own], 1.6);
  target("RS256 over jose", RS256.jose / RS256[own], 4.5);
  target("HS256 over fast-jwt", HS256["fast-jwt"] / HS256[own], 2);
  target("HS256 over jose", HS256.jose / HS256[own], 20);
  const lead = hits["fast-jwt, its cache, all claims read"] / hits["verifySync, cached, all claims read"];
  target("cached over fast-jwt's cache", lead, 10);
}

table([["budget", "measured", "wanted", ""], ...budgets]);
writeFileSync(new URL("../results/node.md", import.meta.url), `${lines.join("\n").trimEnd()}\n`);
