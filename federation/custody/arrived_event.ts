/** One event of a frame, as the publish window judges it and as the log takes it. */

import {
  type AppendEntry,
  type Audience,
  type CloudEvent,
  type IdHash,
  isSystemTopic,
  recordEvent,
  recordTopic,
  recordTopicBegins,
  recordTtlMs,
  recordWithTtl,
} from "../../node/mod.ts";
import type { Frame, FrameEvent, FrameGroup } from "../link/codec/mod.ts";
import type { Arrival } from "../local_cluster.ts";
import { acceptedEpoch } from "./epochs.ts";

const SYSTEM_BYTES = new TextEncoder().encode("weft-system");

/** An event that arrived, decoded only if somebody asks for it. */
export class ArrivedEvent implements Arrival {
  readonly origin: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly record: Uint8Array;
  idHash: IdHash | undefined;
  #event: CloudEvent | undefined;

  constructor(group: Pick<FrameGroup, "origin" | "epoch">, { sequence, record }: FrameEvent) {
    this.origin = group.origin;
    this.epoch = acceptedEpoch(group.epoch);
    this.sequence = sequence;
    this.record = record;
  }

  get event(): CloudEvent {
    return this.#event ??= recordEvent(this.record);
  }
}

/** Decodes the topic of hardly any record. */
export function isSystemRecord(record: Uint8Array): boolean {
  return recordTopicBegins(record, SYSTEM_BYTES) && isSystemTopic(recordTopic(record));
}

/** Its time to live was over when it came. */
export function isOver(record: Uint8Array, heldMs: number): boolean {
  const ttlMs = recordTtlMs(record);
  return ttlMs !== 0 && ttlMs <= heldMs;
}

/** Topic and event are decoded when a local reader asks. */
export class RecordEntry implements AppendEntry {
  readonly origin: NonNullable<AppendEntry["origin"]>;
  readonly audience: Audience;
  readonly record: Uint8Array;
  readonly idHash: IdHash | undefined;
  #topic: string | undefined;
  #event: CloudEvent | undefined;

  constructor(
    group: Pick<FrameGroup, "origin" | "epoch" | "events">,
    index: number,
    { frame, audience, idHash }: { frame: Pick<Frame, "heldMs">; audience: Audience; idHash?: IdHash },
  ) {
    this.idHash = idHash;
    const { sequence, record } = group.events[index];
    this.origin = { cluster: group.origin, epoch: acceptedEpoch(group.epoch), sequence };
    this.audience = audience;
    const ttlMs = recordTtlMs(record);
    this.record = ttlMs > 0 && frame.heldMs > 0 ? recordWithTtl(record, Math.max(1, ttlMs - frame.heldMs)) : record;
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
}
