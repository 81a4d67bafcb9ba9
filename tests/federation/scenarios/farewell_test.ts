import { describe, expect, it } from "bun:test";

import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";
import type { Simulation } from "../../simulator/simulation.ts";

/** Two ways from paris to oslo, the shorter of which leads over london, who dials its neighbours. */
const RING = {
  links: "london-paris london-oslo paris-berlin berlin-rome rome-oslo",
  wants: { oslo: ["order.>"] },
};

/** The longest time, ms, in which nothing arrived at oslo while paris published every 10 ms and london was stopped, and started again. */
function longestGapMs(stop: (mesh: Simulation) => void): number {
  const mesh = formMesh(RING);
  const ids = publish(mesh, "paris", { count: 300, everyMs: 10 });
  let gap = 0;
  let waited = 0;
  let known = 0;
  for (let ms = 0; ms < 3500; ms += 10) {
    if (ms === 500) stop(mesh);
    if (ms === 2000) mesh.node("london").start();
    mesh.run(10);
    const count = arrived(mesh, "oslo").length;
    waited = count > known || count === ids.length ? 0 : waited + 10;
    known = count;
    gap = Math.max(gap, waited);
  }
  mesh.rest(60_000);
  mesh.account();
  expect(arrived(mesh, "oslo")).toHaveLength(ids.length);
  return gap;
}

describe("a cluster that is stopped as planned", () => {
  it("leaves no gap in what crosses it; nor does one that is killed, whose connections close with it", () => {
    const planned = longestGapMs((mesh) => mesh.node("london").leave());
    const killed = longestGapMs((mesh) => mesh.node("london").stop({ powerLoss: false }));
    expect(planned).toBeLessThanOrEqual(20);
    expect(killed).toBeLessThanOrEqual(50); // silence would take a second
  });

  it("is gone for its neighbours in the moment in which it says so, and nobody counts that as a fault", () => {
    const mesh = formMesh(RING);
    mesh.node("london").leave();
    mesh.run(400);
    expect(mesh.node("london").running).toBe(false);
    expect(mesh.node("paris").member!.state().links).toEqual(["berlin"]);
    expect(mesh.marks.toRecord()["notice: CLUSTER_LEFT"]).toBe(4);
    expect(mesh.marks.toRecord()["notice: CLUSTER_LOST"]).toBeUndefined();
  });

  it("is gone round while its links still stand", () => {
    const mesh = formMesh(RING);
    mesh.node("london").leave();
    mesh.run(45);
    const { links, routes } = mesh.node("paris").member!.state();
    expect(links).toContain("london");
    expect([routes[0].get("oslo")!.nextHop, routes[0].get("london")!.nextHop]).toEqual(["berlin", "london"]);
  });

  it("hands on what it has for others before it goes", () => {
    const mesh = formMesh({ links: "paris-london london-oslo", wants: { oslo: ["order.>"] } });
    // Longer than what is waited for anyway, and less than what is waited for at most.
    mesh.node("oslo").disk.slowness = 50;
    const ids = publish(mesh, "london", { count: 500, everyMs: 0, dataBytes: 20_000 });
    mesh.run(1);
    mesh.node("london").leave();
    mesh.run(2000);
    expect([mesh.node("london").running, arrived(mesh, "oslo").length]).toEqual([false, ids.length]);
  });

  it("has told its origins what arrived", () => {
    const mesh = formMesh({ links: "paris-london", wants: { london: ["order.>"] } });
    const ids = publish(mesh, "paris", { count: 100, everyMs: 1 });
    mesh.run(100);
    mesh.node("london").leave();
    mesh.run(2000);
    const [line] = mesh.node("paris").member!.books().ledger;
    expect([line.delivered, line.outstanding]).toEqual([ids.length, 0]);
  });

  it("goes within two seconds though its neighbours take nothing", () => {
    const mesh = formMesh({ links: "paris-london london-oslo", wants: { oslo: ["order.>"] } });
    mesh.node("oslo").disk.full = true;
    publish(mesh, "london", { count: 100, everyMs: 0 });
    mesh.run(100);
    mesh.node("london").leave();
    mesh.run(2000);
    expect(mesh.node("london").running).toBe(false);
  });

  it("is back at once, however often: leaving is no flapping", () => {
    const mesh = formMesh(RING);
    for (let i = 0; i < 6; i++) {
      mesh.node("london").leave();
      mesh.run(1000);
      mesh.node("london").start();
      mesh.run(1500);
      expect([...mesh.node("london").member!.state().links].sort()).toEqual(["oslo", "paris"]);
    }
    expect(mesh.marks.toRecord()["notice: LINK_DAMPED"]).toBeUndefined();
  });
});

describe("a rolling restart of a ring under load", () => {
  it("loses nothing, repeats nothing, and comes to rest", () => {
    const mesh = formMesh({
      links: "paris-london london-oslo oslo-berlin berlin-paris",
      wants: { oslo: ["order.>"], berlin: ["order.>"], paris: ["user.>"], london: [] },
    });
    publish(mesh, "london", { count: 1000, everyMs: 10 });
    publish(mesh, "oslo", { count: 1000, everyMs: 10, topic: "user.created" });
    for (const node of mesh.nodes.values()) {
      mesh.run(500);
      node.leave();
      mesh.run(1700);
      expect(node.running).toBe(false);
      node.start();
    }
    mesh.run(4000);
    mesh.rest(60_000);
    mesh.account();
    const promised = [...mesh.observer.promised.values()];
    expect(promised.length).toBeGreaterThan(1000);
  });
});
