/** Who is linked with whom in a mesh of processes. */

export interface MeshTopology {
  readonly name: string;
  readonly clusters: readonly string[];
  /** The first of each dials the second. */
  readonly links: readonly (readonly [string, string])[];
  /** Whether there is another way for every link that is lost. */
  readonly hasDetours: boolean;
}

const NAMES = ["alice", "bob", "charlie", "dave", "erin", "frank", "grace"];

export const MESH_TOPOLOGIES: readonly MeshTopology[] = [
  toTopology("pair", 2, [[1, 0]]),
  toTopology("line", 4, [[1, 0], [2, 1], [3, 2]]),
  toTopology("ring", 5, ring(0, 1, 2, 3, 4)),
  toTopology("triangle", 3, ring(0, 1, 2)),
  toTopology("hub", 6, [[1, 0], [2, 0], [3, 0], [4, 0], [5, 0]]),
  // Alice is in both.
  toTopology("two-rings", 7, [...ring(0, 1, 2, 3), ...ring(0, 4, 5, 6)]),
];

export function meshTopology(name: string): MeshTopology {
  const found = MESH_TOPOLOGIES.find((topology) => topology.name === name);
  if (found !== undefined) return found;
  const known = MESH_TOPOLOGIES.map((topology) => topology.name).join(", ");
  throw new RangeError(`Cannot build topology "${name}": it is not known; choose one of ${known}`);
}

export function neighboursOf({ links }: MeshTopology, cluster: string): string[] {
  return links.flatMap(([a, b]) => a === cluster ? [b] : b === cluster ? [a] : []);
}

function toTopology(name: string, size: number, links: readonly (readonly [number, number])[]): MeshTopology {
  const named = links.map(([a, b]) => [NAMES[a], NAMES[b]] as const);
  return { name, clusters: NAMES.slice(0, size), links: named, hasDetours: links.length >= size };
}

function ring(...members: readonly number[]): [number, number][] {
  return members.map((member, index) => [member, members[(index + 1) % members.length]]);
}
