/**
 * Whether what an origin sent to this cluster came in one piece: read from coverage, and from what the origin says of its
 * older epochs. Where somebody waits for a gap, the origin is asked again and again: it knows what has ended, also what ended
 * without a word.
 */

import type { ArrivalGap, ArrivalOrder, OriginNumber, StateChange } from "../../node/mod.ts";
import type { Coverages } from "../custody/coverage.ts";
import { isPickedAnew, pickedAnew } from "../custody/epochs.ts";
import type { World } from "../world.ts";
import type { ReceiptAck } from "./receipt_message.ts";

export interface OriginOrderParts {
  readonly world: World;
  readonly self: string;
  readonly coverages: Coverages;
  /** Has the origin tell what it knows of an epoch: see `heard()`. */
  readonly ask: (origin: string, epoch: number) => void;
  /** Writes a document down soon. */
  readonly save: (change: StateChange) => void;
}

export const ORDER_PREFIX = "federation/order";

const ASK_MS_MIN = 500;
const ASK_MS_MAX = 30_000;

/** Stands for an origin of which nothing more comes. */
const FORGOTTEN = Number.MAX_SAFE_INTEGER;

interface Wait {
  readonly epoch: number;
  /** Somebody has met the gap since it was asked for. */
  wanted: boolean;
  pauseMs: number;
  due: number;
}

export class OriginOrder implements ArrivalOrder {
  readonly #parts: OriginOrderParts;
  /** By origin: everything of the epochs before this one has ended here. */
  readonly #openFrom = new Map<string, number>();
  /** By origin and epoch: everything up to here has ended, as the origin says; all of it in a closed epoch. */
  readonly #endedTo = new Map<string, Map<number, number>>();
  /** Origins that somebody waits for. */
  readonly #waits = new Map<string, Wait>();
  readonly #listeners = new Set<(origin?: string) => void>();
  #cancel: (() => void) | undefined;

  constructor(parts: OriginOrderParts) {
    this.#parts = parts;
  }

  load(key: string, bytes: Uint8Array): void {
    this.#openFrom.set(key.slice(ORDER_PREFIX.length + 1), Number(new TextDecoder().decode(bytes)));
  }

  hasPlace({ origin, epoch, sequence }: OriginNumber): boolean {
    const { self, coverages } = this.#parts;
    if (origin === self || this.#openFrom.get(origin) === FORGOTTEN) return false;
    // What was picked for anew is out of its place whenever it comes, and without custody there is none.
    if (coverages.find(origin, pickedAnew(epoch))?.has(sequence)) return false;
    return coverages.cameInCustody(origin, epoch, sequence);
  }

  gapBefore(place: OriginNumber): ArrivalGap | undefined {
    if (!this.hasPlace(place)) return undefined;
    const gap = this.#gapBefore(place);
    if (gap !== undefined) this.#waitFor(place.origin, gap);
    return gap;
  }

  watch(listener: (origin?: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Coverage of an origin has grown. */
  noteCovered(origin: string): void {
    for (const listener of this.#listeners) listener(origin);
  }

  /** What an origin says. */
  heard(origin: string, { epoch, low, closed, openFrom = epoch }: ReceiptAck): void {
    let ended = this.#endedTo.get(origin);
    if (ended === undefined) this.#endedTo.set(origin, ended = new Map());
    if (!isPickedAnew(epoch)) ended.set(epoch, Math.max(ended.get(epoch) ?? 0, closed ? Infinity : low));
    const known = this.#openFrom.get(origin) ?? 0;
    if (openFrom > known || known === FORGOTTEN) this.#setOpenFrom(origin, openFrom);
    this.noteCovered(origin);
  }

  /** It is gone for good: nothing more comes of it, unless it is heard of again. */
  forget(origin: string): void {
    this.#setOpenFrom(origin, FORGOTTEN);
    this.noteCovered(origin);
  }

  stop(): void {
    this.#cancel?.();
    this.#listeners.clear();
    this.#waits.clear();
  }

  #gapBefore({ origin, epoch, sequence }: OriginNumber): ArrivalGap | undefined {
    const { coverages } = this.#parts;
    const openFrom = this.#openFrom.get(origin) ?? 0;
    if (!coverages.isClosed(origin, epoch)) {
      const intervals = coverages.find(origin, epoch)?.intervals;
      const ended = this.#endedTo.get(origin)?.get(epoch) ?? 0;
      const reached = intervals?.contiguousTo(Math.min(ended, sequence)) ?? ended;
      if (reached < sequence - 1) {
        const [next] = intervals?.within(reached, sequence - 1) ?? [];
        return { origin, epoch, from: reached + 1, to: next?.[0] ?? sequence - 1 };
      }
    }
    return epoch > openFrom ? { origin, epoch, from: 0, to: 0 } : undefined;
  }

  #setOpenFrom(origin: string, openFrom: number): void {
    this.#openFrom.set(origin, openFrom);
    this.#parts.save({ key: `${ORDER_PREFIX}/${origin}`, value: new TextEncoder().encode(`${openFrom}`) });
  }

  #waitFor(origin: string, { epoch }: ArrivalGap): void {
    const { world } = this.#parts;
    const wait = this.#waits.get(origin);
    if (wait?.epoch === epoch) wait.wanted = true;
    else {
      this.#waits.set(origin, { epoch, wanted: true, pauseMs: ASK_MS_MIN, due: world.now() + ASK_MS_MIN });
      this.#cancel ??= world.after(ASK_MS_MIN, () => this.#look());
    }
  }

  /** Asks for what is still waited for: nearly every gap is over before. */
  #look(): void {
    const { world, ask } = this.#parts;
    this.#cancel = undefined;
    for (const [origin, wait] of [...this.#waits]) {
      if (wait.due > world.now()) continue;
      wait.wanted = false;
      this.noteCovered(origin); // whoever waits looks again
      const now = this.#waits.get(origin)!;
      if (!now.wanted) this.#waits.delete(origin);
      else if (now === wait) {
        ask(origin, wait.epoch);
        wait.pauseMs = Math.min(ASK_MS_MAX, wait.pauseMs * 2);
        wait.due = world.now() + wait.pauseMs;
      }
    }
    if (this.#waits.size > 0) this.#cancel ??= world.after(ASK_MS_MIN, () => this.#look());
  }
}
