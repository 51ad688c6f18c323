// The peers under the same policy: algorithm, issuer, audience, dates; each answers with the claims.
import { createVerifier } from "fast-jwt";
import { jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import rust from "@node-rs/jsonwebtoken";

/** What an access token has to have (RFC 9068). */
const REQUIRED = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"];

const pem = ({ key }) => (Buffer.isBuffer(key) ? key : key.export({ type: "spki", format: "pem" }));

/** Contenders by name; undefined where a peer does not do the algorithm. */
export function peers(sample) {
  const { algorithm, issuer, audience } = sample;
  // fast-jwt and jsonwebtoken know Ed25519 under its old name or not at all.
  const isNew = algorithm === "Ed25519";
  const strict = { algorithms: [algorithm], allowedIss: issuer, allowedAud: audience, checkTyp: "at+jwt", clockTolerance: 30_000 };
  const fast = (cache) =>
    isNew ? undefined : createVerifier({ key: pem(sample), ...strict, requiredClaims: REQUIRED, cache });
  const classic = { algorithms: [algorithm], issuer, audience, clockTolerance: 30 };
  const validation = { algorithms: [rust.Algorithm[algorithm]], iss: [issuer], aud: [audience], requiredSpecClaims: ["iss", "sub", "aud", "exp"], leeway: 30 };
  const key = pem(sample);
  return {
    jose: async (token) =>
      (await jwtVerify(token, sample.key, { algorithms: [algorithm], issuer, audience, typ: "at+jwt", requiredClaims: REQUIRED, clockTolerance: 30 })).payload,
    "fast-jwt": fast(false),
    jsonwebtoken: isNew ? undefined : (token) => jsonwebtoken.verify(token, sample.key, classic),
    "@node-rs/jsonwebtoken":
      validation.algorithms[0] === undefined ? undefined : (token) => rust.verifySync(token, key, validation),
    "fast-jwt, its cache": fast(100_000),
  };
}
