// Runs the cases of FOLDER/node.json on the package: node node.mjs FOLDER.
//
// The form of cases and outcomes is in ../README.md. Nothing is expected here.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { CountersealError, Guard } from "../../../node/index.mjs";

const folder = process.argv[2];
const { cases, at_once: atOnce, heavy, rounds } = JSON.parse(readFileSync(join(folder, "node.json"), "utf8"));

const outcomes = [];
const waiting = cases.values();
const worker = async () => {
  for (const one of waiting) outcomes.push(await outcome(one));
};
await Promise.all(Array.from({ length: atOnce }, worker));
const before_kb = await inRounds(rounds[0]);
const after_kb = await inRounds(rounds[1]);
const memory = { before_kb, after_kb, peak_kb: memoryOfProcess("VmHWM") };
const lines = [...outcomes, { memory }].map((line) => `${JSON.stringify(line)}\n`);
writeFileSync(join(folder, "node.jsonl"), lines.join(""));

async function outcome({ case: name, policy, steps }) {
  const guard = Guard.load(policy);
  const verdicts = [];
  for (const step of steps) verdicts.push(await verdict(guard, step));
  const { key_state: state, fetch } = guard.status().issuers[0];
  return { case: name, steps: verdicts, state, last_error: fetch.last_error ?? null, moved: fetch.moved };
}

async function verdict(guard, { way, token }) {
  const begun = performance.now();
  const error = way === "try" ? guard.tryVerify(token).error : await guard.verify(token).then(() => undefined, ours);
  const took_ms = Math.floor(performance.now() - begun);
  return { code: error?.code ?? null, status: error?.status ?? null, took_ms };
}

function ours(error) {
  if (error instanceof CountersealError) return error;
  throw error;
}

async function inRounds(count) {
  for (let round = 0; round < count; round++) {
    for (const one of heavy) await outcome(one);
  }
  return memoryOfProcess("VmRSS");
}

/** A number of /proc/self/status in KiB; 0 where there is none. */
function memoryOfProcess(name) {
  try {
    return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync("/proc/self/status", "utf8"))[1]);
  } catch {
    return 0;
  }
}
