import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { CLUSTERS_MAX, Graph, type LinkReport, type LinkState } from "../../../federation/routing/paths/mod.ts";
import { anyMesh, meshOf, toGraph, toStates } from "./mesh.ts";

/** `alice-bob 3` for each link that both ends have. */
function linksOf(graph: Graph): string[] {
  const { names, offsets, targets, costs, tags } = graph.adjacency;
  const links: string[] = [];
  for (let from = 0; from < names.length; from++) {
    for (let arc = offsets[from]; arc < offsets[from + 1]; arc++) {
      if (from < targets[arc]) {
        links.push([`${names[from]}-${names[targets[arc]]}`, costs[arc], ...tags[arc]].join(" "));
      }
    }
  }
  return links;
}

function graphOf(states: Readonly<Record<string, readonly LinkReport[]>>): Graph {
  const graph = new Graph();
  for (const [cluster, links] of Object.entries(states)) graph.set(cluster, { links });
  return graph;
}

describe("Graph", () => {
  it("has a link only while both ends say that it is up", () => {
    const toBob = { peer: "bob", cost: 1, up: true };
    const toAlice = { peer: "alice", cost: 1, up: true };
    expect(linksOf(graphOf({ alice: [toBob], bob: [toAlice] }))).toEqual(["alice-bob 1"]);
    expect(linksOf(graphOf({ alice: [toBob], bob: [] }))).toEqual([]);
    expect(linksOf(graphOf({ alice: [toBob], bob: [{ ...toAlice, up: false }] }))).toEqual([]);
    expect(linksOf(graphOf({ alice: [toBob] }))).toEqual([]);
    expect(linksOf(graphOf({ alice: [toAlice] }))).toEqual([]);
  });

  it("takes the first of several reports on one link that cost the same", () => {
    const [first, second] = ["eu", "us"].map((tag) => ({ peer: "bob", cost: 3, up: true, tags: [tag] }));
    const bob = [{ peer: "alice", cost: 1, up: true }];
    expect(linksOf(graphOf({ alice: [first, second], bob }))).toEqual(["alice-bob 3 eu"]);
    expect(linksOf(graphOf({ alice: [first, { ...second, cost: 2 }], bob }))).toEqual(["alice-bob 2 us"]);
  });

  it("has no link that one end alone speaks of, whatever else either of them says", () => {
    const names = ["alice", "bob", "charlie", "dave"];
    const anyReports = fc.array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)), { maxLength: 12 });
    fc.assert(fc.property(anyReports, (reports) => {
      const says = (from: string, to: string): boolean => reports.some(([a, b]) => a === from && b === to);
      const graph = graphOf(Object.fromEntries(names.map((name) => [
        name,
        names.filter((peer) => says(name, peer)).map((peer) => ({ peer, cost: 1, up: true })),
      ])));
      expect(linksOf(graph)).toEqual(
        names.flatMap((a, i) => names.slice(i + 1).filter((b) => says(a, b) && says(b, a)).map((b) => `${a}-${b} 1`)),
      );
    }));
  });

  it("takes the larger cost, and the tags of either end", () => {
    const graph = graphOf({
      alice: [{ peer: "bob", cost: 3, up: true, tags: ["slow", "eu"] }],
      bob: [{ peer: "alice", cost: 7, up: true, tags: ["eu", "abroad"] }],
    });
    expect(linksOf(graph)).toEqual(["alice-bob 7 abroad eu slow"]);
  });

  it("takes the cheapest of several links with one peer that are up", () => {
    const graph = graphOf({
      alice: [8, 5, 9].map((cost) => ({ peer: "bob", cost, up: true })),
      bob: [{ peer: "alice", cost: 1, up: false }, { peer: "alice", cost: 2, up: true }],
    });
    expect(linksOf(graph)).toEqual(["alice-bob 5"]);
  });

  it("has every link in both directions, with the same cost and tags", () => {
    fc.assert(fc.property(anyMesh, (mesh) => {
      const graph = toGraph(mesh);
      const expected = mesh.edges.map(({ a, b, cost, tags }) =>
        [[a, b].sort().join("-"), cost, ...tags ?? []].join(" ")
      );
      expect(linksOf(graph).sort()).toEqual(expected.sort());
      expect(graph.adjacency.targets.length).toBe(2 * mesh.edges.length);
    }));
  });

  it("is the same in whatever order clusters and links came", () => {
    const anyOrder = anyMesh.chain((mesh) => {
      const states = [...toStates(mesh)];
      const shuffled = fc.shuffledSubarray(states, { minLength: states.length }).chain((clusters) =>
        fc.tuple(
          ...clusters.map(([cluster, { links }]) =>
            fc.shuffledSubarray([...links], { minLength: links.length }).map((links): [string, LinkState] => [cluster, {
              links,
            }])
          ),
        )
      );
      return fc.record({ mesh: fc.constant(mesh), shuffled });
    });
    fc.assert(fc.property(anyOrder, ({ mesh, shuffled }) => {
      const graph = new Graph();
      for (const [cluster, state] of shuffled) graph.set(cluster, state);
      expect(graph.adjacency).toEqual(toGraph(mesh).adjacency);
    }));
  });

  it("is what it would be from the last words alone, whatever clusters said and forgot before", () => {
    const names = ["alice", "bob", "charlie", "dave"];
    const anyReport = fc.record({
      peer: fc.constantFrom(...names, "erin"),
      cost: fc.integer({ min: 1, max: 3 }),
      up: fc.boolean(),
      tags: fc.option(fc.subarray(["eu", "slow"]), { nil: undefined }),
    });
    const anyWord = fc.record({
      cluster: fc.constantFrom(...names),
      links: fc.option(fc.array(anyReport, { maxLength: 5 }), { nil: undefined }),
      looked: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyWord, { maxLength: 30 }), (words) => {
        const graph = new Graph();
        const last = new Map<string, LinkState>();
        for (const { cluster, links, looked } of words) {
          if (links === undefined) graph.remove(cluster);
          else graph.set(cluster, { links });
          if (links === undefined) last.delete(cluster);
          else last.set(cluster, { links });
          if (looked) void graph.adjacency;
        }
        const anew = new Graph();
        for (const [cluster, state] of last) anew.set(cluster, state);
        expect(graph.adjacency).toEqual(anew.adjacency);
        expect(graph.size).toBe(last.size);
      }),
      { numRuns: 500 },
    );
  });

  it("is the same object as long as no link has changed", () => {
    const graph = toGraph(meshOf("alice-bob", "bob-charlie"));
    const { adjacency } = graph;
    graph.set("alice", { links: [{ peer: "bob", cost: 1, up: true }, { peer: "erin", cost: 1, up: true }] });
    expect(graph.adjacency).toBe(adjacency);
    graph.set("alice", { links: [{ peer: "bob", cost: 2, up: true }] });
    expect(graph.adjacency).not.toBe(adjacency);
  });

  it("forgets a cluster with its links, and has them again when it speaks again", () => {
    const mesh = meshOf("alice-bob", "bob-charlie");
    const graph = toGraph(mesh);
    graph.remove("bob");
    expect(linksOf(graph)).toEqual([]);
    graph.set("bob", toStates(mesh).get("bob")!);
    expect(linksOf(graph)).toEqual(["alice-bob 1", "bob-charlie 1"]);
  });

  it("does not change what was read from it before", () => {
    const graph = toGraph(meshOf("alice-bob"));
    const { adjacency } = graph;
    graph.remove("alice");
    expect(adjacency.names).toEqual(["alice", "bob"]);
  });

  it("holds so many clusters and no more", () => {
    const graph = new Graph();
    for (let n = 0; n < CLUSTERS_MAX; n++) expect(graph.set(`c${n}`, { links: [] })).toBe(true);
    expect(graph.set("alice", { links: [] })).toBe(false);
    expect(graph.set("c0", { links: [] })).toBe(true);
    graph.remove("c1");
    expect(graph.set("alice", { links: [] })).toBe(true);
  });
});
