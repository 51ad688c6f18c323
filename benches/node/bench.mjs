// Budgets and peers, side by side: every contender in every round, on the same tokens as fresh strings, and the median
// of the rounds. With RESULTS=folder the rows are also written to node.json in it; ROUNDS is
// the number of rounds.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join } from "node:path";

import { Guard } from "counterseal";

import { peers } from "./peers.mjs";
import { sample } from "./sample.mjs";

const native = createRequire(import.meta.url)("../../node/lib/native.cjs");
const ROUNDS = Number(process.env.ROUNDS ?? 15);
/** 0.5 is the median. On a machine that others use too, a lower one tells more of the code and less of them. */
const QUANTILE = Number(process.env.QUANTILE ?? 0.5);
const UNCACHED = "[cache]\nentries = 0";
const TOKENS = 256;

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

/** Comparisons with peers allow for this much noise. */
const NOISE = 1.15;
const rows = [];

/** Keeps and prints a row of the form that benches/table.mjs describes. */
function add(section, what, measured, unit, { most, least, note = "", peer } = {}) {
  const budget = most ?? least ?? null;
  const passes = budget === null ? null : most === undefined ? measured >= least : measured <= most;
  const kind = budget === null ? null : most === undefined ? "at_least" : "at_most";
  rows.push({ section, what, measured, unit, budget, budget_kind: kind, passes, note, ...(peer && { peer }) });
  const bound = budget === null ? "" : `${most === undefined ? "≥" : "≤"} ${Number(budget.toFixed(2))}`;
  const verdict = passes === null ? "" : passes ? "pass" : "FAIL";
  const name = `${section}: ${what}${peer ? `, ${peer.name}` : ""}`;
  console.log(`${name.padEnd(58)} ${measured.toFixed(2).padStart(10)} ${unit.padEnd(5)} ${bound.padStart(10)} ${verdict}`);
}

/** How many times as long a peer took; not less than the target, but for noise. */
function beside(section, what, name, took, own, target) {
  const wanted = target === undefined ? {} : { least: target / NOISE, note: `${target} × less 15 % for noise` };
  add(section, what, took / own, "times", { ...wanted, peer: { name, took, own } });
}

/** The native guard below a `Guard`, which only this package's own code can reach. */
const { nativeOf } = createRequire(import.meta.url)("../../node/lib/guard.cjs");

const rustLoop = (policy, tokens) => {
  const guard = new Guard(policy);
  return (calls) => native.verifyAll(nativeOf(guard), tokens, calls / tokens.length);
};

const machine = {
  processor: cpus()[0].model,
  cores: availableParallelism(),
  system: `${process.platform} ${process.arch === "x64" ? "x86_64" : process.arch}`,
  runtime: `Node ${process.version}`,
};
console.log(`${machine.runtime}, ${machine.processor}, ${machine.cores} cores, load ${loadavg()[0].toFixed(1)}; ${QUANTILE === 0.5 ? "medians" : `quantile ${QUANTILE}`} of ${ROUNDS} interleaved rounds, in processor time`);

/** What design and peers ask for, by algorithm. */
const BUDGETS = { HS256: { plain: 2000, claims: 4000 } };
const [RUST, CLAIMS, PLAIN] = ["Rust", "all claims read", "no claim read"];
const TARGETS = { RS256: { "fast-jwt": 1.6, jose: 4.5 }, HS256: { "fast-jwt": 2, jose: 20 } };

for (const algorithm of ["HS256", "RS256", "ES256", "Ed25519"]) {
  const given = sample(algorithm, TOKENS);
  const guard = new Guard(given.policy(UNCACHED));
  const others = peers(given);
  const contenders = {
    [RUST]: { rust: rustLoop(given.policy(UNCACHED), given.tokens) },
    [CLAIMS]: { call: reading((token) => guard.verifySync(token).claims) },
    [PLAIN]: { call: (token) => guard.verifySync(token) },
  };
  for (const [name, call] of Object.entries(others)) {
    if (call === undefined || name.includes("cache")) continue;
    const isAsync = name === "jose";
    contenders[name] = { isAsync, times: 0.25, call: isAsync ? readingAsync(call) : reading(call) };
  }
  const took = await measure(contenders, given.tokens, algorithm === "HS256" ? 1024 : 256);
  const { [RUST]: rust, [CLAIMS]: claims, [PLAIN]: plain, ...theirs } = took;
  add(algorithm, "verify, in Rust", rust, "ns");
  add(algorithm, "verify", plain, "ns");
  add(algorithm, "verify, all claims read", claims, "ns");
  add(algorithm, "verify over Rust", plain - rust, "ns", { most: BUDGETS[algorithm]?.plain });
  add(algorithm, "verify, all claims read, over Rust", claims - rust, "ns", { most: BUDGETS[algorithm]?.claims });
  for (const [name, time] of Object.entries(theirs)) {
    beside(algorithm, "all claims read", name, time, claims, TARGETS[algorithm]?.[name]);
  }
}
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
  const section = "From the cache";
  const [claims, peer] = [hits["verifySync, cached, all claims read"], hits["fast-jwt, its cache, all claims read"]];
  add(section, "hit, 256 live tokens, in Rust", hits["Rust, cached"], "ns");
  add(section, "hit, 256 live tokens, verifySync", hits["verifySync, cached"], "ns", { most: 280 });
  add(section, "hit, 256 live tokens, all claims read", claims, "ns");
  add(section, "hit, 256 live tokens, tryVerify", hits["tryVerify, cached"], "ns");
  add(section, "hit, 256 live tokens, await verify", hits["await verify, cached"], "ns");
  beside(section, "hit, 256 live tokens, all claims read", "fast-jwt with its cache", peer, claims, 10);

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
  add("Rejections", "expired (HS256), returned", refused.returned, "ns");
  add("Rejections", "expired (HS256), thrown", refused.thrown, "ns");
  add("Rejections", "expired (HS256), thrown over returned", refused.thrown - refused.returned, "ns", { most: 4000 });
}

const failed = rows.filter(({ passes }) => passes === false).length;
console.log(`\n${rows.filter(({ budget }) => budget !== null).length} budgets, ${failed} failed`);
if (process.env.RESULTS) {
  writeFileSync(join(process.env.RESULTS, "node.json"), `${JSON.stringify({ language: "Node", machine, results: rows }, null, 2)}\n`);
}
