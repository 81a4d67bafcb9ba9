/** Meshes for tests, and the oracles that tell what is right without the code under test. */

import fc from "fast-check";

import { Graph, type LinkState } from "../../../federation/routing/paths/mod.ts";

export interface Edge {
  readonly a: string;
  readonly b: string;
  readonly cost: number;
  readonly tags?: readonly string[];
}

export interface Mesh {
  readonly names: readonly string[];
  readonly edges: readonly Edge[];
}

/** `meshOf("alice-bob 3", "bob-charlie")`: links with what they cost, 1 if nothing is said. */
export function meshOf(...links: readonly string[]): Mesh {
  const edges = links.map((link) => {
    const [ends, cost = "1"] = link.split(" ");
    const [a, b] = ends.split("-");
    return { a, b, cost: Number(cost) };
  });
  return { names: [...new Set(edges.flatMap(({ a, b }) => [a, b]))].sort(), edges };
}

/** What each cluster says of itself, in the order of names. */
export function toStates({ names, edges }: Mesh): Map<string, LinkState> {
  return new Map(names.map((name) => [name, {
    links: edges.filter(({ a, b }) => a === name || b === name).map(({ a, b, cost, tags }) => ({
      peer: a === name ? b : a,
      cost,
      tags,
      up: true,
    })),
  }]));
}

export function toGraph(mesh: Mesh): Graph {
  const graph = new Graph();
  for (const [cluster, state] of toStates(mesh)) graph.set(cluster, state);
  return graph;
}

export function without(mesh: Mesh, isGone: (edge: Edge) => boolean): Mesh {
  return { names: mesh.names, edges: mesh.edges.filter((edge) => !isGone(edge)) };
}

export function joins({ a, b }: Edge, x: string, y: string): boolean {
  return (a === x && b === y) || (a === y && b === x);
}

export interface Distance {
  readonly cost: number;
  readonly links: number;
}

const FAR: Distance = { cost: Infinity, links: Infinity };

/** Floyd–Warshall over (cost, links); never through or to `avoid`. `distance(x, y).cost` is `Infinity` without a path. */
export function floydWarshall({ names, edges }: Mesh, avoid: readonly string[] = []) {
  const isFree = (name: string): boolean => !avoid.includes(name);
  const known = new Map<string, Distance>();
  const distance = (x: string, y: string): Distance => known.get(`${x} ${y}`) ?? FAR;
  const offer = (x: string, y: string, offered: Distance): void => {
    const { cost, links } = distance(x, y);
    if (offered.cost < cost || (offered.cost === cost && offered.links < links)) known.set(`${x} ${y}`, offered);
  };
  const free = names.filter(isFree);
  for (const name of free) offer(name, name, { cost: 0, links: 0 });
  for (const { a, b, cost } of edges) {
    if (!isFree(a) || !isFree(b)) continue;
    offer(a, b, { cost, links: 1 });
    offer(b, a, { cost, links: 1 });
  }
  for (const via of free) {
    for (const x of free) {
      for (const y of free) {
        const [first, rest] = [distance(x, via), distance(via, y)];
        if (first.cost + rest.cost < Infinity) {
          offer(x, y, { cost: first.cost + rest.cost, links: first.links + rest.links });
        }
      }
    }
  }
  return distance;
}

/** Names that do not sort as they are numbered. */
export const NAMES = ["delta", "alpha", "juliet", "bravo", "golf", "echo", "india", "charlie", "hotel", "foxtrot"];

/** Random meshes, connected or not; costs are few and small, so that ties are common. */
export const anyMesh: fc.Arbitrary<Mesh> = fc.integer({ min: 2, max: NAMES.length }).chain((size) => {
  const pairs = NAMES.slice(0, size).flatMap((a, i) => NAMES.slice(i + 1, size).map((b) => ({ a, b })));
  const edge = fc.record({
    cost: fc.integer({ min: 1, max: 4 }),
    tags: fc.subarray(["eu", "slow"]),
    present: fc.nat(2).map((dice) => dice > 0),
  });
  return fc.array(edge, { minLength: pairs.length, maxLength: pairs.length }).map((edges) => ({
    names: NAMES.slice(0, size),
    edges: edges.flatMap(({ present, ...edge }, i) => present ? [{ ...pairs[i], ...edge }] : []),
  }));
});

/** Sparse ones: long paths, few alternates. */
export const sparseMesh: fc.Arbitrary<Mesh> = anyMesh.chain((mesh) =>
  fc.subarray([...mesh.edges], { maxLength: Math.min(mesh.edges.length, mesh.names.length + 2) })
    .map((edges) => ({ names: mesh.names, edges }))
);
