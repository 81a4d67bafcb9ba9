/**
 * The long form of the fault tests. A node is killed again and again under load, until 100,000 events are through:
 *
 *     bun scripts/faults.ts [--runtime bun|deno] [--events 100000] [--rounds 20] [--publishers 128] [--seed N]
 *
 * Or meshes of two to seven nodes, Bun and Deno by turns, in every topology, meet with every fault:
 *
 *     bun scripts/faults.ts --mesh [ring/kill …] [--events 100000] [--rounds 4] [--publishers 4] [--seed N] [--json FILE]
 *     bun scripts/faults.ts --mesh --list
 *
 * A checker that knows nothing of nodes judges what publishers and subscribers saw. Ends with 1, and keeps the histories,
 * when a promise was broken.
 */

import process from "node:process";

import { chooseSeed } from "../tests/support/seeded_random.ts";
import { listMeshCases, runMeshCases } from "./faults/mesh_cases.ts";
import { runSingleNode } from "./faults/single_node.ts";
import { readOptions } from "./options/read_options.ts";

const { values, positionals } = readOptions(import.meta.url, {
  allowPositionals: true,
  options: {
    mesh: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    json: { type: "string" },
    runtime: { type: "string" },
    events: { type: "string", default: "100000" },
    rounds: { type: "string" },
    publishers: { type: "string" },
    seed: { type: "string" },
  },
});

async function main(): Promise<number> {
  if (values.list) return listMeshCases();
  const seed = values.seed === undefined ? chooseSeed(process.env) : toCount("seed", values.seed);
  const events = toCount("events", values.events);
  const count = (name: "rounds" | "publishers", otherwise: number) =>
    values[name] === undefined ? otherwise : toCount(name, values[name]);
  console.log(`seed ${seed}`);
  if (values.mesh) {
    const load = { events, rounds: count("rounds", 4), publishers: count("publishers", 4) };
    return await runMeshCases(positionals, { ...load, seed, summaryPath: values.json });
  }
  const load = { events, rounds: count("rounds", 20), publishers: count("publishers", 128) };
  return await runSingleNode({ ...load, seed, runtime: toRuntime(values.runtime) });
}

function toCount(name: string, text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new RangeError(`Cannot use --${name} "${text}": it is a whole number above 0`);
}

function toRuntime(text: string | undefined): "bun" | "deno" | undefined {
  if (text === undefined || text === "bun" || text === "deno") return text;
  throw new RangeError(`Cannot use --runtime "${text}": it is bun or deno`);
}

// Nodes of theirs end with this process.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
process.exit(await main());
