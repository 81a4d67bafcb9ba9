import { describe, expect, it } from "bun:test";

import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";

describe("a destination that comes back as an old copy of itself", () => {
  it("gets what is published from then on, once, and the books of the origin stay balanced", () => {
    const mesh = formMesh({ links: "paris-london london-oslo", wants: { oslo: ["order.>"] } });
    const oslo = mesh.node("oslo");
    const before = publish(mesh, "paris", { count: 10 });
    mesh.run(2000);
    const copy = oslo.disk.snapshot();
    publish(mesh, "paris", { count: 10 });
    mesh.run(2000);
    oslo.stop({ powerLoss: false });
    oslo.disk.restore(copy, { told: true });
    oslo.start();
    mesh.run(3000);
    const after = publish(mesh, "paris", { count: 10 });
    mesh.run(2000);
    mesh.rest(60_000);
    expect(arrived(mesh, "oslo")).toEqual([...before, ...after]);
  });

  it("gets again what a neighbour still keeps, when it had not synced what it acknowledged", () => {
    const mesh = formMesh({
      links: "paris-oslo",
      wants: { oslo: ["order.>"] },
      disks: { oslo: { syncsCommits: false } },
    });
    const ids: string[] = [];
    for (let round = 0; round < 10; round++) {
      ids.push(...publish(mesh, "paris", { count: 20, everyMs: 10 }));
      mesh.run(230);
      mesh.node("oslo").stop({ powerLoss: true });
      mesh.run(100);
      mesh.node("oslo").start();
      mesh.run(4000);
    }
    mesh.rest(90_000); // a link that flaps so often is held back for a while
    expect(mesh.marks.toRecord()["log went back"]).toBeGreaterThan(0);
    expect([...arrived(mesh, "oslo")].sort()).toEqual([...ids].sort());
  });

  it("gets again what it had not synced from an origin that restarted meanwhile: it had told nothing of that", () => {
    const mesh = formMesh({
      links: "paris-oslo",
      wants: { oslo: ["order.>"] },
      disks: { oslo: { syncsCommits: false, syncEveryMs: 3000 } },
    });
    const ids: string[] = [];
    for (let round = 0; round < 10; round++) {
      ids.push(...publish(mesh, "paris", { count: 20, everyMs: 10 }));
      mesh.run(1500);
      for (const name of ["oslo", "paris"]) mesh.node(name).stop({ powerLoss: true });
      mesh.run(100);
      for (const name of ["oslo", "paris"]) mesh.node(name).start();
      mesh.run(4000);
    }
    mesh.rest(90_000);
    expect(mesh.marks.toRecord()["log went back"]).toBeGreaterThan(0);
    expect([...arrived(mesh, "oslo")].sort()).toEqual([...ids].sort());
  });
});
