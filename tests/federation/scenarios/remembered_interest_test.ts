import { describe, expect, it } from "bun:test";

import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";

describe("a node that restarts while its mesh is away", () => {
  it("remembers what others want, and keeps it for them", () => {
    const mesh = formMesh({ links: "paris-london london-oslo", wants: { oslo: ["order.>"], london: ["order.paid"] } });
    mesh.node("london").stop({ powerLoss: true });
    mesh.node("paris").stop({ powerLoss: true });
    mesh.run(1000);
    mesh.node("paris").start();
    mesh.run(100);
    const ids = publish(mesh, "paris", { count: 20 });
    mesh.run(10_000);
    expect(arrived(mesh, "oslo")).toEqual([]);
    mesh.node("london").start();
    mesh.rest(60_000);
    mesh.account();
    expect(arrived(mesh, "oslo")).toEqual(ids);
  });
});
