// Programs in other languages, each with the Counterseal package of its language. They load the policy
// once, and answer a line of JSON for each token.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { converse } from './processes.mjs';

/** The programs that `examples/demo/build` lists, started with a policy; none where there is no list. */
export function startLanguages(file, policy) {
  if (file === undefined) return [];
  return JSON.parse(readFileSync(file, 'utf8')).map(({ name, command }) => new Language(name, command, policy));
}

class Language {
  #child;
  #answers;

  constructor(name, [program, ...args], policy) {
    this.name = name;
    this.#child = converse(program, [...args, policy]);
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** What it says of a token, as the command line says it. */
  async verdict(token, now = null) {
    this.#child.stdin.write(`${JSON.stringify({ token, now })}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`the ${this.name} program ended`);
    if (value.includes(token)) throw new Error(`the ${this.name} program repeats the token`);
    return JSON.parse(value);
  }
}
