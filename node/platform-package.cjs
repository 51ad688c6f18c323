"use strict";
// Writes what is published, from what `build.cjs` built on each platform:
//
//   node platform-package.cjs FOLDER [PLATFORM]         @counterseal/PLATFORM: a native module and nothing else
//   node platform-package.cjs --main FOLDER PLATFORM…   counterseal itself, which has those for optional dependencies

const { copyFileSync, cpSync, existsSync, mkdirSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const main = require("./package.json");
const { platform: thisPlatform } = require("./lib/platform.cjs");

const { description, license, repository, engines, version } = main;
const LIBRARIES = { gnu: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl" };

function platformPackage(folder, platform = thisPlatform()) {
  const [os, cpu, abi] = platform.split("-");
  const file = `counterseal.${platform}.node`;
  if (!existsSync(join(__dirname, file))) fail(`${file} was not built: node build.cjs --release on that platform`);
  const libc = LIBRARIES[abi] && { libc: [LIBRARIES[abi]] };
  const manifest = {
    ...{ name: `@counterseal/${platform}`, version, license, repository, engines },
    description: `The native module of counterseal for ${platform}.`,
    ...{ main: file, files: [file], os: [os], cpu: [cpu], ...libc },
  };
  write(folder, manifest);
  copyFileSync(join(__dirname, file), join(folder, file));
  copyFileSync(join(__dirname, "LICENSE"), join(folder, "LICENSE"));
  writeFileSync(join(folder, "README.md"), `${manifest.description} Install \`counterseal\`, which brings it along.\n`);
}

function mainPackage(folder, ...platforms) {
  if (platforms.length === 0) fail("for which platforms?");
  const { devDependencies, scripts, ...manifest } = main;
  const optionalDependencies = Object.fromEntries(platforms.map((name) => [`@counterseal/${name}`, version]));
  write(folder, { ...manifest, description, optionalDependencies });
  const isPublished = (source) => !/node_modules|\.node$|\/test$|\.in$|package(-lock)?\.json$/.test(source.slice(__dirname.length));
  cpSync(__dirname, folder, { recursive: true, filter: isPublished });
}

function write(folder, manifest) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

function fail(reason) {
  process.stderr.write(`counterseal: ${reason}\n`);
  process.exit(1);
}

const [first, ...rest] = process.argv.slice(2);
if (first === undefined) fail("platform-package.cjs FOLDER [PLATFORM], or --main FOLDER PLATFORM…");
if (first === "--main") mainPackage(...rest);
else platformPackage(first, ...rest);
