import { describe, expect, it } from "bun:test";

import type { Simulation } from "../../simulator/simulation.ts";
import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";
import { GOOD_PATH, type PathQuality } from "../../simulator/virtual_path.ts";

/** A ring of four; those opposite of each other have two ways. */
const RING = "paris-london london-oslo oslo-rome rome-paris";
const METRICS = "metrics.cpu";

function counts(mesh: Simulation, cluster: string): Readonly<Record<string, number>> {
  return mesh.node(cluster).member!.state().counts;
}

function sum(mesh: Simulation, name: string): number {
  return [...mesh.nodes.keys()].reduce((total, cluster) => total + (counts(mesh, cluster)[name] ?? 0), 0);
}

function setQuality(mesh: Simulation, quality: Partial<PathQuality>): void {
  for (const { from, to } of mesh.scenario.edges) {
    for (const [a, b] of mesh.hopsBetween(from, to)) mesh.network.setQuality(a, b, { ...GOOD_PATH, ...quality });
  }
}

function aRing(): Simulation {
  const wants = { london: ["metrics.>"], oslo: [">"], rome: ["metrics.>"] };
  return formMesh({ links: RING, wants, bestEffort: "metrics.>" });
}

describe("events of class best-effort", () => {
  it("come to every destination over several links, once, without custody, books or receipts", () => {
    const mesh = aRing();
    const ids = publish(mesh, "paris", { count: 200, topic: METRICS });
    mesh.run(2000);
    for (const cluster of ["london", "oslo", "rome"]) expect(arrived(mesh, cluster)).toEqual(ids);
    expect([counts(mesh, "paris")["best-effort: sent"], sum(mesh, "best-effort: arrived")]).toEqual([600, 600]);
    expect([sum(mesh, "frames sent"), sum(mesh, "receipts sent")]).toEqual([0, 0]);
    expect(mesh.node("paris").member!.books().ledger).toEqual([]);
    const documents = [...mesh.node("paris").disk.content.documents.keys()];
    expect(documents.filter((key) => /custody|book|covered|assigned/.test(key))).toEqual([]);
  });

  it("leave no hole in the numbers of those in custody beside them", () => {
    const mesh = aRing();
    for (let i = 0; i < 50; i++) {
      publish(mesh, "paris", { count: 1, topic: METRICS });
      publish(mesh, "paris", { count: 1, topic: "order.placed" });
      mesh.run(20);
    }
    mesh.rest(20_000);
    mesh.account();
    expect(arrived(mesh, "oslo")).toHaveLength(100);
    // One interval tells all of it, although every other number never came in custody.
    expect(mesh.node("oslo").member!.books().intervalsMax).toBe(1);
    const [{ accepted, delivered }] = mesh.node("paris").member!.books().ledger;
    expect([accepted, delivered]).toEqual([50, 50]);
  });

  it("come once over a network that repeats and reorders what it carries", () => {
    const mesh = aRing();
    setQuality(mesh, { duplicatePermille: 400, reorderPermille: 300 });
    const ids = publish(mesh, "paris", { count: 500, topic: METRICS });
    mesh.run(5000);
    for (const cluster of ["london", "oslo", "rome"]) expect(arrived(mesh, cluster).sort()).toEqual([...ids].sort());
    expect(sum(mesh, "best-effort: repeats")).toBeGreaterThan(100);
  });

  it("come once also where a cluster on the way, or the destination, restarts while copies are under way", () => {
    const wants = { oslo: ["metrics.>"] };
    const mesh = formMesh({ links: "paris-london london-oslo", rendezvous: true, wants, bestEffort: "metrics.>" });
    setQuality(mesh, { delayUs: 500, jitterUs: 100, duplicatePermille: 1000 });
    for (let round = 0; round < 20; round++) {
      publish(mesh, "paris", { count: 100, topic: METRICS });
      mesh.run(100 - round);
      const node = mesh.node(round % 2 === 0 ? "london" : "oslo");
      node.stop({ powerLoss: true });
      node.start();
      mesh.run(2000);
    }
    // That nothing comes twice the observer checks at each commit.
    expect(arrived(mesh, "oslo").length).toBeGreaterThan(1000);
    expect(new Set(arrived(mesh, "oslo")).size).toBe(arrived(mesh, "oslo").length);
  });

  it("are lost where messages are, and nothing of them is sent again", () => {
    const mesh = aRing();
    setQuality(mesh, { lossPermille: 100 });
    publish(mesh, "paris", { count: 300, topic: METRICS, everyMs: 5 });
    mesh.run(10_000);
    const came = sum(mesh, "best-effort: arrived");
    expect(came).toBeGreaterThan(600);
    expect(came).toBeLessThan(900);
    expect(sum(mesh, "frames sent again")).toBe(0);
  });

  it("end where there is no path, and those after it come: nothing waits", () => {
    const mesh = formMesh({ links: "paris-london", wants: { london: [">"] }, bestEffort: "metrics.>" });
    mesh.network.setHole("paris", "london", true);
    mesh.network.setHole("london", "paris", true);
    mesh.run(3000);
    const lost = publish(mesh, "paris", { count: 20, topic: METRICS });
    const kept = publish(mesh, "paris", { count: 20, topic: "order.placed" });
    mesh.run(1000);
    expect(counts(mesh, "paris")["best-effort: NO_PATH"]).toBe(20);
    expect(mesh.node("paris").member!.state().parked).toBe(20);
    mesh.network.setHole("paris", "london", false);
    mesh.network.setHole("london", "paris", false);
    mesh.rest(60_000);
    const later = publish(mesh, "paris", { count: 20, topic: METRICS });
    mesh.run(1000);
    expect(arrived(mesh, "london")).toEqual([...kept, ...later]);
    expect(arrived(mesh, "london")).not.toContain(lost[0]);
  });

  it("take the other way as soon as a link is lost", () => {
    const mesh = aRing();
    mesh.network.setCut("paris", "london", true);
    mesh.run(100);
    const ids = publish(mesh, "paris", { count: 50, topic: METRICS });
    mesh.run(2000);
    for (const cluster of ["london", "oslo", "rome"]) expect(arrived(mesh, cluster)).toEqual(ids);
  });

  it("come nearly all over a link that keeps up, also in a burst of many times what may be under way at first", () => {
    const mesh = formMesh({ links: "paris-london", wants: { london: [">"] }, bestEffort: "metrics.>" });
    // 20 MB within 0.4 s.
    publish(mesh, "paris", { count: 2000, topic: METRICS, everyMs: 0.2, dataBytes: 10_000 });
    mesh.run(3000);
    expect(arrived(mesh, "london").length).toBeGreaterThan(1950);
    expect(arrived(mesh, "london").length + counts(mesh, "paris")["best-effort: CONGESTED"]).toBe(2000);
  });

  it("do not keep those in custody waiting on a narrow link: what is more than it takes is dropped", () => {
    const mesh = formMesh({ links: "paris-london", wants: { london: [">"] }, bestEffort: "metrics.>" });
    setQuality(mesh, { bytesPerMs: 1000 });
    // Five times what the link carries, for ten seconds.
    publish(mesh, "paris", { count: 5000, topic: METRICS, everyMs: 2, dataBytes: 10_000 });
    mesh.run(9000);
    const [id] = publish(mesh, "paris", { count: 1, topic: "user.created" });
    const from = mesh.nowMs;
    while (!arrived(mesh, "london").includes(id) && mesh.nowMs - from < 10_000) mesh.run(50);
    expect(mesh.nowMs - from).toBeLessThan(1000);
    expect(counts(mesh, "paris")["best-effort: CONGESTED"]).toBeGreaterThan(3000);
  });
});
