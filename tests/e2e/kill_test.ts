/** A node that is killed under load keeps what it promised. `scripts/faults.ts` runs the same with many more events. */

import { describe, expect, it } from "bun:test";
import { join } from "node:path";
import process from "node:process";

import { checkHistory } from "../support/checker.ts";
import { readHistory } from "../support/history.ts";
import { killExpectations, runKillScenario } from "../support/kill_scenario.ts";
import { chooseSeed } from "../support/seeded_random.ts";
import { tempDir } from "../support/temp_dir.ts";

const PUBLISHERS = 32;
const ROUNDS = 10;
const EVENTS_PER_ROUND = 500;

describe("a node that is killed ten times while 32 publishers, two sinks and three consumers are at work", () => {
  it("keeps every accepted event once, in place, and delivers, buries and hands out as promised", async () => {
    const seed = chooseSeed(process.env);
    console.log(`seed ${seed} (repeat with WEFT_TEST_SEED=${seed})`);
    using dir = tempDir();
    const { history, accepted, inFlight } = await runKillScenario({
      seed,
      rounds: ROUNDS,
      publishers: PUBLISHERS,
      eventsPerRound: EVENTS_PER_ROUND,
      delayMsMax: 150,
    });
    const file = join(dir.path, "history.jsonl");
    history.save(file);
    expect(checkHistory(readHistory(file), killExpectations)).toEqual([]);
    expect(accepted).toBeGreaterThanOrEqual(ROUNDS * EVENTS_PER_ROUND);
    expect(Math.max(...inFlight)).toBeGreaterThanOrEqual(PUBLISHERS / 2);
  }, 240_000);
});
