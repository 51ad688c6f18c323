// What happens to keys in the life of a service: the provider signs with a new one, drops the old one, is down and comes
// back. Every language's guard has been up since the policy was loaded, and nobody tells it anything.

import { randomBytes } from 'node:crypto';
import { bold, row, say } from './terminal.mjs';

/** Longest wait for what takes a refresh, which the demo's policy has every one and a half seconds. */
const patienceMilliseconds = 6_000;
const atOnceMilliseconds = 1_000;

/**
 * Shows it, and resolves to how many rows were as expected and how many were not.
 *
 * `provider` rotates, retires, stops and starts; `issue` resolves to a new token of it, and `old` is one of its first key.
 */
export async function showRotation({ provider, issue, old, languages }) {
  const table = new Table(languages);
  const load = new Load(languages, old);
  const rows = { verified: 'verified', unknown: 'kid_unknown, 401', outage: '503 with Retry-After' };
  table.head('WHAT EACH GUARD IS ASKED', 'WHAT IT HAS TO SAY');

  table.title('The provider signs with a new key, and told nobody');
  await provider.ask('rotate');
  const fresh = await issue();
  await table.add('a token of the new key, the first time', rows.verified, async (language) => {
    const { answer, milliseconds } = await timed(() => language.verdict(fresh));
    return [isVerified(answer) && milliseconds < atOnceMilliseconds, isVerified(answer) ? `${Math.ceil(milliseconds)} ms` : said(answer)];
  }, 'fetched by this call');
  await table.add('a token of the old key', rows.verified, passes(old));

  table.title('The old key is taken out of the set');
  await load.replace(fresh);
  const unseen = await issue();
  await provider.ask('retire');
  await table.add('its token, which is refused after', rows.unknown, refusedWithin(old), 'one refresh');
  await table.add('a token of the new key', rows.verified, passes(fresh));

  table.title('The provider is down: nobody listens on its port, and nobody is logged out');
  const unknown = withAnotherKid(fresh);
  await provider.ask('stop');
  await table.add('its keys, which are past their ttl after', 'stale', comesTo('stale'));
  await table.add('a token that passed before', rows.verified, passes(fresh));
  await table.add('a token that was never seen before', rows.verified, passes(unseen));
  await table.add('a token with a kid that nobody knows', rows.outage, async (language) => {
    const answer = await language.verdict(unknown);
    const { verdict, code, status, retry_after: seconds } = answer;
    const isRight = verdict === 'unavailable' && code === 'keys_unavailable' && status === 503;
    return [isRight && Number.isInteger(seconds) && seconds > 0, isRight ? `${status}` : said(answer)];
  }, 'not 401');

  table.title('The provider is back');
  await provider.ask('start');
  await table.add('its keys, which are new again after', 'fresh', comesTo('fresh'));
  await table.add('a token with a kid that nobody knows', rows.unknown, refused(unknown));
  await table.add('a token of the new key', rows.verified, passes(fresh));

  const { verified, refusals } = await load.end();
  const isUnbroken = refusals.length === 0 && verified > 0;
  say();
  row(isUnbroken, 'valid tokens, again and again meanwhile', 'none refused',
    `${verified} verified, ${refusals.length} refused ${[...new Set(refusals)].join(', ')}`.trimEnd());
  return { right: table.right + (isUnbroken ? 1 : 0), wrong: table.wrong + (isUnbroken ? 0 : 1) };
}

/** Rows with a cell for each language. */
class Table {
  right = 0;
  wrong = 0;
  #languages;

  constructor(languages) {
    this.#languages = languages;
  }

  head(name, expected) {
    row(undefined, name, expected, this.#languages.map((language) => language.name));
  }

  title(text) {
    say(`\n  ${bold(text)}`);
  }

  /** `ask` resolves to whether a language said what it has to, and to its cell. */
  async add(name, expected, ask, note) {
    const cells = await Promise.all(this.#languages.map(ask));
    const passed = cells.every(([isRight]) => isRight);
    row(passed, name, expected, cells.map(([, cell]) => cell), note);
    if (passed) this.right += 1;
    else this.wrong += 1;
  }
}

/** Verifies a token that is valid in every language, again and again. */
class Load {
  #token;
  #isOver = false;
  #verified = 0;
  #refusals = [];
  #turns = new Map();
  #ends;

  constructor(languages, token) {
    this.#token = token;
    this.#ends = languages.map((language) => this.#work(language));
  }

  /** Another one is valid from now on; resolves when nobody is asked about the one before any more. */
  async replace(token) {
    this.#token = token;
    await Promise.all(this.#turns.values());
  }

  async end() {
    this.#isOver = true;
    await Promise.all(this.#ends);
    return { verified: this.#verified, refusals: this.#refusals };
  }

  async #work(language) {
    while (!this.#isOver) {
      const turn = language.verdict(this.#token);
      this.#turns.set(language, turn);
      const answer = await turn;
      if (isVerified(answer)) this.#verified += 1;
      else this.#refusals.push(`${answer.code} in ${language.name}`);
      await sleep(5);
    }
  }
}

function passes(token) {
  return async (language) => {
    const answer = await language.verdict(token);
    return [isVerified(answer), isVerified(answer) ? 'passes' : said(answer)];
  };
}

function refused(token) {
  return async (language) => {
    const answer = await language.verdict(token);
    return [isUnknownKid(answer), isUnknownKid(answer) ? 'refused' : said(answer)];
  };
}

/** Until a token whose key is gone is refused: in which time, and was it good after a refresh that brought the new set? */
function refusedWithin(token) {
  return async (language) => {
    const began = performance.now();
    const before = await language.keys();
    const allowed = before.refreshes + (before.in_flight ? 1 : 0); // what is under way began before
    for (;;) {
      const { refreshes } = await language.keys();
      const answer = await language.verdict(token);
      const milliseconds = performance.now() - began;
      if (!isVerified(answer)) return [isUnknownKid(answer), isUnknownKid(answer) ? seconds(milliseconds) : said(answer)];
      if (refreshes > allowed || milliseconds > patienceMilliseconds) return [false, 'PASSES'];
      await sleep(10);
    }
  };
}

/** Until the keys are in this state. */
function comesTo(state) {
  return async (language) => {
    const began = performance.now();
    for (;;) {
      const keys = await language.keys();
      const milliseconds = performance.now() - began;
      if (keys.state === state) return [true, seconds(milliseconds)];
      if (milliseconds > patienceMilliseconds) return [false, keys.state];
      await sleep(10);
    }
  };
}

/** The token, signed by nobody, under the name of a key that is nowhere. */
function withAnotherKid(token) {
  const [header, ...others] = token.split('.');
  const changed = { ...JSON.parse(Buffer.from(header, 'base64url')), kid: randomBytes(8).toString('hex') };
  return [Buffer.from(JSON.stringify(changed)).toString('base64url'), ...others].join('.');
}

const isVerified = ({ verdict }) => verdict === 'verified';
const isUnknownKid = ({ code, status }) => code === 'kid_unknown' && status === 401;
const said = ({ verdict, code }) => code ?? verdict.toUpperCase();
const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;

async function timed(ask) {
  const began = performance.now();
  const answer = await ask();
  return { answer, milliseconds: performance.now() - began };
}

function sleep(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
