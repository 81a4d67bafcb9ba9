/** Who wants what, over the whole mesh: this cluster's wants go out as records, and those of the others come in. */

import type { CloudEvent } from "../../node/mod.ts";
import type { LocalCluster, Want } from "../local_cluster.ts";
import type { FrameDestination } from "../link/codec/mod.ts";
import { HOLD_MS, INTEREST_BYTES_MAX, INTEREST_ENTRIES_MAX, LIVE_LINGER_MS } from "../options.ts";
import type { World } from "../world.ts";
import { encodeShards, parseShard, pickCluster, RemoteInterest, summarise, type Wanted } from "./interest/mod.ts";
import type { MeshRecord } from "./records/mod.ts";

export interface InterestExchangeParts {
  readonly world: World;
  readonly self: string;
  readonly local: LocalCluster;
  readonly holdMs?: number;
  /** Makes a record of a shard the mesh's; answers its version. */
  readonly originate: (shard: number, body: Uint8Array, lifetimeMs: number) => number;
  /** Cost of the way that events of a topic take to a cluster; `undefined` when there is none. */
  readonly distance: (cluster: string, topic: string) => number | undefined;
  /** What this cluster wants has been told, up to this version. */
  readonly onTold?: (version: number) => void;
  readonly onNotice: (notice: { code: string; detail: string; origin?: string }) => void;
}

/** Changes that come within this are told together (design: echoes and changes are coalesced). */
const COALESCE_MS = 20;

export class InterestExchange {
  readonly remote = new RemoteInterest();
  readonly #parts: InterestExchangeParts;
  readonly #told = new Map<number, string>();
  readonly #ownGroups = new Set<string>();
  readonly #lingering = new Map<string, () => void>();
  /** What was last said to be reachable, and who had told something then. */
  #routed: ReadonlySet<string> = new Set();
  #routedVersion = 0;
  #summary: readonly Want[] = [];
  #version = 0;
  #scheduled = false;
  #wanted: Wanted[] = [];

