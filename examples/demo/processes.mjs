// Child processes and the temporary directory: none of them outlives the demo. (After a SIGKILL the
// directory stays; the providers still end, because their standard input closes.)

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const children = new Set();
const directories = new Set();
const answerMilliseconds = 15_000;
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

/** A program that prints lines of JSON, and answers each line that it is told with one. */
export class Conversation {
  #name;
  #child;
  #errors;
  #lines;

  constructor(name, program, args) {
    this.#name = name;
    this.#child = track(spawn(program, args, { stdio: 'pipe' }));
    this.#child.on('error', (error) => { throw error; });
    this.#child.stdin.on('error', () => {}); // it ended: that is noticed when its answer does not come
    this.#errors = collect(this.#child.stderr);
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Tells it a line, and resolves to its answer. */
  ask(line) {
    this.#child.stdin.write(`${line}\n`);
    return this.next();
  }

  /** The next line that it prints. */
  async next() {
    const isLate = Symbol('late');
    let timer;
    const late = new Promise((resolve) => { timer = setTimeout(resolve, answerMilliseconds, { value: isLate }); });
    const { value, done } = await Promise.race([this.#lines.next(), late]);
    clearTimeout(timer);
    if (!done && value !== isLate) return JSON.parse(value);
    const errors = this.#errors.text.trimEnd().slice(-2000);
    throw new Error(`the ${this.#name} program ${done ? 'ended' : `said nothing for ${answerMilliseconds / 1000} s`}\n${errors}`);
  }
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
