/** Tells the origins what has arrived here: coalesced, and again and again until each has said that it knows. */

import type { Coverage, Coverages } from "../custody/coverage.ts";
import type { World } from "../world.ts";
import { PART_INTERVALS, type ReceiptAck, type ReceiptPart } from "./receipt_message.ts";
import { SyncedCoverages } from "./synced_coverages.ts";

export interface ReceiptsParts {
  readonly world: World;
  readonly coverages: Coverages;
  /** `CustodyLog.whenSynced()`: what a store may still lose is told to nobody, or the origin would let go of the last copy. */
  readonly whenSynced: (done: () => void) => void;
  /** Sends to another cluster, hop by hop; may be lost, false when there is no path now. */
  readonly send: (to: string, part: ReceiptPart) => boolean;
}

/** What arrives within this travels as one receipt (design, G6). */
const COALESCE_MS = 100;
const REPEAT_MS_MIN = 1000;
const REPEAT_MS_MAX = 30_000;

interface Pending {
  /** What may be told of the coverage. */
  synced: Coverage;
  repeatMs: number;
  due: number;
}

export class Receipts {
  readonly #parts: ReceiptsParts;
  readonly #synced: SyncedCoverages;
  readonly #pending = new Map<Coverage, Pending>();
  #cancel: (() => void) | undefined;
  #wakesAt = 0;
  #stopped = false;
  sent = 0;

  constructor(parts: ReceiptsParts) {
    this.#parts = parts;
    this.#synced = new SyncedCoverages({
      whenSynced: parts.whenSynced,
      onSynced: (coverage, synced) => this.#tell(coverage, synced),
    });
  }

  /** Takes up what was not acknowledged when the node stopped. */
  start(): void {
    for (const coverage of this.#parts.coverages) if (coverage.version > coverage.acknowledged) this.note(coverage);
  }

  /** Coverage has grown, and is committed. */
  note(coverage: Coverage): void {
    this.#synced.note(coverage);
  }

  /** A way to everybody may have opened: what waits for its turn is sent now. */
  hurry(): void {
    const now = this.#parts.world.now();
    for (const pending of this.#pending.values()) pending.due = Math.min(pending.due, now + COALESCE_MS);
    if (this.#pending.size > 0) this.#schedule(COALESCE_MS);
  }

  /** Something has arrived of which its origin was not told yet. */
  get untold(): boolean {
    return [...this.#pending.values()].some(({ repeatMs }) => repeatMs === REPEAT_MS_MIN);
  }

  acknowledged(origin: string, { epoch, version, low }: ReceiptAck): Coverage | undefined {
    const coverage = this.#parts.coverages.find(origin, epoch);
    if (coverage === undefined) return undefined;
    coverage.acknowledge(version, low);
    const pending = this.#pending.get(coverage);
    if (pending !== undefined && coverage.acknowledged >= pending.synced.version) this.#pending.delete(coverage);
    return coverage;
  }

  /** Everything of an epoch that is closed was here, whatever its origin says of it now. */
  tellClosed(origin: string, epoch: number): void {
    const intervals = [[0, this.#parts.coverages.closedUpTo(origin, epoch) ?? 0]] as const;
    this.#parts.send(origin, { epoch, version: 0, part: 0, parts: 1, intervals, exceptions: [] });
  }

  /** Nothing of that epoch has to be told any more. */
  forget(origin: string, epoch: number): void {
    const coverage = this.#parts.coverages.find(origin, epoch);
    if (coverage !== undefined) this.#pending.delete(coverage);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #tell(coverage: Coverage, synced: Coverage): void {
    if (this.#stopped) return;
    const due = this.#parts.world.now() + COALESCE_MS;
    const pending = this.#pending.get(coverage);
    if (pending === undefined) this.#pending.set(coverage, { synced, repeatMs: REPEAT_MS_MIN, due });
    else {
      pending.synced = synced;
      pending.repeatMs = REPEAT_MS_MIN;
      pending.due = Math.min(pending.due, due);
    }
    this.#schedule(COALESCE_MS);
  }

  /** Looks again after a delay, or sooner if that is due already. */
  #schedule(delayMs: number): void {
    const { world } = this.#parts;
    const at = world.now() + delayMs;
    if (this.#stopped || (this.#cancel !== undefined && this.#wakesAt <= at)) return;
    this.#cancel?.();
    this.#wakesAt = at;
    this.#cancel = world.after(delayMs, () => {
      this.#cancel = undefined;
      this.#send();
    });
  }

  #send(): void {
    const now = this.#parts.world.now();
    let next = Infinity;
    for (const pending of this.#pending.values()) {
      if (pending.due <= now) {
        this.#sendParts(pending.synced);
        pending.due = now + pending.repeatMs;
        pending.repeatMs = Math.min(REPEAT_MS_MAX, pending.repeatMs * 2);
      }
      next = Math.min(next, pending.due);
    }
    if (next !== Infinity) this.#schedule(Math.max(COALESCE_MS, next - now));
  }

  #sendParts(coverage: Coverage): void {
    const { epoch, version, origin } = coverage;
    const intervals = coverage.intervals.toArray();
    const exceptions = [...coverage.exceptions.values()];
    const parts = Math.max(1, Math.ceil(Math.max(intervals.length, exceptions.length) / PART_INTERVALS));
    for (let part = 0; part < parts; part++) {
      const from = part * PART_INTERVALS;
      this.sent++;
      this.#parts.send(origin, {
        epoch,
        version,
        part,
        parts,
        intervals: intervals.slice(from, from + PART_INTERVALS),
        exceptions: exceptions.slice(from, from + PART_INTERVALS),
      });
    }
  }
}
