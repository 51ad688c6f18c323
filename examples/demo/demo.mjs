// Counterseal against a real identity provider: one genuine token passes, everything made out of it is refused for the
// right reason, and nothing breaks when the provider replaces its keys or is down.
//
//     node examples/demo/demo.mjs --cli target/debug/counterseal --languages target/demo/languages.json

import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { attacks } from './attacks.mjs';
import { Cli } from './cli.mjs';
import { startLanguages } from './languages.mjs';
import { Conversation, temporaryDirectory } from './processes.mjs';
import { showRotation } from './rotation.mjs';
import { billing, job, mapper, orders, shop, user } from './scenario.mjs';
import { Browser, clientToken, getJson } from './sign-in.mjs';
import { bold, command, glimpse, green, heading, quote, red, row, say } from './terminal.mjs';
import { MissingToolError, findCli, findNode, installPackages } from './toolchain.mjs';

try {
  process.exit(await main());
} catch (error) {
  console.error(error instanceof MissingToolError ? `\nmake demo: ${error.message}` : `\nThe demo broke: ${error.stack}`);
  process.exit(2);
}

async function main() {
  const { values: options } = parseArgs({
    options: {
      cli: { type: 'string', default: 'target/debug/counterseal' },
      languages: { type: 'string', default: 'target/demo/languages.json' },
    },
  });
  const cli = new Cli(findCli(options.cli), temporaryDirectory());
  const node = await findNode(say);
  await installPackages(say);

  heading('1  A real identity provider, and a user who signs in');
  const [provider, stranger] = await Promise.all([openProvider(node), openProvider(node)]);
  const keys = await getJson(provider.metadata.jwks_uri);
  const browser = new Browser(provider.metadata, user);
  const { access_token: access, id_token: idToken } = await browser.tokens(shop, orders.audience, 'openid orders:read');
  say(`  oidc-provider runs at ${provider.metadata.issuer} with ${keys.keys.length} keys (${keys.keys.map(({ alg }) => alg).join(', ')}).`);
  say(`  ${user} signed in at ${shop.client_id} with PKCE. Her access token: ${glimpse(access)}`);

  heading('2  The policy of the orders API');
  const policyFile = cli.write('policy.toml', policy(provider.metadata.issuer));
  quote(policy(provider.metadata.issuer));

  heading('3  The token passes');
  const verified = await showGenuine(cli, access);
  const languages = startLanguages(options.languages, policyFile);
  const agreed = await showLanguages(languages, access);

  const honest = {
    idToken,
    billing: (await browser.tokens(shop, billing.audience, 'billing:read')).access_token,
    narrow: (await browser.tokens(shop, orders.audience, 'orders:list')).access_token,
    caseVariant: await clientToken(provider.metadata, mapper, orders.audience, 'orders:read'),
    stranger: await clientToken(stranger.metadata, job, orders.audience, 'orders:read'),
  };

  heading(`4  Another token of ${user} does not: it is for the billing API`);
  const explained = await show(cli, 'explain', honest.billing) === 1;

  heading('5  Nor does anything else that can be tried');
  const attempts = await showAttacks(languages, attacks({ access, keys, honest }));

  heading('6  The provider replaces its key, and then it is down');
  const issue = async () => (await browser.tokens(shop, orders.audience, 'orders:read')).access_token;
  const lived = await showRotation({ provider, issue, old: access, languages });

  const summary = `${attempts.refused} attacks refused, one rotation and one outage without a valid token refused, `
    + `the same in ${listed(languages.map(({ name }) => name))}`;
  const failures = attempts.wrong + lived.wrong + [verified, explained, agreed].filter((isRight) => !isRight).length;
  say(`\n${failures === 0 ? green(bold(summary)) : red(bold(`${failures} rows are not as expected`))}`);
  return failures === 0 ? 0 : 1;
}

function policy(issuer) {
  return `version = 1

[[issuer]]
issuer     = "${issuer}"
profile    = "access_token"
audience   = ["${orders.audience}"]
algorithms = ["RS256"]
keys       = { discovery = "oidc" }
required_scopes = ["orders:read"]

[fetch]              # so short that you see it work; by default keys are good for ten minutes
ttl      = "2s"
ttl_min  = "1s"
cooldown = "1s"
`;
}

/** Starts a provider and resolves to its metadata, and to how it is told what to do. */
async function openProvider(node) {
  const program = new Conversation('provider', node, [fileURLToPath(new URL('provider.mjs', import.meta.url))]);
  const { issuer } = await program.next();
  const metadata = await getJson(`${issuer}/.well-known/openid-configuration`);
  return { metadata, ask: (what) => program.ask(what) };
}

/** Shows what a person sees of the genuine token, and resolves to whether it is known to be alice's. */
async function showGenuine(cli, token) {
  const status = await show(cli, 'verify', token);
  const { verdict, identity, code } = await cli.verdict(token);
  const passed = status === 0 && verdict === 'verified' && identity?.subject === user;
  say();
  row(passed, 'the genuine token', `verified as ${user}`, identity ? `${verdict} as ${identity.subject}` : code ?? verdict);
  return passed;
}

/** The same token in each language; resolves to whether all know it to be alice's. */
async function showLanguages(languages, token) {
  let agreed = true;
  for (const language of languages) {
    const { verdict, subject, code } = await language.verdict(token);
    const passed = verdict === 'verified' && subject === user;
    row(passed, `the same in ${language.name}`, `verified as ${user}`, subject ? `${verdict} as ${subject}` : code ?? verdict);
    agreed &&= passed;
  }
  return agreed;
}

/** Runs a subcommand as a person would, shows what it says, and resolves to its exit status. */
async function show(cli, subcommand, token) {
  command(`counterseal ${subcommand} --policy policy.toml < token`);
  const { status, output, errors } = await cli.run(subcommand, token);
  quote(output + errors);
  return status;
}

/** Runs every attack and shows its row. An attack is refused only if the expected code came back, in every language. */
async function showAttacks(languages, groups) {
  let refused = 0;
  let wrong = 0;
  row(undefined, 'ATTACK', 'CODE', languages.map(({ name }) => name));
  for (const { title, attacks: members } of groups) {
    say(`\n  ${bold(title)}`);
    for (const { name, expected, token, now } of members) {
      const verdicts = await Promise.all(languages.map((language) => language.verdict(token, now)));
      const answers = verdicts.map(({ verdict, code }) => (verdict === 'rejected' && code === expected ? 'refused' : code ?? verdict.toUpperCase()));
      const passed = answers.every((answer) => answer === 'refused');
      row(passed, name, expected, answers, verdicts[0].rule);
      refused += passed ? 1 : 0;
      wrong += passed ? 0 : 1;
    }
  }
  return { refused, wrong };
}

function listed(names) {
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
