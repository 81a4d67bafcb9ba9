/** The records of one kind of one cluster, and up to which version all of them are installed. */

import { SmallMap } from "../../small_map.ts";
import { shardMark } from "./mesh_record.ts";
import type { SealedRecord } from "./sealed_record.ts";

/** The place of one record. Its identity is that of the key; what stands in it changes. */
export interface Slot {
  readonly origin: string;
  readonly kind: number;
  readonly shard: number;
  /** The newest version; `undefined` once it was purged. */
  current: SealedRecord | undefined;
  /** The newest version that is persisted (where its kind asks for it) and was told of. */
  installed: SealedRecord | undefined;
  /** Monotonic ms. */
  expiresAt: number;
}

/**
 * A version v counts as held once every shard that was live at v stands here as of v or newer. Records arrive in any
 * order, so that a high version alone says nothing; but each record carries the sum of the marks of the shards that were
 * live when it was written, and holders keep the same sum. Shards of an older epoch's counter are not in it.
 */
export class KindRecords {
  readonly slots = new SmallMap<number, Slot>();
  /** The highest counter installed. */
  #counter = -1;
  #liveSum = 0;
  #top: SealedRecord | undefined;
  #held: { readonly epoch: number; readonly version: number } = NOTHING_HELD;

  /** Everything up to this version of this epoch is installed; version 0: nothing is known to be whole. */
  get held(): { readonly epoch: number; readonly version: number } {
    return this.#held;
  }

  /** The newest header known, installed or not. */
  get newest(): SealedRecord | undefined {
    let newest: SealedRecord | undefined;
    for (const { current } of this.slots.values()) {
      if (current === undefined) continue;
      if (newest === undefined || isAfter(current, newest)) newest = current;
    }
    return newest;
  }

  install(slot: Slot, sealed: SealedRecord): void {
    if (sealed.counter > this.#counter) {
      this.#counter = sealed.counter;
      this.#liveSum = 0;
      this.#top = undefined;
      this.#held = NOTHING_HELD;
    }
    const replaced = slot.installed;
    this.#count(replaced, -1);
    slot.installed = sealed;
    this.#count(sealed, 1);
    if (sealed.counter === this.#counter) {
      if (this.#top === undefined || replaced === this.#top || isAfter(sealed, this.#top)) this.#top = sealed;
    }
    this.#judge();
  }

  /** Takes what is installed in a slot out again. */
  uninstall(slot: Slot): void {
    const gone = slot.installed;
    this.#count(gone, -1);
    slot.installed = undefined;
    if (gone === undefined || gone !== this.#top) return;
    this.#top = undefined;
    for (const { installed } of this.slots.values()) {
      if (installed?.counter !== this.#counter) continue;
      if (this.#top === undefined || isAfter(installed, this.#top)) this.#top = installed;
    }
  }

  #count(sealed: SealedRecord | undefined, sign: 1 | -1): void {
    if (sealed === undefined || sealed.counter !== this.#counter || sealed.withdrawn) return;
    this.#liveSum = (this.#liveSum + sign * shardMark(sealed.shard, sealed.version)) >>> 0;
  }

  #judge(): void {
    const top = this.#top;
    if (top === undefined || top.liveDigest !== this.#liveSum) return;
    if (top.version !== this.#held.version || top.epoch !== this.#held.epoch) {
      this.#held = top;
    }
  }
}

const NOTHING_HELD = { epoch: 0, version: 0 } as const;

function isAfter(a: SealedRecord, b: SealedRecord): boolean {
  return a.counter - b.counter > 0 || (a.counter === b.counter && a.version > b.version);
}
