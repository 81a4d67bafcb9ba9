import { describe, expect, it } from "bun:test";

import { arrived, formMesh, publish, type SmallMesh } from "../../simulator/simulator_support.ts";
import type { Simulation } from "../../simulator/simulation.ts";

/** `order.*` is in lane normal, `metrics.*` in lane bulk. */
const TRIANGLE = {
  links: "paris-oslo paris-london london-oslo",
  wants: { oslo: [">"] },
  tags: { "paris-oslo": ["satellite"] },
} satisfies Partial<SmallMesh>;

/** Copies that london has stored, all of them on their way. */
const overLondon = (mesh: Simulation): number => mesh.node("london").disk.content.head;

describe("lanes for which links cost differently", () => {
  it("take each its own shortest path", () => {
    const mesh = formMesh({ ...TRIANGLE, tagCosts: [{ tag: "satellite", cost: 100, lanes: ["bulk"] }] });
    publish(mesh, "paris", { count: 20, topic: "order.placed" });
    mesh.run(1000);
    mesh.rest(20_000);
    expect([arrived(mesh, "oslo").length, overLondon(mesh)]).toEqual([20, 0]);
    publish(mesh, "paris", { count: 20, topic: "metrics.cpu" });
    mesh.run(1000);
    mesh.rest(20_000);
    expect([arrived(mesh, "oslo").length, overLondon(mesh)]).toEqual([40, 20]);
    mesh.account();
  });

  it("take a link that only costs more when there is no other", () => {
    const mesh = formMesh({ ...TRIANGLE, tagCosts: [{ tag: "satellite", cost: 100, lanes: ["bulk"] }] });
    mesh.network.setCut("london", "oslo", true);
    mesh.run(5000);
    publish(mesh, "paris", { count: 20, topic: "metrics.cpu" });
    mesh.run(5000);
    expect([arrived(mesh, "oslo").length, overLondon(mesh)]).toEqual([20, 0]);
  });

  it("wait rather than take a link that is never theirs, and go on when their way is back; others pass", () => {
    const mesh = formMesh({ ...TRIANGLE, tagCosts: [{ tag: "satellite", cost: Infinity, lanes: ["bulk"] }] });
    mesh.network.setCut("london", "oslo", true);
    mesh.run(5000);
    publish(mesh, "paris", { count: 20, topic: "metrics.cpu" });
    const orders = publish(mesh, "paris", { count: 20, topic: "order.placed" });
    mesh.run(5000);
    expect(arrived(mesh, "oslo")).toEqual(orders);
    expect(mesh.node("paris").member!.state().parked).toBe(20);
    mesh.network.setCut("london", "oslo", false);
    mesh.rest(60_000);
    mesh.account();
    expect([arrived(mesh, "oslo").length, overLondon(mesh)]).toEqual([40, 20]);
  });

  it("never wait for each other in a circle, however full their clusters are", () => {
    // Orders go from paris over london to rome, metrics from london over paris: each waits where the other has to pass.
    const mesh = formMesh({
      links: "paris-london london-rome paris-rome",
      wants: { rome: [">"] },
      tags: { "london-rome": ["metered"], "paris-rome": ["slow"] },
      tagCosts: [
        { tag: "metered", cost: Infinity, lanes: ["bulk"] },
        { tag: "slow", cost: Infinity, lanes: ["normal"] },
      ],
      disk: { bytesMax: 1_000_000 },
    });
    for (const near of ["paris", "london"]) mesh.network.setCut(near, "rome", true);
    mesh.run(5000);
    publish(mesh, "paris", { count: 80, everyMs: 5, topic: "order.placed", dataBytes: 1000 });
    publish(mesh, "london", { count: 80, everyMs: 5, topic: "metrics.cpu", dataBytes: 1000 });
    mesh.run(5000);
    expect(arrived(mesh, "rome")).toEqual([]);
    for (const near of ["paris", "london"]) mesh.network.setCut(near, "rome", false);
    mesh.rest(60_000);
    mesh.account();
    expect(arrived(mesh, "rome")).toHaveLength(160);
  });
});
