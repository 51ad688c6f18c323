// What a Node service says of tokens: verify.mjs POLICY, a question a line, an answer a line.

import { createInterface } from 'node:readline';
import { Guard, TokenRejectedError, UnavailableError } from '../../../node/index.mjs';

const guard = Guard.load(process.argv[2]);
for await (const line of createInterface({ input: process.stdin })) {
  const { token, now } = JSON.parse(line);
  console.log(JSON.stringify(await answer(token, now ?? undefined)));
}

async function answer(token, now) {
  try {
    const identity = await guard.verify(token, { now });
    return { verdict: 'verified', subject: identity.subject };
  } catch (error) {
    if (error instanceof TokenRejectedError) return { verdict: 'rejected', code: error.code };
    if (error instanceof UnavailableError) return { verdict: 'unavailable', code: error.code };
    throw error;
  }
}