  constructor(parts: InterestExchangeParts) {
    this.#parts = parts;
    parts.local.watchWants(() => this.#schedule());
  }

  /** Tells what is wanted now. */
  start(): void {
    this.#tell();
  }

  /** Version of what was told last. */
  get version(): number {
    return this.#version;
  }

  /** What this cluster tells the others. */
  get summary(): readonly Want[] {
    return this.#summary;
  }

  /** Tells at once what is still waiting to be told; answers the version that holds it. */
  flush(): number {
    this.#tell();
    return this.#version;
  }

  install(record: MeshRecord): void {
    const { origin, shard, body } = record;
    if (origin === this.#parts.self) return;
    if (body.length === 0) return this.remote.set(origin, shard, []);
    const parsed = parseShard(body);
    if ("problem" in parsed) {
      return this.#parts.onNotice({ code: "INTEREST_UNREADABLE", detail: parsed.problem, origin });
    }
    this.remote.set(origin, shard, parsed.wants, this.#parts.world.now());
  }

  purge({ origin, shard }: MeshRecord): void {
    this.remote.set(origin, shard, []);
  }

  /** These clusters can be reached now, and no others. */
  noteRoutes(reachable: ReadonlySet<string>): void {
    const { tellersVersion } = this.remote;
    if (reachable === this.#routed && tellersVersion === this.#routedVersion) return;
    this.#routed = reachable;
    this.#routedVersion = tellersVersion;
    for (const cluster of this.remote.clusters()) {
      if (reachable.has(cluster)) this.noteReachable(cluster);
      else this.noteUnreachable(cluster);
    }
  }

  /** There is a way to a cluster again. */
  noteReachable(cluster: string): void {
    this.#lingering.get(cluster)?.();
    this.#lingering.delete(cluster);
    this.remote.restore(cluster);
  }

  /** There is no way to a cluster: what its streams want lingers for a while, durable wants stay. */
  noteUnreachable(cluster: string): void {
    if (this.#lingering.has(cluster)) return;
    this.#lingering.set(cluster, this.#parts.world.after(LIVE_LINGER_MS, () => this.remote.dropLive(cluster)));
  }

  get nobodyElsewhere(): boolean {
    return this.remote.size === 0;
  }

  /** Where an own event has to go. What dispatch calls, and what `explain` asks. */
  destinationsOf(topic: string, event: () => CloudEvent): readonly Omit<FrameDestination, "previous">[] {
    this.#wanted.length = 0;
    const wanted = this.remote.match(topic, event, this.#wanted);
    if (wanted.length === 0) return NOWHERE;
    if (!wanted.some(({ groups }) => groups.length > 0)) {
      return wanted.map(({ cluster }) => ({ cluster, ungrouped: true, groups: NO_GROUPS }));
    }
    return this.#withPicks(topic, wanted, event);
  }

  /** A group's events go to one cluster: this one if it has a member, else the nearest that has one. */
  #withPicks(
    topic: string,
    wanted: readonly Wanted[],
    event: () => CloudEvent,
  ): readonly Omit<FrameDestination, "previous">[] {
    const candidates = new Map<string, { name: string; clusters: { cluster: string; distance: number }[] }>();
    for (const { cluster, groups } of wanted) {
      for (const { name, key } of groups) {
        if (this.#ownGroups.has(key)) continue;
        const candidate = candidates.get(key) ?? { name, clusters: [] };
        candidate.clusters.push({ cluster, distance: this.#parts.distance(cluster, topic) ?? UNREACHABLE });
        candidates.set(key, candidate);
      }
    }
    const picked = new Map<string, string[]>();
    for (const [key, { name, clusters }] of candidates) {
      const cluster = pickCluster(clusters, `${key}/${orderingKey(event())}`);
      if (cluster !== undefined) picked.set(cluster, [...picked.get(cluster) ?? [], name]);
    }
    return wanted.flatMap(({ cluster, ungrouped }) => {
      const groups = picked.get(cluster) ?? NO_GROUPS;
      return ungrouped || groups.length > 0 ? [{ cluster, ungrouped, groups }] : [];
    });
  }

  /** Another cluster for an event of a group: the nearest that has a member, is no other destination of it, and is none of these. */
  pickAgain(topic: string, event: CloudEvent, group: string, avoid: ReadonlySet<string>): string | undefined {
    const clusters = this.remote.match(topic, () => event, [])
      .filter(({ cluster, ungrouped, groups }) =>
        !ungrouped && !avoid.has(cluster) && groups.some(({ name }) => name === group)
      )
      .map(({ cluster }) => ({ cluster, distance: this.#parts.distance(cluster, topic) ?? UNREACHABLE }))
      .filter(({ distance }) => distance !== UNREACHABLE);
    return pickCluster(clusters, `${group}/${orderingKey(event)}`);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#parts.world.after(COALESCE_MS, () => {
      if (this.#scheduled) this.#tell();
    });
  }

  #tell(): void {
    this.#scheduled = false;
    const wants = this.#parts.local.wants();
    this.#ownGroups.clear();
    for (const { groupKey } of wants) if (groupKey !== undefined) this.#ownGroups.add(groupKey);
    const { wants: summary, leftOut } = summarise(wants, {
      entriesMax: INTEREST_ENTRIES_MAX,
      bytesMax: INTEREST_BYTES_MAX,
    });
    if (leftOut.length > 0) {
      const detail = `${leftOut.length} groups are known to this cluster only: the mesh takes no more from one cluster`;
      this.#parts.onNotice({ code: "GROUPS_NOT_TOLD", detail });
    }
    this.#summary = summary;
    const shards = encodeShards(this.#summary);
    for (const [shard, body] of shards) this.#originate(shard, body);
    // Last: what moved to another shard must be there before it goes from here.
    for (const shard of this.#told.keys()) if (!shards.has(shard)) this.#originate(shard, EMPTY);
    this.#parts.onTold?.(this.#version);
  }

  #originate(shard: number, body: Uint8Array): void {
    const text = decoder.decode(body);
    if (this.#told.get(shard) === text) return;
    if (body.length === 0) this.#told.delete(shard);
    else this.#told.set(shard, text);
    this.#version = this.#parts.originate(shard, body, this.#parts.holdMs ?? HOLD_MS);
  }
}

const UNREACHABLE = Number.MAX_SAFE_INTEGER;
const NOWHERE: readonly Omit<FrameDestination, "previous">[] = [];
const NO_GROUPS: readonly string[] = [];
const EMPTY = new Uint8Array(0);
const decoder = new TextDecoder();

function orderingKey({ attributes }: CloudEvent): string {
  return String(attributes.partitionkey ?? attributes.id);
}
