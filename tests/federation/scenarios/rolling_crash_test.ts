import { describe, expect, it } from "bun:test";

import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";

describe("all nodes of a ring crash, one after the other", () => {
  it("loses and repeats nothing that a publisher was told is safe", () => {
    const mesh = formMesh({
      links: "paris-london london-oslo oslo-berlin berlin-paris",
      wants: { oslo: ["order.>"], berlin: ["order.>", "user.>"], paris: ["order.>"] },
    });
    publish(mesh, "london", { count: 400, everyMs: 20 });
    publish(mesh, "paris", { count: 400, everyMs: 20, topic: "user.created" });
    for (let round = 0; round < 2; round++) {
      for (const [name, node] of mesh.nodes) {
        mesh.run(500);
        node.stop({ powerLoss: name === "oslo" });
        mesh.run(round === 0 ? 300 : 1500);
        node.start();
      }
    }
    mesh.run(3000);
    mesh.rest(60_000);
    mesh.account();
    const promised = [...mesh.observer.promised.values()];
    expect(promised.length).toBeGreaterThan(500);
    expect(arrived(mesh, "berlin").length).toBeGreaterThanOrEqual(promised.length);
  });
});
