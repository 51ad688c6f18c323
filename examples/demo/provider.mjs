// A real OpenID provider on a free port of the loopback interface. It prints one line of JSON with
// its issuer once it listens, and ends when its standard input closes, that is, with its parent.

import http from 'node:http';
import { randomBytes } from 'node:crypto';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider, errors } from 'oidc-provider';
import { billing, job, mapper, orders, shop } from './scenario.mjs';

const tokenLifetimeSeconds = 300;

process.stdin.on('end', () => process.exit(0)).resume();

// The issuer names its port, so the port comes first and the provider second.
let answer = (request, response) => response.writeHead(503).end();
const server = http.createServer((request, response) => answer(request, response));
server.listen(0, '127.0.0.1', async () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  answer = (await openProvider(issuer)).callback();
  console.log(JSON.stringify({ issuer }));
});

async function openProvider(issuer) {
  const provider = new Provider(issuer, {
    clients: [shop, job, mapper].map(({ addedClaims, ...client }) => client),
    jwks: { keys: await Promise.all(['RS256', 'ES256'].map(generateKey)) },
    cookies: { keys: [randomBytes(32).toString('hex')] },
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
  return provider;
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
