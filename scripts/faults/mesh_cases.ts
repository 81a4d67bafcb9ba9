/** Every fault on every topology of a mesh of processes, one case after the other. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { checkMesh, type MeshVerdict } from "../../tests/support/mesh/mesh_checker.ts";
import { MESH_FAULTS, type MeshFault } from "../../tests/support/mesh/mesh_faults.ts";
import { readMeshHistory } from "../../tests/support/mesh/mesh_history.ts";
import { IN_FLIGHT_MIN, runMeshCase } from "../../tests/support/mesh/mesh_scenario.ts";
import { MESH_TOPOLOGIES, type MeshTopology } from "../../tests/support/mesh/mesh_topology.ts";
import { smallDiskAbsence } from "../../tests/support/small_disk.ts";

export interface MeshCasesOptions {
  readonly seed: number;
  /** Of each case. */
  readonly events: number;
  readonly rounds: number;
  readonly publishers: number;
  /** Where the outcomes are written as JSON. */
  readonly summaryPath: string | undefined;
}

interface NamedCase {
  readonly name: string;
  readonly topology: MeshTopology;
  readonly fault: MeshFault;
}

interface Outcome {
  readonly case: string;
  readonly seed: number;
  readonly outcome: "kept" | "broken" | "unfinished" | "skipped";
  readonly seconds: number;
  readonly figures?: MeshVerdict["figures"];
  readonly drainMs?: number;
  /** How often each rule was broken. */
  readonly broken?: Readonly<Record<string, number>>;
  readonly alarms?: readonly string[];
  /** Why it is unfinished or skipped. */
  readonly reason?: string;
  /** What was seen, and what the nodes wrote: kept unless every promise was. */
  readonly folder?: string;
}

const CASES: readonly NamedCase[] = MESH_TOPOLOGIES.flatMap((topology) =>
  MESH_FAULTS.map((fault) => ({ name: `${topology.name}/${fault.name}`, topology, fault }))
);
const BATCH_EVENTS = 50;
/** Violations and alarms that are shown; the folder has all of them. */
const SHOWN_MAX = 10;

/** Answers the exit code. */
export function listMeshCases(): number {
  for (const { name, topology, fault } of CASES) {
    console.log(`${name.padEnd(28)} ${topology.clusters.length} nodes; ${fault.what}`);
  }
  return 0;
}

/** Runs the cases of these names, all without any; answers the exit code. */
export async function runMeshCases(names: readonly string[], options: MeshCasesOptions): Promise<number> {
  const cases = names.length === 0 ? CASES : names.map(findCase);
  const outcomes: Outcome[] = [];
  for (const [index, chosen] of cases.entries()) {
    console.log(`\n${chosen.name} (${index + 1} of ${cases.length}): ${chosen.fault.what}`);
    outcomes.push(await runCase(chosen, options));
    const { summaryPath } = options;
    if (summaryPath !== undefined) writeFileSync(summaryPath, JSON.stringify(outcomes, undefined, 2) + "\n");
  }
  const bad = outcomes.filter(({ outcome }) => outcome === "broken" || outcome === "unfinished");
  console.log(
    `\n${outcomes.length} cases, ${bad.length} of them bad: ${bad.map((one) => one.case).join(", ") || "none"}`,
  );
  return bad.length === 0 ? 0 : 1;
}

async function runCase({ name, topology, fault }: NamedCase, options: MeshCasesOptions): Promise<Outcome> {
  const { seed, events, rounds, publishers } = options;
  const from = performance.now();
  const seconds = () => Math.round((performance.now() - from) / 100) / 10;
  const absence = fault.disks && smallDiskAbsence();
  if (absence !== undefined) {
    console.log(`skipped${absence}`);
    return { case: name, seed, outcome: "skipped", seconds: 0, reason: absence };
  }
  const folder = mkdtempSync(join(tmpdir(), "weft-faults-"));
  const historyPath = join(folder, "history.jsonl");
  try {
    const { alarms, drainMs } = await runMeshCase({
      topology,
      fault,
      seed,
      rounds,
      events,
      publishers,
      batchEvents: BATCH_EVENTS,
      historyPath,
      onStep: (step) => console.log(`${seconds().toFixed(1).padStart(7)} s  ${step}`),
      onFailure: (cluster, stderr) => writeFileSync(join(folder, `${cluster}.log`), stderr),
    });
    const { violations, figures } = checkMesh(readMeshHistory(historyPath));
    const tooIdle = Math.min(...figures.inFlight) < IN_FLIGHT_MIN;
    const kept = violations.length === 0 && alarms.length === 0 && !tooIdle;
    for (const { rule, subject } of violations.slice(0, SHOWN_MAX)) console.log(`${rule}: ${subject}`);
    for (const alarm of alarms.slice(0, SHOWN_MAX)) console.log(alarm);
    console.log(`${kept ? "every promise was kept" : `broken, see ${folder}`}; ${toText(figures)}`);
    const common = { case: name, seed, seconds: seconds(), figures, drainMs: Math.round(drainMs) };
    if (!kept) return { ...common, outcome: "broken", broken: countsOf(violations), alarms, folder };
    rmSync(folder, { recursive: true });
    return { ...common, outcome: "kept" };
  } catch (error) {
    console.log(`unfinished, see ${folder}: ${error}`);
    return { case: name, seed, seconds: seconds(), outcome: "unfinished", reason: String(error), folder };
  }
}

function toText({ accepted, wanted, handedOutAgain, outOfOrder, inFlight }: MeshVerdict["figures"]): string {
  return `${accepted} events, ${wanted} to subscribers, ${inFlight.join(", ")} in flight at the faults, ` +
    `${handedOutAgain} handed out again, ${outOfOrder} overtaken after a reroute`;
}

function countsOf(violations: MeshVerdict["violations"]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { rule } of violations) counts[rule] = (counts[rule] ?? 0) + 1;
  return counts;
}

function findCase(name: string): NamedCase {
  const found = CASES.find((known) => known.name === name);
  if (found !== undefined) return found;
  throw new RangeError(`Cannot run case "${name}": it is not known; --list shows all of them`);
}
