/**
 * The long form of the fault tests: a node is killed again and again under load, until 100,000 events are through; then a
 * checker that knows nothing of the node judges what publishers, sinks and consumers saw.
 *
 *     bun scripts/faults.ts [--runtime bun|deno] [--events 100000] [--rounds 20] [--publishers 128] [--seed N]
 *
 * Ends with 1, and keeps the history, when a promise was broken.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";

import { checkHistory, type Violation } from "../tests/support/checker.ts";
import { readHistory } from "../tests/support/history.ts";
import { killExpectations, type KillScenarioResult, runKillScenario } from "../tests/support/kill_scenario.ts";
import { chooseSeed } from "../tests/support/seeded_random.ts";

const { values } = parseArgs({
  options: {
    runtime: { type: "string" },
    events: { type: "string", default: "100000" },
    rounds: { type: "string", default: "20" },
    publishers: { type: "string", default: "128" },
    seed: { type: "string" },
  },
});

/** Violations that are shown; the history has all of them. */
const SHOWN_MAX = 20;

async function main(): Promise<number> {
  const rounds = toCount("rounds", values.rounds);
  const seed = values.seed === undefined ? chooseSeed(process.env) : toCount("seed", values.seed);
  console.log(`seed ${seed}`);
  const from = performance.now();
  const elapsed = () => `${((performance.now() - from) / 1000).toFixed(1)} s`;
  const result = await runKillScenario({
    seed,
    rounds,
    publishers: toCount("publishers", values.publishers),
    eventsPerRound: Math.ceil(toCount("events", values.events) / rounds),
    delayMsMax: 500,
    runtime: toRuntime(values.runtime),
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

function toCount(name: string, text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new RangeError(`Cannot use --${name} "${text}": it is a whole number above 0`);
}

function toRuntime(text: string | undefined): "bun" | "deno" | undefined {
  if (text === undefined || text === "bun" || text === "deno") return text;
  throw new RangeError(`Cannot use --runtime "${text}": it is bun or deno`);
}

process.exit(await main());
