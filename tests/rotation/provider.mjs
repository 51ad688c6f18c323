// A real OpenID provider whose keys are replaced while it runs. Its keys are configuration, so each set of keys is a
// provider of its own, and all of them stand behind one server on one port: the newest one answers.

import http from 'node:http';
import { createRequire } from 'node:module';
import { randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { orders, job } from '../../examples/demo/scenario.mjs';
import { clientToken, getJson } from '../../examples/demo/sign-in.mjs';

const packages = createRequire(new URL('../../examples/demo/package.json', import.meta.url));
const { exportJWK, generateKeyPair } = await load('jose');
const { Provider, errors } = await load('oidc-provider');

const algorithm = 'ES256';
const tokenLifetimeSeconds = 600;

/** Starts it on a free port of this machine. */
export async function openProvider() {
  const provider = new RotatingProvider();
  await provider.listen();
  return provider;
}

class RotatingProvider {
  #answer = (request, response) => response.writeHead(503).end();
  #server = http.createServer((request, response) => this.#answer(request, response));
  #keys = [];
  #metadata;
  issuer;

  async listen() {
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.issuer = `http://127.0.0.1:${this.#server.address().port}`;
    await this.rotate();
    this.#metadata = await getJson(`${this.issuer}/.well-known/openid-configuration`);
  }

  /** From now on a new key signs; the one before stays in the set. */
  async rotate() {
    this.#keys = [await generateKey(), ...this.#keys];
    this.#replace();
  }

  /** All keys but the one that signs leave the set. */
  retire() {
    this.#keys.length = 1;
    this.#replace();
  }

  /** A token that the provider issues now, and that its newest key signed. */
  async token() {
    const token = await clientToken(this.#metadata, job, orders.audience, 'orders:read');
    const { kid } = JSON.parse(Buffer.from(token.split('.')[0], 'base64url'));
    if (kid !== this.#keys[0].kid) throw new Error('the provider signs with another key than its newest');
    return token;
  }

  policy(fetch) {
    return `version = 1

[[issuer]]
name       = "main"
issuer     = "${this.issuer}"
profile    = "access_token"
audience   = "${orders.audience}"
algorithms = ["${algorithm}"]
keys       = { discovery = "oidc" }

[fetch]
${fetch}`;
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #replace() {
    const provider = new Provider(this.issuer, {
      adapter: Nowhere,
      clients: [{ ...job, id_token_signed_response_alg: algorithm }],
      jwks: { keys: this.#keys },
      cookies: { keys: [randomBytes(32).toString('hex')] },
      ttl: { ClientCredentials: tokenLifetimeSeconds },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: { enabled: true, getResourceServerInfo: resourceServer },
      },
    });
    provider.on('server_error', (context, error) => console.error(error));
    this.#answer = provider.callback();
  }
}

/** Tokens that say everything themselves are kept by nobody. */
class Nowhere {
  async find() {}

  async upsert() {
    throw new Error('the provider keeps something after all');
  }
}

function resourceServer(context, resource) {
  if (resource !== orders.audience) throw new errors.InvalidTarget();
  return {
    audience: orders.audience,
    scope: orders.scopes.join(' '),
    accessTokenTTL: tokenLifetimeSeconds,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: algorithm } },
  };
}

async function generateKey() {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: algorithm, use: 'sig', kid: randomBytes(6).toString('hex') };
}

function load(name) {
  return import(pathToFileURL(packages.resolve(name)));
}
