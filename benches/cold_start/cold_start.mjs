// Cold starts from a snapshot, and latencies while keys are fetched and while they cannot be:
//
//     node cold_start.mjs FOLDER RESULTS '[{"name": …, "command": […]}, …]'
//
// README.md says what is measured, and how a program in each language is asked.

import { spawn } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const PROCESSES = 20;
const AUDIENCE = "https://api.example.com/orders";

const [folder, results, list] = process.argv.slice(2);
const languages = JSON.parse(list);
mkdirSync(folder, { recursive: true });
chmodSync(folder, 0o700); // else no snapshot is kept
const loadBefore = loadavg()[0];

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
const server = new KeyServer();
await server.start();
const token = signed();

const cold = [];
for (const mode of ["snapshot", "fetch"]) {
  const policy = write(`cold-${mode}`, `ttl = "10m"\n${mode === "snapshot" ? 'snapshot = "keys.snapshot"\n' : ""}`, 0);
  if (mode === "snapshot") {
    await start(languages[0], ["cold", policy]).end(); // it leaves the snapshot
    if (!readFileSync(join(folder, "keys.snapshot"), "utf8").includes("fetched_at")) throw new Error("no snapshot was left");
    await server.stop(); // from the snapshot alone
  } else {
    await server.start();
  }
  for (const language of languages) cold.push({ mode, language, runs: await coldStarts(language, policy) });
}

const policies = [4096, 0].map((entries) => write(`latency-${entries}`, 'ttl = "4s"\nttl_min = "1s"\ntimeout = "60s"\n', entries));
const latencies = [];
for (const language of languages) {
  server.isSilent = false;
  await server.start();
  const program = start(language, ["latencies", ...policies]);
  const control = language === languages[0] ? ["nothing"] : [];
  for (const phase of [...control, "quiet", "refresh", "down"]) {
    if (phase === "refresh") server.isSilent = true;
    if (phase === "down") await server.stop();
    const measured = await program.ask(phase);
    if (!measured.every(({ held }) => held)) throw new Error(`${language.name}: it was not ${phase} all the time`);
    latencies.push({ language, phase, measured });
  }
  await program.end();
}
await server.stop();

const report = told();
writeFileSync(results, report);
console.log(report);

/** A server of keys that answers, says nothing, or is not there. */
function KeyServer() {
  const jwk = { ...pair.publicKey.export({ format: "jwk" }), kid: "2026-11-a", alg: "RS256", use: "sig" };
  const held = new Set();
  const answer = (response) => {
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify({ keys: [jwk] }));
  };
  const own = http.createServer((request, response) => {
    if (this.isSilent) held.add(response);
    else answer(response);
  });
  let port = 0;
  this.isSilent = false;
  this.start = async () => {
    if (own.listening) return;
    await new Promise((resolve) => own.listen(port, "127.0.0.1", resolve));
    port = own.address().port;
    this.url = `http://127.0.0.1:${port}/jwks`;
  };
  this.stop = async () => {
    if (!own.listening) return;
    const closed = new Promise((resolve) => own.close(resolve));
    own.closeAllConnections();
    held.clear();
    await closed;
  };
}

async function coldStarts(language, policy) {
  const runs = [];
  for (let count = 0; count < PROCESSES; count += 1) {
    const began = performance.now();
    const program = start(language, ["cold", policy]);
    const { import_ns, first_ns, later_ns } = await program.next();
    const ended = performance.now();
    await program.end();
    // After the answer was timed the program verified for some time: that is no part of its start.
    runs.push({ import_ns, first_ns, later_ns, process_ns: (ended - began) * 1e6 - 50 * later_ns });
  }
  return runs;
}

