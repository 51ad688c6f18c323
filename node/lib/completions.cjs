"use strict";
// Waiting for keys. Deciding never waits: where keys are on their way, whoever asked waits until they are there,
// or not to be had, and asks again, at most `WAITS` times and `fetch.wait` in all. Then it is an outage, unless the
// keys came while a busy event loop looked at its timers first.

const { attempt, fromText } = require("./errors.cjs");
const native = require("./native.cjs");

/** Those who wait, by ticket. */
const waiting = new Map();

/** One queue for this environment, from the first wait on. */
let completions;
let tickets = 0;

/**
 * Waits and asks again. `ask` gives undefined while keys are on their way; the guard's last answer was such a one.
 */
async function settle(guard, ask, deadline) {
  for (let turn = 0; turn < native.WAITS; turn++) {
    if (!(await landed(guard, deadline))) break;
    const identity = ask();
    if (identity !== undefined) return identity;
  }
  const identity = ask();
  if (identity !== undefined) return identity;
  throw fromText(attempt(() => guard.keysUnavailable()));
}

/** Waits until every issuer has keys, for so many milliseconds at most. */
async function ready(guard, milliseconds) {
  const deadline = performance.now() + milliseconds;
  while (attempt(() => guard.readiness())) {
    if (await landed(guard, deadline)) continue;
    if (!attempt(() => guard.readiness())) return;
    throw fromText(attempt(() => guard.keysUnavailable()));
  }
}

/** When a wait that begins now is over. */
function deadlineOf(guard) {
  return performance.now() + attempt(() => guard.wait());
}

/** Ends the waits of a guard that is closed: they ask again and are told so. */
function abandon(guard) {
  for (const [ticket, { guard: of, end }] of waiting) if (of === guard) end(ticket, true);
}

/** True once the keys are there or not to be had, false when the time is over. */
function landed(guard, deadline) {
  completions ??= attempt(() => new native.Completions(over));
  const ticket = ++tickets;
  attempt(() => guard.watch(ticket, completions));
  return new Promise((resolve) => {
    const timer = setTimeout(() => end(ticket, false), Math.max(0, deadline - performance.now()));
    const end = (ticket, isOver) => {
      if (!waiting.delete(ticket)) return;
      clearTimeout(timer);
      if (!isOver) guard.unwatch(ticket, completions);
      if (waiting.size === 0) completions.release();
      resolve(isOver);
    };
    waiting.set(ticket, { guard, end });
    if (waiting.size === 1) completions.hold();
  });
}

/** Called by the native module. */
function over(landed) {
  for (const ticket of landed) waiting.get(ticket)?.end(ticket, true);
}

module.exports = { abandon, deadlineOf, ready, settle };
