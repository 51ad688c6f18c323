// A client of the identity provider, over plain fetch: discovery, the authorization code flow with
// PKCE as a browser would walk it, and the client credentials grant.

import { createHash, randomBytes } from 'node:crypto';

const requestMilliseconds = 5_000;
const redirectsAtMost = 12;

/** Reads a JSON document; an answer other than 200 is an error. */
export async function getJson(url) {
  return readJson(await request(url));
}

/** A token in the client's own name (RFC 6749 section 4.4). */
export async function clientToken(metadata, client, resource, scope) {
  const credentials = Buffer.from(`${client.client_id}:${client.client_secret}`).toString('base64');
  const form = { grant_type: 'client_credentials', resource, scope };
  const headers = { authorization: `Basic ${credentials}` };
  const answer = await readJson(await request(metadata.token_endpoint, { form, headers }));
  return answer.access_token;
}

/** Somebody at a browser: signs in once, and then hands out tokens to clients that ask. */
export class Browser {
  #cookies = new Map();
  #metadata;
  #user;

  constructor(metadata, user) {
    this.#metadata = metadata;
    this.#user = user;
  }

  /** Tokens in the user's name (RFC 6749 section 4.1, RFC 7636, RFC 8707). */
  async tokens(client, resource, scope) {
    const verifier = randomBytes(32).toString('base64url');
    const state = randomBytes(16).toString('base64url');
    const redirect = client.redirect_uris[0];
    const question = new URL(this.#metadata.authorization_endpoint);
    question.search = new URLSearchParams({
      client_id: client.client_id,
      response_type: 'code',
      redirect_uri: redirect,
      scope,
      resource,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });

    const answer = (await this.#walk(question, redirect)).searchParams;
    if (answer.get('state') !== state || !answer.has('code')) {
      throw new Error(`the sign-in ended with "${answer.get('error_description') ?? 'no code'}"`);
    }
    const form = {
      grant_type: 'authorization_code',
      client_id: client.client_id,
      code: answer.get('code'),
      code_verifier: verifier,
      redirect_uri: redirect,
      resource,
    };
    return readJson(await request(this.#metadata.token_endpoint, { form }));
  }

  /** Follows redirects and submits the login and consent forms until the client is reached. */
  async #walk(start, destination) {
    let url = start;
    let form;
    for (let step = 0; step < redirectsAtMost; step += 1) {
      if (`${url.origin}${url.pathname}` === destination) return url;
      const headers = { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
      const response = await request(url, { form, headers });
      this.#keepCookies(response);
      form = undefined;
      if (response.headers.has('location')) {
        url = new URL(response.headers.get('location'), url);
      } else {
        const page = await response.text();
        const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
        if (!response.ok || !prompt) throw new Error(`the sign-in stopped with HTTP ${response.status}`);
        url = new URL(/<form[^>]* action="([^"]+)"/.exec(page)[1], url);
        form = prompt === 'login' ? { prompt, login: this.#user, password: 'any' } : { prompt };
      }
    }
    throw new Error('the sign-in went round in circles');
  }

  #keepCookies(response) {
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value) this.#cookies.set(name, value);
      else this.#cookies.delete(name);
    }
  }
}

function request(url, { form, headers } = {}) {
  return fetch(url, {
    method: form ? 'POST' : 'GET',
    body: form && new URLSearchParams(form),
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(requestMilliseconds),
  });
}

async function readJson(response) {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`HTTP ${response.status} from ${response.url}: ${text.slice(0, 200)}`);
  return JSON.parse(text);
}
