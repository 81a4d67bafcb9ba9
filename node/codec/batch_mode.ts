/** Batched content mode: a JSON array of structured events (CloudEvents JSON format 1.0.2 §4). */

import type { CloudEvent } from "../event.ts";
import { CodecError } from "./codec_error.ts";
import { JsonScanner } from "./json_scanner.ts";
import { readEvent } from "./structured_decoder.ts";
import { encodeStructured } from "./structured_encoder.ts";

export interface DecodeBatchOptions {
  /** More events than this are refused with `BATCH_TOO_LARGE`. */
  readonly eventsMax: number;
}

// A sender mends a batch from its first mistakes; a report of thousands helps nobody and costs memory.
const errorsMax = 100;

/**
 * The events of a batch, in order; an empty batch is one. All or nothing: if some are wrong, throws the `CodecError` of the
 * first, with its `index`, and in `errors` every wrong one (at most 100). Broken JSON ends the reading at once.
 */
export function decodeBatch(input: Uint8Array | string, options: DecodeBatchOptions): readonly CloudEvent[] {
  const scanner = new JsonScanner(input);
  if (scanner.peek() !== 0x5b) throw notAnArray(scanner);
  scanner.expect(0x5b);
  const events: CloudEvent[] = [];
  const errors: CodecError[] = [];
  if (!scanner.take(0x5d)) {
    do readElement(scanner, events, errors, options.eventsMax); while (scanner.take(0x2c));
    scanner.expect(0x5d);
  }
  scanner.expectEnd();
  if (errors.length > 0) throw toBatchError(errors);
  return events;
}

function notAnArray(scanner: JsonScanner): CodecError {
  const { position } = scanner;
  scanner.skipValue();
  return new CodecError("INVALID_EVENT", "Cannot read batch: a batch is a JSON array of events; send one", {
    position,
  });
}

function readElement(scanner: JsonScanner, events: CloudEvent[], errors: CodecError[], eventsMax: number): void {
  const index = events.length + errors.length;
  if (index >= eventsMax) throw tooLarge(eventsMax);
  scanner.peek();
  const start = scanner.position;
  try {
    events.push(readEvent(scanner));
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    if (error.code === "MALFORMED_JSON") throw error.at(index);
    errors.push(error.at(index));
    // Reading stopped inside the event; the next one begins after its end.
    scanner.position = start;
    scanner.skipValue();
    if (errors.length >= errorsMax) throw toBatchError(errors);
  }
}

function tooLarge(limit: number): CodecError {
  const detail = `Cannot read batch: it holds more than ${limit} events; send it in parts of at most ${limit}`;
  return new CodecError("BATCH_TOO_LARGE", detail, { limit });
}

function toBatchError(errors: readonly CodecError[]): CodecError {
  const { code, detail, attribute, position, index } = errors[0];
  return new CodecError(code, detail, { attribute, position, index, errors });
}

/** The batch text of events. */
export function encodeBatch(events: readonly CloudEvent[]): string {
  return `[${events.map(encodeStructured).join(",")}]`;
}
