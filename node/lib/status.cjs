"use strict";
// What `Guard.status` tells: a plain object that is its receiver's to change.

/** The status that the native module tells as JSON, with names as JavaScript writes them. */
function fromText(text) {
  return named(JSON.parse(text));
}

function named(value) {
  if (Array.isArray(value)) return value.map(named);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [camelCase(name), named(member)]));
}

function camelCase(name) {
  return name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
}

module.exports = { fromText };
