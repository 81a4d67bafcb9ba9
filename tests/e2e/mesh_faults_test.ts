/**
 * Meshes of processes, Bun and Deno by turns, that lose nodes and links under load: nothing is lost, nothing comes twice,
 * nothing circles. `scripts/faults.ts --mesh` runs every fault on every topology with many more events.
 */

import { describe, expect, it } from "bun:test";
import { join } from "node:path";
import process from "node:process";

import { checkMesh } from "../support/mesh/mesh_checker.ts";
import { meshFault } from "../support/mesh/mesh_faults.ts";
import { readMeshHistory } from "../support/mesh/mesh_history.ts";
import { IN_FLIGHT_MIN, runMeshCase } from "../support/mesh/mesh_scenario.ts";
import { meshTopology } from "../support/mesh/mesh_topology.ts";
import { chooseSeed } from "../support/seeded_random.ts";
import { tempDir } from "../support/temp_dir.ts";

const EVENTS = 3000;
const CASES = [
  ["ring", "kill"],
  ["line", "pause"],
  ["triangle", "black-hole-up"],
  ["triangle", "same-ids"],
  ["triangle", "upgrade"],
  ["pair", "restored"],
] as const;

describe("a mesh of processes under load", () => {
  for (const [topology, fault] of CASES) {
    it(`${topology}, ${fault}: ${meshFault(fault).what}; every event arrives once`, async () => {
      const seed = chooseSeed(process.env);
      console.log(`seed ${seed} (repeat with WEFT_TEST_SEED=${seed})`);
      using dir = tempDir();
      const historyPath = join(dir.path, "history.jsonl");
      const { alarms } = await runMeshCase({
        topology: meshTopology(topology),
        fault: meshFault(fault),
        seed,
        rounds: 1,
        events: EVENTS,
        publishers: 2,
        batchEvents: 25,
        historyPath,
        onFailure: (cluster, stderr) => console.error(`${cluster} wrote: ${stderr.slice(-3000)}`),
      });
      const { violations, figures } = checkMesh(readMeshHistory(historyPath));
      expect(violations.slice(0, 20)).toEqual([]);
      expect(alarms).toEqual([]);
      expect(figures.accepted).toBeGreaterThanOrEqual(EVENTS);
      expect(Math.min(...figures.inFlight)).toBeGreaterThanOrEqual(IN_FLIGHT_MIN);
    }, 120_000);
  }
});
