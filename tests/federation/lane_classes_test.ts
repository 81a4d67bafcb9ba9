import { describe, expect, it } from "bun:test";

import type { TagCost } from "../../federation/mod.ts";
import { LaneClasses } from "../../federation/routing/lane_classes.ts";

const costsOf = (lanes: LaneClasses, lane: "high" | "normal" | "bulk") => lanes.classes[lanes.of(lane)].tagCosts;

describe("LaneClasses", () => {
  it("has one class for all lanes where nothing is paid for tags", () => {
    const lanes = new LaneClasses([]);
    expect([lanes.classes.length, lanes.groups]).toEqual([1, [["normal", "high", "bulk"]]]);
    expect(new LaneClasses([{ tag: "slow", cost: 0 }]).classes).toHaveLength(1);
  });

  it("has one class for the lanes that pay the same", () => {
    const lanes = new LaneClasses([{ tag: "slow", cost: 9, lanes: ["high", "normal"] }]);
    expect(lanes.groups).toEqual([["normal", "high"], ["bulk"]]);
    expect([costsOf(lanes, "high"), costsOf(lanes, "bulk")]).toEqual([{ slow: 9 }, {}]);
    expect(lanes.classes).toHaveLength(2);
  });

  it("lets what the mesh says of itself pay for nothing", () => {
    const lanes = new LaneClasses([{ tag: "slow", cost: Infinity }]);
    expect([lanes.of("control"), lanes.classes[0].tagCosts]).toEqual([0, {}]);
    expect([costsOf(lanes, "high"), lanes.groups]).toEqual([{ slow: Infinity }, [["normal", "high", "bulk"]]]);
  });

  it("takes the first rule of a tag and a lane", () => {
    const lanes = new LaneClasses([{ tag: "slow", cost: 0, lanes: ["high"] }, { tag: "slow", cost: 9 }, {
      tag: "slow",
      cost: 5,
    }]);
    expect([costsOf(lanes, "high"), costsOf(lanes, "normal")]).toEqual([{}, { slow: 9 }]);
  });

  it("has one fingerprint for rules that come to the same, another for others, and none for nothing", () => {
    const fingerprintOf = (...rules: TagCost[]) => new LaneClasses(rules).fingerprint;
    const one = fingerprintOf({ tag: "a", cost: 1 }, { tag: "b", cost: 2, lanes: ["bulk"] });
    expect(one).toMatch(/^[0-9a-f]{8}$/);
    expect(fingerprintOf({ tag: "b", cost: 2, lanes: ["bulk"] }, { tag: "a", cost: 1 })).toBe(one);
    expect(fingerprintOf({ tag: "a", cost: 1 }, { tag: "b", cost: 2 })).not.toBe(one);
    expect(fingerprintOf({ tag: "a", cost: 1 }, { tag: "b", cost: Infinity, lanes: ["bulk"] })).not.toBe(one);
    expect(fingerprintOf({ tag: "a", cost: 0 })).toBeUndefined();
  });
});
