/** The dead letter and its bytes: a copy of the event, with what became of it. */

import type { CloudEvent } from "./event.ts";
import { recordEvent, RecordWriter } from "./event_record.ts";
import type { SinkResponse } from "./sink.ts";

export interface DeadLetter {
  readonly id: string;
  readonly subscription: string;
  /** Stable code: `ATTEMPTS_EXHAUSTED`, `ACK_TIMEOUT`, `REJECTED` … */
  readonly reason: string;
  readonly detail: string;
  readonly attempts: number;
  readonly lastResponse: SinkResponse | null;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  readonly topic: string;
  readonly position: number;
  readonly origin: string;
  readonly epoch: number;
  readonly sequence: number;
  /** Wall clock at acceptance, ms since 1970. */
  readonly acceptedAt: number;
  readonly event: CloudEvent;
}

/** Length of the head (4 bytes, little endian), the head as JSON, the event's record. */
export function encodeLetter({ event, ...head }: DeadLetter): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(head));
  const writer = new RecordWriter(4096);
  writer.write({ event, topic: head.topic, ttlMs: 0 });
  const record = writer.toBytes();
  const bytes = new Uint8Array(4 + json.length + record.length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  bytes.set(record, 4 + json.length);
  return bytes;
}

/** Inverse of `encodeLetter()`. */
export function decodeLetter(bytes: Uint8Array): DeadLetter {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return { ...head, event: recordEvent(bytes.subarray(4 + length)) };
}
