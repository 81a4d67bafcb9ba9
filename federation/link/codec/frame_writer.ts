/** Writes frames, one after the other. Buffers are used again; each record is copied once, into the frame. */

import { crc32 } from "node:zlib";

import { ByteWriter } from "./byte_writer.ts";
import { type Chain, nextChain } from "./chain.ts";
import {
  AT,
  CONSECUTIVE,
  END_REASONS,
  FRAME_MAGIC,
  type FrameDestination,
  type FrameGroupHead,
  patchHeldMs,
  SAME_AGE,
  SAME_LENGTH,
} from "./frame.ts";
import { type Lane, laneIndex } from "./lanes.ts";

export interface FramePlace {
  readonly linkEpoch: number;
  readonly sequence: number;
  readonly lane: Lane;
  readonly previousChain: Chain;
}

export interface WrittenFrame {
  readonly bytes: Uint8Array;
  /** Of this frame and all before it: the `previousChain` of the next. */
  readonly chain: Chain;
  readonly events: number;
}

export class FrameWriter {
  #place: FramePlace | undefined;
  readonly #clusters = new NameTable();
  readonly #groupNames = new NameTable();
  readonly #index = new ByteWriter(4096);
  readonly #group = new ByteWriter();
  #groups = 0;
  #head: FrameGroupHead | undefined;
  /** Of the group under construction. */
  #sequences: number[] = [];
  #ages: number[] = [];
  #groupRecords = 0;
  /** Of all groups. */
  #records: Uint8Array[] = [];
  #recordBytes = 0;

  /** Bytes of the frame so far; the group under construction counts with its records only. */
  get length(): number {
    return AT.end + this.#clusters.length + this.#groupNames.length + this.#index.length + this.#recordBytes;
  }

  get events(): number {
    return this.#records.length;
  }

  /** Begins a frame; what was not finished before is given up. */
  begin(place: FramePlace): void {
    this.#place = place;
    this.#clusters.clear();
    this.#groupNames.clear();
    this.#index.clear();
    this.#groups = this.#recordBytes = this.#groupRecords = 0;
    this.#records = [];
    this.#sequences = [];
    this.#ages = [];
    this.#head = undefined;
  }

  beginGroup(head: FrameGroupHead): void {
    this.endGroup();
    this.#head = head;
    this.#groupRecords = this.#records.length;
    this.#sequences.length = this.#ages.length = 0;
  }

  /** `record` must not change until `finish()`. Sequences ascend; ages are whole ms. Throws `RangeError` for others. */
  addEvent(sequence: number, ageMs: number, record: Uint8Array): void {
    const last = this.#sequences.at(-1) ?? 0;
    if (!Number.isSafeInteger(sequence) || sequence <= last) {
      throw new RangeError(`Cannot add event ${sequence} to a frame: its sequence must be whole and more than ${last}`);
    }
    if (!Number.isSafeInteger(ageMs) || ageMs < 0) {
      throw new RangeError(`Cannot add event ${sequence} to a frame: its age ${ageMs} is no whole number of ms`);
    }
    this.#sequences.push(sequence);
    this.#ages.push(ageMs);
    this.#records.push(record);
    this.#recordBytes += record.length;
  }

