/** An event in the log of the memory store: its record, decoded when somebody looks. */

import type { CloudEvent } from "../../../node/event.ts";
import { recordEvent, recordTopic, recordTtlMs } from "../../../node/event_record.ts";
import type { Audience, EventOrigin, StoredEvent } from "../../../node/event_store.ts";

export interface MemoryEventFields {
  readonly position: number;
  readonly origin: EventOrigin;
  readonly audience: Audience;
  readonly acceptedAt: number;
  readonly acceptedAge: number;
}

export class MemoryEvent implements StoredEvent {
  readonly position: number;
  readonly origin: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly audience: Audience;
  readonly acceptedAt: number;
  readonly acceptedAge: number;
  readonly record: Uint8Array;
  #topic: string | undefined;
  #event: CloudEvent | undefined;

  constructor(record: Uint8Array, { position, origin, audience, acceptedAt, acceptedAge }: MemoryEventFields) {
    this.record = record;
    this.position = position;
    this.origin = origin.cluster;
    this.epoch = origin.epoch;
    this.sequence = origin.sequence;
    this.audience = audience;
    this.acceptedAt = acceptedAt;
    this.acceptedAge = acceptedAge;
  }

  get topic(): string {
    return this.#topic ??= recordTopic(this.record);
  }

  get event(): CloudEvent {
    return this.#event ??= recordEvent(this.record);
  }

  get ttlMs(): number {
    return recordTtlMs(this.record);
  }

  get bytes(): number {
    return this.record.length;
  }
}
