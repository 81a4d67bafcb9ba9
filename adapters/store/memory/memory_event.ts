/** An event in the log of the memory store: its record, decoded when somebody looks. */

import { RecordContent } from "../../../node/event_record.ts";
import type { Audience, EventOrigin, StoredEvent } from "../../../node/event_store.ts";

export interface MemoryEventFields {
  readonly position: number;
  readonly origin: EventOrigin;
  readonly audience: Audience;
  readonly acceptedAt: number;
  readonly acceptedAge: number;
}

export class MemoryEvent extends RecordContent implements StoredEvent {
  readonly position: number;
  readonly origin: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly audience: Audience;
  readonly acceptedAt: number;
  readonly acceptedAge: number;

  constructor(record: Uint8Array, { position, origin, audience, acceptedAt, acceptedAge }: MemoryEventFields) {
    super(record);
    this.position = position;
    this.origin = origin.cluster;
    this.epoch = origin.epoch;
    this.sequence = origin.sequence;
    this.audience = audience;
    this.acceptedAt = acceptedAt;
    this.acceptedAge = acceptedAge;
  }

  get bytes(): number {
    return this.record.length;
  }
}
