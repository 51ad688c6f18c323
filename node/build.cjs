"use strict";
// Builds the native module beside this file: `node build.cjs` for development, `--release` to ship. It needs
// Rust and nothing of npm, so that `npm install ./node` works from any other project.

const { spawnSync } = require("node:child_process");
const { copyFileSync, existsSync, renameSync } = require("node:fs");
const { join, resolve } = require("node:path");
const { fileName } = require("./lib/platform.cjs");

const isRelease = process.argv.includes("--release");
const root = resolve(__dirname, "..");
const output = join(__dirname, fileName());

if (!existsSync(join(root, "bindings", "node", "Cargo.toml"))) {
  // An installed package has no sources: its module came with it.
  process.exit(existsSync(output) ? 0 : fail("this package holds neither a native module nor its sources"));
}

const cargo = process.env.CARGO ?? "cargo";
const profile = isRelease ? ["--release"] : [];
const strip = isRelease ? ["--", "-C", "strip=symbols"] : [];
const built = spawnSync(
  cargo,
  [
    ...["rustc", "--locked", "--lib", "--package", "counterseal-node", "--message-format", "json-render-diagnostics"],
    ...profile,
    ...strip,
  ],
  { cwd: root, encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "inherit"] },
);
if (built.error) fail(`cargo cannot be run (${built.error.code}): install Rust 1.90 or later`);
if (built.status !== 0) fail("the native module does not build");

const module_ = built.stdout
  .split("\n")
  .filter((line) => line.startsWith("{"))
  .map((line) => JSON.parse(line))
  .findLast((message) => message.reason === "compiler-artifact" && message.target.name === "counterseal_node");
const library = module_?.filenames.find((name) => /\.(so|dylib|dll)$/.test(name));
if (library === undefined) fail("cargo built no module");

// A process that has the old one open keeps it: the new one gets a name of its own first.
copyFileSync(library, `${output}.new`);
renameSync(`${output}.new`, output);

function fail(reason) {
  process.stderr.write(`counterseal: ${reason}\n`);
  process.exit(1);
}
