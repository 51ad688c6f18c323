"use strict";
// Policies from files, text and objects.

const { inspect } = require("node:util");
const { attempt, misuse } = require("./errors.cjs");
const native = require("./native.cjs");
const { optionalText, options, path, service, text } = require("./options.cjs");

let wrap;
let nativeOf;

class Policy {
  #native;

  constructor(inner) {
    if (!(inner instanceof native.Policy)) throw misuse("a policy is made by Policy.load, fromStr or fromDict");
    this.#native = inner;
    Object.freeze(this);
  }

  static load(file, given) {
    const [name, from] = [service(given), path("path", file)];
    return wrap(attempt(() => native.Policy.load(from, name)));
  }

  static fromStr(source, given) {
    const { format = "toml", service, baseDir } = options(given, "format", "service", "baseDir");
    return parse(text("text", source), format, service, baseDir);
  }

  static fromDict(object, given) {
    const { service, baseDir } = options(given, "service", "baseDir");
    return parse(json(object), "json", service, baseDir, withoutLines);
  }

  [inspect.custom]() {
    return `Policy of ${this.#native.issuers()} issuers`;
  }

  static {
    wrap = (inner) => new Policy(inner);
    nativeOf = (policy) => {
      if (typeof policy !== "object" || policy === null || !(#native in policy)) throw misuse("policy is a Policy");
      return policy.#native;
    };
  }
}

function parse(source, format, service, baseDir, adjust) {
  const name = optionalText("service", service);
  const from = baseDir === undefined ? undefined : path("baseDir", baseDir);
  if (format !== "toml" && format !== "json") throw misuse('format is "toml" or "json"');
  return wrap(attempt(() => native.Policy.parse(source, format, name, from), undefined, adjust));
}

/** An object has no lines. */
function withoutLines(message, problems) {
  const line = ({ path, message, hint }) => `${path && `${path}: `}${message}${hint === null ? "" : `; ${hint}`}`;
  const told = problems?.map((problem) => ({ ...problem, line: null, column: null }));
  return [told?.map(line).join("\n") ?? message, told];
}

/** JSON text of a policy. What JSON would leave out without a word is refused: it could be a restriction. */
function json(object) {
  if (typeof object !== "object" || object === null || Array.isArray(object)) throw misuse("policy is an object");
  const strictly = (_name, value) => {
    const isPlain = value === null || ["string", "boolean", "object"].includes(typeof value) || Number.isFinite(value);
    if (!isPlain) throw misuse("policy holds something that JSON cannot say");
    return value;
  };
  let source;
  try {
    source = JSON.stringify(object, strictly);
  } catch {
    // A cycle, or a getter that throws.
  }
  if (typeof source !== "string") throw misuse("policy holds something that JSON cannot say");
  return text("policy", source);
}

module.exports = { Policy, nativeOf, wrap };
