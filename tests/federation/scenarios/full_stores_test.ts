import { describe, expect, it } from "bun:test";

import { arrived, buildMesh, publish } from "../../simulator/simulator_support.ts";

/** Thousands of events in five logs. */
const TIMEOUT_MS = 60_000;
const STORE_BYTES = 6_000_000;
const EVENT_BYTES = 20_000;
/** Until 70 % of a store are used: doors take no more. */
const ACCEPTED = 210;

const SHAPES = {
  "a line": "paris-london london-oslo oslo-berlin berlin-rome",
  "a ring": "paris-london london-oslo oslo-berlin berlin-rome rome-paris",
  "a hub": "paris-oslo london-oslo berlin-oslo rome-oslo",
  "two rings": "paris-london london-oslo oslo-paris oslo-berlin berlin-rome rome-oslo",
};

for (const [shape, links] of Object.entries(SHAPES)) {
  describe(`${shape} of stores that fill while its links are cut`, () => {
    it("drains when its links come back, with everything that a publisher was promised", () => {
      const mesh = buildMesh({
        links,
        wants: Object.fromEntries(["paris", "london", "oslo", "berlin", "rome"].map((name) => [name, ["order.>"]])),
        disk: { bytesMax: STORE_BYTES },
      });
      for (const node of mesh.nodes.values()) node.start();
      mesh.run(3000);
      // Nothing gets through anywhere; then every store has to take what the four others have for it and for those behind.
      const pairs = mesh.scenario.edges.map(({ from, to }) => [from, to] as const);
      for (const [a, b] of pairs) mesh.network.setCut(a, b, true);
      mesh.run(2000);
      for (const name of mesh.nodes.keys()) {
        publish(mesh, name, { count: 2 * ACCEPTED, everyMs: 2, dataBytes: EVENT_BYTES });
      }
      mesh.run(3000);
      for (const [a, b] of pairs) mesh.network.setCut(a, b, false);
      mesh.rest(180_000);
      mesh.account();
      const counts = [...mesh.nodes.keys()].map((name) => arrived(mesh, name).length);
      expect(counts).toEqual(counts.map(() => 4 * ACCEPTED));
    }, TIMEOUT_MS);
  });
}
