/** The records that this cluster writes itself: versions, refreshing, and what to do about others that write in its name. */

import type { World } from "../../world.ts";

import { Alarm } from "./alarm.ts";
import { COUNTER_MAX, counterOf, epochWith, KIND_NUMBERS_MAX, shardMark, SHARDS_MAX } from "./mesh_record.ts";
import type { Notices } from "./notices.ts";
import type { RecordsOptions } from "./records_options.ts";
import type { RecordTable } from "./record_table.ts";
import { isSameBytes, type RecordHeader, seal, type SealedRecord } from "./sealed_record.ts";

/** A record is written anew after a third of its life, so that two refreshings in a row may get lost. */
const REFRESHES_PER_LIFE = 3;
const JUMP_CALM = 10;
const ORPHAN_LIFETIME_MS_MIN = 60_000;

const EMPTY = new Uint8Array(0);

interface Own {
  readonly kind: number;
  readonly shard: number;
  readonly body: Uint8Array;
  lifetimeMs: number;
  version: number;
  writtenAt: number;
  refreshAt: number;
}

export interface OwnRecordsParts {
  readonly world: World;
  readonly self: string;
  readonly epoch: number;
  readonly options: RecordsOptions;
  readonly table: RecordTable;
  readonly notices: Notices;
  /** Own records count further than the store does. */
  onCounter(counter: number): void;
  /** Installs and floods. */
  write(sealed: SealedRecord, lifetimeMs: number): void;
}

export class OwnRecords {
  readonly #parts: OwnRecordsParts;
  readonly #own = new Map<number, Own>();
  /** Kinds of which this run has originated something. */
  readonly #begun = new Set<number>();
  /** They go on after an epoch jump, so that who waits for a version of this run waits for the right one. */
  readonly #versions: number[] = new Array(KIND_NUMBERS_MAX).fill(0);
  readonly #liveSums: number[] = new Array(KIND_NUMBERS_MAX).fill(0);
  readonly #refresh: Alarm;
  readonly #orphans: Alarm;
  readonly #jump: Alarm;
  #epoch: number;
  #heardCounter = -1;
  #jumps = 0;
  #jumpNotBefore = -Infinity;
  #jumpPauseMs: number;

  constructor(parts: OwnRecordsParts) {
    this.#parts = parts;
    this.#epoch = parts.epoch;
    this.#jumpPauseMs = parts.options.jumpPauseMs;
    this.#refresh = new Alarm(parts.world, (now) => this.#refreshDue(now));
    this.#orphans = new Alarm(parts.world, () => this.#withdrawOrphans());
    this.#jump = new Alarm(parts.world, (now) => this.#jumpAhead(now));
  }

  get epoch(): number {
    return this.#epoch;
  }

  get jumps(): number {
    return this.#jumps;
  }

