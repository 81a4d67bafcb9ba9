import { describe, expect, it } from "bun:test";

import { type GossipFlaw, GossipMember } from "./gossip_member.ts";
import { runScenario, type SeedResult } from "./run_seed.ts";
import { planScenario } from "./scenario.ts";

const SEEDS = 40;

/** It promises neither order nor that two events are one, and keeps everything. */
function run(seed: number, flaw?: GossipFlaw): SeedResult {
  const { clusters, ...scenario } = planScenario(seed, { clusters: 5, seconds: 8 });
  const disk = { syncsCommits: true, bytesMax: 1_000_000_000 };
  const plans = clusters.map((plan) => ({
    ...plan,
    wants: plan.wants.map(({ pattern }) => ({ pattern, durable: true })),
    publishEveryMs: plan.publishEveryMs * 5,
    burst: 1,
    twicePermille: 0,
    dataBytes: 0,
    disk: { ...plan.disk, ...disk },
  }));
  return runScenario({ ...scenario, topology: "random", clusters: plans }, (parts) => new GossipMember(parts, flaw));
}

function invariantsBroken(flaw?: GossipFlaw): Set<string> {
  const results = Array.from({ length: SEEDS }, (_, i) => run(i + 1, flaw));
  return new Set(results.flatMap(({ failure }) => failure === undefined ? [] : [failure.invariant]));
}

describe("the simulator, with a mesh that only gossips", () => {
  it("finds nothing wrong with it", () => expect([...invariantsBroken()]).toEqual([]));

  const flaws: readonly (readonly [GossipFlaw, string])[] = [
    ["never deduplicates", "G2 effectively once"],
    ["loses every tenth event", "G1 custody"],
    ["believes what is not durable", "G1 custody"],
    ["never joins again", "convergence"],
  ];
  for (const [flaw, invariant] of flaws) {
    it(`finds that it ${flaw}`, () => expect([...invariantsBroken(flaw)]).toContain(invariant));
  }

  it("does the same again from the same seed, and something else from another", () => {
    expect(run(3).hash).toBe(run(3).hash);
    expect(run(3).hash).not.toBe(run(4).hash);
  });
});
