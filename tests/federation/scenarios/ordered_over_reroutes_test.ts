import { describe, expect, it } from "bun:test";

import type { StoredEvent } from "../../../node/mod.ts";
import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";
import type { Simulation } from "../../simulator/simulation.ts";

/** Ids of what an ordered subscriber of a cluster gets of an origin from now on, in the order in which it gets them. */
function handedOut(simulation: Simulation, at: string, of: string): string[] {
  const ids: string[] = [];
  const observed = simulation.observer.handedOut.bind(simulation.observer);
  simulation.observer.handedOut = (cluster: string, event: StoredEvent) => {
    if (cluster === at && event.origin === of) ids.push(event.event.attributes.id);
    observed(cluster, event);
  };
  return ids;
}

const formRing = (): Simulation =>
  formMesh({ links: "paris-berlin berlin-oslo oslo-london london-paris", wants: { oslo: ["order.>"] } });

/**
 * Whoever is between Paris and Oslo takes events into custody that it cannot pass on, and is gone before it knows that. The
 * answer brings it back.
 */
function strand(mesh: Simulation): () => void {
  const transit = mesh.node("paris").member!.state().routes[0].get("oslo")!.nextHop;
  mesh.network.setHole(transit, "oslo", true);
  mesh.run(200);
  mesh.node(transit).stop({ powerLoss: true });
  return () => {
    mesh.network.setHole(transit, "oslo", false);
    mesh.node(transit).start();
  };
}

describe("an ordered subscriber of a ring", () => {
  it("gets what took the old way before what overtook it on the new one", () => {
    const mesh = formRing();
    const got = handedOut(mesh, "oslo", "paris");
    const ids = publish(mesh, "paris", { count: 250, everyMs: 10 });
    mesh.run(1000);
    const comeBack = strand(mesh);
    mesh.run(4000);
    expect(got.length).toBeLessThan(arrived(mesh, "oslo").length);
    comeBack();
    mesh.run(2000);
    mesh.rest(60_000);
    expect(arrived(mesh, "oslo")).not.toEqual(ids);
    expect(got).toEqual(ids);
  });

  it("gets what an origin published before it restarted first, although nothing at the subscriber tells that it is under way", () => {
    const mesh = formRing();
    const got = handedOut(mesh, "oslo", "paris");
    const before = publish(mesh, "paris", { count: 10, everyMs: 10 });
    const comeBack = strand(mesh);
    mesh.node("paris").stop({ powerLoss: true });
    mesh.run(1000);
    mesh.node("paris").start();
    mesh.run(3000);
    const after = publish(mesh, "paris", { count: 10, everyMs: 1 });
    mesh.run(3000);
    expect([arrived(mesh, "oslo"), got]).toEqual([after, []]);
    comeBack();
    mesh.run(2000);
    mesh.rest(60_000);
    expect(got).toEqual([...before, ...after]);
  });

  it("goes on where it was after a restart, and holds back again what it held", () => {
    const mesh = formRing();
    const got = handedOut(mesh, "oslo", "paris");
    const ids = publish(mesh, "paris", { count: 250, everyMs: 10 });
    mesh.run(1000);
    const comeBack = strand(mesh);
    mesh.run(2000);
    mesh.node("oslo").stop({ powerLoss: true });
    mesh.run(1000);
    mesh.node("oslo").start();
    mesh.run(3000);
    expect(got.length).toBeLessThan(arrived(mesh, "oslo").length);
    comeBack();
    mesh.run(2000);
    mesh.rest(60_000);
    expect(got).toEqual(ids);
  });
});
