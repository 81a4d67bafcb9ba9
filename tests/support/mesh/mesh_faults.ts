/** What is done to a mesh under load, and how it is taken back. */

import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";

import { NodeProcess } from "../node_process.ts";
import type { SeededRandom } from "../seeded_random.ts";
import { mountSmallDisk, type SmallDisk } from "../small_disk.ts";
import { tempDir } from "../temp_dir.ts";
import type { MeshHistory } from "./mesh_history.ts";
import type { MeshLoad } from "./mesh_load.ts";
import type { MeshProcess } from "./mesh_process.ts";
import { neighboursOf } from "./mesh_topology.ts";
import type { Releases } from "./releases.ts";

/** The mesh, what goes on in it, and chance. */
export interface MeshScene {
  readonly mesh: MeshProcess;
  readonly load: MeshLoad;
  readonly history: MeshHistory;
  readonly random: SeededRandom;
  readonly disks: MeshDisks | undefined;
  readonly releases: Releases | undefined;
}

/** A fault that is there, and how to end it. */
export interface StruckFault {
  /** The cluster or link that it struck. */
  readonly target: string;
  readonly holdMs: number;
  heal(): Promise<void>;
}

export interface MeshFault {
  readonly name: string;
  readonly what: string;
  /** The way of an event may change, and with it the order in which a subscriber first sees it. */
  readonly reroutes: boolean;
  readonly publishesTwice?: boolean;
  /** A disk goes back: what it had in custody is sent again, out of its place. */
  readonly goesBack?: boolean;
  /** What nodes may write as errors then. */
  readonly expects?: RegExp;
  /** Gives each cluster a data directory there; undone when the case is over. */
  readonly disks?: (clusters: readonly string[]) => MeshDisks;
  /** The nodes begin as programs of the previous release, this one, and the next, by turns. */
  readonly mixesReleases?: boolean;
  strike(scene: MeshScene): Promise<StruckFault>;
}

export interface MeshDisks extends Disposable {
  of(cluster: string): SmallDisk;
}

/** Past this a link that is silent counts as down: both sides have noticed. */
const NOTICED_MS = 2500;
const DRAIN_TIMEOUT_MS = 120_000;
const SMALL_DISK_MEGABYTES = 192;
/** Published between two steps of a fault that stops publishers, and on their way when it strikes. */
const FRESH_EVENTS = 200;
const SLOW_BYTES_PER_SECOND = 100_000;

export const MESH_FAULTS: readonly MeshFault[] = [
  { name: "kill", what: "a node is killed with SIGKILL and started again", reroutes: true, strike: kill },
  { name: "pause", what: "a node is stopped with SIGSTOP and wakes again", reroutes: true, strike: sleep },
  {
    name: "cut",
    what: "every connection of a link is reset, and new ones are for a while",
    reroutes: true,
    strike: (scene) => strikeLink(scene, (link) => (link.refuse(), link.cut())),
  },
  {
    name: "black-hole",
    what: "a link passes nothing in either direction and nobody is told",
    reroutes: true,
    strike: (scene) => strikeLink(scene, (link) => link.blackHole()),
  },
  {
    name: "black-hole-up",
    what: "a link passes nothing that the side which dialled sends",
    reroutes: true,
    strike: (scene) => strikeLink(scene, (link) => link.blackHole("up")),
  },
  {
    name: "black-hole-down",
    what: "a link passes nothing to the side which dialled",
    reroutes: true,
    strike: (scene) => strikeLink(scene, (link) => link.blackHole("down")),
  },
  {
    name: "disk-full",
    what: "the disk of a node is full for a while",
    reroutes: true,
    expects: /StoreFullError|ENOSPC/,
    disks: mountDisks,
    strike: fillDisk,
  },
  {
    name: "same-ids",
    what: "every event is published at two clusters under the same id, and a link is cut",
    reroutes: true,
    publishesTwice: true,
    strike: (scene) => strikeLink(scene, (link) => link.cut()),
  },
  {
    name: "restored",
    what: "a node comes back with an older copy of its data directory",
    reroutes: true,
    goesBack: true,
    strike: restore,
  },
  {
    name: "upgrade",
    what:
      "nodes of the previous release, this one and the next are a mesh; one stops and comes back as another release",
    reroutes: true,
    mixesReleases: true,
    strike: changeRelease,
  },
  {
    name: "same-node",
    what: "a second process with the name of a node, and an empty disk, knocks at that node's neighbours",
    reroutes: true,
    strike: impersonate,
  },
  {
    name: "slow",
    what: "a subscriber stops reading, and a link passes 100 kB a second",
    reroutes: true,
    strike: slow,
  },
];

export function meshFault(name: string): MeshFault {
  const found = MESH_FAULTS.find((fault) => fault.name === name);
  if (found !== undefined) return found;
  const known = MESH_FAULTS.map((fault) => fault.name).join(", ");
  throw new RangeError(`Cannot inject fault "${name}": it is not known; choose one of ${known}`);
}

async function kill({ mesh, random }: MeshScene): Promise<StruckFault> {
  const target = random.pick(mesh.clusters);
  await mesh.node(target).kill();
  return { target, holdMs: random.integer(0, NOTICED_MS), heal: () => mesh.node(target).restart() };
}

