import { describe, expect, it } from "bun:test";

import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";

const MESH = {
  links: "paris-london london-oslo london-rome",
  wants: { oslo: ["order.>"], rome: ["order.>"] },
  disk: { bytesMax: 1_000_000 },
} as const;

describe("a cluster for which more is parked than its budget", () => {
  it("loses the oldest, which is in the books of the origin, and gets all the rest in order", () => {
    const mesh = formMesh({ ...MESH, overflow: "evict-oldest" });
    mesh.network.setCut("london", "oslo", true);
    mesh.run(3000);
    const ids = publish(mesh, "paris", { count: 400, everyMs: 50, dataBytes: 1000 });
    mesh.run(25_000);
    // Others get theirs all the while.
    expect(arrived(mesh, "rome")).toEqual(ids);
    const { ledger } = mesh.node("paris").member!.books();
    const line = ledger.find(({ destination }) => destination === "oslo")!;
    expect(line.evicted).toBeGreaterThan(250);
    expect(line.evicted).toBeLessThan(330);
    mesh.network.setCut("london", "oslo", false);
    mesh.rest(60_000);
    mesh.account();
    expect(arrived(mesh, "oslo")).toEqual(ids.slice(line.evicted));
  });

  it("loses them where they wait, and the origin is told of it by the destination", () => {
    const mesh = formMesh({ ...MESH, overflow: "evict-oldest" });
    // Frames are taken by london before it knows that oslo is away.
    mesh.node("oslo").host.freeze();
    const ids = publish(mesh, "paris", { count: 300, everyMs: 1, dataBytes: 1000 });
    mesh.run(600);
    mesh.network.setCut("london", "oslo", true);
    mesh.run(20_000);
    const evictedThere = mesh.node("london").member!.state().counts["evicted from a park"];
    expect(evictedThere).toBeGreaterThan(50);
    mesh.node("oslo").host.wake();
    mesh.network.setCut("london", "oslo", false);
    mesh.rest(60_000);
    mesh.account();
    const line = mesh.node("paris").member!.books().ledger.find(({ destination }) => destination === "oslo")!;
    expect(line.delivered + line.evicted).toBe(300);
    expect(arrived(mesh, "oslo")).toEqual(ids.slice(line.evicted));
  });

  it("has everything kept for it where that was chosen, and publishers wait", () => {
    const mesh = formMesh({ ...MESH, overflow: "block" });
    mesh.network.setCut("london", "oslo", true);
    mesh.run(3000);
    publish(mesh, "paris", { count: 1000, everyMs: 10, dataBytes: 1000 });
    mesh.run(15_000);
    const accepted = mesh.observer.promised.size;
    expect(accepted).toBeGreaterThan(600);
    expect(accepted).toBeLessThan(750);
    mesh.network.setCut("london", "oslo", false);
    mesh.rest(60_000);
    mesh.account();
    expect(arrived(mesh, "oslo")).toHaveLength(accepted);
  });
});
