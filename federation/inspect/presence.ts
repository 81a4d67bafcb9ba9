/** Since when each cluster can be reached, or cannot: for people, and for news of clusters that are lost and found. */

import type { World } from "../world.ts";

/** News for people; the codes are stable. */
export interface PresenceNotice {
  readonly level: "info" | "warn";
  readonly code: "CLUSTER_FOUND" | "CLUSTER_LOST" | "CLUSTER_LEFT";
  readonly detail: string;
  /** The cluster. */
  readonly peer: string;
}

export interface Sighting {
  readonly reachable: boolean;
  /** Reading of the monotonic clock, ms. */
  readonly since: number;
}

/** Clusters remembered that cannot be reached; names come from peers, so they are bounded. */
const LOST_MAX = 4096;

export class Presence {
  readonly #world: World;
  readonly #hasLeft: (cluster: string) => boolean;
  readonly #sightings = new Map<string, Sighting>();
  #reachable: ReadonlySet<string> | undefined;

  /** `hasLeft`: whether a cluster that cannot be reached went as planned. */
  constructor(world: World, hasLeft: (cluster: string) => boolean) {
    this.#world = world;
    this.#hasLeft = hasLeft;
  }

  /** Takes what can be reached now, the same object as before if nothing changed; answers what that changes, by name. */
  update(reachable: ReadonlySet<string>): readonly PresenceNotice[] {
    if (reachable === this.#reachable) return [];
    this.#reachable = reachable;
    const since = this.#world.now();
    const news: PresenceNotice[] = [];
    for (const cluster of reachable) {
      if (this.#sightings.get(cluster)?.reachable === true) continue;
      news.push(found(cluster));
      this.#sightings.set(cluster, { reachable: true, since });
    }
    for (const [cluster, sighting] of this.#sightings) {
      if (!sighting.reachable || reachable.has(cluster)) continue;
      news.push(this.#hasLeft(cluster) ? left(cluster) : lost(cluster));
      this.#sightings.set(cluster, { reachable: false, since });
    }
    this.#forgetOldest();
    return news.sort((a, b) => a.peer < b.peer ? -1 : 1);
  }

  /** `undefined`: it never could be reached since the start. */
  sighting(cluster: string): Sighting | undefined {
    return this.#sightings.get(cluster);
  }

  /** Clusters that were lost within some time, ms, and are not back. */
  lost(withinMs: number): string[] {
    const due = this.#world.now() - withinMs;
    return [...this.#sightings].filter(([, { reachable, since }]) => !reachable && since > due).map(([cluster]) =>
      cluster
    );
  }

  /** It is gone for good: nobody waits for it. */
  forget(cluster: string): void {
    if (this.#sightings.get(cluster)?.reachable === false) this.#sightings.delete(cluster);
  }

  #forgetOldest(): void {
    if (this.#sightings.size <= LOST_MAX) return;
    const lost = [...this.#sightings].filter(([, { reachable }]) => !reachable).sort(([, a], [, b]) =>
      a.since - b.since
    );
    for (const [cluster] of lost.slice(0, this.#sightings.size - LOST_MAX)) this.#sightings.delete(cluster);
  }
}

function found(peer: string): PresenceNotice {
  return { level: "info", code: "CLUSTER_FOUND", detail: `there is a way to cluster "${peer}"`, peer };
}

function lost(peer: string): PresenceNotice {
  return { level: "warn", code: "CLUSTER_LOST", detail: `there is no way to cluster "${peer}" any more`, peer };
}

function left(peer: string): PresenceNotice {
  return { level: "info", code: "CLUSTER_LEFT", detail: `cluster "${peer}" has left: it was stopped as planned`, peer };
}
