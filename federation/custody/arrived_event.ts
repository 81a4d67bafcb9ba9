/** One event of a frame, as the publish window judges it and as the log takes it. */

import {
  type AppendEntry,
  type Audience,
  type CloudEvent,
  type IdHash,
  isSystemTopic,
  RecordContent,
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
export class RecordEntry extends RecordContent implements AppendEntry {
  readonly origin: NonNullable<AppendEntry["origin"]>;
  readonly audience: Audience;
  readonly idHash: IdHash | undefined;

  constructor(
    group: Pick<FrameGroup, "origin" | "epoch" | "events">,
    index: number,
    { frame, audience, idHash }: { frame: Pick<Frame, "heldMs">; audience: Audience; idHash?: IdHash },
  ) {
    const { sequence, record } = group.events[index];
    super(heldFor(record, frame.heldMs));
    this.idHash = idHash;
    this.origin = { cluster: group.origin, epoch: acceptedEpoch(group.epoch), sequence };
    this.audience = audience;
  }
}

/** The record as it is after a while in the custody of others: what is left of its time to live. */
function heldFor(record: Uint8Array, heldMs: number): Uint8Array {
  const ttlMs = recordTtlMs(record);
  return ttlMs > 0 && heldMs > 0 ? recordWithTtl(record, Math.max(1, ttlMs - heldMs)) : record;
}
