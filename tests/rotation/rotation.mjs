// A real OpenID provider rotates its keys under load, while a client in each language verifies:
//
//     node rotation.mjs FOLDER '[{"name": …, "command": […]}, …]'
//
// No valid token may be refused, and a token whose key is gone is refused within one refresh. The form of what is said
// between this program and its clients is in README.md.

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { converse } from '../../examples/demo/processes.mjs';
import { openProvider } from './provider.mjs';

const rotations = Number(process.env.ROTATIONS ?? 20);
const tokensPerKey = 8;
const answerMilliseconds = 20_000;
const fetch = `cooldown = "1s"
ttl_min = "1s"
ttl_max = "2s"
wait = "10s"

[cache]
entries = 8
`;

const [folder, list] = process.argv.slice(2);
const began = performance.now();
const provider = await openProvider();
mkdirSync(folder, { recursive: true });
const policy = path.join(folder, 'policy.toml');
writeFileSync(policy, provider.policy(fetch));
const clients = JSON.parse(list).map(({ name, command: [program, ...args] }) => connect(name, program, [...args, policy]));

let tokens = await issue();
await all((client) => client.ask({ live: tokens }));
const removals = [];
for (let count = 0; count < rotations; count += 1) {
  // Nobody was told of the new key. Tokens of the one before are as good until it is gone.
  await provider.rotate();
  const [old, live] = [tokens, await issue()];
  await all((client) => client.ask({ live: [...old, ...live] }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  await all((client) => client.ask({ live }));
  provider.retire();
  removals.push(...await all((client) => client.ask({ removed: old })));
  tokens = live;
}
const ends = await all((client) => client.ask({ end: true }));
const seconds = ((performance.now() - began) / 1000).toFixed(1);
console.log(`${rotations} rotations of a real provider's keys in ${seconds} s`);

let failed = 0;
for (const [at, client] of clients.entries()) {
  const own = removals.filter((_, place) => place % clients.length === at);
  const { verified, refusals, codes, refreshes, failures, attempts } = ends[at];
  const worst = Math.max(...own.map(({ refreshes }) => refreshes));
  const slowest = Math.max(...own.map(({ took_ms }) => took_ms));
  const wrong = [
    verified < rotations * tokensPerKey * 10 && 'too few tokens were verified to mean anything',
    Object.keys(refusals).length > 0 && `valid tokens were refused: ${JSON.stringify(refusals)}`,
    codes.join() !== 'kid_unknown' && `removed keys were refused with ${codes}, not kid_unknown`,
    worst > 1 && `a removed key was used after ${worst} refreshes`,
    failures > 0 && `${failures} fetches failed`,
  ].filter(Boolean);
  failed += wrong.length > 0 ? 1 : 0;
  console.log(`${client.name}: ${verified} tokens verified, none of them refused, ${own.length * tokensPerKey} of removed keys `
    + `refused within ${worst} refresh and ${slowest} ms; ${attempts} fetches, ${refreshes} brought keys`);
  for (const what of wrong) console.log(`FAILED ${client.name}: ${what}`);
}
provider.close();
console.log(`${clients.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function issue() {
  return Promise.all(Array.from({ length: tokensPerKey }, () => provider.token()));
}

function all(what) {
  return Promise.all(clients.map(what));
}

/** A program that verifies; it answers each line with one. */
function connect(name, program, args) {
  const child = converse(program, args);
  const answers = [];
  const fail = (why) => {
    console.log(`FAILED ${name}: ${why}\n0 passed, 1 failed`);
    process.exit(1);
  };
  createInterface({ input: child.stdout }).on('line', (line) => answers.shift()?.(JSON.parse(line)));
  child.on('exit', (status) => {
    if (answers.length > 0) fail(`ended with status ${status}`);
  });
  const ask = (question) => new Promise((resolve) => {
    const late = setTimeout(() => fail(`did not answer in time: ${Object.keys(question)}`), answerMilliseconds);
    answers.push((answer) => {
      clearTimeout(late);
      resolve(answer);
    });
    child.stdin.write(`${JSON.stringify(question)}\n`);
  });
  return { name, ask };
}
