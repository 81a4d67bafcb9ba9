/** Since when each cluster can be reached, or cannot: for people, and for news of clusters that are lost and found. */

import type { World } from "../world.ts";

export interface PresenceChange {
  readonly cluster: string;
  readonly found: boolean;
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
  readonly #sightings = new Map<string, Sighting>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Takes what can be reached now; answers what that changes, by name. */
  update(reachable: ReadonlySet<string>): readonly PresenceChange[] {
    const since = this.#world.now();
    const changes: PresenceChange[] = [];
    for (const cluster of reachable) {
      if (this.#sightings.get(cluster)?.reachable === true) continue;
      changes.push({ cluster, found: true });
      this.#sightings.set(cluster, { reachable: true, since });
    }
    for (const [cluster, sighting] of this.#sightings) {
      if (!sighting.reachable || reachable.has(cluster)) continue;
      changes.push({ cluster, found: false });
      this.#sightings.set(cluster, { reachable: false, since });
    }
    this.#forgetOldest();
    return changes.sort((a, b) => a.cluster < b.cluster ? -1 : 1);
  }

  /** `undefined`: it never could be reached since the start. */
  sighting(cluster: string): Sighting | undefined {
    return this.#sightings.get(cluster);
  }

  #forgetOldest(): void {
    if (this.#sightings.size <= LOST_MAX) return;
    const lost = [...this.#sightings].filter(([, { reachable }]) => !reachable).sort(([, a], [, b]) =>
      a.since - b.since
    );
    for (const [cluster] of lost.slice(0, this.#sightings.size - LOST_MAX)) this.#sightings.delete(cluster);
  }
}
