// The testing kit over a policy of one's own: a clock that stands, keys that a test hands in, another policy.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";

import { MisuseError, Policy } from "counterseal";
import { Clock, Network, answerKeys, fetchDue, guard, issuer, loadPolicy, replace } from "counterseal/testing";

const NOW = 1_800_000_000;
const idp = issuer();
const folder = mkdtempSync(join(tmpdir(), "counterseal-"));
after(() => rmSync(folder, { recursive: true }));

/** A policy whose keys a test hands in. */
const scripted = join(folder, "policy.toml");
writeFileSync(scripted, idp.policyText().replace(/keys .*/, "keys = { scripted = true }"));

const jwks = () => JSON.stringify(idp.jwks());
const codeOf = (outcome) => (outcome.ok ? "verified" : outcome.error.code);

test("a clock of one's own stands until it is moved", () => {
  const own = issuer();
  own.clock.set(NOW);
  const clock = new Clock(new Date(NOW * 1000));
  const orders = guard(own.policy(), clock);
  const token = own.token();
  assert.equal(clock.now(), NOW);
  const identity = orders.verifySync(token);
  assert.equal(orders.verifySync(token), identity);
  clock.advance(4000);
  assert.equal(orders.tryVerify(token).error.code, "token_expired");
  assert.equal(own.clock.now(), NOW);
  clock.set(NOW);
  assert.equal(orders.verifySync(token).subject, "test-user");
  clock.advance(0.5);
  assert.equal(clock.now(), NOW + 0.5);
  clock.advance(-0.5);
  assert.equal(clock.now(), NOW);
});

test("a clock is set to a time", () => {
  for (const wrong of [undefined, null, "1800000000", true, NOW * 1000, NaN, new Date(NaN), {}]) {
    assert.throws(() => new Clock(wrong), { code: "misuse_time" });
    assert.throws(() => new Clock(NOW).set(wrong), { code: "misuse_time" });
    assert.throws(() => new Clock(NOW).advance(wrong), { code: "misuse_time" });
  }
  for (const wrong of [undefined, null, NOW, {}, Object.create(Clock.prototype)]) {
    assert.throws(() => guard(idp.policy(), wrong), { code: "misuse_argument" });
  }
  assert.throws(() => guard({}, new Clock(NOW)), { code: "misuse_argument" });
});

test("only the testing kit accepts scripted keys", () => {
  assert.throws(
    () => Policy.load(scripted),
    ({ problems }) => {
      assert.deepEqual(problems.map(({ code, pointer }) => [code, pointer]), [["config_not_supported", "/issuer/0/keys/scripted"]]);
      return true;
    },
  );
  assert(loadPolicy(scripted) instanceof Policy);
  assert(loadPolicy(pathToFileURL(scripted)) instanceof Policy);
  for (const service of ["billing", { service: "billing" }]) {
    assert.throws(() => loadPolicy(scripted, service), { code: "config_missing" });
  }
  assert.throws(() => loadPolicy(join(folder, "none.toml")), { code: "config_file" });
});

test("keys are handed in again and again", () => {
  const orders = guard(loadPolicy(scripted), idp.clock);
  const token = idp.token();
  assert.equal(codeOf(orders.tryVerify(token)), "keys_unavailable");
  answerKeys(orders, "main", null);
  assert.equal(codeOf(orders.tryVerify(token)), "keys_unavailable");
  answerKeys(orders, "main", jwks());
  assert.equal(codeOf(orders.tryVerify(token)), "verified");
  idp.rotate();
  idp.retire();
  answerKeys(orders, "main", Buffer.from(jwks()));
  assert.equal(codeOf(orders.tryVerify(token)), "kid_unknown");
});

test("keys that are handed in end a wait", async () => {
  const orders = guard(loadPolicy(scripted), idp.clock);
  const waits = [orders.verify(idp.token({ sub: "alice" })), orders.ready(10)];
  answerKeys(orders, "main", jwks());
  assert.equal((await waits[0]).subject, "alice");
  await waits[1];
});

test("what is wrong with keys has a code", () => {
  const orders = guard(loadPolicy(scripted), idp.clock);
  answerKeys(orders, "main", jwks());
  assert.throws(
    () => answerKeys(orders, "main", "{}"),
    (error) => error instanceof MisuseError && error.code === "jwks_invalid",
  );
  assert.throws(() => answerKeys(orders, "other", "{}"), { code: "misuse_closed" });
  assert.throws(() => answerKeys(orders, "main", null), { code: "misuse_closed" }, "nothing waits");
  for (const wrong of [{}, undefined, 5, []]) {
    assert.throws(() => answerKeys(orders, "main", wrong), { code: "misuse_argument" });
  }
  assert.throws(() => answerKeys(orders, 1, "{}"), { code: "misuse_argument" });
  assert.throws(() => answerKeys({}, "main", "{}"), { code: "misuse_argument" });
  orders.verifySync(idp.token());
  orders.close();
  assert.throws(() => answerKeys(orders, "main", null), { code: "misuse_closed" });
});

test("another policy takes the place of the one before", () => {
  const [orders, token] = [idp.guard(), idp.token()];
  const before = orders.verifySync(token);
  replace(orders, idp.policy('required_scopes = ["orders:read"]'));
  assert.equal(codeOf(orders.tryVerify(token)), "insufficient_scope");
  replace(orders, idp.policy());
  assert(orders.verifySync(token).equals(before));
  for (const wrong of [{}, undefined, null]) {
    assert.throws(() => replace(orders, wrong), { code: "misuse_argument" });
    assert.throws(() => replace(wrong, idp.policy()), { code: "misuse_argument" });
  }
  orders.close();
  assert.throws(() => replace(orders, idp.policy()), { code: "misuse_closed" });
});

