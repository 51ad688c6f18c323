// Verifies while keys are rotated: node node.mjs POLICY. README.md of the folder above says what is asked and answered.
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

import { CountersealError, Guard } from "../../../node/index.mjs";

const WORKERS = 3;

const guard = Guard.load(process.argv[2]);
const gone = [];
const refusals = {};
let live = [];
let verified = 0;
let isOver = false;
const turns = Array(WORKERS).fill(0);
const workers = turns.map((_, number) => work(number));

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}

async function answer({ live: next, removed }) {
  if (next) {
    // Until nobody verifies what was live before.
    live = next;
    const begun = [...turns];
    while (turns.some((turn, number) => turn < begun[number] + 2)) await sleep(1);
    return {};
  }
  if (removed) {
    gone.push(...removed);
    return refuse(removed);
  }
  isOver = true;
  await Promise.all(workers);
  const codes = await codesOf(gone);
  const { refreshes, failures, attempts } = counts();
  return { verified, refusals, codes, refreshes, failures, attempts };
}

async function work(number) {
  while (!isOver) {
    turns[number] += 1;
    await Promise.all(live.map((token) => guard.verify(token).then(() => (verified += 1), refused)));
    await sleep(1);
  }
}

function refused(error) {
  if (!(error instanceof CountersealError)) throw error;
  refusals[error.code] = (refusals[error.code] ?? 0) + 1;
}

/** Until tokens whose key is gone are no longer verified: after how many refreshes, and how long? */
async function refuse(tokens) {
  const begun = performance.now();
  const before = counts();
  // What was under way when the key left is not a refresh after it.
  const least = before.refreshes + (before.in_flight ? 1 : 0);
  let last = 0;
  for (const token of tokens) {
    let counted = counts().refreshes;
    while (guard.tryVerify(token).ok) {
      last = Math.max(last, counted - least + 1); // it was good after so many refreshes
      await sleep(5);
      counted = counts().refreshes;
    }
  }
  return { refreshes: last, took_ms: Math.floor(performance.now() - begun) };
}

/** How they are refused, once a fetch has proved what is unknown. */
async function codesOf(tokens) {
  const codes = new Set();
  const isOpen = (token) => {
    const code = guard.tryVerify(token).error?.code ?? "verified";
    if (code !== "keys_unavailable") codes.add(code);
    return code === "keys_unavailable";
  };
  for (let open = tokens; open.length > 0; await sleep(10)) open = open.filter(isOpen);
  return [...codes].sort();
}

function counts() {
  return guard.status().issuers[0].fetch;
}
