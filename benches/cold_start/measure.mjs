// Measures in Node; README.md of this folder says what is asked and answered.
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const SECONDS = 1;
const SAMPLES = 1_000_000;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const token = (await lines.next()).value;
const [mode, ...policies] = process.argv.slice(2);
const began = performance.now();
const { Guard } = await import("../../node/index.mjs");
const imported = performance.now();
if (mode === "cold") await cold();
else await latencies();

async function cold() {
  const guard = Guard.load(policies[0]);
  await guard.verify(token); // the only one that waits for keys
  const first = performance.now() - imported;
  const later = Array.from({ length: 50 }, () => timed(guard)).sort((one, other) => one - other)[25];
  console.log(JSON.stringify({ import_ns: (imported - began) * 1e6, first_ns: first * 1e6, later_ns: later * 1e6 }));
}

async function latencies() {
  const guards = policies.map((policy) => Guard.load(policy));
  await Promise.all(guards.map((guard) => guard.verify(token)));
  for await (const phase of lines) {
    const answers = [];
    for (const guard of guards) answers.push(await measure(guard, phase));
    console.log(JSON.stringify(answers));
  }
}

async function measure(guard, phase) {
  const before = await wait(guard, phase);
  const samples = new Float64Array(SAMPLES);
  let count = 0;
  const end = performance.now() + SECONDS * 1000;
  while (count < SAMPLES) {
    const began = performance.now();
    guard.verifySync(token);
    const ended = performance.now();
    samples[count++] = (ended - began) * 1e6;
    if (ended > end) break;
  }
  const held = holds(guard, phase, before);
  const sorted = samples.subarray(0, count).sort();
  return { count, ns: [0.5, 0.99, 0.999].map((part) => sorted[Math.floor(count * part)]), held };
}

async function wait(guard, phase) {
  const begun = fetch(guard);
  for (;;) {
    const now = fetch(guard);
    if (phase === "quiet" && now.refreshes > begun.refreshes && !now.inFlight) return now;
    if (phase === "refresh" && now.inFlight) return now;
    if (phase === "down" && now.state === "stale" && now.failures > 0) return now;
    await sleep(5);
  }
}

function holds(guard, phase, before) {
  const now = fetch(guard);
  if (phase === "quiet") return now.attempts === before.attempts;
  if (phase === "refresh") return now.inFlight && now.attempts === before.attempts;
  return now.state === "stale";
}

function fetch(guard) {
  const issuer = guard.status().issuers[0];
  return { ...issuer.fetch, state: issuer.keyState };
}

function timed(guard) {
  const began = performance.now();
  guard.verifySync(token);
  return performance.now() - began;
}
