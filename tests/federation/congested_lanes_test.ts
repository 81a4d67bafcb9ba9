import { describe, expect, it } from "bun:test";

import { CongestedLanes, type HeldByLane } from "../../federation/custody/congested_lanes.ts";
import type { Lane } from "../../federation/link/codec/mod.ts";

const held = (lanes: Partial<Record<Lane, Record<string, number>>>): HeldByLane =>
  new Map(Object.entries(lanes).map(([lane, bytes]) => [lane as Lane, new Map(Object.entries(bytes))]));

describe("CongestedLanes.update()", () => {
  it("takes lanes that share their routes together, and names nobody by lane", () => {
    const lanes = new CongestedLanes([["normal", "high", "bulk"]]);
    expect(lanes.update(held({ normal: { oslo: 300 }, bulk: { oslo: 300, rome: 500 } }), 1000))
      .toEqual({ congested: ["oslo"] });
  });

  it("gives each group its part of the budget, and names destinations for the lanes of a group", () => {
    const lanes = new CongestedLanes([["normal", "high"], ["bulk"]]);
    expect(lanes.update(held({ normal: { oslo: 300 }, bulk: { rome: 251, oslo: 250 } }), 1000))
      .toEqual({ congested: [], congestedLanes: { normal: ["oslo"], high: ["oslo"], bulk: ["rome"] } });
  });

  it("says once what holds for all lanes", () => {
    const lanes = new CongestedLanes([["normal", "high"], ["bulk"]]);
    expect(lanes.update(held({ normal: { oslo: 300 }, bulk: { rome: 300, oslo: 300 } }), 1000))
      .toEqual({ congested: ["oslo"], congestedLanes: { bulk: ["rome"] } });
    expect(lanes.update(held({ bulk: { oslo: 300 } }), 1000))
      .toEqual({ congested: [], congestedLanes: { bulk: ["oslo"] } });
    expect(lanes.update(held({}), 1000)).toEqual({ congested: [] });
  });

  it("answers nothing while nothing has changed", () => {
    const lanes = new CongestedLanes([["normal", "high"], ["bulk"]]);
    lanes.update(held({ bulk: { oslo: 300 } }), 1000);
    expect(lanes.update(held({ bulk: { oslo: 400 }, normal: { oslo: 9 } }), 1000)).toBeUndefined();
  });
});
