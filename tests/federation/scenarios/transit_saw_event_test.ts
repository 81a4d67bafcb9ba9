import { describe, expect, it } from "bun:test";

import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";

describe("a cluster on the way that has the event already", () => {
  it("takes it again for those behind it, and delivers it once", () => {
    // berlin gets the event for itself first; then the way to oslo leads over it, too.
    const mesh = formMesh({
      links: "paris-berlin paris-london london-oslo berlin-oslo",
      wants: { berlin: ["order.>"], oslo: ["order.>"] },
    });
    mesh.network.setHole("london", "oslo", true);
    mesh.network.setHole("oslo", "london", true);
    mesh.network.setHole("berlin", "oslo", true);
    mesh.network.setHole("oslo", "berlin", true);
    const ids = publish(mesh, "paris", { count: 50 });
    mesh.run(5000);
    expect(arrived(mesh, "berlin")).toEqual(ids);
    expect(arrived(mesh, "oslo")).toEqual([]);
    mesh.network.setHole("berlin", "oslo", false);
    mesh.network.setHole("oslo", "berlin", false);
    mesh.run(8000);
    expect(arrived(mesh, "oslo")).toEqual(ids);
    mesh.network.setHole("london", "oslo", false);
    mesh.network.setHole("oslo", "london", false);
    mesh.rest(60_000);
    mesh.account();
    expect(arrived(mesh, "berlin")).toEqual(ids);
  });
});
