// The verdicts of jose on steps of the corpus: JSON lines in, JSON lines out.
//
// Its documented options for the policy: createLocalJWKSet (importJWK for a secret), `algorithms`, `issuer`, `audience`, `clockTolerance`,
// `currentDate`, `requiredClaims`, `typ`, and `maxTokenAge` where the policy requires `iat`.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

// It is installed elsewhere: the folder with its node_modules is the argument.
const require = createRequire(pathToFileURL(`${process.argv[2]}/`))
const { createLocalJWKSet, importJWK, jwtVerify } = await import(pathToFileURL(require.resolve('jose')))
const { version } = JSON.parse(readFileSync(`${process.argv[2]}/node_modules/jose/package.json`, 'utf8'))

async function judge(step) {
  const options = {
    // Either name is admitted where one is listed, as here.
    algorithms: step.algorithms.flatMap((name) => (/^Ed/.test(name) ? ['Ed25519', 'EdDSA'] : [name])),
    issuer: step.issuer,
    audience: step.audience,
    clockTolerance: step.leeway,
    currentDate: new Date(step.now * 1000),
    requiredClaims: step.required,
  }
  if (step.typ !== undefined) options.typ = step.typ
  if (step.required.includes('iat')) options.maxTokenAge = step.max_lifetime
  await jwtVerify(Buffer.from(step.token, 'base64'), keysOf(step.jwks), options)
}

// createLocalJWKSet is for public keys; a shared secret is imported by the caller.
function keysOf(jwks) {
  if (!jwks.keys.some((key) => key.kty === 'oct')) return createLocalJWKSet(jwks)
  return ({ kid, alg }) => {
    const keys = jwks.keys.filter((key) => kid === undefined || key.kid === kid)
    if (keys.length !== 1 || keys[0].alg !== alg) throw new Error('no key')
    return importJWK(keys[0])
  }
}

console.log(JSON.stringify({ version }))
for await (const line of createInterface({ input: process.stdin })) {
  const step = JSON.parse(line)
  try {
    await judge(step)
    console.log(JSON.stringify({ id: step.id, accepts: true }))
  } catch (error) {
    console.log(JSON.stringify({ id: step.id, accepts: false, why: String(error.code || error.name) }))
  }
}
