import { describe, expect, it } from "bun:test";

import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";

describe("a destination that takes nothing, behind a transit that others use, too", () => {
  it("does not hold up the others, fills the transit to its share only, and gets everything in the end", () => {
    const mesh = formMesh({
      links: "paris-london london-oslo london-rome",
      wants: { oslo: ["order.>"], rome: ["order.>"] },
      disk: { bytesMax: 1_000_000 },
    });
    mesh.node("oslo").disk.full = true;
    const ids = publish(mesh, "paris", { count: 400, everyMs: 20, dataBytes: 1000 });
    let mostQueued = 0;
    for (let second = 0; second < 10; second++) {
      mesh.run(1000);
      mostQueued = Math.max(mostQueued, mesh.node("london").member!.state().queued);
    }
    // All over london, which holds no more than what came before it said so.
    expect(arrived(mesh, "rome")).toEqual(ids);
    expect(arrived(mesh, "oslo")).toEqual([]);
    expect(mostQueued).toBeGreaterThan(40);
    expect(mostQueued).toBeLessThan(160);
    expect(mesh.node("paris").member!.state().queued).toBeGreaterThan(240);
    mesh.node("oslo").disk.full = false;
    mesh.rest(60_000);
    mesh.account();
    expect(arrived(mesh, "oslo")).toEqual(ids);
  });
});
