import { describe, expect, it } from "bun:test";

import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";

describe("a link on which nothing arrives one way", () => {
  for (const [from, to] of [["paris", "oslo"], ["oslo", "paris"]]) {
    it(`is down for both within a second, and the way around is taken (${from} to ${to})`, () => {
      const mesh = formMesh({
        links: "paris-oslo paris-london london-oslo",
        wants: { oslo: ["order.>"] },
      });
      const linked = (a: string, b: string): boolean => mesh.node(a).member!.state().links.includes(b);
      mesh.network.setHole(from, to, true);
      const ids = publish(mesh, "paris", { count: 100, everyMs: 20 });
      mesh.run(1200);
      expect([linked("paris", "oslo"), linked("oslo", "paris")]).toEqual([false, false]);
      mesh.run(1800);
      expect([...arrived(mesh, "oslo")].sort()).toEqual([...ids].sort());
      mesh.network.setHole(from, to, false);
      mesh.rest(60_000);
      mesh.account();
    });
  }
});
