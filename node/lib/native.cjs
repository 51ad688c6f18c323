"use strict";
// Loads the native module: the one beside this package where it was built or packed here, or that of the
// package for this platform.

const { join } = require("node:path");
const { version } = require("../package.json");
const { fileName, platform } = require("./platform.cjs");

function load() {
  const packaged = `@counterseal/${platform()}`;
  const reasons = [];
  for (const attempt of [() => require(join(__dirname, "..", fileName())), () => fromPackage(packaged)]) {
    try {
      return attempt();
    } catch (error) {
      reasons.push(error.message.split("\n", 1)[0]);
    }
  }
  throw new Error(
    `counterseal has no native module for ${platform()}: the package ${packaged} ${version} is missing or cannot be ` +
      `loaded. Install again on this platform and without --omit=optional (npm install ${packaged}@${version} adds it ` +
      `alone), or build it with Rust from the sources: node build.cjs --release\n` +
      reasons.map((reason) => `  ${reason}`).join("\n"),
  );
}

/** Both packages are of one version, or the one would not understand the other. */
function fromPackage(name) {
  const { version: found } = require(`${name}/package.json`);
  if (found !== version) throw new Error(`${name} is of version ${found} and not ${version}`);
  return require(name);
}

module.exports = load();
