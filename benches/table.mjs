// Writes benches/results/README.md from what the benchmark of each language left in benches/results/*.json:
// `node benches/table.mjs [folder]`; with `--verify` it says whether that page is the one these results give.
//
// A file has `language`, `machine` (processor, cores, system, runtime) and `results`. A result has `section`, `what`,
// `measured` in its `unit` (ns, times, bytes, or none for a number of things), `budget` with `budget_kind` (at_most,
// at_least) and whether it `passes`, or null; a `note`; and, where another library was measured beside, `peer` with its
// `name`, the nanoseconds that it `took`, and Counterseal's `own`: `measured` is then how many times as long it took.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [given] = process.argv.slice(2).filter((argument) => argument !== "--verify");
const folder = given ?? fileURLToPath(new URL("results", import.meta.url));
const LANGUAGES = ["rust", "python", "node", "go"];

const digits = (value) => value.toFixed(Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0);

function number(value, unit) {
  const size = Math.abs(value);
  switch (unit) {
    case "ns":
      if (size >= 1e6) return `${digits(value / 1e6)} ms`;
      return size >= 1e3 ? `${digits(value / 1e3)} µs` : `${value.toFixed(0)} ns`;
    case "bytes":
      if (size >= 1e6) return `${digits(value / 1e6)} MB`;
      return size >= 1e4 ? `${digits(value / 1024)} KiB` : `${value.toFixed(0)} B`;
    case "times":
      return `${digits(value)} ×`;
    case "":
      return value.toFixed(0);
    default:
      throw new Error(`a unit that nobody knows: ${unit}`);
  }
}

const verdict = ({ passes }) => (passes === null ? "" : passes ? "PASS" : "**FAIL**");
const wanted = ({ budget, budget_kind: kind, unit }) =>
  budget === null ? "" : `${kind === "at_most" ? "≤" : "≥"} ${number(budget, unit)}`;

function table(heading, aligned, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(heading), `|${aligned}`, ...rows.map(line), ""];
}

function page(files) {
  const rows = files.flatMap(({ language, results }) => results.map((row) => ({ language, ...row })));
  const peers = rows.filter((row) => row.peer);
  const budgets = rows.filter((row) => !row.peer && row.budget !== null);
  const others = rows.filter((row) => !row.peer && row.budget === null);
  const failed = rows.filter((row) => row.passes === false).length;
  const count = rows.filter((row) => row.budget !== null).length;
  const own = ({ language, section, what, measured, unit }) => [language, `${section}: ${what}`, number(measured, unit)];
  return `${[
    "<!-- Written by `node benches/table.mjs` from the JSON files beside this one. -->",
    "",
    "# Results",
    "",
    "The last run of `make bench`. What the rows mean and how they are measured is in [benches](../README.md). Absolute times",
    "move from machine to machine; a budget is a difference or ratio within one run. [Cold starts and latencies](cold_start.md)",
    "are written by `make bench-cold-start`.",
    "",
    ...table(
      ["language", "measured on", "cores", "system", "with"],
      "---|---|--:|---|---|",
      files.map(({ language, machine: { processor, cores, system, runtime } }) => [language, processor, cores, system, runtime]),
    ),
    `Of ${count} budgets ${failed} are not kept.`,
    "",
    "## Budgets",
    "",
    ...table(
      ["language", "what", "measured", "budget", "", "note"],
      "---|---|--:|--:|---|---|",
      budgets.map((row) => [...own(row), wanted(row), verdict(row), row.note]),
    ),
    "## Peers",
    "",
    "Other libraries on the same tokens in the same run. What is wanted is less by 15 % than the target, for noise.",
    "",
    ...table(
      ["language", "what", "peer", "its time", "Counterseal", "times as long", "wanted", ""],
      "---|---|---|--:|--:|--:|--:|---|",
      peers.map((row) => [
        row.language,
        `${row.section}: ${row.what}`,
        row.peer.name,
        number(row.peer.took, "ns"),
        number(row.peer.own, "ns"),
        number(row.measured, "times"),
        wanted(row),
        verdict(row),
      ]),
    ),
    "## Without a budget",
    "",
    ...table(
      ["language", "what", "measured", "note"],
      "---|---|--:|---|",
      others.map((row) => [...own(row), row.note]),
    ),
  ]
    .join("\n")
    .trimEnd()}\n`;
}

const files = LANGUAGES.map((name) => join(folder, `${name}.json`))
  .filter((file) => existsSync(file))
  .map((file) => JSON.parse(readFileSync(file, "utf8")));
const text = page(files);
const readme = join(folder, "README.md");
if (!process.argv.includes("--verify")) writeFileSync(readme, text);
else if (readFileSync(readme, "utf8") !== text) {
  console.error("benches/results/README.md is not what its JSON files give: run `node benches/table.mjs`");
  process.exitCode = 1;
}
