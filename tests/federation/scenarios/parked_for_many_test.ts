import { describe, expect, it } from "bun:test";

import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";

const LEAVES = ["rome", "bern", "wien", "brno", "oslo", "kyiv"];

describe("events that waited for many clusters behind one link", () => {
  it("cross it once when it is back, and stand once in the log behind it", () => {
    const mesh = formMesh({
      links: ["paris-lyon", ...LEAVES.map((leaf) => `lyon-${leaf}`)].join(" "),
      wants: Object.fromEntries(LEAVES.map((leaf) => [leaf, ["order.>"]])),
    });
    mesh.network.setCut("paris", "lyon", true);
    mesh.run(5000);
    const ids = publish(mesh, "paris", { count: 50, everyMs: 20 });
    mesh.run(3000);
    expect(mesh.node("paris").member!.state().parked).toBe(50 * LEAVES.length);
    mesh.network.setCut("paris", "lyon", false);
    mesh.rest(60_000);
    mesh.account();
    for (const leaf of LEAVES) expect(arrived(mesh, leaf)).toEqual(ids);
    expect(mesh.node("lyon").disk.content.head).toBe(ids.length);
  });
});
