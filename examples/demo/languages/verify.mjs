// What a Node service says of tokens: verify.mjs POLICY, a question a line, an answer a line.

import { createInterface } from 'node:readline';
import { Guard, TokenRejectedError, UnavailableError } from '../../../node/index.mjs';

const guard = Guard.load(process.argv[2]);
for await (const line of createInterface({ input: process.stdin })) {
  const { token, now } = JSON.parse(line);
  console.log(JSON.stringify(token === undefined ? keys() : await verdict(token, now ?? undefined)));
}

async function verdict(token, now) {
  try {
    const identity = await guard.verify(token, { now });
    return { verdict: 'verified', subject: identity.subject };
  } catch (error) {
    const { code, status, retryAfter } = error;
    if (error instanceof TokenRejectedError) return { verdict: 'rejected', code, status };
    if (error instanceof UnavailableError) return { verdict: 'unavailable', code, status, retry_after: retryAfter };
    throw error;
  }
}

/** How the keys of the issuer are doing. */
function keys() {
  const { key_state: state, fetch } = guard.status().issuers[0];
  return { state, refreshes: fetch.refreshes, in_flight: fetch.in_flight };
}
