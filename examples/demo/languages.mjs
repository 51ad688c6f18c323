// Services in each language, with the Counterseal package of that language. Each loads the policy once and keeps its
// guard, fetches keys as a service does, and answers a line of JSON for each question.

import { readFileSync } from 'node:fs';
import { Conversation } from './processes.mjs';

/** The programs that `examples/demo/build` lists, started with a policy. */
export function startLanguages(file, policy) {
  return JSON.parse(readFileSync(file, 'utf8')).map(({ name, command }) => new Language(name, command, policy));
}

class Language {
  #program;

  constructor(name, [program, ...args], policy) {
    this.name = name;
    this.#program = new Conversation(name, program, [...args, policy]);
  }

  /** What it says of a token; the members are those of `counterseal verify --json`. */
  async verdict(token, now) {
    const answer = await this.#program.ask(JSON.stringify({ token, now: now ?? null }));
    if (JSON.stringify(answer).includes(token)) throw new Error(`the ${this.name} program repeats the token`);
    return answer;
  }

  /** How the keys of the issuer are doing: their state, how many refreshes there were, and whether one is under way. */
  keys() {
    return this.#program.ask('{}');
  }
}