// deno-lint-ignore require-await -- strikes at once
async function sleep({ mesh, random }: MeshScene): Promise<StruckFault> {
  const target = random.pick(mesh.clusters);
  mesh.node(target).signal("SIGSTOP");
  return {
    target,
    holdMs: random.integer(NOTICED_MS / 2, 2 * NOTICED_MS),
    heal: async () => mesh.node(target).signal("SIGCONT"),
  };
}

async function strikeLink(
  { mesh, random }: MeshScene,
  strike: (link: ReturnType<MeshProcess["link"]>) => unknown,
): Promise<StruckFault> {
  const [a, b] = random.pick(mesh.topology.links);
  const link = mesh.link(a, b);
  strike(link);
  return { target: `${a}-${b}`, holdMs: random.integer(NOTICED_MS / 2, 2 * NOTICED_MS), heal: async () => link.heal() };
}

async function fillDisk({ mesh, random, disks }: MeshScene): Promise<StruckFault> {
  const target = random.pick(mesh.clusters);
  disks!.of(target).fill();
  return { target, holdMs: NOTICED_MS, heal: async () => disks!.of(target).clear() };
}

/**
 * All that was published has arrived when the copy is made and when the node is killed: what was published at it in between
 * is gone with the lost disk, and so is the word of what has just arrived, which its origins send again. The others publish
 * until it is back.
 */
async function restore({ mesh, load, history, random }: MeshScene): Promise<StruckFault> {
  const target = random.pick(mesh.clusters);
  const node = mesh.node(target);
  using copy = tempDir();
  await load.calm();
  await load.settled();
  await node.stop();
  cpSync(node.dataDir, join(copy.path, "data"), { recursive: true });
  history.add({ type: "copied", cluster: target });
  await node.restart();
  await mesh.connected();
  const before = load.accepted;
  load.allowMore(2 * FRESH_EVENTS); // a subscriber may want the half of it
  for (const cluster of mesh.clusters) load.resume("publishers", cluster);
  await load.until(() => load.accepted >= before + FRESH_EVENTS, DRAIN_TIMEOUT_MS);
  await load.calm();
  await node.kill();
  rmSync(node.dataDir, { recursive: true });
  cpSync(join(copy.path, "data"), node.dataDir, { recursive: true });
  history.add({ type: "restored", cluster: target });
  load.allowMore(2 * FRESH_EVENTS);
  for (const cluster of mesh.clusters) if (cluster !== target) load.resume("publishers", cluster);
  await load.until(() => load.inFlight >= FRESH_EVENTS, DRAIN_TIMEOUT_MS);
  return {
    target,
    holdMs: 0,
    async heal() {
      await node.restart();
      load.resume("publishers", target);
    },
  };
}

async function changeRelease({ mesh, random, releases }: MeshScene): Promise<StruckFault> {
  const target = random.pick(mesh.clusters);
  const { previous, current, next } = releases!;
  const program = random.pick([previous, current, next]);
  await mesh.node(target).stop();
  return { target, holdMs: 0, heal: () => mesh.node(target).restart({ program }) };
}

/**
 * The node has started more often than the intruder, so that it is known which of the two is in the right. Publishers
 * wait for its restart, so that there is something left for them to publish.
 */
async function impersonate({ mesh, load, random }: MeshScene): Promise<StruckFault> {
  const target = random.pick(mesh.clusters);
  for (const cluster of mesh.clusters) load.pause("publishers", cluster);
  await mesh.node(target).stop();
  await mesh.node(target).restart();
  await mesh.connected();
  const joins = neighboursOf(mesh.topology, target).flatMap((neighbour) => [
    "--join",
    String(mesh.node(neighbour).ready.nats),
  ]);
  const intruder = await NodeProcess.start({ flags: ["--id", target, "--cluster", target, ...joins] });
  load.allowMore(2 * FRESH_EVENTS);
  for (const cluster of mesh.clusters) load.resume("publishers", cluster);
  await load.until(() => load.inFlight >= FRESH_EVENTS, DRAIN_TIMEOUT_MS);
  return { target, holdMs: 2 * NOTICED_MS, heal: () => intruder[Symbol.asyncDispose]() };
}

async function slow({ mesh, load, random }: MeshScene): Promise<StruckFault> {
  const target = random.pick(mesh.clusters);
  const [a, b] = random.pick(mesh.topology.links);
  load.pause("subscriber", target);
  mesh.link(a, b).limit(SLOW_BYTES_PER_SECOND);
  return {
    target: `${target}, ${a}-${b}`,
    holdMs: 2 * NOTICED_MS,
    async heal() {
      load.resume("subscriber", target);
      mesh.link(a, b).heal();
    },
  };
}

function mountDisks(clusters: readonly string[]): MeshDisks {
  const disks = new Map(clusters.map((cluster) => [cluster, mountSmallDisk(SMALL_DISK_MEGABYTES)]));
  return {
    of: (cluster) => disks.get(cluster)!,
    [Symbol.dispose]() {
      for (const disk of disks.values()) disk[Symbol.dispose]();
    },
  };
}
