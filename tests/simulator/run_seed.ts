/** Runs one seed, and says what came of it. */

import { Violation } from "./history.ts";
import type { CreateMember } from "./member.ts";
import { planScenario, type Scenario, type ScenarioOptions } from "./scenario.ts";
import { Simulation } from "./simulation.ts";

export interface SeedResult {
  readonly seed: number;
  /** Of everything that happened; the same on every runtime. */
  readonly hash: string;
  readonly steps: number;
  readonly virtualMs: number;
  /** Rare states that were reached, and how often. */
  readonly marks: Readonly<Record<string, number>>;
  readonly failure?: SeedFailure;
}

export interface SeedFailure {
  readonly invariant: string;
  readonly detail: string;
  readonly atMs: number;
  /** What the run was to be. */
  readonly scenario: Scenario;
  /** The last steps before it. */
  readonly steps: readonly string[];
}

export function runSeed(seed: number, createMember: CreateMember, options: ScenarioOptions = {}): SeedResult {
  return runScenario(planScenario(seed, options), createMember);
}

export function runScenario(scenario: Scenario, createMember: CreateMember): SeedResult {
  const simulation = new Simulation(scenario, createMember);
  let failure: SeedFailure | undefined;
  try {
    simulation.play();
  } catch (error) {
    const invariant = error instanceof Violation ? error.invariant : "nothing throws";
    const detail = error instanceof Violation ? error.message : String((error as Error)?.stack ?? error);
    failure = { invariant, detail, atMs: simulation.nowMs, scenario, steps: simulation.trace.recent() };
  }
  const { trace, marks, scheduler } = simulation;
  const { seed } = scenario;
  return {
    seed,
    hash: trace.hash,
    steps: scheduler.steps,
    virtualMs: simulation.nowMs,
    marks: marks.toRecord(),
    ...failure === undefined ? {} : { failure },
  };
}

/** A failure for people. */
export function describeFailure({ seed, failure }: SeedResult): string {
  if (failure === undefined) return `seed ${seed}: no failure`;
  const { detail, atMs, scenario, steps } = failure;
  const { topology, clusters, edges, faults, seconds, quality, tagCosts = [] } = scenario;
  return [
    `seed ${seed} failed ${(atMs / 1000).toFixed(3)} s into it: ${detail}`,
    `${topology} of ${clusters.length}: ${
      edges.map(({ from, to, how, tags = [] }) =>
        `${from}-${to}${how === "one" ? "" : ` (${how})`}${tags.map((tag) => ` [${tag}]`).join("")}`
      ).join(", ")
    }`,
    `delay ${quality.delayUs} µs + ${quality.jitterUs} µs; ${seconds} s; faults:`,
    ...faults.map(({ kind, startMs, endMs, at }) => `  ${startMs}–${endMs} ms ${kind} ${at.join(" ")}`),
    ...tagCosts.map(({ tag, cost, lanes = ["all"] }) => `  ${tag} costs ${cost} in ${lanes.join(", ")}`),
    "the last steps:",
    ...steps.map((step) => `  ${step}`),
  ].join("\n");
}
