/** Reads the groups of a frame: what decides whether they hold together, and the events as views of its bytes. */

import { ByteReader } from "./byte_reader.ts";
import {
  AT,
  CONSECUTIVE,
  END_REASONS,
  type EndReason,
  FRAME_HOPS_MAX,
  type FrameDestination,
  type FrameEvent,
  type FrameGroup,
  type FrameLimits,
  SAME_AGE,
  SAME_LENGTH,
} from "./frame.ts";
import { isName, NAME_BYTES_MAX } from "./names.ts";
import { isRecord } from "./is_record.ts";

/** Why bytes are no frame. `detail` is for people. */
export interface FrameFault {
  readonly problem: FrameProblem;
  readonly detail: string;
}

/**
 * `NOT_A_FRAME`: other bytes, or cut off. `VERSION`: of a version that this one cannot read. `CHECKSUM`: damaged on the
 * way. `LIMIT`: more than a receiver lets in. `MALFORMED`: what it says cannot be.
 */
export type FrameProblem = "NOT_A_FRAME" | "VERSION" | "CHECKSUM" | "LIMIT" | "MALFORMED";

/** Offsets in the bytes of a frame. */
export interface FrameSections {
  readonly tablesAt: number;
  readonly indexAt: number;
  readonly recordsAt: number;
  readonly recordsEnd: number;
}

/** Longest name of a consumer group (`config.group` of a subscription has 128 at most), with room for longer ones to come. */
const GROUP_NAME_BYTES_MAX = 255;
const FLAGS = CONSECUTIVE | SAME_AGE | SAME_LENGTH;
const NONE: readonly string[] = [];
const NO_RECORD = new Uint8Array(0);

