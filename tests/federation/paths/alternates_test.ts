import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { RouteTable } from "../../../federation/routing/paths/mod.ts";
import { anyMesh, floydWarshall, joins, type Mesh, meshOf, sparseMesh, toGraph } from "./mesh.ts";

function tablesOf(mesh: Mesh): ReadonlyMap<string, RouteTable> {
  const graph = toGraph(mesh);
  return new Map(mesh.names.map((name) => {
    const table = new RouteTable(name);
    table.update(graph);
    return [name, table];
  }));
}

/** Neighbours none of whose shortest paths to a destination touches `avoided`: judged by distances around it. */
function neighboursClearOf(
  mesh: Mesh,
  { self, destination, avoided }: Record<"self" | "destination" | "avoided", string>,
) {
  const all = floydWarshall(mesh);
  const around = floydWarshall(mesh, [avoided]);
  return mesh.names.filter((name) => {
    if (!mesh.edges.some((edge) => joins(edge, self, name))) return false;
    const own = all(name, destination);
    const [before, after] = [all(name, avoided), all(avoided, destination)];
    const touches = before.cost + after.cost === own.cost && before.links + after.links === own.links;
    const clear = around(name, destination);
    return !touches && clear.cost === own.cost && clear.links === own.links;
  });
}

function follow(tables: ReadonlyMap<string, RouteTable>, from: string, destination: string): string[] {
  const path = [from];
  while (path[path.length - 1] !== destination && path.length <= tables.size) {
    path.push(tables.get(path[path.length - 1])!.nextHop(destination)!);
  }
  return path;
}

describe("RouteTable.linkDown()", () => {
  it("goes on over a neighbour that, by everybody's old tables, never leads back here", () => {
    let taken = 0;
    fc.assert(fc.property(fc.oneof(anyMesh, sparseMesh), (mesh) => {
      const tables = tablesOf(mesh);
      for (const self of mesh.names) {
        const table = tablesOf(mesh).get(self)!;
        const before = new Map(table.reachable().map((destination) => [destination, table.routeTo(destination)!]));
        const [peer] = [...before.values()].map(({ nextHop }) => nextHop);
        if (peer === undefined) continue;
        table.linkDown(peer);
        for (const [destination, { nextHop }] of before) {
          const hop = table.nextHop(destination);
          if (nextHop !== peer) expect(hop).toBe(nextHop);
          else if (hop !== undefined) {
            taken++;
            const path = follow(tables, hop, destination);
            expect(path).not.toContain(self);
            expect(path[path.length - 1]).toBe(destination);
            expect(table.routeTo(destination)!.path).toEqual([self, ...path]);
            expect(table.routeTo(destination)!.state).toBe("alternate");
          }
        }
      }
    }));
    expect(taken).toBeGreaterThan(100);
  });

  it("has an alternate exactly where a neighbour's shortest paths all miss this cluster", () => {
    fc.assert(
      fc.property(fc.oneof(anyMesh, sparseMesh), (mesh) => {
        for (const [self, table] of tablesOf(mesh)) {
          for (const destination of table.reachable()) {
            const { nextHop, alternate } = table.routeTo(destination)!;
            const clear = neighboursClearOf(mesh, { self, destination, avoided: self }).filter((name) =>
              name !== nextHop
            );
            if (alternate === null) expect(clear).toEqual([]);
            else expect(clear).toContain(alternate.nextHop);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("takes one that outlives the next hop where there is one, the cheapest of them, then the smallest name", () => {
    fc.assert(
      fc.property(fc.oneof(anyMesh, sparseMesh), (mesh) => {
        const oracle = floydWarshall(mesh);
        for (const [self, table] of tablesOf(mesh)) {
          for (const destination of table.reachable()) {
            const { nextHop, alternate } = table.routeTo(destination)!;
            const clear = neighboursClearOf(mesh, { self, destination, avoided: self }).filter((name) =>
              name !== nextHop
            );
            const outlive = destination === nextHop
              ? []
              : clear.filter((name) => neighboursClearOf(mesh, { self, destination, avoided: nextHop }).includes(name));
            const rank = (name: string): string => {
              const { cost } = mesh.edges.find((edge) => joins(edge, self, name))!;
              const rest = oracle(name, destination);
              return [String(cost + rest.cost).padStart(3, "0"), rest.links, name].join(" ");
            };
            const [best] = (outlive.length > 0 ? outlive : clear).sort((a, b) => rank(a) < rank(b) ? -1 : 1);
            expect(alternate?.nextHop).toBe(best);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("finds the next one when the alternate's link goes down too, and nothing after the last", () => {
    const table = tablesOf(
      meshOf("alice-bob 1", "alice-charlie 2", "alice-dave 3", "bob-eve", "charlie-eve", "dave-eve"),
    )
      .get("alice")!;
    const hops = ["bob", "charlie", "dave"].map((peer) => {
      const hop = table.nextHop("eve");
      table.linkDown(peer);
      return hop;
    });
    expect([...hops, table.nextHop("eve")]).toEqual(["bob", "charlie", "dave", undefined]);
    expect(table.reachable()).toEqual([]);
  });

  it("leaves routes alone that go elsewhere, and their alternates too unless they used the link", () => {
    const table = tablesOf(meshOf("alice-bob 1", "alice-charlie 2", "bob-eve", "charlie-eve")).get("alice")!;
    expect(table.routeTo("eve")!.alternate?.nextHop).toBe("charlie");
    table.linkDown("charlie");
    expect(table.nextHop("eve")).toBe("bob");
    expect(table.routeTo("eve")!.alternate).toBeNull();
  });

  it("serves a hub with more neighbours than are asked for alternates", () => {
    const names = Array.from({ length: 100 }, (_, n) => `via-${n}`);
    const edges = names.flatMap((b, n) => [{ a: "hub", b, cost: n + 1 }, { a: b, b: "zoe", cost: 200 - 2 * n }]);
    const table = tablesOf({ names: ["hub", "zoe", ...names], edges }).get("hub")!;
    const before = table.routeTo("zoe")!;
    expect([before.nextHop, before.cost, before.alternate?.nextHop]).toEqual(["via-99", 102, "via-63"]);
    table.linkDown("via-99");
    expect(table.routeTo("zoe")!.path).toEqual(["hub", "via-63", "zoe"]);
    expect(table.distance("zoe")).toBe(64 + 74);
    expect(table.nextHop("via-98")).toBe("via-98");
  });

  it("uses the link no more for a way around other clusters either", () => {
    const table = tablesOf(meshOf("alice-bob", "alice-charlie", "bob-eve", "charlie-eve")).get("alice")!;
    expect(table.nextHopAvoiding("eve", ["charlie"])).toBe("bob");
    table.linkDown("bob");
    expect(table.nextHopAvoiding("eve", ["charlie"])).toBeUndefined();
    expect(table.nextHopAvoiding("eve", [])).toBe("charlie");
  });
});
