import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { Graph, type RouteClass, RouteTable } from "../../../federation/routing/paths/mod.ts";
import { anyMesh, floydWarshall, joins, type Mesh, meshOf, sparseMesh, toGraph, toStates, without } from "./mesh.ts";

const DIAMOND = meshOf("alice-bob 1", "alice-charlie 2", "bob-dave 1", "charlie-dave 1");

function tableOf(self: string, mesh: Mesh, classes?: readonly RouteClass[]): RouteTable {
  const table = new RouteTable(self, classes);
  table.update(toGraph(mesh));
  return table;
}

describe("RouteTable", () => {
  it("knows nobody but itself before the first graph, and when the graph does not know it", () => {
    const table = new RouteTable("zoe");
    for (let round = 0; round < 2; round++) {
      expect(table.reachable()).toEqual([]);
      expect(table.nextHop("alice")).toBeUndefined();
      expect(table.nextHopAvoiding("alice", [])).toBeUndefined();
      expect(table.routeTo("alice")).toBeUndefined();
      expect([table.distance("zoe"), table.distance("alice")]).toEqual([0, undefined]);
      table.update(toGraph(DIAMOND));
    }
  });

  it("shows a route with its way, its cost and the way around the first hop", () => {
    expect(tableOf("alice", DIAMOND).routeTo("dave")).toEqual({
      destination: "dave",
      nextHop: "bob",
      path: ["alice", "bob", "dave"],
      cost: 2,
      state: "active",
      reason: 'cost 2 over 2 links, the cheapest; over "charlie" it would be 3',
      alternate: { nextHop: "charlie", path: ["alice", "charlie", "dave"], cost: 3 },
    });
  });

  it("has no route to itself", () => {
    const table = tableOf("alice", DIAMOND);
    expect([table.routeTo("alice"), table.nextHop("alice"), table.distance("alice")]).toEqual([
      undefined,
      undefined,
      0,
    ]);
  });

  it("says why: the only way, fewer links, a name, or a link that is down", () => {
    const reasonOf = (...links: string[]) => tableOf("alice", meshOf(...links)).routeTo("dave")!.reason;
    expect(reasonOf("alice-dave 4")).toBe("cost 4 over 1 link; there is no other link");
    expect(reasonOf("alice-dave 4", "alice-bob")).toBe(
      "cost 4 over 1 link; every other neighbour's path leads back here",
    );
    expect(reasonOf("alice-dave 4", "alice-bob 2", "bob-dave 2"))
      .toBe('cost 4 over 1 link; over "bob" it would cost the same with 2 links');
    expect(reasonOf("alice-bob", "bob-dave", "alice-charlie", "charlie-dave"))
      .toBe(
        'cost 2 over 2 links; over "charlie" it would be as good, and the smaller name of the cluster before decides',
      );
    const table = tableOf("alice", DIAMOND);
    table.linkDown("bob");
    expect(table.routeTo("dave")).toMatchObject({
      state: "alternate",
      reason: 'the link with "bob" is down; "charlie" has a path that does not lead back here',
      cost: 3,
    });
    expect(table.distance("dave")).toBe(3);
  });

  it("counts a version for each change of the graph and each link that goes down, and for nothing else", () => {
    const table = new RouteTable("alice");
    const versions = [table.version];
    const note = (change: () => void) => {
      change();
      versions.push(table.version);
    };
    note(() => table.update(toGraph(DIAMOND)));
    note(() => table.update(toGraph(DIAMOND)));
    note(() => table.linkDown("dave"));
    note(() => table.linkDown("nobody"));
    note(() => table.linkDown("bob"));
    note(() => table.linkDown("bob"));
    // Somebody else's record came first: the graph still has the link.
    note(() => table.update(toGraph(DIAMOND)));
    note(() => table.update(toGraph(meshOf("alice-bob 1", "alice-charlie 2", "bob-dave 1", "charlie-dave 2"))));
    expect(versions).toEqual([0, 1, 1, 1, 1, 2, 2, 3, 4]);
  });

  it("follows the graph: costs, links and clusters that come and go", () => {
    const graph = toGraph(DIAMOND);
    const table = new RouteTable("alice");
    table.update(graph);
    const before = table.nextHop("dave");
    for (const [cluster, state] of toStates(meshOf("alice-bob 1", "alice-charlie 2", "bob-dave 9", "charlie-dave 1"))) {
      graph.set(cluster, state);
    }
    table.update(graph);
    const dearer = table.nextHop("dave");
    graph.remove("charlie");
    table.update(graph);
    const gone = table.nextHop("dave");
    graph.remove("dave");
    table.update(graph);
    expect([before, dearer, gone, table.nextHop("dave")]).toEqual(["bob", "charlie", "bob", undefined]);
  });
});

