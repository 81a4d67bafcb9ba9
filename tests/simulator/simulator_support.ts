/** Scenarios of a few lines, for tests that say themselves what happens and when. */

import type { Want } from "../../federation/mod.ts";
import { FederationMember } from "./federation_member.ts";
import type { CreateMember } from "./member.ts";
import type { ClusterPlan, Scenario } from "./scenario.ts";
import { Simulation } from "./simulation.ts";
import type { Edge, TopologyName } from "./topologies.ts";
import type { DiskOptions } from "./virtual_disk.ts";
import { GOOD_PATH } from "./virtual_path.ts";

export interface SmallMesh {
  readonly seed?: number;
  /** `paris-london london-oslo`: neighbours, the first of which dials. */
  readonly links: string;
  /** What each cluster wants for good: `paris: order.>, user.*`. Without an entry: nothing. */
  readonly wants: Readonly<Record<string, readonly (string | Want)[]>>;
  readonly disk?: Partial<DiskOptions>;
  /** Of some clusters only. */
  readonly disks?: Readonly<Record<string, Partial<DiskOptions>>>;
  readonly topology?: TopologyName;
  /** Neighbours meet at a broker between them, so that what one has sent outlives a restart of the other. */
  readonly rendezvous?: boolean;
  readonly overflow?: Scenario["overflow"];
  readonly bestEffort?: Scenario["bestEffort"];
  /** What the first of two neighbours says of their link: `paris-london`: satellite. */
  readonly tags?: Readonly<Record<string, readonly string[]>>;
  readonly tagCosts?: Scenario["tagCosts"];
  /** Machines that say they are another cluster than they are called. */
  readonly speaksAs?: Readonly<Record<string, string>>;
}

const DISK: Omit<DiskOptions, "cluster"> = {
  syncUsMin: 200,
  syncUsMax: 1000,
  syncsCommits: true,
  syncEveryMs: 1000,
  bytesMax: 1_000_000_000,
};

export const createFederationMember: CreateMember = (parts) => new FederationMember(parts);

/** A mesh that runs, with its links up and everything known to everybody. */
export function formMesh(plan: SmallMesh, createMember: CreateMember = createFederationMember): Simulation {
  const simulation = buildMesh(plan, createMember);
  for (const node of simulation.nodes.values()) node.start();
  simulation.run(1000);
  simulation.rest(20_000);
  return simulation;
}

/** The same, with nobody started yet. */
export function buildMesh(plan: SmallMesh, createMember: CreateMember = createFederationMember): Simulation {
  const edges = plan.links.split(" ").map((link): Edge => {
    const [from, to] = link.split("-");
    return { from, to, how: plan.rendezvous ? "rendezvous" : "one", tags: plan.tags?.[link] };
  });
  const names = [...new Set(edges.flatMap(({ from, to }) => [from, to]))];
  const scenario: Scenario = {
    seed: plan.seed ?? 1,
    topology: plan.topology ?? "random",
    clusters: names.map((name) => toCluster(name, plan)),
    edges,
    quality: GOOD_PATH,
    faults: [],
    overflow: plan.overflow,
    bestEffort: plan.bestEffort,
    tagCosts: plan.tagCosts,
    seconds: 0,
    restSeconds: 60,
  };
  return new Simulation(scenario, createMember);
}

function toCluster(name: string, { wants, disk, disks, speaksAs }: SmallMesh): ClusterPlan {
  return {
    name,
    speaksAs: speaksAs?.[name],
    wants: (wants[name] ?? []).map((want) => typeof want === "string" ? { pattern: want, durable: true } : want),
    disk: { ...DISK, ...disk, ...disks?.[name], cluster: speaksAs?.[name] ?? name },
    publishEveryMs: 0,
    burst: 1,
    mortalPermille: 0,
    twicePermille: 0,
    dataBytes: 0,
  };
}

export interface PublishPlan {
  readonly count: number;
  readonly topic?: string;
  /** The first is published at once. */
  readonly everyMs?: number;
  readonly dataBytes?: number;
}

/** Has events published at a cluster; answers their ids. */
export function publish(simulation: Simulation, cluster: string, plan: PublishPlan): string[] {
  const { count, topic = "order.placed", everyMs = 1, dataBytes } = plan;
  const published = simulation.published.get(cluster) ?? 0;
  simulation.published.set(cluster, published + count);
  const ids = Array.from({ length: count }, (_, i) => `${cluster}-${published + i + 1}`);
  ids.forEach((id, i) =>
    simulation.scheduler.after(
      Math.round(i * everyMs * 1000),
      () => void simulation.node(cluster).publish(topic, { id, dataBytes }),
    )
  );
  return ids;
}

/** Ids of the events that came to a cluster for its subscribers, in the order in which they came. */
export function arrived(simulation: Simulation, cluster: string): string[] {
  return [...simulation.observer.log(cluster).delivered.values()].filter(({ origin }) => origin !== cluster)
    .map(({ event }) => event.attributes.id);
}
