// Tokens and keys that every contender gets: the same bytes, signed once.
import { createHmac, createPublicKey } from "node:crypto";

import { Policy } from "counterseal";
import { issuer } from "counterseal/testing";

const ISSUER = "https://idp.example.com/realms/main";
const AUDIENCE = "https://api.example.com/orders";
const SECRET = Buffer.from("a secret of sixty-four bytes, which is what HS256 likes to have.");

/** What an identity provider puts into an access token: 13 claims, 700 to 850 bytes in all. */
function claims(at) {
  return {
    sub: `f3b1c2d4-1111-2222-3333-${String(at).padStart(12, "0")}`,
    jti: `5f0c8d1e-aaaa-bbbb-cccc-${String(at).padStart(12, "0")}`,
    azp: "web-bff",
    sid: "0f8e1a2b-4c5d-6e7f-8091-a2b3c4d5e6f7",
    scope: "openid profile email orders:read",
    realm_access: { roles: ["default-roles", "offline_access", "refunds"] },
    tenant: "acme",
    email: "alice@example.com",
  };
}

/** `count` tokens of one algorithm, with all that is needed to verify them. */
export function sample(algorithm, count) {
  return algorithm === "HS256" ? symmetric(count) : asymmetric(algorithm, count);
}

function asymmetric(algorithm, count) {
  const idp = issuer({ algorithm, issuer: ISSUER, audience: AUDIENCE, clientId: "web-bff" });
  const [jwk] = idp.jwks().keys;
  return {
    algorithm,
    issuer: ISSUER,
    audience: AUDIENCE,
    tokens: Array.from({ length: count }, (_, at) => idp.token(claims(at))),
    expired: idp.expired(claims(0)),
    key: createPublicKey({ key: jwk, format: "jwk" }),
    policy: (more) => idp.policy(more),
  };
}

function symmetric(count) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const sign = (at, exp) => {
    const usual = { iss: ISSUER, aud: AUDIENCE, client_id: "web-bff", iat: exp - 3600, exp };
    const signed = `${part({ alg: "HS256", typ: "at+jwt", kid: "test-1" })}.${part({ ...usual, ...claims(at) })}`;
    return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
  };
  const text = `version = 1
    [[issuer]]
    issuer = "${ISSUER}"
    profile = "access_token"
    audience = "${AUDIENCE}"
    algorithms = ["HS256"]
    keys = { secret = "base64:${SECRET.toString("base64")}" }
    `;
  return {
    algorithm: "HS256",
    issuer: ISSUER,
    audience: AUDIENCE,
    tokens: Array.from({ length: count }, (_, at) => sign(at, now + 3600)),
    expired: sign(0, now - 3600),
    key: SECRET,
    policy: (more) => Policy.fromStr(text + more),
  };
}
