/**
 * Which events stand in the log behind younger ones of their origin, and where: after a change of the way they came late.
 * An ordered queue that has not read so far finds them here. Made from the log alone, and kept in memory.
 */

import type { EventStore, StoredEvent } from "../event_store.ts";
import { LateIndex, type LateRun, type OriginPlace } from "./late_index.ts";

const PAGE_EVENTS = 512;
const PAGE_BYTES = 1024 * 1024;
/** It is looked through for what nobody needs any more when so many have been added since the last time. */
const PRUNE_EVERY = 4096;

export class LateArrivals {
  readonly #store: Pick<EventStore, "read" | "head" | "onAppend">;
  /** Everything up to here has been read by all who ask. */
  readonly #readTo: () => number;
  #index = new LateIndex();
  /** What stands after this position is known; nothing while nobody has asked. */
  #from = Infinity;
  #to = 0; // what was read of the log; the rest is told
  #pruneAt = PRUNE_EVERY;
  #preparing: Promise<void> = Promise.resolve();
  #stop: (() => void) | undefined;

  constructor(store: Pick<EventStore, "read" | "head" | "onAppend">, readTo: () => number) {
    this.#store = store;
    this.#readTo = readTo;
  }

  /** Resolves once everything after a position is known. Rejects when the log cannot be read, and knows what it knew. */
  prepare(after: number): Promise<void> {
    const prepared = this.#preparing.then(() => this.#prepare(after));
    this.#preparing = prepared.catch(() => undefined);
    return prepared;
  }

  /** See `LateIndex.between()`. */
  between(origin: string, after: OriginPlace, before: OriginPlace): LateRun | undefined {
    return this.#index.between(origin, after, before);
  }

  close(): void {
    this.#stop?.();
  }

  async #prepare(after: number): Promise<void> {
    if (after >= this.#from) return;
    // What is younger may be late because of what is older, so that all is read anew.
    const index = new LateIndex();
    let read = after;
    while (read < this.#store.head) {
      const head = this.#store.head;
      const page = await this.#store.read({ after: read, eventsMax: PAGE_EVENTS, bytesMax: PAGE_BYTES });
      for (const event of page) index.note(event);
      read = page.at(-1)?.position ?? head;
    }
    this.#index = index;
    this.#from = after;
    this.#to = read;
    this.#stop ??= this.#store.onAppend((events) => this.#noteAll(events));
  }

  #noteAll(events: readonly StoredEvent[]): void {
    for (const event of events) if (event.position > this.#to) this.#index.note(event);
    if (this.#index.size <= this.#pruneAt) return;
    this.#from = Math.max(this.#from, this.#readTo());
    this.#index.prune(this.#from);
    this.#pruneAt = this.#index.size + PRUNE_EVERY;
  }
}
