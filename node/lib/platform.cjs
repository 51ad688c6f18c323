"use strict";
// Which native module is for this machine.

/** `linux-x64-gnu`, `linux-arm64-musl`, `darwin-arm64`, `win32-x64-msvc`, … as napi-rs names them. */
function platform() {
  const { platform: system, arch } = process;
  const abi = { linux: () => libc() + (arch === "arm" ? "eabihf" : ""), win32: () => "msvc" }[system];
  return [system, arch, abi?.()].filter((part) => part !== undefined).join("-");
}

/** The file that holds the native module for this machine. */
function fileName() {
  return `counterseal.${platform()}.node`;
}

/** musl's loader tells no version of glibc. */
function libc() {
  const { excludeNetwork } = process.report;
  try {
    process.report.excludeNetwork = true; // or it looks up names of addresses
    return process.report.getReport().header.glibcVersionRuntime === undefined ? "musl" : "gnu";
  } finally {
    process.report.excludeNetwork = excludeNetwork;
  }
}

module.exports = { fileName, platform };
