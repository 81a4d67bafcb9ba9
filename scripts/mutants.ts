/**
 * Breaks the federation on purpose, one change at a time, and says which test notices: a test that cannot fail proves nothing.
 *
 *     bun scripts/mutants.ts [--operators] [--count 200] [--seed 1] [--only TEXT] [--seeds 6] [--first-seed 1]
 *                            [--parallel 2] [--state FILE] [--anew] [--json] [--list]
 *
 * Without `--operators` it applies the list of mutants that were thought of (`mutants/list.ts`); with it, a sample of
 * comparisons, conditions and statements of the links and of routing. What was found out is kept in `--state`, so that
 * a run that was stopped goes on where it was; `--anew` begins again. Ends with 1 when a mutant survived that should not.
 */

import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

import { seededRandom } from "../tests/support/seeded_random.ts";
import { findExplanation } from "./mutants/explained.ts";
import { SEEDED_MUTANTS } from "./mutants/list.ts";
import { type Mutant, toMutant } from "./mutants/mutant.ts";
import { findOperatorMutants } from "./mutants/operators.ts";
import { stagesFor } from "./mutants/stages.ts";
import { VerdictFile } from "./mutants/verdict_file.ts";
import { type Verdict, Workshop } from "./mutants/workshop.ts";
import { readOptions } from "./options/read_options.ts";

const { values } = readOptions(import.meta.url, {
  options: {
    operators: { type: "boolean", default: false },
    count: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    seeds: { type: "string", default: "6" },
    "first-seed": { type: "string", default: "1" },
    parallel: { type: "string", default: "2" },
    state: { type: "string", default: join(tmpdir(), "weft-mutants.json") },
    anew: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  },
});

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** What the operators are let loose on. */
const OPERATOR_FOLDERS = ["federation/link", "federation/routing"];
/** Of the mutants of the operators so many are to be noticed, in 1/100. */
const KILLED_PERCENT_MIN = 85;

interface Judged {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  /** Why it may survive. */
  readonly explanation: string | undefined;
}

/** The source as it was at the start: what is edited meanwhile changes no verdict. */
using snapshot = new Workshop(root);
const source = (file: string): string => readFileSync(join(snapshot.folder, file), "utf8");

async function main(): Promise<number> {
  const mutants = chooseMutants().filter(({ name }) => name.includes(values.only));
  if (values.list) {
    for (const { name, why } of mutants) console.log(`${name} (${why})`);
    return 0;
  }
  if (values.anew) rmSync(values.state, { force: true });
  mkdirSync(dirname(values.state), { recursive: true });
  const known = new VerdictFile(values.state, sourcesUnder("tests").join("\n"));
  const judged = await judgeAll(mutants, known);
  return report(judged);
}

function chooseMutants(): Mutant[] {
  if (!values.operators) return SEEDED_MUTANTS.map(toMutant);
  const random = seededRandom(Number(values.seed));
  const all = OPERATOR_FOLDERS.flatMap((folder) => filesUnder(folder))
    .flatMap((file) => findOperatorMutants(file, source(file)));
  const chosen: Mutant[] = [];
  while (chosen.length < Number(values.count) && all.length > 0) {
    chosen.push(...all.splice(random.integer(0, all.length - 1), 1));
  }
  return chosen;
}

async function judgeAll(mutants: readonly Mutant[], known: VerdictFile): Promise<Judged[]> {
  const judged: Judged[] = [];
  const waiting: Mutant[] = [];
  for (const mutant of mutants) {
    const verdict = known.find(mutant, source(mutant.file));
    if (verdict === undefined) waiting.push(mutant);
    else judged.push(toJudged(mutant, verdict));
  }
  if (waiting.length === 0) return judged;
  say(`${mutants.length} mutants, ${judged.length} of them judged before`);
  await proveHealth();
  await Promise.all(Array.from({ length: Number(values.parallel) }, () => work(waiting, known, judged)));
  return judged;
}

/** What fails without a mutant would notice every one. */
async function proveHealth(): Promise<void> {
  const failure = await snapshot.runAll(stagesOf("federation/federation.ts"));
  if (failure !== undefined) throw new Error(`Cannot judge mutants: the source itself fails: ${failure}`);
}

async function work(waiting: Mutant[], known: VerdictFile, judged: Judged[]): Promise<void> {
  using workshop = new Workshop(snapshot.folder);
  for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
    const text = source(mutant.file);
    const verdict = await workshop.judge(mutant, stagesOf(mutant.file));
    known.note(mutant, text, verdict);
    judged.push(toJudged(mutant, verdict));
    say(lineOf(judged.at(-1)!));
  }
}

function stagesOf(file: string): ReturnType<typeof stagesFor> {
  return stagesFor(file, {
    root: snapshot.folder,
    seeds: Number(values.seeds),
    firstSeed: Number(values["first-seed"]),
  });
}

function toJudged(mutant: Mutant, verdict: Verdict): Judged {
  return { mutant, verdict, explanation: findExplanation(mutant, source(mutant.file)) };
}

function report(all: readonly Judged[]): number {
  const invalid = all.filter(({ verdict }) => verdict.type === "invalid");
  const judged = all.filter(({ verdict }) => verdict.type !== "invalid");
  const survivors = judged.filter(({ verdict }) => verdict.type === "survived");
  const unexplained = survivors.filter(({ explanation }) => explanation === undefined);
  const killed = judged.length - survivors.length;
  const percent = judged.length === 0 ? 100 : Math.floor(100 * killed / judged.length);
  const summary = {
    mutants: judged.length,
    killed,
    percent,
    survived: survivors.length,
    unexplained: unexplained.length,
  };
  if (values.json) {
    const list = all.map(({ mutant: { name, why }, verdict, explanation }) => ({
      name,
      why,
      ...verdict,
      explanation,
    }));
    console.log(JSON.stringify({ ...summary, list }));
  } else {
    for (const each of [...invalid, ...survivors]) console.log(lineOf(each));
    console.log(
      `${killed} of ${judged.length} mutants killed (${percent} %), ${unexplained.length} survivors unexplained`,
    );
  }
  if (values.operators) return percent >= KILLED_PERCENT_MIN && unexplained.length === 0 ? 0 : 1;
  return survivors.length + invalid.length === 0 ? 0 : 1;
}

function lineOf({ mutant: { name, why }, verdict: { type, by, durationMs }, explanation }: Judged): string {
  if (type === "killed") return `killed    ${name}: by ${by} (${(durationMs / 1000).toFixed(1)} s)`;
  if (type === "invalid") return `no code   ${name}: ${by}`;
  return `SURVIVED  ${name} (${why})${explanation === undefined ? "" : `: ${explanation}`}`;
}

function filesUnder(folder: string): string[] {
  return readdirSync(join(snapshot.folder, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith("mod.ts"))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
    .sort();
}

function sourcesUnder(folder: string): string[] {
  return filesUnder(folder).map(source);
}

function say(line: string): void {
  if (!values.json) console.error(line);
}

process.exitCode = await main();
