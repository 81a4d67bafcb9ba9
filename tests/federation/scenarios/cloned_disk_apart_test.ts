import { describe, expect, it } from "bun:test";

import { arrived, buildMesh, publish } from "../../simulator/simulator_support.ts";
import type { Simulation } from "../../simulator/simulation.ts";

/** The copy has neighbours of its own: london dials nobody of paris but paris, rome nobody but the clone. */
function aMesh(): Simulation {
  const mesh = buildMesh({
    links: "paris-london clone-rome london-rome london-oslo oslo-rome",
    wants: { london: ["order.>"], rome: ["order.>"] },
    speaksAs: { clone: "paris" },
  });
  for (const name of ["paris", "london", "rome", "oslo"]) mesh.node(name).start();
  mesh.run(3000);
  publish(mesh, "paris", { count: 20 });
  mesh.run(3000);
  return mesh;
}

const linksOf = (mesh: Simulation, machine: string) => mesh.node(machine).member!.state().links;

describe("a data directory that was copied to a machine with other neighbours", () => {
  it("speaks for the cluster once: the copy of a running node goes first, for it has started later", () => {
    const mesh = aMesh();
    mesh.node("clone").disk.restore(mesh.node("paris").disk.snapshot(), { told: false });
    mesh.node("clone").start();
    mesh.run(20_000);
    expect([linksOf(mesh, "paris"), linksOf(mesh, "clone")]).toEqual([[], ["rome"]]);
    expect(mesh.marks.toRecord()["notice: QUARANTINED"]).toBeGreaterThan(0);
    expect(linksOf(mesh, "london")).not.toContain("paris");
  });

  it("speaks for the cluster once if both start alike", () => {
    const mesh = aMesh();
    mesh.node("paris").stop({ powerLoss: false });
    mesh.node("clone").disk.restore(mesh.node("paris").disk.snapshot(), { told: false });
    mesh.node("paris").start();
    mesh.node("clone").start();
    mesh.run(20_000);
    const linked = [...linksOf(mesh, "paris"), ...linksOf(mesh, "clone")];
    expect(linked).toHaveLength(1);
  });

  it("is let in again once the other one is gone", () => {
    const mesh = aMesh();
    mesh.node("clone").disk.restore(mesh.node("paris").disk.snapshot(), { told: false });
    mesh.node("clone").start();
    mesh.run(20_000);
    mesh.node("clone").stop({ powerLoss: false });
    mesh.run(30_000);
    expect(linksOf(mesh, "paris")).toEqual(["london"]);
    const before = arrived(mesh, "rome").length;
    publish(mesh, "paris", { count: 5 });
    mesh.run(3000);
    expect(arrived(mesh, "rome").length).toBe(before + 5);
  });

  it("starts no quarantine when a node is only started again, or restored from a backup", () => {
    const mesh = buildMesh({
      links: "paris-london paris-rome london-rome",
      wants: { london: ["order.>"] },
    });
    for (const node of mesh.nodes.values()) node.start();
    mesh.run(3000);
    const backup = mesh.node("paris").disk.snapshot();
    for (let i = 0; i < 3; i++) {
      mesh.node("paris").stop({ powerLoss: false });
      mesh.run(100);
      mesh.node("paris").start();
      mesh.run(5000);
    }
    mesh.node("paris").stop({ powerLoss: false });
    mesh.run(2000);
    mesh.node("paris").disk.restore(backup, { told: true });
    mesh.node("paris").start();
    mesh.run(10_000);
    expect([...linksOf(mesh, "paris")].sort()).toEqual(["london", "rome"]);
    expect(mesh.marks.toRecord()["notice: QUARANTINED"]).toBeUndefined();
  });
});
