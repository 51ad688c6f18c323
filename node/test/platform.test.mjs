// One package for JavaScript and one for each platform's native module.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL("..", import.meta.url));
const { platform } = require("../lib/platform.cjs");
const { version } = require("../package.json");
const folder = mkdtempSync(join(tmpdir(), "counterseal-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(cwd, command, ...parameters) {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { cwd, encoding: "utf8" });
  assert.equal(status, 0, `${command} ${parameters.join(" ")}: ${error ?? ""}\n${stdout}\n${stderr}`);
  return stdout;
}

const packed = (from) =>
  join(folder, JSON.parse(run(from, "npm", "pack", "--ignore-scripts", "--json", "--pack-destination", folder))[0].filename);

/** Runs a program on a machine that is told to be another one. */
function elsewhere(cwd, system, arch, glibc, program) {
  const header = glibc === undefined ? {} : { glibcVersionRuntime: glibc };
  const fake = `
    Object.defineProperty(process, "platform", { value: ${JSON.stringify(system)} });
    Object.defineProperty(process, "arch", { value: ${JSON.stringify(arch)} });
    process.report.getReport = () => (${JSON.stringify({ header })});`;
  return run(cwd, process.execPath, "-e", `${fake}\n${program}`);
}

const PLATFORMS = [
  ["linux", "x64", "2.36", "linux-x64-gnu"],
  ["linux", "x64", undefined, "linux-x64-musl"],
  ["linux", "arm64", "2.36", "linux-arm64-gnu"],
  ["linux", "arm64", undefined, "linux-arm64-musl"],
  ["linux", "arm", "2.36", "linux-arm-gnueabihf"],
  ["linux", "arm", undefined, "linux-arm-musleabihf"],
  ["darwin", "arm64", undefined, "darwin-arm64"],
  ["darwin", "x64", undefined, "darwin-x64"],
  ["win32", "x64", undefined, "win32-x64-msvc"],
];

test("each platform has its name, musl's its own", () => {
  for (const [system, arch, glibc, name] of PLATFORMS) {
    assert.equal(elsewhere(root, system, arch, glibc, 'console.log(require("./lib/platform.cjs").platform())'), `${name}\n`);
  }
});

/** The package without its native module. */
const bare = join(folder, "bare", "node_modules", "counterseal");
cpSync(root, bare, { recursive: true, filter: (source) => !/node_modules|\.node$|\/test$/.test(source.slice(root.length)) });
const bareRoot = join(folder, "bare");
const LOAD = 'try { require("counterseal"); console.log("loaded"); } catch (error) { console.log(error.message); }';

test("a module that is not there is named, with the platform and what to do", () => {
  for (const [system, arch, glibc, name] of PLATFORMS) {
    const told = elsewhere(bareRoot, system, arch, glibc, LOAD);
    assert.match(told, new RegExp(`^counterseal has no native module for ${name}: the package @counterseal/${name} ${version} `));
    assert(told.includes(`npm install @counterseal/${name}@${version}`), told);
    assert.match(told, /--omit=optional.*node build\.cjs --release/);
    assert.equal(told.match(/Cannot find module/g)?.length, 2, told);
  }
});

test("a native module of another version, or one that is broken, is not used", () => {
  const other = join(bareRoot, "node_modules", "@counterseal", platform());
  mkdirSync(other, { recursive: true });
  const manifest = (found) => writeFileSync(join(other, "package.json"), JSON.stringify({ version: found, main: "x.node" }));
  manifest("9.9.9");
  writeFileSync(join(other, "x.node"), "no module");
  const load = () => run(bareRoot, process.execPath, "-e", LOAD);
  assert(load().includes(`@counterseal/${platform()} is of version 9.9.9 and not ${version}`));
  manifest(version);
  assert.match(load(), /x\.node: /);
  rmSync(other, { recursive: true });
});

test("the main package and that of this platform work together in an empty folder", () => {
  const [main, native, empty] = ["main", "native", "empty"].map((name) => join(folder, name));
  run(root, process.execPath, "platform-package.cjs", native);
  run(root, process.execPath, "platform-package.cjs", "--main", main, platform());
  const manifest = JSON.parse(readFileSync(join(native, "package.json"), "utf8"));
  assert.deepEqual([manifest.name, manifest.version], [`@counterseal/${platform()}`, version]);
  assert.deepEqual([manifest.os, manifest.cpu], [[process.platform], [process.arch]]);
  assert.deepEqual(manifest.libc, { gnu: ["glibc"], musl: ["musl"] }[platform().split("-")[2]]);
  assert.deepEqual(readdirSync(native).sort(), ["LICENSE", "README.md", `counterseal.${platform()}.node`, "package.json"]);
  const { optionalDependencies, devDependencies, scripts } = JSON.parse(readFileSync(join(main, "package.json"), "utf8"));
  assert.deepEqual([optionalDependencies, devDependencies, scripts], [{ [manifest.name]: version }, undefined, undefined]);

  mkdirSync(empty);
  writeFileSync(join(empty, "package.json"), '{ "name": "empty", "private": true }');
  run(empty, "npm", "install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", packed(main), packed(native));
  const installed = join(empty, "node_modules", "counterseal");
  assert.deepEqual(readdirSync(installed).filter((name) => /\.node$|platform-package|build|test$|\.in$/.test(name)), []);
  const program = `import { version } from "counterseal"; import { issuer } from "counterseal/testing"; const idp = issuer();
    console.log(version, idp.guard().verifySync(idp.token({ sub: "alice" })).subject);`;
  writeFileSync(join(empty, "try.mjs"), program);
  assert.equal(run(empty, process.execPath, "try.mjs"), `${version} alice\n`);
});
