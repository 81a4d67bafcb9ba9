/** What one peer has yet to get and to acknowledge: records to send, records in flight, acknowledgements owed. */

import type { Slot } from "./kind_records.ts";
import type { MessageWriter } from "./message_writer.ts";
import type { RecordsOptions } from "./records_options.ts";
import type { SealedRecord } from "./sealed_record.ts";

/** Doublings of the time-out at most; `rtoMsMax` bounds it as well. */
const BACK_OFF_MAX = 5;
/** Time-outs within this time are handled together. */
const TIMER_GRAIN_MS = 10;
/** Tags that came back are kept up to this many before their list is cut, and one that never does is given up for another. */
const TAGS_SPARE = 1024;
const TAGS_BEHIND_MAX = 10 * TAGS_SPARE;

interface InFlight {
  readonly tag: number;
  readonly sealed: SealedRecord;
  sentAt: number;
  attempts: number;
  dueAt: number;
}

/**
 * Sends the newest version of each record until the peer acknowledged it: what is replaced while in flight is not sent
 * again. A tag stands for one version sent to this peer; tags of an earlier adjacency do not fit, since each begins at
 * another number. Memory is bounded by the records there are, the network's by `windowBytes`.
 */
export class FloodQueue {
  readonly #options: RecordsOptions;
  readonly #ready = new Set<Slot>();
  /** In flight and not acknowledged in time. Their bytes are in the window already. */
  readonly #again = new Set<Slot>();
  readonly #inFlight = new Map<Slot, InFlight>();
  /** Slots in flight by tag, from `#firstTag` on: tags are given in order and mostly come back so. */
  #tags: (Slot | undefined)[] = [];
  #inFlightBytes = 0;
  #acks: number[] = [];
  #firstTag: number;
  #roundTripMs = 0;
  #backOff = 0;
  #dueAt = Infinity;
  #retransmitted = 0;

  constructor(options: RecordsOptions, firstTag: number) {
    this.#options = options;
    this.#firstTag = firstTag;
  }

  /** When something in flight is to be sent again at the earliest; `Infinity`: nothing is. */
  get dueAt(): number {
    return this.#dueAt;
  }

  get retransmitted(): number {
    return this.#retransmitted;
  }

  /** Time without an answer after which something is sent again, ms. */
  get timeoutMs(): number {
    const { rtoMs, rtoMsMin, rtoMsMax, coalesceMs } = this.#options;
    const measured = this.#roundTripMs === 0 ? rtoMs : Math.max(2 * this.#roundTripMs + 2 * coalesceMs, rtoMsMin);
    return Math.min(measured << this.#backOff, rtoMsMax);
  }

  /** There is something that `flush` would send as soon as the window allows it. */
  get hasWork(): boolean {
    return this.#acks.length > 0 || this.#again.size > 0 || this.#ready.size > 0;
  }

  /** The peer is to get what is in this slot. */
  offer(slot: Slot): void {
    if (this.#inFlight.get(slot)?.sealed !== slot.current) this.#ready.add(slot);
  }

  /** The peer has what is in this slot: it sent the same. What is in flight is acknowledged on its own. */
  spare(slot: Slot): void {
    if (this.#ready.has(slot) || this.#again.has(slot)) this.drop(slot);
  }

  /** The peer need not get what is in this slot. */
  drop(slot: Slot): void {
    this.#ready.delete(slot);
    this.#land(slot);
  }

  owe(tag: number): void {
    this.#acks.push(tag);
  }

  acknowledge(tag: number, now: number): void {
    const slot = this.#tags[(tag - this.#firstTag) >>> 0];
    const flying = slot && this.#inFlight.get(slot);
    if (slot === undefined || flying === undefined) return;
    if (flying.attempts === 1) this.#measure(now - flying.sentAt);
    this.#land(slot);
  }

  /** Writes acknowledgements, then records as far as the window allows. */
  flush(writer: MessageWriter, now: number): void {
    for (const tag of this.#acks) writer.ack(tag);
    this.#acks = [];
    for (const slot of this.#again) this.#write(writer, now, slot);
    for (const slot of this.#ready) {
      if (this.#inFlightBytes >= this.#options.windowBytes) break;
      this.#write(writer, now, slot);
    }
  }

  /** Makes what nobody acknowledged in time ready again. */
  timeOut(now: number): void {
    let next = Infinity;
    let late = false;
    for (const [slot, flying] of this.#inFlight) {
      if (flying.dueAt <= now) {
        late = true;
        flying.dueAt = Infinity;
        this.#again.add(slot);
      } else if (flying.dueAt < next) next = flying.dueAt;
    }
    if (late) this.#backOff = Math.min(this.#backOff + 1, BACK_OFF_MAX);
    this.#dueAt = Math.max(next, now + TIMER_GRAIN_MS);
  }

  #write(writer: MessageWriter, now: number, slot: Slot): void {
    this.#ready.delete(slot);
    this.#again.delete(slot);
    const sealed = slot.current;
    const lifetimeMs = Math.floor(slot.expiresAt - now);
    const before = this.#inFlight.get(slot);
    if (before !== undefined && (before.sealed !== sealed || lifetimeMs < 1 || this.#isFarBehind(before))) {
      this.#land(slot);
    }
    if (sealed === undefined || lifetimeMs < 1) return;
    const flying = this.#inFlight.get(slot) ?? this.#launch(slot, sealed);
    if (flying.attempts++ > 0) this.#retransmitted++;
    flying.sentAt = now;
    flying.dueAt = now + this.timeoutMs;
    this.#dueAt = Math.min(this.#dueAt, flying.dueAt);
    writer.record(flying.tag, lifetimeMs, sealed);
  }

  #launch(slot: Slot, sealed: SealedRecord): InFlight {
    const tag = (this.#firstTag + this.#tags.length) >>> 0;
    const flying: InFlight = { tag, sealed, sentAt: 0, attempts: 0, dueAt: 0 };
    this.#inFlight.set(slot, flying);
    this.#tags.push(slot);
    this.#inFlightBytes += sealed.bytes.length;
    return flying;
  }

  #land(slot: Slot): void {
    const flying = this.#inFlight.get(slot);
    if (flying === undefined) return;
    this.#again.delete(slot);
    this.#inFlight.delete(slot);
    this.#tags[(flying.tag - this.#firstTag) >>> 0] = undefined;
    this.#inFlightBytes -= flying.sealed.bytes.length;
    if (this.#inFlight.size === 0) this.#dueAt = Infinity;
    if (this.#tags.length > TAGS_SPARE && this.#tags.length > 4 * this.#inFlight.size) this.#trimTags();
  }

  #isFarBehind({ tag }: InFlight): boolean {
    return this.#tags.length - ((tag - this.#firstTag) >>> 0) > TAGS_BEHIND_MAX;
  }

  /** Forgets the tags that came back before the oldest that did not, once they are the most. */
  #trimTags(): void {
    const oldest = this.#tags.findIndex((slot) => slot !== undefined);
    const back = oldest === -1 ? this.#tags.length : oldest;
    this.#tags.splice(0, back);
    this.#firstTag = (this.#firstTag + back) >>> 0;
  }

  #measure(sampleMs: number): void {
    const sample = Math.max(1, Math.ceil(sampleMs));
    this.#roundTripMs = this.#roundTripMs === 0 ? sample : (7 * this.#roundTripMs + sample + 4) >> 3;
    this.#backOff = 0;
  }
}
