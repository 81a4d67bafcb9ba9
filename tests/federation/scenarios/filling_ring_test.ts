import { describe, expect, it } from "bun:test";

import { arrived, buildMesh, publish } from "../../simulator/simulator_support.ts";

describe("a ring of stores that fill while its links are cut", () => {
  it("drains when its links come back", () => {
    const mesh = buildMesh({
      links: "paris-london london-oslo oslo-berlin berlin-rome rome-paris",
      wants: Object.fromEntries(["paris", "london", "oslo", "berlin", "rome"].map((name) => [name, ["order.>"]])),
      disk: { bytesMax: 20_000_000 },
    });
    for (const node of mesh.nodes.values()) node.start();
    mesh.run(3000);
    // Nothing gets through anywhere; then every store has to take what the four others have for it and for those behind.
    const pairs = mesh.scenario.edges.map(({ from, to }) => [from, to] as const);
    for (const [a, b] of pairs) mesh.network.setCut(a, b, true);
    mesh.run(2000);
    for (const name of mesh.nodes.keys()) publish(mesh, name, { count: 120, everyMs: 2, dataBytes: 20_000 });
    mesh.run(3000);
    for (const [a, b] of pairs) mesh.network.setCut(a, b, false);
    mesh.rest(180_000);
    mesh.account();
    for (const name of mesh.nodes.keys()) expect(arrived(mesh, name).length).toBe(480);
  });
});
