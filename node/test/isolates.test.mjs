// Worker threads, many isolates, and ends of every kind: terminate, exit, and a script that is simply over.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";

import { issuer } from "counterseal/testing";

const INDEX = JSON.stringify(new URL("../index.cjs", import.meta.url).pathname);
const TESTING = JSON.stringify(new URL("../testing.cjs", import.meta.url).pathname);

const worker = (source, workerData) => new Worker(source, { eval: true, workerData });

/** Runs a script to its end. */
async function run(source, ...options) {
  const child = spawn(process.execPath, [...options, "-e", source], { stdio: ["ignore", "pipe", "pipe"] });
  const text = { stdout: "", stderr: "" };
  for (const name of Object.keys(text)) child[name].on("data", (data) => (text[name] += data));
  const began = performance.now();
  const [code, signal] = await once(child, "close");
  return { code, signal, ...text, took: performance.now() - began };
}

test("each thread has a guard of its own", async () => {
  const idp = issuer();
  const data = { text: idp.policyText(), token: idp.token({ sub: "alice" }) };
  const source = `
    const { Guard, Policy } = require(${INDEX});
    const { parentPort, workerData } = require("node:worker_threads");
    const guard = new Guard(Policy.fromStr(workerData.text));
    for (let at = 0; at < 100; at++) guard.verifySync(workerData.token);
    guard.verify(workerData.token).then((identity) => parentPort.postMessage(identity.subject));
  `;
  for (let round = 0; round < 3; round++) {
    const workers = Array.from({ length: 8 }, () => worker(source, data));
    const ends = workers.map((each) => Promise.all([once(each, "message"), once(each, "exit")]));
    for (const [[subject], [code]] of await Promise.all(ends)) assert.deepEqual([subject, code], ["alice", 0]);
  }
});

test("identities and guards do not travel between threads", async () => {
  const idp = issuer();
  const echo = worker(`
    const { parentPort } = require("node:worker_threads");
    const { Identity } = require(${INDEX});
    parentPort.on("message", (value) => { parentPort.postMessage([value instanceof Identity, Object.keys(value)]); });
  `);
  echo.postMessage(idp.guard().verifySync(idp.token()));
  const [[isIdentity, keys]] = await once(echo, "message");
  assert.deepEqual([isIdentity, keys], [false, []]);
  await echo.terminate();
});

test("a worker that is terminated while its promises wait", async () => {
  const source = `
    const { issuer } = require(${TESTING});
    const { parentPort } = require("node:worker_threads");
    const idp = issuer();
    const guards = [idp.pendingGuard('[fetch]\\nwait = "60s"'), idp.pendingGuard('[fetch]\\nwait = "60s"')];
    for (let at = 0; at < 50; at++) guards[at % 2].verify(idp.token()).catch(() => {});
    parentPort.postMessage("waits");
    setInterval(() => idp.token(), 1);
  `;
  for (let round = 0; round < 10; round++) {
    const each = worker(source);
    await once(each, "message");
    if (round % 2) await sleep(5);
    assert.equal(await each.terminate(), 1);
  }
});

test("a worker that is terminated while keys land", async () => {
  const source = `
    const { issuer } = require(${TESTING});
    const { parentPort } = require("node:worker_threads");
    const idp = issuer();
    const wait = () => {
      const guard = idp.pendingGuard();
      for (let at = 0; at < 200; at++) guard.verify(idp.token()).catch(() => {});
      idp.publish();
      setImmediate(wait);
    };
    wait();
    parentPort.postMessage("waits");
  `;
  for (let round = 0; round < 10; round++) {
    const each = worker(source);
    await once(each, "message");
    await sleep(round * 3);
    await each.terminate();
  }
});

test("a worker that is terminated in the middle of verifying", async () => {
  const source = `
    const { issuer } = require(${TESTING});
    require("node:worker_threads").parentPort.postMessage("runs");
    const idp = issuer();
    const guard = idp.guard("[cache]\\nentries = 2");
    for (;;) guard.verifySync(idp.token());
  `;
  for (let round = 0; round < 6; round++) {
    const each = worker(source);
    await once(each, "message");
    await sleep(round * 4);
    await each.terminate();
  }
});

test("a process ends by itself once nobody waits", async () => {
  const idle = await run(`
    const { issuer } = require(${TESTING});
    const idp = issuer();
    const guard = idp.pendingGuard();
    guard.verify(idp.token({ sub: "alice" })).then((identity) => console.log(identity.subject));
    setTimeout(() => idp.publish(), 20);
  `);
  assert.deepEqual([idle.code, idle.stdout, idle.stderr], [0, "alice\n", ""]);
  assert(idle.took < 20_000, `${idle.took}`);
  const unused = await run(`const idp = require(${TESTING}).issuer(); idp.guard().verifySync(idp.token());`);
  assert.deepEqual([unused.code, unused.stderr], [0, ""]);
});

test("a process stays while somebody waits, and not longer", async () => {
  const { code, stdout } = await run(`
    const { issuer } = require(${TESTING});
    const idp = issuer();
    idp.pendingGuard('[fetch]\\nwait = "300ms"').verify(idp.token()).catch((error) => console.log(error.code));
  `);
  assert.deepEqual([code, stdout], [0, "keys_unavailable\n"]);
});

for (const [name, end, expected] of [
  ["process.exit", "process.exit(7)", 7],
  ["an uncaught error", "setImmediate(() => { throw new Error('x'); })", 1],
]) {
  test(`${name} while promises wait`, async () => {
    const { code, signal } = await run(`
      const { issuer } = require(${TESTING});
      const idp = issuer();
      const guard = idp.pendingGuard('[fetch]\\nwait = "60s"');
      for (let at = 0; at < 100; at++) guard.verify(idp.token()).catch(() => {});
      setTimeout(() => { ${end} }, 10);
    `);
    assert.deepEqual([code, signal], [expected, null]);
  });
}

test("no thread is started before somebody waits", { skip: process.platform !== "linux" && "reads /proc" }, async () => {
  const { stdout, stderr } = await run(`
    const { readdirSync, readFileSync } = require("node:fs");
    const ours = () => readdirSync("/proc/self/task").filter((id) => {
      try { return readFileSync("/proc/self/task/" + id + "/comm", "utf8").trim() === "counterseal"; } catch { return false; }
    }).length;
    const { issuer } = require(${TESTING});
    const idp = issuer();
    const counts = [];
    idp.guard().verifySync(idp.token());
    counts.push(ours());
    const guard = idp.pendingGuard();
    const waits = Array.from({ length: 20 }, () => guard.verify(idp.token()));
    idp.publish();
    Promise.all(waits).then(() => { counts.push(ours()); console.log(JSON.stringify(counts)); });
  `);
  assert.equal(stderr, "");
  assert.deepEqual(JSON.parse(stdout), [0, 1]);
});
