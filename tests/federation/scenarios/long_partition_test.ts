import { describe, expect, it } from "bun:test";

import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";

const DAY_MS = 86_400_000;
const COARSE = { checkEveryMs: 60_000 };

describe("a cluster that is alone for days", () => {
  for (const how of ["cut", "hole"] as const) {
    it(`finds its mesh again within half a minute, and gets everything (${how})`, () => {
      const mesh = formMesh({ links: "paris-oslo", wants: { oslo: ["order.>"], paris: ["user.>"] } });
      const part = (apart: boolean): void => {
        if (how === "cut") return mesh.network.setCut("paris", "oslo", apart);
        mesh.network.setHole("paris", "oslo", apart);
        mesh.network.setHole("oslo", "paris", apart);
      };
      part(true);
      const ids: string[] = [];
      const users: string[] = [];
      for (let day = 0; day < 3; day++) {
        ids.push(...publish(mesh, "paris", { count: 100 }));
        users.push(...publish(mesh, "oslo", { count: 100, topic: "user.created" }));
        mesh.run(DAY_MS * 0.9, COARSE);
      }
      expect(arrived(mesh, "oslo")).toEqual([]);
      part(false);
      mesh.run(30_000);
      expect(arrived(mesh, "oslo")).toEqual(ids);
      expect(arrived(mesh, "paris")).toEqual(users);
      mesh.rest(60_000);
      mesh.account();
    }, 60_000);
  }
});
