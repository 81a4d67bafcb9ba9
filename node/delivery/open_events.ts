/** The open events of a queue by position, and the bytes of those that are in memory. */

import type { StoredEvent } from "../event_store.ts";
import { HeldBytes } from "../held_bytes.ts";
import { newOpenEvent, type OpenEvent } from "./open_event.ts";

/** Bytes of events held by one queue; past it events that wait are read again from the log. */
export const HELD_BYTES_MAX = 8 * 1024 * 1024;
/** Behind another event of their key, so that one key does not take the memory of all. */
export const HELD_BLOCKED_BYTES_MAX = HELD_BYTES_MAX / 4;
/** Open events beyond `openMax` for which others that fill it wait. */
export const LATE_OPEN_MAX = 1024;

export class OpenEvents {
  readonly #entries = new Map<number, OpenEvent>();
  readonly #held = new HeldBytes();

  get size(): number {
    return this.#entries.size;
  }

  /** Bytes of events in memory. */
  get heldBytes(): number {
    return this.#held.bytes;
  }

  get(position: number): OpenEvent | undefined {
    return this.#entries.get(position);
  }

  has(position: number): boolean {
    return this.#entries.has(position);
  }

  /** Whether it is this very one that is open, not another one of its position. */
  includes(entry: OpenEvent): boolean {
    return this.#entries.get(entry.position) === entry;
  }

  [Symbol.iterator](): IterableIterator<OpenEvent> {
    return this.#entries.values();
  }

  /** The lowest open position that is not after another one; else that one. */
  lowest(position: number): number {
    let lowest = position;
    for (const open of this.#entries.keys()) if (open < lowest) lowest = open;
    return lowest;
  }

  /** The highest open position, 0 when there is none. */
  get highest(): number {
    let highest = 0;
    for (const open of this.#entries.keys()) if (open > highest) highest = open;
    return highest;
  }

  add(entry: OpenEvent): void {
    this.#entries.set(entry.position, entry);
  }

  /** A new one, in memory. */
  open(stored: StoredEvent): OpenEvent {
    const entry = newOpenEvent({ position: stored.position, attempts: 0, notBefore: 0 });
    this.add(entry);
    this.hold(entry, stored);
    return entry;
  }

  remove(entry: OpenEvent): void {
    this.#entries.delete(entry.position);
    this.drop(entry);
  }

  /** Keeps its event in memory. */
  hold(entry: OpenEvent, stored: StoredEvent): void {
    entry.stored = stored;
    this.#held.add(stored);
  }

  /** Lets its event go from memory; it is read again when it is due. */
  drop(entry: OpenEvent): void {
    if (entry.stored === undefined) return;
    this.#held.remove(entry.stored);
    entry.stored = undefined;
  }
}
