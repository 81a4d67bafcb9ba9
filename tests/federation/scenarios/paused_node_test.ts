import { describe, expect, it } from "bun:test";

import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";

describe("a node that is stopped for a while and goes on", () => {
  it("neither repeats nor loses anything, on the way or at the end", () => {
    const mesh = formMesh({
      links: "paris-london london-oslo",
      wants: { oslo: ["order.>"], london: ["order.>"] },
      topology: "line",
    });
    const ids = publish(mesh, "paris", { count: 600, everyMs: 20 });
    for (const [name, ms] of [["london", 300], ["london", 5000], ["oslo", 2500], ["paris", 1500]] as const) {
      mesh.run(500);
      mesh.node(name).host.freeze();
      mesh.run(ms);
      mesh.node(name).host.wake();
    }
    mesh.run(8000);
    mesh.rest(60_000);
    mesh.account();
    const published = ids.filter((id) => mesh.observer.log("paris").hasIdentity(`paris ${id}`));
    expect(published.length).toBeGreaterThan(400);
    expect(arrived(mesh, "oslo")).toEqual(published);
    expect(arrived(mesh, "london")).toEqual(published);
  });
});