/** For one frame. A method that finds something wrong notes it in `#fault`, and the rest is left. */
export class GroupsReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #limits: FrameLimits;
  #fault: FrameFault | undefined;
  #clusters: readonly string[] = [];
  #groupNames: readonly string[] = [];
  /** By cluster: the last group that had it as destination. */
  #addressed: Int32Array = new Int32Array(0);
  #eventsLeft = 0;
  #recordsAt = 0;
  #recordsEnd = 0;
  /** Where the next event's record begins. */
  #recordAt = 0;

  constructor(bytes: Uint8Array, view: DataView, limits: FrameLimits) {
    this.#bytes = bytes;
    this.#view = view;
    this.#limits = limits;
  }

  read({ tablesAt, indexAt, recordsAt, recordsEnd }: FrameSections): { groups: FrameGroup[] } | FrameFault {
    this.#readTables(new ByteReader(this.#bytes, tablesAt, indexAt));
    const count = this.#view.getUint16(AT.groups, true);
    this.#eventsLeft = this.#view.getUint16(AT.events, true);
    this.#recordsAt = this.#recordAt = recordsAt;
    this.#recordsEnd = recordsEnd;
    if (this.#eventsLeft > this.#limits.events) {
      this.#note("LIMIT", `the frame has ${this.#eventsLeft} events; at most ${this.#limits.events} are let in`);
    } else if (count === 0 || count > this.#eventsLeft) {
      this.#note("MALFORMED", `${count} groups cannot hold ${this.#eventsLeft} events`);
    }
    const groups: FrameGroup[] = [];
    const reader = new ByteReader(this.#bytes, indexAt, recordsAt);
    for (let i = 0; i < count && this.#fault === undefined; i++) {
      const end = reader.whole() + reader.at;
      if (end > recordsAt) this.#note("MALFORMED", "a group is longer than the index");
      else groups.push(this.#readGroup(new ByteReader(this.#bytes, reader.at, end), i));
      reader.skipTo(Math.min(end, recordsAt));
    }
    this.#checkEnd();
    return this.#fault ?? { groups };
  }

  #checkEnd(): void {
    if (this.#fault !== undefined) return;
    if (this.#eventsLeft !== 0) this.#note("MALFORMED", `${this.#eventsLeft} events of the frame are in no group`);
    else if (this.#recordAt !== this.#recordsEnd) this.#note("MALFORMED", "there are records that belong to no event");
  }

  #readTables(reader: ByteReader): void {
    const clusters: string[] = [];
    for (let left = this.#view.getUint16(AT.clusters, true); left > 0 && !reader.failed; left--) {
      const name = reader.text(NAME_BYTES_MAX);
      if (!isName(name)) this.#note("MALFORMED", "a cluster's name is none");
      clusters.push(name);
    }
    const groupNames: string[] = [];
    for (let left = this.#view.getUint16(AT.groupNames, true); left > 0 && !reader.failed; left--) {
      groupNames.push(reader.text(GROUP_NAME_BYTES_MAX));
    }
    if (reader.failed) this.#note("MALFORMED", "the names of the frame cannot be read");
    if (new Set(clusters).size < clusters.length) this.#note("MALFORMED", "a cluster is named twice");
    this.#clusters = clusters;
    this.#groupNames = groupNames;
    this.#addressed = new Int32Array(clusters.length).fill(-1);
  }

  #readGroup(reader: ByteReader, number: number): FrameGroup {
    const origin = this.#cluster(reader);
    const epoch = reader.whole();
    const ended = this.#endReason(reader.byte());
    const detours = reader.whole();
    const hops = this.#readHops(reader);
    const first = reader.whole();
    if (first < 1) this.#note("MALFORMED", "an event has no sequence");
    const destinations = this.#readDestinations(reader, first, number);
    const events = this.#fault === undefined ? this.#readEvents(reader, first, ended !== undefined) : [];
    if (reader.failed) this.#note("MALFORMED", `group ${number} cannot be read`);
    return ended === undefined
      ? { origin, epoch, hops, detours, destinations, events }
      : { origin, epoch, hops, detours, destinations, ended, events };
  }

  #endReason(code: number): EndReason | undefined {
    if (code >= END_REASONS.length) this.#note("MALFORMED", `events ended for reason ${code}, which is not known`);
    return END_REASONS[code];
  }

  #readHops(reader: ByteReader): string[] {
    const count = reader.whole();
    if (count < 1 || count > FRAME_HOPS_MAX) {
      this.#note("MALFORMED", `${count} clusters were passed; it must be 1 to ${FRAME_HOPS_MAX}`);
      return [];
    }
    const hops: string[] = [];
    for (let i = 0; i < count && !reader.failed; i++) hops.push(this.#cluster(reader));
    return hops;
  }

  #readDestinations(reader: ByteReader, first: number, group: number): FrameDestination[] {
    const count = reader.whole();
    // Each is a cluster of its own, so more than there are names cannot be.
    if (count < 1 || count > this.#clusters.length) {
      this.#note("MALFORMED", `a group cannot have ${count} destinations`);
      return [];
    }
    const destinations: FrameDestination[] = [];
    for (let i = 0; i < count && this.#fault === undefined && !reader.failed; i++) {
      destinations.push(this.#readDestination(reader, first, group));
    }
    return destinations;
  }

  #readDestination(reader: ByteReader, first: number, group: number): FrameDestination {
    const index = reader.whole();
    const cluster = this.#clusters[index] ?? this.#unknown("cluster");
    if (this.#addressed[index] === group) this.#note("MALFORMED", `"${cluster}" is addressed twice by a group`);
    else if (index < this.#clusters.length) this.#addressed[index] = group;
    const previous = first - reader.whole();
    if (previous < 0 || previous >= first) this.#note("MALFORMED", `${previous} is no sequence before ${first}`);
    const picks = reader.whole();
    return { cluster, previous, ungrouped: picks % 2 === 1, groups: this.#readPicks(reader, Math.floor(picks / 2)) };
  }

  #readPicks(reader: ByteReader, count: number): readonly string[] {
    if (count === 0) return NONE;
    const groups: string[] = [];
    for (let i = 0; i < count && this.#fault === undefined && !reader.failed; i++) {
      groups.push(this.#groupNames[reader.whole()] ?? this.#unknown("consumer group"));
    }
    return groups;
  }

  #readEvents(reader: ByteReader, first: number, ended: boolean): FrameEvent[] {
    const count = reader.whole();
    if (count < 1 || count > this.#eventsLeft) {
      this.#note("MALFORMED", `a group cannot have ${count} of the frame's ${this.#eventsLeft} other events`);
      return [];
    }
    this.#eventsLeft -= count;
    const flags = reader.byte();
    if ((flags & ~FLAGS) !== 0) this.#note("MALFORMED", `flags ${flags} of a group are not known`);
    const sequences = new Array<number>(count);
    const consecutive = (flags & CONSECUTIVE) !== 0;
    let sequence = first;
    for (let i = 0; i < count; i++) {
      if (i > 0) sequence += consecutive ? 1 : reader.whole() + 1;
      sequences[i] = sequence;
    }
    if (!Number.isSafeInteger(sequence)) this.#note("MALFORMED", `${sequence} is no sequence`);
    const leastAge = reader.whole();
    const ages = new Array<number>(count);
    for (let i = 0; i < count; i++) ages[i] = (flags & SAME_AGE) !== 0 ? leastAge : leastAge + reader.whole();
    if (ages.some((age) => !Number.isSafeInteger(age))) this.#note("MALFORMED", "an age is no number of ms");
    return this.#readRecords(reader, { sequences, ages, sameLength: (flags & SAME_LENGTH) !== 0, ended });
  }

  #readRecords(
    reader: ByteReader,
    { sequences, ages, sameLength, ended }: {
      readonly sequences: readonly number[];
      readonly ages: readonly number[];
      readonly sameLength: boolean;
      readonly ended: boolean;
    },
  ): FrameEvent[] {
    const count = sequences.length;
    const events: FrameEvent[] = new Array(count);
    let length = sameLength ? reader.whole() : 0;
    let at = this.#recordAt;
    for (let i = 0; i < count; i++) {
      if (!sameLength) length = reader.whole();
      const end = at + length;
      if (!this.#fits(at, end, ended)) return [];
      events[i] = { sequence: sequences[i], ageMs: ages[i], record: ended ? NO_RECORD : this.#bytes.subarray(at, end) };
      at = end;
    }
    this.#recordAt = at;
    return events;
  }

  #fits(at: number, end: number, ended: boolean): boolean {
    if (ended) {
      if (at !== end) this.#note("MALFORMED", "an event that ended has a record");
    } else if (end > this.#recordsEnd || !isRecord(this.#view, at, end)) {
      this.#note("MALFORMED", "a record does not hold together");
    } else if (end - at > this.#limits.eventBytes) {
      this.#note("LIMIT", `an event has ${end - at} bytes; at most ${this.#limits.eventBytes} are let in`);
    } else if (at - this.#recordsAt > this.#limits.bytes) {
      this.#note("LIMIT", `the frame has more than ${this.#limits.bytes} bytes before its last event`);
    }
    return this.#fault === undefined;
  }

  #cluster(reader: ByteReader): string {
    return this.#clusters[reader.whole()] ?? this.#unknown("cluster");
  }

  #unknown(what: string): string {
    this.#note("MALFORMED", `a ${what} is not among the frame's names`);
    return "";
  }

  #note(problem: FrameProblem, detail: string): void {
    this.#fault ??= { problem, detail };
  }
}
