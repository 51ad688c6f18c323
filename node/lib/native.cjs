"use strict";
// Loads the native module: the one beside this package where it was built or packed here, or that of a
// package for this platform.

const { join } = require("node:path");
const { fileName, platform } = require("./platform.cjs");

function load() {
  const local = join(__dirname, "..", fileName());
  const packaged = `@counterseal/${platform()}`;
  const reasons = [];
  for (const place of [local, packaged]) {
    try {
      return require(place);
    } catch (error) {
      reasons.push(`${place}: ${error.message.split("\n", 1)[0]}`);
    }
  }
  throw new Error(
    `counterseal has no native module for ${platform()}: neither ${fileName()} in the package nor ${packaged} ` +
      `can be loaded. Install again with optional dependencies, or build it with Rust: node build.cjs --release\n` +
      reasons.map((reason) => `  ${reason}`).join("\n"),
  );
}

module.exports = load();