  /** An earlier run had gone on with a counter that is beyond that of the store: what it wrote is no news to this one. */
  startAfter(counter: number): void {
    if (counter >= counterOf(this.#epoch) && counter < COUNTER_MAX) this.#goOnWith(counter + 1);
  }

  /** See `RecordDatabase.originate`. */
  originate(kind: number, shard: number, body: Uint8Array, lifetimeMs: number): number {
    if (!this.#begun.has(kind)) this.#watchOrphans();
    this.#begun.add(kind);
    return this.#originate(kind, shard, body, lifetimeMs);
  }

  /**
   * What to do with a record in this cluster's name that came from elsewhere: `merge` it like any other, or leave it out.
   * If it is from an epoch of which this node knows nothing, the node goes to a later one first, so that its own
   * records win (as in OSPF, RFC 2328 §13.4). `differs`: an own record of this version says something else.
   */
  judge(header: RecordHeader, { differs }: { readonly differs: boolean }): "merge" | "ignore" {
    const own = this.#own.get(slotNumber(header));
    const counter = counterOf(header.epoch);
    const ownCounter = counterOf(this.#epoch);
    const isOurs = header.epoch === this.#epoch && header.version <= this.#versions[header.kind] && !differs &&
      (own !== undefined || header.withdrawn);
    if (counter < ownCounter) {
      if (own === undefined) this.#watchOrphans();
      return "merge";
    }
    if (isOurs) return own === undefined ? "ignore" : "merge";
    this.#heardCounter = Math.max(this.#heardCounter, counter);
    const now = this.#parts.world.now();
    if (now < this.#jumpNotBefore) {
      this.#jump.set(this.#jumpNotBefore);
      return "ignore";
    }
    this.#jumpAhead(now);
    return counter < counterOf(this.#epoch) ? "merge" : "ignore";
  }

  /** Writes a live record anew whose node slept through its life; answers whether there is one. */
  revive(slot: { readonly kind: number; readonly shard: number }): boolean {
    const own = this.#own.get(slotNumber(slot));
    if (own === undefined || own.body.length === 0) return false;
    this.#write(own);
    return true;
  }

  /** A tombstone has ended its life. */
  forget(slot: { readonly kind: number; readonly shard: number }): void {
    this.#own.delete(slotNumber(slot));
  }

  stop(): void {
    this.#refresh.clear();
    this.#orphans.clear();
    this.#jump.clear();
  }

  #originate(kind: number, shard: number, body: Uint8Array, lifetimeMs: number): number {
    const before = this.#own.get(slotNumber({ kind, shard }));
    if (before !== undefined && isSameBytes(before.body, body)) return this.#keep(before, lifetimeMs);
    const stands = this.#parts.table.find({ origin: this.#parts.self, kind, shard });
    // Nothing is there that could be withdrawn.
    if (body.length === 0 && stands?.current?.withdrawn !== false) return this.#versions[kind];
    const now = this.#parts.world.now();
    // A tombstone outlives every copy of what it withdraws.
    if (body.length === 0) lifetimeMs = Math.max(lifetimeMs, Math.ceil(stands!.expiresAt - now));
    const own = { kind, shard, body: body.slice(), lifetimeMs, version: 0, writtenAt: now, refreshAt: Infinity };
    if (before !== undefined) this.#count(before, -1);
    this.#own.set(slotNumber(own), own);
    this.#write(own, { counted: false });
    return own.version;
  }

  /** The same body again: only a shorter life can make it due. */
  #keep(own: Own, lifetimeMs: number): number {
    if (lifetimeMs === own.lifetimeMs || own.body.length === 0) return own.version;
    own.lifetimeMs = lifetimeMs;
    own.refreshAt = this.#refreshTime(own);
    if (own.refreshAt <= this.#parts.world.now()) this.#write(own);
    else this.#refresh.set(own.refreshAt);
    return own.version;
  }

  #write(own: Own, { counted } = { counted: true }): void {
    const { world, self } = this.#parts;
    if (counted) this.#count(own, -1);
    own.version = ++this.#versions[own.kind];
    own.writtenAt = world.now();
    this.#count(own, 1);
    if (own.body.length > 0) {
      own.refreshAt = this.#refreshTime(own);
      this.#refresh.set(own.refreshAt);
    }
    const { kind, shard, version, body } = own;
    const liveDigest = this.#liveSums[kind];
    const sealed = seal({ origin: self, kind, shard, epoch: this.#epoch, version, body, liveDigest });
    this.#parts.write(sealed, own.lifetimeMs);
  }

  #count({ kind, shard, version, body }: Own, sign: 1 | -1): void {
    if (body.length > 0) this.#liveSums[kind] = (this.#liveSums[kind] + sign * shardMark(shard, version)) >>> 0;
  }

  /** A little before the third, by dice, so that clusters that started together do not refresh together for ever. */
  #refreshTime({ writtenAt, lifetimeMs }: Own): number {
    const everyMs = Math.floor(lifetimeMs / REFRESHES_PER_LIFE);
    return writtenAt + everyMs - this.#parts.world.randomInteger(Math.floor(everyMs / 10) + 1);
  }

  #refreshDue(now: number): void {
    let next = Infinity;
    for (const own of this.#own.values()) {
      if (own.refreshAt <= now) this.#write(own);
      if (own.refreshAt < next) next = own.refreshAt;
    }
    this.#refresh.set(next);
  }

  #jumpAhead(now: number): void {
    const { options, notices, self } = this.#parts;
    const heard = this.#heardCounter;
    if (heard < counterOf(this.#epoch)) return;
    if (heard >= COUNTER_MAX) {
      notices.give({
        code: "EPOCH_EXHAUSTED",
        detail: `Cannot go past epoch counter ${heard} that was heard for "${self}": it is the largest; ` +
          "forget this cluster at every other one, or give it another name",
        origin: self,
      });
      return;
    }
    const calm = now - this.#jumpNotBefore > JUMP_CALM * options.jumpPauseMsMax;
    this.#jumpPauseMs = calm ? options.jumpPauseMs : Math.min(2 * this.#jumpPauseMs, options.jumpPauseMsMax);
    this.#jumpNotBefore = now + this.#jumpPauseMs;
    this.#goOnWith(heard + 1);
    this.#jumps++;
    this.#liveSums.fill(0);
    for (const own of this.#own.values()) this.#write(own, { counted: false });
    this.#watchOrphans();
    notices.give({
      code: "EPOCH_JUMP",
      detail: `Records of "${self}" with epoch counter ${heard} came from the mesh and are not of this run: ` +
        `went on with counter ${heard + 1}; if this happens again, another cluster has the same name`,
      origin: self,
    });
  }

  #goOnWith(counter: number): void {
    this.#epoch = epochWith(counter, this.#parts.world.randomInteger(2 ** 32));
    this.#parts.onCounter(counter);
  }

  #watchOrphans(): void {
    this.#orphans.set(this.#parts.world.now() + this.#parts.options.orphanGraceMs);
  }

  /** Withdraws what an earlier run wrote and this one did not write again. */
  #withdrawOrphans(): void {
    const { self, table, notices, world } = this.#parts;
    const orphans = [...table.slotsOf(self)].filter(({ current, kind, shard }) => {
      return current !== undefined && !current.withdrawn && this.#begun.has(kind) &&
        !this.#own.has(slotNumber({ kind, shard }));
    });
    for (const { kind, shard, expiresAt } of orphans) {
      const lifetimeMs = Math.max(Math.floor(expiresAt - world.now()), ORPHAN_LIFETIME_MS_MIN);
      this.#originate(kind, shard, EMPTY, lifetimeMs);
    }
    if (orphans.length === 0) return;
    const detail = `Withdrew ${orphans.length} records that an earlier run of "${self}" wrote: no longer wanted`;
    notices.give({ code: "ORPHANS_WITHDRAWN", detail, origin: self });
  }
}

function slotNumber({ kind, shard }: { readonly kind: number; readonly shard: number }): number {
  return kind * SHARDS_MAX + shard;
}
