/** What other clusters want, and which of them want an event. */

import { type CloudEvent, Matcher } from "../../../node/mod.ts";
import type { Want } from "../../local_cluster.ts";
import { filterStops } from "./filter_stops.ts";

export interface GroupWant {
  readonly name: string;
  readonly key: string;
}

/** A cluster that wants an event, and for whom. */
export interface Wanted {
  readonly cluster: string;
  readonly ungrouped: boolean;
  readonly groups: readonly GroupWant[];
}

/** A want of a cluster, as the matcher's target. */
interface Entry {
  readonly cluster: string;
  readonly want: Want;
}

export interface ExplainedWant {
  readonly cluster: string;
  readonly want: Want;
  /** What of the filter stops it; `undefined` when it matches. */
  readonly stoppedBy: string | undefined;
}

export class RemoteInterest {
  readonly #matcher = new Matcher<Entry>();
  readonly #shards = new Map<string, Map<number, readonly Entry[]>>();
  readonly #matched: Entry[] = [];
  #size = 0;

  /** Wants of all clusters. */
  get size(): number {
    return this.#size;
  }

  /** Replaces a shard of a cluster's wants. */
  set(cluster: string, shard: number, wants: readonly Want[]): void {
    let shards = this.#shards.get(cluster);
    if (shards === undefined) this.#shards.set(cluster, shards = new Map());
    this.#removeAll(shards.get(shard) ?? []);
    const entries = wants.map((want) => ({ cluster, want }));
    for (const entry of entries) this.#add(entry);
    if (entries.length > 0) shards.set(shard, entries);
    else shards.delete(shard);
    if (shards.size === 0) this.#shards.delete(cluster);
  }

  clear(cluster: string): void {
    for (const entries of this.#shards.get(cluster)?.values() ?? []) this.#removeAll(entries);
    this.#shards.delete(cluster);
  }

  /** The cluster cannot be reached: its wants stay; see `dropLive()`. */
  holdOnly(_cluster: string): void {}

  /** It could not be reached for so long that its streams are taken for gone: durable wants stay. */
  dropLive(cluster: string): void {
    for (const [shard, entries] of [...this.#shards.get(cluster) ?? []]) {
      this.set(cluster, shard, entries.map(({ want }) => want).filter(({ durable }) => durable));
    }
  }

  /** One for each cluster, by name. The event is only decoded if a filter asks. */
  match(topic: string, event: () => CloudEvent, into: Wanted[] = []): readonly Wanted[] {
    const matched = this.#matched;
    matched.length = 0;
    this.#matcher.match(topic, matched);
    if (matched.length === 0) return into;
    const byCluster = new Map<string, { ungrouped: boolean; groups: GroupWant[] }>();
    for (const { cluster, want } of matched) {
      if (want.filter !== undefined && filterStops(want.filter, event()) !== undefined) continue;
      let wanted = byCluster.get(cluster);
      if (wanted === undefined) byCluster.set(cluster, wanted = { ungrouped: false, groups: [] });
      if (want.group === undefined) wanted.ungrouped = true;
      else if (!wanted.groups.some(({ key }) => key === want.groupKey)) {
        wanted.groups.push({ name: want.group, key: want.groupKey! });
      }
    }
    for (const [cluster, wanted] of byCluster) into.push({ cluster, ...wanted });
    return into.sort((a, b) => a.cluster < b.cluster ? -1 : 1);
  }

  explain(topic: string, event: CloudEvent): ExplainedWant[] {
    const matched: Entry[] = [];
    this.#matcher.match(topic, matched);
    return matched.map(({ cluster, want }) => ({
      cluster,
      want,
      stoppedBy: want.filter === undefined ? undefined : filterStops(want.filter, event),
    }));
  }

  wantsOf(cluster: string): readonly Want[] {
    return [...this.#shards.get(cluster)?.values() ?? []].flatMap((entries) => entries.map(({ want }) => want));
  }

  clusters(): readonly string[] {
    return [...this.#shards.keys()];
  }

  #add(entry: Entry): void {
    this.#matcher.add(entry.want.pattern, entry);
    this.#size++;
  }

  #removeAll(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#matcher.remove(entry.want.pattern, entry);
      this.#size--;
    }
  }
}
