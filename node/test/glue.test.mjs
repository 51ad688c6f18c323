// The glue is dull: no branch on an algorithm, a claim or a code, and the same nouns in each layer.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

import { CODES } from "counterseal";

const root = new URL("../..", import.meta.url);
const sources = (folder, extension) =>
  readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith(extension))
    .map((name) => ({ name, text: readFileSync(new URL(`${folder}/${name}`, root), "utf8") }));
const rust = sources("bindings/node/src", ".rs");
// errors.cjs is the core's own table.
const javascript = sources("node/lib", ".cjs").filter(({ name }) => name !== "errors.cjs");

/** Without comments, whose examples may name anything. */
const code = ({ text }) => text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, "").replace(/ \/\/ .*$/gm, "");

const ALGORITHMS = /\b(?:[HRPE]S(?:256|384|512)|ES256K|EdDSA|Ed25519|Ed448|none)\b/;
const CLAIMS = /["'](?:iss|sub|aud|exp|nbf|iat|jti|azp|client_id|scope|cnf|act|typ|alg|kid|crit|auth_time|txn)["']/;

test("no algorithm is named, but the one that an issuer of tests has by default", () => {
  for (const source of [...rust, ...javascript]) {
    const text = code(source).replace('algorithm = "ES256" }', "");
    assert.doesNotMatch(text, ALGORITHMS, source.name);
  }
});

test("no claim or header is named", () => {
  for (const source of [...rust, ...javascript]) assert.doesNotMatch(code(source), CLAIMS, source.name);
});

test("no code of a verdict is named, and nothing branches on one", () => {
  const verdicts = Object.keys(CODES).filter((slug) => !/^(misuse|internal)/.test(slug));
  assert(verdicts.length > 60);
  for (const source of [...rust, ...javascript]) {
    const text = code(source);
    // A method may have the name of the code that it makes.
    for (const slug of verdicts) assert.doesNotMatch(text, new RegExp(`"${slug}"|\\.${slug}\\b(?!\\()`), source.name);
    assert.doesNotMatch(text, /Code::\w+\s*(=>|\|)|[!=]=\s*Code::|matches!\([^)]*Code::/, source.name);
    assert.doesNotMatch(text, /\.(code|number|status)\s*[!=]==?|[!=]==?\s*\w+\.(code|number)\b/, source.name);
    for (const [, name] of text.matchAll(/Code::(\w+)/g)) {
      assert.match(name, /^(Misuse\w+|Internal)$/, `${source.name} names ${name}`);
    }
  }
});

test("the same noun has the same file name in each layer", () => {
  const names = (list) => new Set(list.map(({ name }) => name.replace(/\.\w+$/, "")));
  const [below, above] = [names(rust), names([...javascript, { name: "errors.cjs" }])];
  for (const noun of ["guard", "identity", "policy", "completions", "testing"]) {
    assert(below.has(noun) && above.has(noun), noun);
  }
});

test("files are small", () => {
  for (const { name, text } of [...rust, ...javascript]) assert(text.split("\n").length < 400, name);
});
