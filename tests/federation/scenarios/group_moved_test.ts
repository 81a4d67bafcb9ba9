import { describe, expect, it } from "bun:test";

import { arrived, formMesh, publish } from "../../simulator/simulator_support.ts";

const workers = { pattern: "job.>", group: "workers", groupKey: "workers:1", durable: true };

describe("events of a group that got to a cluster which was lost before it could say so", () => {
  it("go to another cluster as well, and the books say of both that they were delivered", () => {
    const mesh = formMesh({
      links: "paris-oslo paris-london london-rome",
      wants: { oslo: [workers], rome: [workers] },
    });
    mesh.network.setHole("oslo", "paris", true);
    const ids = publish(mesh, "paris", { count: 5, topic: "job.print" });
    mesh.run(45_000);
    expect(arrived(mesh, "oslo")).toEqual(ids);
    expect([...arrived(mesh, "rome")].sort()).toEqual([...ids].sort());
    mesh.network.setHole("oslo", "paris", false);
    mesh.rest(120_000);
    mesh.account();
  });
});

describe("events of a group whose nearest cluster is lost", () => {
  it("go to another one, and are over for the first as the books have it, until it says otherwise", () => {
    const mesh = formMesh({
      links: "paris-oslo paris-london london-rome",
      wants: { oslo: [workers], rome: [workers] },
    });
    const setHole = (is: boolean): void => {
      mesh.network.setHole("paris", "oslo", is);
      mesh.network.setHole("oslo", "paris", is);
    };
    setHole(true);
    const ids = publish(mesh, "paris", { count: 5, topic: "job.print" });
    mesh.run(45_000);
    expect([...arrived(mesh, "rome")].sort()).toEqual([...ids].sort());
    const { ledger } = mesh.node("paris").member!.books();
    expect(ledger.find(({ destination }) => destination === "oslo")).toMatchObject({ rejected: 5, outstanding: 0 });
    setHole(false);
    mesh.rest(120_000);
    mesh.account();
  });
});
