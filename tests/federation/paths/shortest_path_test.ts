import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import type { LinkState, Route } from "../../../federation/routing/paths/mod.ts";
import { Graph, RouteTable } from "../../../federation/routing/paths/mod.ts";
import { anyMesh, floydWarshall, type Mesh, NAMES, sparseMesh, toGraph, toStates } from "./mesh.ts";

function tableOf(self: string, graph: Graph): RouteTable {
  const table = new RouteTable(self);
  table.update(graph);
  return table;
}

function routesOf(self: string, graph: Graph): (Route | undefined)[] {
  const table = tableOf(self, graph);
  return NAMES.map((destination) => table.routeTo(destination));
}

/** Everything by which two paths are compared, the least first: cost, links, and the names from the destination back. */
function rank(path: readonly string[], mesh: Mesh): string {
  const cost = path.slice(1).reduce((sum, name, i) => {
    return sum + mesh.edges.find(({ a, b }) => [a, b].sort().join() === [path[i], name].sort().join())!.cost;
  }, 0);
  return [String(cost).padStart(5, "0"), String(path.length).padStart(3, "0"), ...path.toReversed()].join(" ");
}

/** All simple paths. */
function pathsBetween({ edges }: Mesh, from: string, to: string): string[][] {
  const paths: string[][] = [];
  const walk = (path: readonly string[]): void => {
    const at = path[path.length - 1];
    if (at === to) return void paths.push([...path]);
    for (const { a, b } of edges) {
      const next = a === at ? b : b === at ? a : undefined;
      if (next !== undefined && !path.includes(next)) walk([...path, next]);
    }
  };
  walk([from]);
  return paths;
}

describe("shortest paths", () => {
  it("cost what Floyd–Warshall says, with the fewest links at that cost, and exist where it finds one", () => {
    fc.assert(fc.property(fc.oneof(anyMesh, sparseMesh), (mesh) => {
      const oracle = floydWarshall(mesh);
      const graph = toGraph(mesh);
      for (const from of mesh.names) {
        const table = tableOf(from, graph);
        expect(table.reachable()).toEqual(
          mesh.names.filter((to) => to !== from && oracle(from, to).cost < Infinity).sort(),
        );
        for (const to of mesh.names) {
          const { cost, links } = oracle(from, to);
          expect(table.distance(to)).toBe(cost === Infinity ? undefined : cost);
          const route = table.routeTo(to);
          if (route !== undefined) expect([route.cost, route.path.length - 1]).toEqual([cost, links]);
        }
      }
    }));
  });

  it("are the least of all paths by cost, then links, then names from the destination back", () => {
    fc.assert(fc.property(sparseMesh, fc.nat(9), fc.nat(9), (mesh, i, j) => {
      const [from, to] = [mesh.names[i % mesh.names.length], mesh.names[j % mesh.names.length]];
      if (from === to) return;
      const [least] = pathsBetween(mesh, from, to).sort((a, b) => rank(a, mesh) < rank(b, mesh) ? -1 : 1);
      expect(tableOf(from, toGraph(mesh)).routeTo(to)?.path).toEqual(least);
    }));
  });

  it("go on as the next hop's own path: what is shown is what is taken", () => {
    fc.assert(fc.property(anyMesh, (mesh) => {
      const graph = toGraph(mesh);
      const tables = new Map(mesh.names.map((name) => [name, tableOf(name, graph)]));
      for (const from of mesh.names) {
        for (const to of tables.get(from)!.reachable()) {
          const { path, nextHop } = tables.get(from)!.routeTo(to)!;
          expect(path[1]).toBe(nextHop);
          expect(tables.get(from)!.nextHop(to)).toBe(nextHop);
          if (nextHop !== to) expect(tables.get(nextHop)!.routeTo(to)!.path).toEqual(path.slice(1));
        }
      }
    }));
  });

  it("are the same in whatever order clusters and links came", () => {
    const anyOrder = anyMesh.chain((mesh) => {
      const states = [...toStates(mesh)];
      return fc.record({
        mesh: fc.constant(mesh),
        states: fc.shuffledSubarray(states, { minLength: states.length }),
        reversed: fc.boolean(),
      });
    });
    fc.assert(fc.property(anyOrder, ({ mesh, states, reversed }) => {
      const graph = new Graph();
      for (const [cluster, { links }] of states) {
        const state: LinkState = { links: reversed ? links.toReversed() : links };
        graph.set(cluster, state);
      }
      for (const self of mesh.names) expect(routesOf(self, graph)).toEqual(routesOf(self, toGraph(mesh)));
    }));
  });

  it("stay exact when links cost as much as they can", () => {
    const names = Array.from({ length: 200 }, (_, n) => `c${String(n).padStart(3, "0")}`);
    const edges = names.slice(1).map((b, n) => ({ a: names[n], b, cost: 1_000_000 }));
    const route = tableOf(names[0], toGraph({ names, edges })).routeTo(names[199])!;
    expect([route.cost, route.path.length]).toEqual([199 * 65_535, 200]);
  });
});
