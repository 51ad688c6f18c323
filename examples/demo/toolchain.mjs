// What the demo needs on this machine: the Node version, the npm packages, the Counterseal binary.
// Each missing part is named together with what brings it.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './processes.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const installMilliseconds = 180_000;
const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];

/** Something has to be installed or built first; the message says what. */
export class MissingToolError extends Error {}

/** The absolute path of the Counterseal binary. */
export function findCli(given) {
  const file = path.resolve(given);
  const found = [file, `${file}.exe`].find(existsSync);
  if (found) return found;
  throw new MissingToolError(
    `the Counterseal binary ${given} is not there.\n`
    + 'Build it with `cargo build -p counterseal-cli` at the root of the repository (or run `make demo`).\n'
    + 'If cargo is missing too, install Rust with rustup.',
  );
}

/** Installs what package-lock.json lists, once for each version of that file. */
export async function installPackages(say) {
  const stamp = path.join(here, 'node_modules', '.installed-for-demo');
  const wanted = createHash('sha256').update(readFileSync(path.join(here, 'package-lock.json'))).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('Installing the identity provider (npm ci, the first time only)');
  await npm(['ci', ...quiet]);
  writeFileSync(stamp, wanted);
}

/** A Node that runs the identity provider: this one, or a newer one from npm beside the demo. */
export async function findNode(say) {
  const needed = 22;
  const major = Number.parseInt(process.versions.node, 10);
  if (major >= needed) return process.execPath;
  if (major < 20) throw new MissingToolError(`this is Node ${process.versions.node}. Install Node ${needed} or newer.`);

  const prefix = path.join(here, '.node');
  const binary = path.join(prefix, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  const installed = existsSync(binary);
  say(`This is Node ${process.versions.node} and the identity provider needs ${needed}: `
    + `${installed ? 'using' : 'installing'} Node 24 in examples/demo/.node`);
  if (!installed) {
    await npm(['install', '--prefix', prefix, '--no-save', '--no-package-lock', ...quiet, 'node@24']);
  }
  const check = existsSync(binary) ? await run(binary, ['--version']) : { status: null };
  if (check.status !== 0) {
    throw new MissingToolError(`Node 24 from npm does not run here. Install Node ${needed} or newer and start the demo with it.`);
  }
  return binary;
}

async function npm(args) {
  const shell = process.platform === 'win32'; // there npm is a command file
  const result = await run('npm', args, { cwd: here, milliseconds: installMilliseconds, shell }).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
    throw new MissingToolError('npm is not on the PATH. Install Node 22 or newer together with npm, and try again.');
  });
  if (result.status !== 0) {
    throw new MissingToolError(
      `\`npm ${args[0]}\` in examples/demo failed; it needs a package registry that it can reach.\n`
      + result.errors.split('\n').slice(0, 8).join('\n').trimEnd(),
    );
  }
}
