import { describe, expect, it } from "bun:test";

import { arrived, buildMesh, publish } from "../../simulator/simulator_support.ts";

describe("a data directory that was copied to a second machine", () => {
  it("speaks for the cluster once: one of the two is quarantined and told why", () => {
    const mesh = buildMesh({
      links: "paris-london clone-london",
      wants: { london: ["order.>"] },
      speaksAs: { clone: "paris" },
    });
    mesh.node("paris").start();
    mesh.node("london").start();
    mesh.run(3000);
    const ids = publish(mesh, "paris", { count: 20 });
    mesh.run(3000);
    expect(arrived(mesh, "london")).toEqual(ids);
    mesh.node("paris").stop({ powerLoss: false });
    mesh.node("clone").disk.restore(mesh.node("paris").disk.snapshot(), { told: false });
    mesh.node("paris").start();
    mesh.node("clone").start();
    mesh.run(15_000);
    const links = mesh.node("london").member!.state().links;
    expect(links).toEqual(["paris"]);
    expect(mesh.marks.toRecord()["notice: QUARANTINED"]).toBeGreaterThan(0);
    expect([...arrived(mesh, "london")]).toEqual(ids);
  });
});
