// Child processes and the temporary directory: none of them outlives the demo. (After a SIGKILL the
// directory stays; the providers still end, because their standard input closes.)

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const children = new Set();
const directories = new Set();
const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});
for (const [signal, status] of Object.entries(signals)) process.on(signal, () => process.exit(status));

/** A directory that is gone when the demo ends. */
export function temporaryDirectory() {
  const directory = mkdtempSync(path.join(tmpdir(), 'counterseal-demo-'));
  directories.add(directory);
  return directory;
}

/** Runs a program to its end. Resolves to its status (null: killed or timed out) and its output. */
export function run(program, args, { input = '', milliseconds = 10_000, ...options } = {}) {
  const child = track(spawn(program, args, { ...options, stdio: 'pipe', timeout: milliseconds, killSignal: 'SIGKILL' }));
  child.stdin.on('error', () => {}); // it may refuse before it has read everything
  child.stdin.end(input);
  const output = collect(child.stdout);
  const errors = collect(child.stderr);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output: output.text, errors: errors.text }));
  });
}

/** Starts a program that prints one line of JSON when it is ready, and resolves to that line. */
export function start(program, args, { milliseconds = 10_000, ...options } = {}) {
  const child = track(spawn(program, args, { ...options, stdio: 'pipe' }));
  const output = collect(child.stdout);
  const errors = collect(child.stderr);
  return new Promise((resolve, reject) => {
    const fail = (reason) => reject(new Error(`${path.basename(args[0])} ${reason}\n${errors.text.trimEnd().slice(-2000)}`));
    const late = setTimeout(() => fail(`was not ready within ${milliseconds / 1000} s`), milliseconds);
    child.on('error', reject);
    child.on('exit', (status) => fail(`ended with status ${status}`));
    child.on('close', () => clearTimeout(late));
    child.stdout.on('data', () => {
      if (!output.text.includes('\n')) return;
      clearTimeout(late);
      resolve(JSON.parse(output.text.split('\n', 1)[0]));
    });
  });
}

/** Starts a program that answers line by line; its complaints are shown. */
export function converse(program, args) {
  const child = track(spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  child.on('error', (error) => { throw error; });
  return child;
}

function track(child) {
  children.add(child);
  child.on('exit', () => children.delete(child));
  return child;
}

function collect(stream) {
  const collected = { text: '' };
  stream.setEncoding('utf8').on('data', (text) => { collected.text += text; });
  return collected;
}
