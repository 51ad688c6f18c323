// What the package exports is what the list of all languages says, and what the types declare: no more and no less.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import * as counterseal from "counterseal";
import * as testing from "counterseal/testing";

const require = createRequire(import.meta.url);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const LIST = JSON.parse(readFileSync(here("../../tests/surface/node.json"), "utf8"));
const listed = new Set(Object.values(LIST).filter((name) => typeof name === "string"));
// A class or shape without a constructor of its own stands there by its members.
const whole = new Set([...listed].map((name) => name.slice(0, Math.max(0, name.lastIndexOf(".")))));

/** What JavaScript has on top, and why. */
const OWN = {
  CODES: "every code as data",
  "Guard.verifySync": "verifies without a promise",
  "Identity.equals": "there is no operator for it",
  "Identity.toJSON": "what JSON.stringify asks for",
  "Outcome.ok": "TypeScript tells identity from error by it",
};

const idp = testing.issuer();
const guard = idp.guard();
const passed = guard.tryVerify(idp.token());
const caught = (call) => {
  try {
    call();
  } catch (error) {
    return error;
  }
  return assert.fail("no error");
};
const policyError = caught(() => counterseal.Policy.fromStr(""));

/** Objects of each class and shape whose fields no prototype has. */
const SAMPLES = {
  CountersealError: [caught(() => guard.verifySync(5))],
  MisuseError: [],
  PolicyError: [policyError],
  TokenRejectedError: [guard.tryVerify("x").error],
  UnavailableError: [idp.pendingGuard().tryVerify(idp.token()).error],
  Outcome: [passed, guard.tryVerify("x")],
  Report: [guard.explain("x")],
  Check: guard.explain(idp.token()).checks,
  Problem: policyError.problems,
  "testing.Issuer": [idp],
};
const SHAPES = ["Outcome", "Report", "Check", "Problem"];

function exported() {
  const base = new Set(Object.keys(SAMPLES.CountersealError[0]));
  const names = new Set(SHAPES);
  for (const [prefix, module] of [["", counterseal], ["testing.", testing]]) {
    for (const [name, value] of Object.entries(module)) {
      names.add(prefix + name);
      if (typeof value !== "function" || !/^class\b/.test(`${value}`)) continue;
      const members = [...Object.getOwnPropertyNames(value), ...Object.getOwnPropertyNames(value.prototype)];
      const usual = ["length", "name", "prototype", "constructor"];
      for (const member of members) if (!usual.includes(member)) names.add(`${prefix}${name}.${member}`);
    }
  }
  for (const [name, samples] of Object.entries(SAMPLES)) {
    for (const member of samples.flatMap((sample) => Object.keys(sample))) {
      const isInherited = base.has(member) && name.endsWith("Error") && name !== "CountersealError";
      if (!isInherited) names.add(`${name}.${member}`);
    }
  }
  return names;
}

/** What the types declare, each with whether it can be called and what is said of it. */
function declared(typescript) {
  const files = ["../index.d.ts", "../testing.d.ts"].map(here);
  const options = { module: typescript.ModuleKind.NodeNext, target: typescript.ScriptTarget.ES2022, types: ["node"] };
  const program = typescript.createProgram(files, options);
  const checker = program.getTypeChecker();
  const { Class, Function: Callable, Method, Variable } = typescript.SymbolFlags;
  const found = new Map();
  const add = (name, symbol) => {
    const says = typescript.displayPartsToString(symbol.getDocumentationComment(checker));
    found.set(name, { isCallable: (symbol.flags & (Class | Callable | Method)) !== 0, says });
  };
  files.forEach((file, at) => {
    const prefix = ["", "testing."][at];
    for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)))) {
      const name = prefix + symbol.name;
      const isShape = SHAPES.includes(name);
      if (!isShape && (symbol.flags & (Class | Callable | Variable)) === 0) continue; // a type alone
      add(name, symbol);
      const type = checker.getDeclaredTypeOfSymbol(symbol);
      const ofShape = isShape ? (type.types ?? [type]).flatMap((part) => part.getProperties()) : [];
      const ofClass = symbol.flags & Class ? [...symbol.members.values(), ...symbol.exports.values()] : [];
      for (const member of [...ofShape, ...ofClass]) {
        const isPublic = !/^(__|#|prototype$)/.test(member.name);
        if (isPublic) add(`${name}.${member.name}`, member);
      }
    }
  });
  return found;
}

test("the list says what is exported", () => {
  const names = exported();
  assert.deepEqual([...listed].filter((name) => !names.has(name)), []);
  const more = [...names].filter((name) => !listed.has(name) && !whole.has(name));
  assert.deepEqual(more.sort(), Object.keys(OWN).sort());
});

test("import and require give the same objects", () => {
  assert.deepEqual({ ...counterseal }, { ...require("counterseal") });
  assert.deepEqual({ ...testing }, { ...require("counterseal/testing") });
});

const hasTypeScript = existsSync(here("../node_modules/typescript"));
const skip = !hasTypeScript && "left out: npm ci --ignore-scripts in node/ brings TypeScript";

test("the types declare what is exported, and say what can be called", { skip }, () => {
  const [names, types] = [exported(), declared(require("typescript"))];
  assert.deepEqual([...types.keys()].sort(), [...names].sort());
  const silent = [...types].filter(([, { isCallable, says }]) => isCallable && says === "");
  assert.deepEqual(silent.map(([name]) => name), []);
});
