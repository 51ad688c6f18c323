"use strict";
// Arguments as JavaScript hands them over.

const { types } = require("node:util");
const { fileURLToPath } = require("node:url");
const { CODES, fromNumber, misuse } = require("./errors.cjs");

/** The options of a call: an object with no other names than these, or nothing. */
function options(given, ...names) {
  if (given === undefined) return {};
  if (typeof given !== "object" || given === null || Array.isArray(given)) throw misuse("options are an object");
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) throw misuse(`there is no option of that name; there are: ${names.join(", ")}`);
  }
  return given;
}

/** Seconds since 1970 for a `Date` or a number; the native module judges them. */
function seconds(now) {
  if (typeof now === "number") return now;
  if (types.isDate(now)) return Date.prototype.getTime.call(now) / 1000;
  throw fromNumber(CODES.misuse_time.number, "a time is a Date, or seconds since 1970");
}

/** The seconds of the option `now`, or undefined where it is not there. */
function now(given) {
  const { now } = options(given, "now");
  return now === undefined ? undefined : seconds(now);
}

/** The service of a policy: a string in place of options, or the option of that name. */
function service(given) {
  const service = typeof given === "string" ? given : options(given, "service").service;
  return optionalText("service", service);
}

function text(name, value) {
  if (typeof value !== "string" || !value.isWellFormed()) throw misuse(`${name} is a string`);
  return value;
}

/** A string, or undefined where there is none. */
function optionalText(name, value) {
  return value === undefined ? undefined : text(name, value);
}

/** A path as a string or a `file:` URL. */
function path(name, value) {
  if (value instanceof URL && value.protocol === "file:") return fileURLToPath(value);
  return text(name, value);
}

module.exports = { now, optionalText, options, path, seconds, service, text };
