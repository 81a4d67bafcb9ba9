/** All records of a database, their hashes, and the bounds that they keep. */

import { KindRecords, type Slot } from "./kind_records.ts";
import type { RecordsOptions } from "./records_options.ts";
import { BUCKETS, type SealedRecord } from "./sealed_record.ts";

type OriginRecords = (KindRecords | undefined)[];

/** Tables with equal records have equal sums, whatever came in which order and how long it has to live. */
export class RecordTable {
  readonly #origins = new Map<string, OriginRecords>();
  readonly #options: RecordsOptions;
  /** Per bucket the sums of the high and of the low halves of its records' hashes, modulo 2³². */
  readonly #sums = new Uint32Array(2 * BUCKETS);
  readonly #rootSum = new Uint32Array(2);
  #records = 0;
  #bytes = 0;

  constructor(options: RecordsOptions) {
    this.#options = options;
  }

  get records(): number {
    return this.#records;
  }

  get origins(): number {
    return this.#origins.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Sums by bucket: high half, low half, high half, … */
  get sums(): Readonly<Uint32Array> {
    return this.#sums;
  }

  /** The sum of all: high half, low half. */
  get rootSum(): Readonly<Uint32Array> {
    return this.#rootSum;
  }

  kindOf(origin: string, kind: number): KindRecords | undefined {
    return this.#origins.get(origin)?.[kind];
  }

  find(key: { readonly origin: string; readonly kind: number; readonly shard: number }): Slot | undefined {
    return this.#origins.get(key.origin)?.[key.kind]?.slots.get(key.shard);
  }

  *slots(): Iterable<Slot> {
    for (const kinds of this.#origins.values()) {
      for (const kind of kinds) if (kind !== undefined) yield* kind.slots.values();
    }
  }

  *slotsOf(origin: string): Iterable<Slot> {
    for (const kind of this.#origins.get(origin) ?? []) if (kind !== undefined) yield* kind.slots.values();
  }

  /** What a record from elsewhere would exceed. */
  boundExceededBy(
    sealed: SealedRecord,
    replaced: Slot | undefined,
  ): "recordsMax" | "originsMax" | "bytesMax" | undefined {
    const { recordsMax, originsMax, bytesMax } = this.#options;
    if (this.#bytes - (replaced?.current?.bytes.length ?? 0) + sealed.bytes.length > bytesMax) return "bytesMax";
    if (replaced !== undefined) return undefined;
    if (this.#records >= recordsMax) return "recordsMax";
    return this.#origins.size >= originsMax && !this.#origins.has(sealed.origin) ? "originsMax" : undefined;
  }

  /** Puts a record in the place of the one before. */
  put(sealed: SealedRecord, expiresAt: number): Slot {
    const slot = this.find(sealed) ?? this.#create(sealed);
    if (slot.current !== undefined) this.#add(slot.current, -1);
    slot.current = sealed;
    slot.expiresAt = expiresAt;
    this.#add(sealed, 1);
    return slot;
  }

  remove(slot: Slot): void {
    const kinds = this.#origins.get(slot.origin);
    const kind = kinds?.[slot.kind];
    if (kinds === undefined || kind === undefined || slot.current === undefined) return;
    this.#add(slot.current, -1);
    kind.uninstall(slot);
    kind.slots.delete(slot.shard);
    slot.current = undefined;
    this.#records--;
    if (kind.slots.size === 0) kinds[slot.kind] = undefined;
    if (kinds.every((records) => records === undefined)) this.#origins.delete(slot.origin);
  }

  #create({ origin, kind, shard }: SealedRecord): Slot {
    let kinds = this.#origins.get(origin);
    if (kinds === undefined) {
      kinds = [];
      this.#origins.set(origin, kinds);
    }
    const slot: Slot = { origin, kind, shard, current: undefined, installed: undefined, expiresAt: 0 };
    (kinds[kind] ??= new KindRecords()).slots.set(shard, slot);
    this.#records++;
    return slot;
  }

  #add({ bucket, hash, bytes }: SealedRecord, sign: 1 | -1): void {
    this.#sums[2 * bucket] += sign * hash.high;
    this.#sums[2 * bucket + 1] += sign * hash.low;
    this.#rootSum[0] += sign * hash.high;
    this.#rootSum[1] += sign * hash.low;
    this.#bytes += sign * bytes.length;
  }
}