/** Starts a program, tells it the token, and hears a line of JSON for each line. */
function start({ name, command: [program, ...args] }, more) {
  const child = spawn(program, [...args, ...more], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the ${name} program ended`);
    return JSON.parse(value);
  };
  const exited = new Promise((resolve, reject) => {
    child.on("error", reject).on("exit", resolve);
  });
  child.stdin.write(`${token}\n`);
  return {
    next,
    ask: (line) => (child.stdin.write(`${line}\n`), next()),
    end: async () => {
      child.stdin.end();
      const late = setTimeout(() => child.kill("SIGKILL"), 10_000);
      const status = await exited;
      clearTimeout(late);
      if (status !== 0) throw new Error(`the ${name} program ended with status ${status}`);
    },
  };
}

function write(name, fetch, entries) {
  const path = join(folder, `${name}.toml`);
  const text = `version = 1

[[issuer]]
issuer          = "https://idp.example.com/realms/main"
profile         = "access_token"
audience        = "${AUDIENCE}"
algorithms      = ["RS256"]
keys            = { jwks_uri = "${server.url}" }
required_scopes = ["orders:read"]

[fetch]
cooldown = "1s"
${fetch}
[cache]
entries = ${entries}
`;
  writeFileSync(path, text);
  return path;
}

/** 13 claims, 700 to 850 bytes. */
function signed() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "https://idp.example.com/realms/main",
    sub: "f3b1c2d4-1111-2222-3333-000000000001",
    aud: AUDIENCE,
    exp: now + 3600,
    nbf: now,
    iat: now,
    jti: "5f0c8d1e-aaaa",
    client_id: "web",
    scope: "orders:read",
    tenant: "acme",
    roles: ["buyer"],
    sid: "08a5019c",
    auth_time: now - 60,
  };
  const text = `${part({ alg: "RS256", typ: "at+jwt", kid: "2026-11-a" })}.${part(claims)}`;
  const whole = `${text}.${sign("sha256", Buffer.from(text), pair.privateKey).toString("base64url")}`;
  if (whole.length < 700 || whole.length > 850) throw new Error(`the token has ${whole.length} bytes`);
  return whole;
}

function told() {
  const load = `load ${loadBefore.toFixed(1)} before and ${loadavg()[0].toFixed(1)} after`;
  const head = `<!-- Written by benches/cold_start/run. -->

# Cold starts, and latencies while keys are fetched

${cpus()[0].model}, ${cpus().length} cores, ${load}. Release builds, RS256, a token of ${token.length} bytes. What the rows mean is in
[benches/cold_start](../cold_start/README.md).

## From a new process to the first verified token

Medians of ${PROCESSES} processes in ms, the least in brackets. The budget is 2 ms over a later verification, from a snapshot.

| keys | language | import | policy load to first verified token | over a later verification | process start to answer |
|---|---|--:|--:|--:|--:|
`;
  const keys = { snapshot: "from a snapshot, server down", fetch: "fetched over loopback" };
  const rows = cold.map(({ mode, language, runs }) => {
    const isPart = ["Python", "Node"].includes(language.name);
    const over = runs.map((run) => run.first_ns - run.later_ns);
    const of = (part) => ms(median(runs.map((run) => run[part])));
    const times = `${of("first_ns")} | ${ms(median(over))} (${ms(Math.min(...over))}) | ${of("process_ns")}`;
    return `| ${keys[mode]} | ${language.name} | ${isPart ? of("import_ns") : "–"} | ${times} |`;
  });
  const nothing = "nothing is verified: the clock is read, at once or for 17 µs";
  const phases = { nothing, quiet: "quiet", refresh: "a refresh is under way", down: "the server is down, keys are stale" };
  const lines = latencies.map(({ language, phase, measured }) => {
    const cells = measured.map(({ ns: [p50, p99, p999] }) => `${us(p50)} / ${us(p99)} / ${us(p999)}`);
    return `| ${language.name} | ${phases[phase]} | ${cells.join(" | ")} |`;
  });
  return `${head}${rows.join("\n")}

## Latencies

p50 / p99 / p99.9 in µs of one second of calls, the reading of the clock included.

| language | | from the cache | not from the cache |
|---|---|--:|--:|
${lines.join("\n")}
`;
}

function ms(nanoseconds) {
  return (nanoseconds / 1e6).toFixed(2);
}

function us(nanoseconds) {
  return nanoseconds < 10_000 ? (nanoseconds / 1e3).toFixed(2) : (nanoseconds / 1e3).toFixed(1);
}

function median(values) {
  return values.sort((one, other) => one - other)[Math.floor(values.length / 2)];
}