describe("RouteTable.nextHopAvoiding()", () => {
  it("is the first step of a shortest path in the mesh without those clusters", () => {
    fc.assert(fc.property(fc.oneof(anyMesh, sparseMesh), fc.array(fc.nat(9), { maxLength: 5 }), (mesh, picks) => {
      const avoid = picks.map((pick) => mesh.names[pick % mesh.names.length]);
      for (const self of mesh.names) {
        const table = tableOf(self, mesh);
        const oracle = floydWarshall(mesh, avoid.filter((name) => name !== self));
        for (const destination of mesh.names) {
          if (destination === self) continue;
          const { cost, links } = oracle(self, destination);
          const hop = table.nextHopAvoiding(destination, avoid);
          expect(hop !== undefined).toBe(cost < Infinity);
          if (hop === undefined) continue;
          const first = mesh.edges.find((edge) => joins(edge, self, hop))!;
          const rest = oracle(hop, destination);
          expect([first.cost + rest.cost, 1 + rest.links]).toEqual([cost, links]);
        }
      }
    }));
  });

  it("answers for more hop lists than it keeps, and for clusters that it does not know", () => {
    const names = Array.from({ length: 12 }, (_, n) => `via-${n}`);
    const links = names.flatMap((name, n) => [["alice", name, n + 1], [name, "zoe", 1]] as const);
    const edges = links.map(([a, b, cost]) => ({ a, b, cost }));
    const table = tableOf("alice", { names: ["alice", "zoe", ...names], edges });
    for (let round = 0; round < 2; round++) {
      for (let mask = 0; mask < 256; mask++) {
        const avoid = ["nobody", "alice", ...names.filter((_, n) => (mask >> n) & 1)];
        expect(table.nextHopAvoiding("zoe", avoid)).toBe(names.find((name) => !avoid.includes(name)));
      }
    }
    expect(table.nextHopAvoiding("nobody", [])).toBeUndefined();
  });
});

