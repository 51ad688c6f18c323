"use strict";
// What `Guard.explain` tells: every check of one verification, in order.

const { freeze } = Object;

/** The report that the native module tells as JSON. */
function fromText(text) {
  const { verdict, code, checks, not_reached: notReached } = JSON.parse(text);
  return freeze({ verdict, code, checks: freeze(checks.map(freeze)), notReached: freeze(notReached) });
}

module.exports = { fromText };
