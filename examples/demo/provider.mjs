// A real OpenID provider on a free port of the loopback interface. It prints one line of JSON with its issuer once it
// listens, and ends when its standard input closes, that is, with its parent. A line there is what it does next, and it
// prints "{}" when that is done: "rotate", "retire", "stop" or "start".

import http from 'node:http';
import { createInterface } from 'node:readline';
import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider, errors } from 'oidc-provider';
import { billing, job, mapper, orders, shop } from './scenario.mjs';

console.info = console.error; // its notices: the output is for answers

const tokenLifetimeSeconds = 300;
const cookieKeys = [randomBytes(32).toString('hex')]; // the same with each set of keys: users stay signed in

// The issuer names its port, so the port comes first and the provider second.
let answer = (request, response) => response.writeHead(503).end();
const server = http.createServer((request, response) => answer(request, response));
await listen(0);
const { port } = server.address();
const issuer = `http://127.0.0.1:${port}`;

// The newest key of an algorithm stands first, and signs.
const other = await generateKey('ES256'); // for other APIs than these
let keys = [await generateKey('RS256'), other];
publish();
console.log(JSON.stringify({ issuer }));

const acts = {
  /** From now on a new key signs; the one before stays in the set. */
  async rotate() {
    keys = [await generateKey('RS256'), ...keys];
    publish();
  },
  /** All RS256 keys but the one that signs leave the set. */
  retire() {
    keys = [keys[0], other];
    publish();
  },
  /** Nobody listens any more. */
  stop() {
    const closed = new Promise((resolve) => { server.close(resolve); });
    server.closeAllConnections();
    return closed;
  },
  start: () => listen(port),
};
for await (const line of createInterface({ input: process.stdin })) {
  await acts[line]();
  console.log('{}');
}
process.exit(0);

function listen(at) {
  return new Promise((resolve, reject) => { server.once('error', reject).listen(at, '127.0.0.1', resolve); });
}

/** A provider's keys are its configuration, so with other keys it is another provider behind the same port. */
function publish() {
  const provider = new Provider(issuer, {
    clients: [shop, job, mapper].map(({ addedClaims, ...client }) => client),
    jwks: { keys },
    cookies: { keys: cookieKeys },
    findAccount: (context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    extraTokenClaims: (context, token) => (token.clientId === mapper.client_id ? mapper.addedClaims : undefined),
    ttl: { AccessToken: tokenLifetimeSeconds, ClientCredentials: tokenLifetimeSeconds, IdToken: tokenLifetimeSeconds },
    features: {
      devInteractions: { enabled: true }, // accepts any user with any password
      clientCredentials: { enabled: true },
      resourceIndicators: { enabled: true, getResourceServerInfo: resourceServer },
    },
  });
  provider.on('server_error', (context, error) => console.error(error));
  answer = provider.callback();
}

/** RFC 8707: the resource a client names becomes the audience of a JWT access token (RFC 9068). */
function resourceServer(context, resource) {
  const api = [orders, billing].find(({ audience }) => audience === resource);
  if (!api) throw new errors.InvalidTarget();
  return {
    audience: api.audience,
    scope: api.scopes.join(' '),
    accessTokenTTL: tokenLifetimeSeconds,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'RS256' } },
  };
}

async function generateKey(algorithm) {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const kid = `${algorithm.toLowerCase()}-${randomBytes(4).toString('hex')}`;
  return { ...(await exportJWK(privateKey)), alg: algorithm, use: 'sig', kid };
}
