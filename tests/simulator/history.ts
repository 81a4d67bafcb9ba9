/** What publishers were promised, and what has arrived where: kept outside of what is under test. */

import { patternMatches, type StoredEvent } from "../../node/mod.ts";
import type { MemberDestination } from "./member.ts";

/** Events of the publish window of a simulated node. */
export const WINDOW_EVENTS = 4096;

/** An event that a publisher has its acknowledgement for. */
export interface Promised {
  readonly key: string;
  readonly origin: string;
  readonly topic: string;
  /** (source, id), as publishers know it. */
  readonly identity: string;
  readonly mortal: boolean;
  /** Published at more than one cluster. */
  readonly twice: boolean;
  readonly destinations: readonly MemberDestination[];
  readonly atMs: number;
}

/** Something that must never be. */
export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.invariant = invariant;
  }
}

export function keyOf({ origin, epoch, sequence }: Pick<StoredEvent, "origin" | "epoch" | "sequence">): string {
  return `${origin}/${epoch}/${sequence}`;
}

export function isDelivered({ audience }: StoredEvent): boolean {
  return audience === "everybody" || audience.ungrouped || audience.groups.length > 0;
}

/** `pattern`: topics whose events are not in custody. */
export function isBestEffort(pattern: string | undefined, topic: string): boolean {
  return pattern !== undefined && patternMatches(pattern, topic);
}

interface Line {
  readonly event: StoredEvent;
  readonly delivered: boolean;
}

/** The log of one cluster, as an observer knows it: also what the cluster has let go of since. */
export class ObservedLog {
  readonly cluster: string;
  readonly #lines: Line[] = [];
  readonly #delivered = new Map<string, StoredEvent>();
  /** (source, id) of what is here for this cluster, as what it came, and where it stands in the log. */
  readonly #identities = new Map<string, { readonly key: string; readonly position: number }>();
  /** Times that an event was stored here, for whatever reason. */
  readonly #copies = new Map<string, number>();
  /** Of an origin's events in custody. */
  readonly #counts = new Map<string, number>();
  readonly #bestEffort: string | undefined;

  constructor(cluster: string, bestEffort?: string) {
    this.cluster = cluster;
    this.#bestEffort = bestEffort;
  }

  get delivered(): ReadonlyMap<string, StoredEvent> {
    return this.#delivered;
  }

  /** Has an event under any key, or published it itself. */
  hasIdentity(identity: string): boolean {
    return this.#identities.has(identity);
  }

  /** Events of an origin in custody that are here for this cluster. */
  countOf(origin: string): number {
    return this.#counts.get(origin) ?? 0;
  }

  copies(key: string): number {
    return this.#copies.get(key) ?? 0;
  }

  /**
   * `has`: whether the cluster still has the event of a position. Answers how often it has stored this one by now. Throws
   * `Violation` for one that was delivered before.
   */
  append(event: StoredEvent, has: (position: number) => boolean = () => true, key = keyOf(event)): number {
    const delivered = isDelivered(event);
    this.#lines.push({ event, delivered });
    const copies = this.copies(key) + 1;
    this.#copies.set(key, copies);
    if (!delivered) return copies;
    if (this.#delivered.has(key)) throw new Violation("G2 effectively once", `${this.cluster} has ${key} twice`);
    this.#delivered.set(key, event);
    this.#count(event, 1);
    this.#noteIdentity(event, { key, has });
    return copies;
  }

  /** The log ends earlier than it did. */
  truncate(head: number): StoredEvent[] {
    const lost: StoredEvent[] = [];
    while (this.#lines.length > 0 && this.#lines[this.#lines.length - 1].event.position > head) {
      const { event, delivered } = this.#lines.pop()!;
      lost.push(event);
      if (!delivered) continue;
      this.#delivered.delete(keyOf(event));
      this.#count(event, -1);
      const identity = `${event.event.attributes.source} ${event.event.attributes.id}`;
      if (this.#identities.get(identity)?.key === keyOf(event)) this.#identities.delete(identity);
    }
    return lost;
  }

  #count({ origin, topic }: StoredEvent, change: number): void {
    if (!isBestEffort(this.#bestEffort, topic)) this.#counts.set(origin, this.countOf(origin) + change);
  }

  /**
   * What came over links must not come as another event as well, while the publish window has the first: it is kept by
   * the log, and gets no further back than that, nor than so many events. The door of the cluster itself is not under test.
   */
  #noteIdentity(event: StoredEvent, { key, has }: { key: string; has: (position: number) => boolean }): void {
    const { source, id } = event.event.attributes;
    const identity = `${source} ${id}`;
    const known = this.#identities.get(identity);
    const own = (each: string): boolean => each.startsWith(`${this.cluster}/`);
    const remembered = known !== undefined && known.position > event.position - WINDOW_EVENTS && has(known.position);
    if (remembered && !own(key) && !own(known.key)) {
      throw new Violation("publish window", `${this.cluster} has "${id}" of "${source}" as ${known.key} and as ${key}`);
    }
    if (!remembered) this.#identities.set(identity, { key, position: event.position });
  }
}
