// The attacks. Each one starts from a genuine token of the provider, and what Counterseal has to
// answer follows from its rules alone: checks run in the fixed order size, segments, base64url, JSON,
// header, issuer, type, key, signature, claims, authorization (ORD-01), and the first failure names
// the code.

import { createHmac, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const hour = 3600;

/**
 * All attacks, in groups for reading.
 *
 * `access` is the token under attack, `keys` the provider's JWKS, and `honest` holds genuine tokens
 * that are meant for something else. `now`, where an attack has it, is the verifier's clock in seconds.
 */
export function attacks({ access, keys, honest }) {
  const token = new Parts(access);
  const attacker = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const attackerJwk = attacker.publicKey.export({ format: 'jwk' });
  const signedByAttacker = (header) => token.withHeader(header).signed((bytes) => sign('sha256', bytes, attacker.privateKey));
  const asAdmin = { ...token.claims, sub: 'admin' };

  return [
    group('Unsigned, and signed by somebody else', [
      attack('alg "none", no signature', 'alg_not_allowed', token.withHeader({ alg: 'none' }).unsigned()),
      attack('alg "noNe", for filters that compare "none"', 'alg_not_allowed', token.withHeader({ alg: 'noNe' }).unsigned()),
      attack('the signature cut off', 'signature_malformed', token.unsigned()),
      attack('HS256 keyed with the public key', 'alg_not_allowed', signedWithPublicKey(token, keys)),
      attack('alg changed to ES256', 'alg_not_allowed', token.withHeader({ alg: 'ES256' })),
      attack('signed by the attacker under the real kid', 'signature_invalid', signedByAttacker({})),
      attack('the attacker\'s key embedded as "jwk"', 'header_embedded_key', signedByAttacker({ jwk: attackerJwk })),
      attack('the attacker\'s key set named by "jku"', 'header_key_url',
        signedByAttacker({ jku: 'https://attacker.example/jwks.json' })),
      attack('kid of the provider\'s ES256 key', 'key_alg_mismatch', token.withHeader({ kid: keyOf(keys, 'ES256').kid })),
      attack('kid that nobody knows', 'kid_unknown', token.withHeader({ kid: randomBytes(8).toString('hex') })),
    ]),
    group('The content changed', [
      attack('sub changed to "admin"', 'signature_invalid', token.withPayload(JSON.stringify(asAdmin))),
      attack('sub there twice: alice, then admin', 'json_duplicate_member',
        token.withPayload(JSON.stringify(token.claims).replace(/}$/, ',"sub":"admin"}'))),
      attack('a critical header nobody understands', 'crit_unknown',
        token.withHeader({ crit: ['demo-policy'], 'demo-policy': 'strict' })),
    ]),
    group('The same token spelled differently', [
      attack('base64 padding added', 'base64_alphabet', `${access}==`),
      attack('unused bits set in the last character', 'base64_noncanonical', withTrailingBit(access)),
    ]),
    group('Genuine, and not for this door', [
      attack('alice\'s token for the billing API', 'aud_mismatch', honest.billing),
      attack('alice\'s ID token', 'typ_mismatch', honest.idToken),
      attack('alice\'s token without orders:read', 'insufficient_scope', honest.narrow),
      attack('a token of another provider', 'iss_untrusted', honest.stranger),
      attack('a signed token with sub and "Sub": "admin"', 'name_case_variant', honest.caseVariant),
      attack('the token an hour after it expired', 'token_expired', access, token.claims.exp + hour),
      attack('the token an hour before it was issued', 'iat_future', access, token.claims.iat - hour),
    ]),
  ];
}

/** The three parts of a compact token, and copies of it with one of them changed. */
class Parts {
  constructor(text) {
    [this.header, this.payload, this.signature] = text.split('.');
  }

  get claims() {
    return JSON.parse(Buffer.from(this.payload, 'base64url'));
  }

  withHeader(members) {
    const header = { ...JSON.parse(Buffer.from(this.header, 'base64url')), ...members };
    return this.#with({ header: Buffer.from(JSON.stringify(header)).toString('base64url') });
  }

  withPayload(text) {
    return this.#with({ payload: Buffer.from(text).toString('base64url') });
  }

  unsigned() {
    return this.#with({ signature: '' });
  }

  signed(signer) {
    const bytes = Buffer.from(`${this.header}.${this.payload}`);
    return this.#with({ signature: signer(bytes).toString('base64url') });
  }

  toString() {
    return `${this.header}.${this.payload}.${this.signature}`;
  }

  #with(parts) {
    return Object.assign(new Parts(`${this}`), parts);
  }
}

/** RS/HS confusion: a verifier that lets the token choose takes the public PEM for an HMAC secret. */
function signedWithPublicKey(token, keys) {
  const pem = createPublicKey({ key: keyOf(keys, 'RS256'), format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  return token.withHeader({ alg: 'HS256' }).signed((bytes) => createHmac('sha256', pem).update(bytes).digest());
}

/** Decodes to the same bytes: 256 bytes of signature leave four unused bits in the last character. */
function withTrailingBit(token) {
  const last = alphabet.indexOf(token.at(-1));
  return token.slice(0, -1) + alphabet[last | 1];
}

function keyOf(keys, algorithm) {
  return keys.keys.find(({ alg }) => alg === algorithm);
}

function group(title, members) {
  return { title, attacks: members };
}

function attack(name, expected, token, now) {
  return { name, expected, token: `${token}`, now };
}
