/** A node alone, killed again and again under load. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { checkHistory, type Violation } from "../../tests/support/checker.ts";
import { readHistory } from "../../tests/support/history.ts";
import { killExpectations, type KillScenarioResult, runKillScenario } from "../../tests/support/kill_scenario.ts";

export interface SingleNodeOptions {
  readonly seed: number;
  readonly events: number;
  readonly rounds: number;
  readonly publishers: number;
  readonly runtime: "bun" | "deno" | undefined;
}

/** Violations that are shown; the history has all of them. */
const SHOWN_MAX = 20;

/** Answers the exit code. */
export async function runSingleNode(options: SingleNodeOptions): Promise<number> {
  const { seed, events, rounds, publishers, runtime } = options;
  const from = performance.now();
  const elapsed = () => `${((performance.now() - from) / 1000).toFixed(1)} s`;
  const result = await runKillScenario({
    seed,
    rounds,
    publishers,
    eventsPerRound: Math.ceil(events / rounds),
    delayMsMax: 500,
    runtime,
    onRound: (round, accepted) => console.log(`kill ${round} of ${rounds}: ${accepted} events accepted, ${elapsed()}`),
  });
  const folder = mkdtempSync(join(tmpdir(), "weft-faults-"));
  const file = join(folder, "history.jsonl");
  result.history.save(file);
  const violations = checkHistory(readHistory(file), killExpectations);
  report(result, violations);
  if (violations.length === 0) rmSync(folder, { recursive: true });
  else console.log(`the history is in ${file}`);
  console.log(`${elapsed()} in all`);
  return violations.length === 0 ? 0 : 1;
}

function report(
  { history, accepted, inFlight }: KillScenarioResult,
  violations: readonly Violation[],
): void {
  console.log(
    `${accepted} events accepted, ${history.count("delivered")} deliveries, ${history.count("killed")} kills`,
  );
  console.log(`requests under way at the kills: ${inFlight.join(", ")}`);
  for (const { rule, subject } of violations.slice(0, SHOWN_MAX)) console.log(`${rule}: ${subject}`);
  console.log(violations.length === 0 ? "every promise was kept" : `${violations.length} broken promises`);
}
