// The Counterseal binary, and what its answers mean.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './processes.mjs';
import { columns, dim, hasColours, say } from './terminal.mjs';

/** The Counterseal binary in a directory of its own. Tokens go in by standard input, never as arguments. */
export class Cli {
  #binary;
  #directory;

  constructor(binary, directory) {
    this.#binary = binary;
    this.#directory = directory;
  }

  /** Writes a file into the directory, and gives its path. */
  write(name, text) {
    const file = path.join(this.#directory, name);
    writeFileSync(file, text);
    return file;
  }

  async run(subcommand, token, ...args) {
    const { COUNTERSEAL_SERVICE, ...own } = process.env; // it would choose a service that this policy lacks
    const env = { ...own, COLUMNS: `${columns - 2}`, ...(hasColours && { CLICOLOR_FORCE: '1' }) };
    const result = await run(this.#binary, [subcommand, '--policy', 'policy.toml', ...args],
      { cwd: this.#directory, env, input: token });
    if ((result.output + result.errors).includes(token)) throw new Error(`counterseal ${subcommand} repeats the token`);
    return result;
  }

  /** The verdict as the JSON says it, or `error` where JSON and exit status are no verdict together. */
  async verdict(token, now) {
    const { status, output, errors } = await this.run('verify', token, '--json', ...(now === undefined ? [] : ['--now', `${now}`]));
    const answer = parse(output);
    const agreed = { verified: 0, rejected: 1 }[answer?.verdict] === status;
    if (agreed) return answer;
    say(dim(`      exit status ${status}: ${(output + errors).trim().split('\n', 1)[0].slice(0, 70)}`));
    return { verdict: 'error', code: `exit status ${status}` };
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