  /** A group without events leaves no trace. */
  endGroup(): void {
    if (this.#head === undefined || this.#sequences.length === 0) return;
    this.#group.clear();
    this.#writeHead(this.#head, this.#sequences[0]);
    this.#writeEvents();
    this.#index.whole(this.#group.length);
    this.#index.appendFrom(this.#group);
    this.#groups++;
    this.#head = undefined;
  }

  /** The frame, in bytes of its own, not held yet (see `patchHeldMs`). */
  finish(): WrittenFrame {
    this.endGroup();
    const { length } = this;
    const bytes = new Uint8Array(length);
    const recordsAt = length - this.#recordBytes;
    let at: number = AT.end;
    for (const part of [this.#clusters.names, this.#groupNames.names, this.#index]) {
      part.copyTo(bytes, at);
      at += part.length;
    }
    copyRecords(this.#records, bytes, at);
    const chain = this.#writeFixed(bytes, recordsAt);
    const events = this.#records.length;
    this.#records = []; // they hold pages of the store
    return { bytes, chain, events };
  }

  #writeHead({ origin, epoch, hops, detours, destinations, ended }: FrameGroupHead, first: number): void {
    const group = this.#group;
    group.whole(this.#clusters.indexOf(origin));
    group.whole(epoch);
    group.byte(END_REASONS.indexOf(ended));
    group.whole(detours);
    group.whole(hops.length);
    for (const hop of hops) group.whole(this.#clusters.indexOf(hop));
    group.whole(first);
    group.whole(destinations.length);
    for (const destination of destinations) this.#writeDestination(destination, first);
  }

  #writeDestination({ cluster, previous, ungrouped, groups }: FrameDestination, first: number): void {
    if (!(previous >= 0 && previous < first)) {
      throw new RangeError(`Cannot address event ${first} to "${cluster}": ${previous} is no sequence before it`);
    }
    const group = this.#group;
    group.whole(this.#clusters.indexOf(cluster));
    group.whole(first - previous);
    group.whole(2 * groups.length + (ungrouped ? 1 : 0));
    for (const name of groups) group.whole(this.#groupNames.indexOf(name));
  }

  #writeEvents(): void {
    const group = this.#group;
    const sequences = this.#sequences;
    const ages = this.#ages;
    const records = this.#records;
    const from = this.#groupRecords;
    const count = sequences.length;
    let leastAge = ages[0];
    let flags = SAME_AGE | SAME_LENGTH;
    for (let i = 1; i < count; i++) {
      if (ages[i] !== leastAge) flags &= ~SAME_AGE;
      if (ages[i] < leastAge) leastAge = ages[i];
      if (records[from + i].length !== records[from].length) flags &= ~SAME_LENGTH;
    }
    if (sequences[count - 1] - sequences[0] === count - 1) flags |= CONSECUTIVE;
    group.whole(count);
    group.byte(flags);
    if ((flags & CONSECUTIVE) === 0) {
      for (let i = 1; i < count; i++) group.whole(sequences[i] - sequences[i - 1] - 1);
    }
    group.whole(leastAge);
    if ((flags & SAME_AGE) === 0) { for (let i = 0; i < count; i++) group.whole(ages[i] - leastAge); }
    if ((flags & SAME_LENGTH) !== 0) group.whole(records[from].length);
    else for (let i = 0; i < count; i++) group.whole(records[from + i].length);
  }

  #writeFixed(bytes: Uint8Array, recordsAt: number): Chain {
    const { linkEpoch, sequence, lane, previousChain } = this.#place!;
    const view = new DataView(bytes.buffer);
    view.setUint32(0, FRAME_MAGIC, true);
    patchHeldMs(bytes, 0);
    view.setUint16(AT.fixedBytes, AT.end, true);
    view.setUint8(AT.lane, laneIndex(lane));
    view.setFloat64(AT.linkEpoch, linkEpoch, true);
    view.setFloat64(AT.sequence, sequence, true);
    view.setUint32(AT.chainLow, previousChain.lo, true);
    view.setUint32(AT.chainHigh, previousChain.hi, true);
    view.setUint32(AT.headBytes, recordsAt - AT.end, true);
    view.setUint32(AT.indexBytes, this.#index.length, true);
    view.setUint32(AT.recordsBytes, this.#recordBytes, true);
    view.setUint16(AT.clusters, this.#clusters.size, true);
    view.setUint16(AT.groupNames, this.#groupNames.size, true);
    view.setUint16(AT.groups, this.#groups, true);
    view.setUint16(AT.events, this.#records.length, true);
    const body = crc32(bytes.subarray(recordsAt));
    view.setUint32(AT.bodySum, body, true);
    const head = crc32(bytes.subarray(AT.bodySum, recordsAt));
    view.setUint32(AT.headSum, head, true);
    return nextChain(previousChain, { head, body });
  }
}

/** Those that lie one behind the other, as they do in a block of the log, are copied in one go. */
function copyRecords(records: readonly Uint8Array[], into: Uint8Array, at: number): void {
  for (let i = 0; i < records.length;) {
    const { buffer, byteOffset } = records[i];
    let end = byteOffset;
    while (i < records.length && records[i].buffer === buffer && records[i].byteOffset === end) {
      end += records[i++].length;
    }
    into.set(new Uint8Array(buffer, byteOffset, end - byteOffset), at);
    at += end - byteOffset;
  }
}

/** As the frame's head counts them. */
const NAMES_MAX = 0xffff;

/** Names, each once, in the order in which they were asked for. */
class NameTable {
  readonly #indexes = new Map<string, number>();
  readonly names = new ByteWriter();

  get size(): number {
    return this.#indexes.size;
  }

  get length(): number {
    return this.names.length;
  }

  clear(): void {
    this.#indexes.clear();
    this.names.clear();
  }

  indexOf(name: string): number {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    const index = this.#indexes.size;
    if (index === NAMES_MAX) throw new RangeError(`Cannot name "${name}" in a frame: it names ${NAMES_MAX} others`);
    this.#indexes.set(name, index);
    this.names.text(name);
    return index;
  }
}
