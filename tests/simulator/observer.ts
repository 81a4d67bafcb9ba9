/** Watches a run from outside: what it must never see, it reports at once; what must come true, it knows at the end. */

import { comparePlaces, type OriginPlace } from "../../node/delivery/late_index.ts";
import type { StoredEvent } from "../../node/mod.ts";
import { isBestEffort, isDelivered, keyOf, ObservedLog, type Promised, Violation } from "./history.ts";
import type { Marks } from "./marks.ts";
import type { MemberDestination } from "./member.ts";
import type { NodeWatcher, SimNode } from "./sim_node.ts";
import type { Trace } from "./trace.ts";

export interface ObserverParts {
  readonly trace: Trace;
  readonly marks: Marks;
  readonly nodes: ReadonlyMap<string, SimNode>;
  readonly nowMs: () => number;
  /** A shape with one way between any two clusters, so that nothing can overtake. */
  readonly ordered: boolean;
  /** Topics of which nothing is promised. */
  readonly bestEffort?: string;
  /** Copies of an event that a cluster may store over the whole run. */
  readonly copiesMax: number;
}

export class Observer implements NodeWatcher {
  readonly #parts: ObserverParts;
  readonly #logs = new Map<string, ObservedLog>();
  readonly #promised = new Map<string, Promised>();
  /** Highest sequence that came to a cluster from an origin and epoch. */
  readonly #latest = new Map<string, number>();
  /** The last event of an origin that an ordered subscriber of a cluster got. */
  readonly #handedOut = new Map<string, OriginPlace>();
  /** Clusters that went back: order starts anew there. */
  readonly #wentBack = new Set<string>();
  /** (source, id) that were given to more than one cluster, or have a time to live. */
  readonly twice = new Set<string>();
  readonly mortal = new Set<string>();
  /** Own events that an origin lost although it had acknowledged them: it said that it does not sync. */
  lostAtOrigin = 0;
  failure: Violation | undefined;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  get promised(): ReadonlyMap<string, Promised> {
    return this.#promised;
  }

  log(cluster: string): ObservedLog {
    let log = this.#logs.get(cluster);
    if (log === undefined) this.#logs.set(cluster, log = new ObservedLog(cluster, this.#parts.bestEffort));
    return log;
  }

  /** Clusters in whose log an event is for somebody. */
  clustersWith(key: string): string[] {
    return [...this.#logs.values()].filter(({ delivered }) => delivered.has(key)).map(({ cluster }) => cluster);
  }

  /** Whether an event came to a cluster for the members of a group. */
  reached(cluster: string, key: string, group: string): boolean {
    const audience = this.log(cluster).delivered.get(key)?.audience;
    return audience !== undefined && audience !== "everybody" && audience.groups.includes(group);
  }

  /** The first violation counts; the run stops there. */
  guard(check: () => void): void {
    if (this.failure !== undefined) return;
    try {
      check();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.failure = error;
    }
  }

  appended(cluster: string, events: readonly StoredEvent[]): void {
    this.guard(() => {
      for (const event of events) this.#append(cluster, event);
    });
  }

  logChanged(cluster: string): void {
    this.#parts.trace.note("log went back", cluster);
    this.#parts.marks.sometimes("log went back");
    this.#wentBack.add(cluster);
    const { head } = this.#parts.nodes.get(cluster)!.disk.content;
    for (const event of this.log(cluster).truncate(head)) {
      if (event.origin !== cluster) continue;
      if (this.#promised.delete(keyOf(event))) this.lostAtOrigin++;
    }
  }

  acknowledged(
    cluster: string,
    { epoch, sequence, topic, id, source }: {
      epoch: number;
      sequence: number;
      topic: string;
      id: string;
      source: string;
    },
  ): void {
    const key = `${cluster}/${epoch}/${sequence}`;
    this.#parts.trace.note("acknowledged", cluster, key);
    const event = this.log(cluster).delivered.get(key);
    this.guard(() => {
      if (event === undefined) throw new Violation("G1 custody", `${key} was acknowledged, but is not in the log`);
    });
    const identity = `${source} ${id}`;
    const { bestEffort, nodes } = this.#parts;
    const member = isBestEffort(bestEffort, topic) ? undefined : nodes.get(cluster)!.member;
    const destinations: readonly MemberDestination[] = member?.destinations(topic, () => event!.event) ?? [];
    this.#promised.set(key, {
      key,
      origin: cluster,
      topic,
      identity,
      mortal: this.mortal.has(identity),
      twice: this.twice.has(identity),
      destinations,
      atMs: this.#parts.nowMs(),
    });
  }

  handedOut(cluster: string, { origin, epoch, sequence, topic }: StoredEvent): void {
    if (this.#wentBack.size > 0 || isBestEffort(this.#parts.bestEffort, topic)) return;
    const chain = `${cluster} ${origin}`;
    const latest = this.#handedOut.get(chain);
    this.#handedOut.set(chain, { epoch, sequence });
    if (latest === undefined || comparePlaces(latest, { epoch, sequence }) < 0) return;
    this.guard(() => {
      const before = `${latest.epoch}/${latest.sequence}`;
      throw new Violation("G3 order", `${cluster} handed out ${origin}/${epoch}/${sequence} after ${before}`);
    });
  }

  noticed(cluster: string, code: string, detail: string): void {
    this.#parts.trace.note(code, cluster, detail);
    this.#parts.marks.sometimes(`notice: ${code}`);
  }

  #append(cluster: string, event: StoredEvent): void {
    const { trace, copiesMax, ordered, marks } = this.#parts;
    const log = this.log(cluster);
    const key = keyOf(event);
    trace.note("stored", cluster, key);
    const { content } = this.#parts.nodes.get(cluster)!.disk;
    const copies = log.append(event, (position) => content.has(position), key);
    marks.most("copies of an event in a cluster", copies);
    if (copies > copiesMax) throw new Violation("G4 no cycles", `${cluster} has stored ${key} ${copies} times`);
    if (ordered && isDelivered(event)) this.#checkOrder(cluster, event);
  }

  /**
   * Topics of one lane stay in order; those of different lanes overtake each other, and so does what comes for a group alone:
   * it may have been picked for anew.
   */
  #checkOrder(cluster: string, { origin, epoch, sequence, topic, audience }: StoredEvent): void {
    if (origin === cluster || this.#wentBack.size > 0 || isBestEffort(this.#parts.bestEffort, topic)) return;
    if (audience !== "everybody" && !audience.ungrouped) return;
    const chain = `${cluster} ${origin}/${epoch} ${topic.split(".")[0]}`;
    const latest = this.#latest.get(chain) ?? 0;
    if (sequence < latest) {
      throw new Violation("G3 order", `${cluster} got ${origin}/${epoch}/${sequence} after ${latest}`);
    }
    this.#latest.set(chain, sequence);
  }
}
