/** What is on a virtual disk: a log and documents, which can be copied, put back, and taken back step by step. */

import type { Appended, AppendEntry, StateChange, StateEntry, StoredEvent } from "../../node/mod.ts";
import { type CloudEvent, encodeRecord, firstIndex } from "../../node/mod.ts";
import { eventOf } from "./known_events.ts";

/** What a change did to the content, so that it can be undone. */
interface Undo {
  readonly head: number;
  readonly documents: readonly (readonly [key: string, before: Uint8Array | undefined])[];
}

export interface Stamp {
  readonly cluster: string;
  readonly epoch: number;
  readonly acceptedAge: number;
}

export class DiskContent {
  /** By position; not every position has one. */
  readonly #events: StoredEvent[] = [];
  #head = 0;
  readonly #documents = new Map<string, Uint8Array>();
  readonly #undo: Undo[] = [];

  /** Position of the newest event, kept or not. */
  get head(): number {
    return this.#head;
  }

  /** Position of the first event that is kept. */
  get tail(): number {
    return this.#events[0]?.position ?? this.#head + 1;
  }

  get events(): readonly StoredEvent[] {
    return this.#events;
  }

  get documents(): ReadonlyMap<string, Uint8Array> {
    return this.#documents;
  }

  copy(): DiskContent {
    const copy = new DiskContent();
    copy.#head = this.#head;
    copy.#events.push(...this.#events);
    for (const [key, value] of this.#documents) copy.#documents.set(key, value);
    return copy;
  }

  /** Applies one commit; answers what a store answers, and the new events. `safe`: it is never undone. */
  apply(
    entries: readonly AppendEntry[],
    changes: readonly StateChange[],
    stamp: Stamp,
    { safe = false }: { safe?: boolean } = {},
  ): { appended: Appended; events: readonly StoredEvent[] } {
    const before = this.head;
    const position = entries.length > 0 ? before + 1 : before;
    const events = entries.map((entry, i) => new KeptEvent(entry, position + i, stamp));
    this.#events.push(...events);
    this.#head += events.length;
    const documents: [string, Uint8Array | undefined][] = [];
    for (const { key, value, atPosition } of changes) {
      const name = atPosition ? `${key}/${String(position).padStart(16, "0")}` : key;
      if (!safe) documents.push([name, this.#documents.get(name)]);
      if (value === undefined) this.#documents.delete(name);
      else this.#documents.set(name, value.slice());
    }
    if (!safe) this.#undo.push({ head: before, documents });
    return { appended: { position, sequence: position, epoch: stamp.epoch }, events };
  }

  /** Commits that can be undone. */
  get undoable(): number {
    return this.#undo.length;
  }

  /** All but the last `rest` commits are safe now. */
  forgetUndo(rest = 0): void {
    this.#undo.splice(0, this.#undo.length - rest);
  }

  /** Takes the last `commits` commits back. */
  undo(commits: number): void {
    for (const { head, documents } of this.#undo.splice(this.#undo.length - commits, commits).reverse()) {
      this.#events.length = this.#indexAfter(head);
      this.#head = head;
      for (const [key, before] of [...documents].reverse()) {
        if (before === undefined) this.#documents.delete(key);
        else this.#documents.set(key, before);
      }
    }
  }

  /** Lets go of what nobody needs; answers the bytes that it held. */
  thin(isNeeded: (event: StoredEvent) => boolean): number {
    let gone = 0;
    let kept = 0;
    for (const event of this.#events) {
      if (isNeeded(event)) this.#events[kept++] = event;
      else gone += event.bytes;
    }
    this.#events.length = kept;
    return gone;
  }

  read({ after, eventsMax, bytesMax }: { after: number; eventsMax: number; bytesMax: number }): StoredEvent[] {
    const found: StoredEvent[] = [];
    let bytes = 0;
    for (let i = this.#indexAfter(after); i < this.#events.length; i++) {
      if (found.length >= eventsMax || (found.length > 0 && bytes >= bytesMax)) break;
      found.push(this.#events[i]);
      bytes += this.#events[i].bytes;
    }
    return found;
  }

  has(position: number): boolean {
    return this.#events[this.#indexAfter(position) - 1]?.position === position;
  }

  list(prefix: string): StateEntry[] {
    return [...this.#documents].filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => ({ key, value: value.slice() }));
  }

  /** Index of the first event behind a position. */
  #indexAfter(position: number): number {
    return firstIndex(this.#events, (event) => event.position > position);
  }
}

class KeptEvent implements StoredEvent {
  readonly position: number;
  readonly topic: string;
  readonly origin: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly acceptedAt: number;
  readonly acceptedAge: number;
  readonly ttlMs: number;
  readonly audience: StoredEvent["audience"];
  readonly record: Uint8Array;
  #decoded: CloudEvent | undefined;

  constructor(entry: AppendEntry, position: number, { cluster, epoch, acceptedAge }: Stamp) {
    const { origin, audience = "everybody", ttlMs, topic } = entry;
    this.position = position;
    this.topic = topic;
    this.origin = origin?.cluster ?? cluster;
    this.epoch = origin?.epoch ?? epoch;
    this.sequence = origin?.sequence ?? position;
    this.acceptedAt = acceptedAge;
    this.acceptedAge = acceptedAge;
    this.ttlMs = ttlMs;
    this.audience = audience;
    this.record = entry.record?.slice() ?? encodeRecord(entry);
  }

  get event(): CloudEvent {
    return this.#decoded ??= eventOf(this.record);
  }

  get bytes(): number {
    return this.record.length;
  }
}
