/** Which record ends its life next: a heap of times in which a record stands once, however often it is refreshed. */

import type { World } from "../../world.ts";

import { Alarm } from "./alarm.ts";
import type { Slot } from "./kind_records.ts";

/** Stale entries, from lives that became shorter, that are kept before the heap is built anew. */
const STALE_MAX = 64;

interface Entry {
  readonly at: number;
  readonly slot: Slot;
}

export class Ageing {
  readonly #heap: Entry[] = [];
  /** The entry that counts for a slot; others of it in the heap are stale. */
  readonly #entries = new Map<Slot, Entry>();
  readonly #alarm: Alarm;
  readonly #onExpired: (slots: readonly Slot[]) => void;

  /** `onExpired` is told of slots whose time is over; each must then be purged, or watched anew. */
  constructor(world: World, onExpired: (slots: readonly Slot[]) => void) {
    this.#alarm = new Alarm(world, (now) => this.#ring(now));
    this.#onExpired = onExpired;
  }

  /** Call after each change of `slot.expiresAt`. Cheap where life became longer: the entry is moved when it comes up. */
  watch(slot: Slot): void {
    const entry = this.#entries.get(slot);
    if (entry !== undefined && entry.at <= slot.expiresAt) return;
    if (this.#heap.length > 2 * this.#entries.size + STALE_MAX) this.#rebuild();
    this.#push({ at: slot.expiresAt, slot });
    this.#alarm.set(this.#heap[0].at);
  }

  forget(slot: Slot): void {
    this.#entries.delete(slot);
  }

  stop(): void {
    this.#alarm.clear();
  }

  #ring(now: number): void {
    const expired: Slot[] = [];
    while (this.#heap.length > 0 && this.#heap[0].at <= now) {
      const entry = this.#pop();
      const { slot } = entry;
      if (this.#entries.get(slot) !== entry) continue;
      this.#entries.delete(slot);
      if (slot.expiresAt > now) this.#push({ at: slot.expiresAt, slot });
      else expired.push(slot);
    }
    if (this.#heap.length > 0) this.#alarm.set(this.#heap[0].at);
    if (expired.length > 0) this.#onExpired(expired);
  }

  #rebuild(): void {
    const entries = [...this.#entries.values()].sort((a, b) => a.at - b.at); // a sorted list is a heap
    this.#heap.length = 0;
    this.#heap.push(...entries);
  }

  #push(entry: Entry): void {
    this.#entries.set(entry.slot, entry);
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent].at <= entry.at) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const least = left + 1 < heap.length && heap[left + 1].at < heap[left].at ? left + 1 : left;
      if (heap[least].at >= last.at) break;
      heap[at] = heap[least];
      at = least;
    }
    heap[at] = last;
    return first;
  }
}