describe("RouteTable with classes", () => {
  const classes: readonly RouteClass[] = [
    { name: "latency", tagCosts: {} },
    { name: "money", tagCosts: { slow: 3 } },
    { name: "sovereign", tagCosts: { slow: Infinity } },
    { name: "both", tagCosts: { slow: 1, eu: 2 } },
  ];

  it("finds for each class the shortest paths of a mesh in which tags are part of the cost", () => {
    fc.assert(fc.property(anyMesh, (mesh) => {
      classes.forEach(({ tagCosts }, klass) => {
        const priced = {
          names: mesh.names,
          edges: mesh.edges.map((edge) => ({
            ...edge,
            cost: (edge.tags ?? []).reduce((sum, tag) => sum + (tagCosts[tag] ?? 0), edge.cost),
          })).filter(({ cost }) => cost < Infinity),
        };
        const oracle = floydWarshall(priced);
        const table = tableOf(mesh.names[0], mesh, classes);
        for (const destination of mesh.names) {
          const { cost, links } = oracle(mesh.names[0], destination);
          expect(table.distance(destination, klass)).toBe(cost === Infinity ? undefined : cost);
          const path = table.routeTo(destination, klass)?.path;
          if (path !== undefined) expect(path.length - 1).toBe(links);
        }
      });
    }));
  });

  it("moves each class to its own alternates", () => {
    const edges = DIAMOND.edges.map((edge) => joins(edge, "charlie", "dave") ? { ...edge, tags: ["slow"] } : edge);
    const table = tableOf("alice", { names: DIAMOND.names, edges }, classes);
    table.linkDown("bob");
    expect(classes.map((_, klass) => table.nextHop("dave", klass)))
      .toEqual(["charlie", "charlie", undefined, "charlie"]);
  });

  it("keeps what tags cost within what a link can cost", () => {
    const edges = [{ a: "alice", b: "bob", cost: 5, tags: ["slow"] }, { a: "bob", b: "charlie", cost: 1 }];
    const table = tableOf("alice", { names: ["alice", "bob", "charlie"], edges }, [
      { name: "shy", tagCosts: { slow: 10_000_000 } },
    ]);
    expect([table.distance("bob"), table.distance("charlie")]).toEqual([65_535, 65_536]);
  });

  it("refuses classes that paths cannot be compared by", () => {
    expect(() => new RouteTable("alice", [])).toThrow('Cannot route in "0" classes');
    for (const cost of [-1, 1.5, NaN]) {
      expect(() => new RouteTable("alice", [{ name: "x", tagCosts: { eu: cost } }])).toThrow(
        'Cannot let tag "eu" cost',
      );
    }
  });
});

describe("RouteTable.hasLink()", () => {
  it("has the links that both ends report, from either end", () => {
    const table = tableOf("alice", DIAMOND);
    expect([table.hasLink("alice", "bob"), table.hasLink("dave", "bob")]).toEqual([true, true]);
    expect([table.hasLink("alice", "dave"), table.hasLink("alice", "eve")]).toEqual([false, false]);
  });

  it("has none that just went down here", () => {
    const table = tableOf("alice", DIAMOND);
    table.linkDown("bob");
    expect([table.hasLink("alice", "bob"), table.hasLink("bob", "alice")]).toEqual([false, false]);
    expect([table.hasLink("bob", "dave"), table.hasLink("alice", "charlie")]).toEqual([true, true]);
  });
});

describe("RouteTable.simulateCut()", () => {
  it("has the routes of the mesh without that link, and leaves the table as it is", () => {
    fc.assert(fc.property(anyMesh, fc.nat(100), (mesh, pick) => {
      const cut = mesh.edges[pick % mesh.edges.length];
      if (cut === undefined) return;
      const [self] = mesh.names;
      const table = tableOf(self, mesh);
      const before = mesh.names.map((name) => table.routeTo(name));
      const simulated = table.simulateCut(cut.b, cut.a);
      const expected = tableOf(self, without(mesh, (edge) => edge === cut));
      expect(mesh.names.map((name) => simulated.routeTo(name))).toEqual(
        mesh.names.map((name) => expected.routeTo(name)),
      );
      expect(mesh.names.map((name) => table.routeTo(name))).toEqual(before);
    }));
  });

  it("has a link that is down already cut as well", () => {
    const table = tableOf("alice", DIAMOND);
    table.linkDown("bob");
    expect(table.simulateCut("charlie", "dave").reachable()).toEqual(["charlie"]);
  });

  it("says which link does not exist", () => {
    expect(() => tableOf("alice", DIAMOND).simulateCut("alice", "dave")).toThrow('Cannot cut "alice-dave": no link');
    expect(() => new RouteTable("alice").simulateCut("alice", "bob")).toThrow('Cannot cut "alice-bob": no link');
  });

  it("follows no graph by itself", () => {
    const simulated = tableOf("alice", DIAMOND).simulateCut("alice", "bob");
    expect(simulated.routeTo("bob")!.path).toEqual(["alice", "charlie", "dave", "bob"]);
    simulated.update(new Graph());
    expect(simulated.reachable()).toEqual([]);
  });
});
