// What is packed: types, exports, and a tarball that works in an empty project without the source tree.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => join(root, "node_modules", ".bin", name);
const TOOLS = ["tsc", "attw", "publint"].every((name) => existsSync(bin(name)));

function run(cwd, command, ...parameters) {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { cwd, encoding: "utf8" });
  assert.equal(status, 0, `${command} ${parameters.join(" ")}: ${error ?? ""}\n${stdout}\n${stderr}`);
  return stdout;
}

let folder;
let tarball;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "counterseal-"));
  const [packed] = JSON.parse(run(root, "npm", "pack", "--ignore-scripts", "--json", "--pack-destination", folder));
  tarball = { path: join(folder, packed.filename), files: packed.files.map(({ path }) => path) };
});

after(() => rmSync(folder, { recursive: true, force: true }));

test("the tarball has the module, the types and nothing of the workshop", () => {
  const { files } = tarball;
  for (const needed of ["index.cjs", "index.mjs", "index.d.ts", "index.d.mts", "testing.cjs", "codes.d.ts", "README.md"]) {
    assert(files.includes(needed), needed);
  }
  assert(files.some((path) => path.endsWith(".node")));
  const extra = files.filter((path) => !/^(lib\/\w+\.cjs|(index|testing)\.(cjs|mjs|d\.ts|d\.mts)|codes\.d\.ts|package\.json|README\.md|LICENSE|build\.cjs|counterseal\.[\w-]+\.node)$/.test(path));
  assert.deepEqual(extra, []);
});

test("it installs into an empty project, by require and by import", () => {
  writeFileSync(join(folder, "package.json"), '{ "name": "empty", "private": true }');
  run(folder, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", tarball.path);
  writeFileSync(
    join(folder, "try.cjs"),
    `const { issuer } = require("counterseal/testing"); const idp = issuer();
     console.log(idp.guard().verifySync(idp.token({ sub: "alice" })).subject);`,
  );
  writeFileSync(
    join(folder, "try.mjs"),
    `import { Guard } from "counterseal"; import { issuer } from "counterseal/testing"; const idp = issuer();
     console.log((await new Guard(idp.policy()).verify(idp.token({ sub: "bob" }))).subject);`,
  );
  assert.equal(run(folder, process.execPath, "try.cjs"), "alice\n");
  assert.equal(run(folder, process.execPath, "try.mjs"), "bob\n");
});

test("another project installs the folder itself", () => {
  const project = join(folder, "beside");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), '{ "name": "beside", "private": true }');
  // Without --ignore-scripts npm builds the native module first, as `make node` has here.
  run(project, "npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", root);
  assert(lstatSync(join(project, "node_modules", "counterseal")).isSymbolicLink());
  writeFileSync(
    join(project, "try.mjs"),
    `import { createRequire } from "node:module"; import { Guard } from "counterseal"; import { issuer } from "counterseal/testing";
     const required = createRequire(import.meta.url)("counterseal"); const idp = issuer();
     console.log(required.Guard === Guard, new required.Guard(idp.policy()).verifySync(idp.token({ sub: "carol" })).subject);`,
  );
  assert.equal(run(project, process.execPath, "try.mjs"), "true carol\n");
});

test("the README's examples run", async () => {
  const blocks = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/```js\n(.*?)```/gs)].map(([, text]) => text);
  assert.equal(blocks.length, 2);
  const [handler, testing] = blocks;
  // The handler, with the guard of an issuer for tests in place of a file.
  writeFileSync(
    join(folder, "handler.mjs"),
    `import { issuer } from "counterseal/testing"; const idp = issuer();\n` +
      handler.replace(/Guard\.load\(.*?\)/, "idp.guard()") +
      `const answer = async (authorization) => {
         const seen = { headers: {}, setHeader(name, value) { seen.headers[name] = value; }, end() {} };
         await handle({ headers: { authorization } }, seen);
         return [seen.statusCode, Object.keys(seen.headers).join()];
       };
       console.log(JSON.stringify([await answer("Bearer " + idp.token({ roles: ["refunds"] })), await answer(idp.token()),
         await answer(undefined), await answer(idp.expired())]));`,
  );
  assert.deepEqual(JSON.parse(run(folder, process.execPath, "handler.mjs")), [
    [200, ""],
    [403, ""],
    [401, "WWW-Authenticate"],
    [401, "WWW-Authenticate"],
  ]);
  writeFileSync(join(folder, "testing.mjs"), testing);
  assert.equal(run(folder, process.execPath, "testing.mjs"), "alice token_expired\n");
});

const skip = !TOOLS && "left out: npm ci --ignore-scripts in node/ brings tsc, attw and publint";

test("misuse is a type error", { skip }, () => run(root, bin("tsc"), "-p", "test/types"));

test("attw finds nothing wrong with the types", { skip }, () => {
  run(folder, bin("attw"), tarball.path, "--profile", "node16", "--no-color");
});

test("publint finds nothing wrong with the package", { skip }, () => {
  run(root, bin("publint"), "run", tarball.path, "--strict");
});
