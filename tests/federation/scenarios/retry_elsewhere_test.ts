import { describe, expect, it } from "bun:test";

import { arrived, formMesh } from "../../simulator/simulator_support.ts";

describe("an application that tries again at another node", () => {
  it("is heard once; the books say that the second was rejected", () => {
    const mesh = formMesh({ links: "paris-oslo london-oslo", wants: { oslo: ["order.>"] } });
    mesh.observer.twice.add("shop e1");
    mesh.node("paris").publish("order.placed", { id: "e1", source: "shop" });
    mesh.run(500);
    mesh.node("london").publish("order.placed", { id: "e1", source: "shop" });
    mesh.run(500);
    mesh.rest(20_000);
    expect(arrived(mesh, "oslo")).toEqual(["e1"]);
    const books = mesh.node("london").member!.books().ledger.find(({ destination }) => destination === "oslo");
    expect(books).toMatchObject({ accepted: 1, delivered: 0, rejected: 1, outstanding: 0 });
  });
});