test("a guard reloads a scripted file", () => {
  const orders = guard(loadPolicy(scripted), idp.clock);
  answerKeys(orders, "main", jwks());
  writeFileSync(scripted, `${readFileSync(scripted, "utf8")}required_scopes = ["orders:read"]\n`);
  orders.reload();
  answerKeys(orders, "main", jwks());
  assert.equal(codeOf(orders.tryVerify(idp.token())), "insufficient_scope");
});

const IDP = "https://idp.example.com";
const [METADATA, KEYS] = [`${IDP}/.well-known/openid-configuration`, "https://keys.example.com/jwks"];

const discovered = (fetch = {}) =>
  Policy.fromDict({
    version: 1,
    fetch,
    issuer: [
      { issuer: IDP, profile: "access_token", audience: "orders", algorithms: ["ES256"], keys: { discovery: "oidc" } },
    ],
  });

test("a network without sockets discovers, rotates and fails", () => {
  const [own, network] = [issuer({ issuer: IDP, audience: "orders" }), new Network()];
  network.answer(METADATA, { issuer: IDP, jwks_uri: KEYS });
  network.answer(KEYS, JSON.stringify(own.jwks()), { headers: { "Cache-Control": "max-age=3600" } });
  const [orders, old] = [guard(discovered(), own.clock, network), own.token()];
  const verdict = (token) => {
    const outcome = orders.tryVerify(token);
    return outcome.ok ? "verified" : `${outcome.error.status} ${outcome.error.code}`;
  };

  assert.deepEqual(network.requests(), []);
  assert.equal(verdict(old), "503 keys_unavailable");
  fetchDue(orders);
  assert.deepEqual(network.requests(), [METADATA, KEYS]);
  assert.equal(verdict(old), "verified");

  own.rotate();
  network.answer(KEYS, own.jwks());
  assert.equal(verdict(own.token()), "503 keys_unavailable", "a new kid: it waits");
  fetchDue(orders);
  assert.equal(verdict(own.token()), "verified");
  assert.equal(verdict(old), "verified");

  network.fail(METADATA, "reset");
  own.clock.advance(599);
  fetchDue(orders);
  assert.equal(verdict(own.token()), "verified", "an outage takes no keys away");
  assert.equal(orders.status().issuers[0].fetch.last_error, "jwks_fetch_failed: connection reset");
  own.clock.advance(3601);
  assert.equal(verdict(own.token()), "503 keys_unavailable", "never 401");
});

test("keys outlive the process in a snapshot", () => {
  const closed = mkdtempSync(join(folder, "private-"));
  chmodSync(closed, 0o700);
  const snapshot = join(closed, "keys.snapshot");
  const [own, network] = [issuer({ issuer: IDP, audience: "orders" }), new Network()];
  network.answer(METADATA, { issuer: IDP, jwks_uri: KEYS });
  network.answer(KEYS, own.jwks());
  const start = (over) => guard(discovered({ snapshot }), own.clock, over);
  const alarms = (orders) => orders.status().alarms.map(({ code }) => code);

  const first = start(network);
  assert.equal(codeOf(first.tryVerify(own.token())), "keys_unavailable");
  fetchDue(first);
  assert.equal(codeOf(first.tryVerify(own.token())), "verified");
  first.close();
  assert.equal(statSync(snapshot).mode & 0o777, 0o600);

  const dead = new Network();
  const second = start(dead);
  assert.equal(second.verifySync(own.token()).subject, "test-user");
  fetchDue(second);
  assert.deepEqual(dead.requests(), [METADATA], "it asks for newer ones at once");
  assert.equal(second.verifySync(own.token({ sub: "bob" })).subject, "bob");
  assert.ok(!alarms(second).includes("snapshot_invalid"));

  chmodSync(closed, 0o770);
  const third = start(new Network());
  assert.ok(alarms(third).includes("snapshot_invalid"));
  assert.equal(third.tryVerify(own.token()).error.status, 503);
});

test("a network answers as it is told", () => {
  const [own, network] = [issuer({ issuer: IDP, audience: "orders" }), new Network()];
  const orders = guard(discovered(), own.clock, network);
  const lastError = () => {
    orders.tryVerify(own.token());
    fetchDue(orders);
    own.clock.advance(30);
    return orders.status().issuers[0].fetch.last_error;
  };

  assert.equal(lastError(), "jwks_fetch_failed: host not found", "nothing was said of it");
  network.answer(METADATA, "", { status: 503 });
  assert.equal(lastError(), "jwks_fetch_failed: status 503");
  network.answer(METADATA, Buffer.from("{}"), { headers: [["Content-Type", "text/html"]] });
  assert.equal(lastError(), "jwks_fetch_failed: not JSON by its media type");
  network.answer(METADATA, "{}", { address: "169.254.169.254" });
  assert.equal(lastError(), "jwks_address_blocked: a metadata address of a cloud");
  network.answer(METADATA, {}, { bearer: "secret" });
  assert.equal(lastError(), "jwks_fetch_failed: status 401");
  network.fail(METADATA);
  assert.equal(lastError(), "jwks_fetch_failed: timeout");

  for (const wrong of [
    () => network.fail(METADATA, "earthquake"),
    () => network.answer(METADATA, "", { address: "localhost" }),
    () => network.answer(METADATA, "", { status: 70_000 }),
    () => network.answer(METADATA, "", { stauts: 200 }),
    () => network.answer(METADATA, 5),
    () => network.answer(1, ""),
    () => guard(discovered(), own.clock, {}),
    () => fetchDue({}),
  ]) {
    assert.throws(wrong, (error) => error instanceof MisuseError && error.code === "misuse_argument");
  }
});
