/** A NATS message as an event, and an event as a NATS message (CloudEvents NATS binding 1.0.2; contract, "NATS clients"). */

import {
  acceptedMediaTypes,
  type CloudEvent,
  createEvent,
  decodeBinary,
  decodeStructured,
  detectMode,
  encodeBinary,
  type HeaderEntries,
  natsBinding,
  RefusedError,
} from "../../../node/mod.ts";
import { readPreferences } from "../http/publish/publish_preferences.ts";
import { formatHeaderBlock, parseHeaderBlock } from "./header_block.ts";
import type { ClientMessage } from "./protocol_parser.ts";

export interface WrapDefaults {
  /** Type of a plain message. */
  readonly topic: string;
  readonly source: string;
  readonly newId: () => string;
  /** Of the header block. */
  readonly headersBytesMax: number;
}

export interface Published {
  readonly event: CloudEvent;
  /** From header `Weft-Ttl-Ms`. */
  readonly ttlMs: number | undefined;
}

const EMPTY = new Uint8Array(0);
const PLAIN_MEDIA_TYPE = "application/octet-stream";

/** Throws `CodecError` or `RefusedError`. The payload is kept, not copied. */
export function toEvent({ headers: block, payload }: ClientMessage, defaults: WrapDefaults): Published {
  if (block === undefined) return { event: wrap(payload, defaults), ttlMs: undefined };
  if (block.length > defaults.headersBytesMax) throw tooLarge(block.length, defaults.headersBytesMax);
  const headers = parseHeaderBlock(block);
  if (headers === undefined) {
    throw new RefusedError(
      "INVALID_HEADER",
      "Cannot read the headers of the message: they are no NATS/1.0 block in UTF-8; let the client's library write them",
    );
  }
  return { event: decode(headers, payload, defaults), ttlMs: readTtl(headers) };
}

function tooLarge(bytes: number, limit: number): RefusedError {
  return new RefusedError(
    "HEADERS_TOO_LARGE",
    `Cannot read the headers of the message: they have ${bytes} bytes, more than limits.headersBytes ${limit}; put long ` +
      "values into the data, or raise the limit",
    { limit },
  );
}

function decode(headers: [string, string][], payload: Uint8Array, defaults: WrapDefaults): CloudEvent {
  const contentType = valueOf(headers, "content-type");
  const mode = detectMode(contentType);
  if (mode === "structured") return decodeStructured(payload);
  if (mode !== "binary") {
    throw new RefusedError(
      "UNSUPPORTED_MEDIA_TYPE",
      `Cannot read content type "${contentType}": a NATS message is one event; send ${
        acceptedMediaTypes[0]
      }, or ce-* ` +
        "headers with any content type",
      { accepted: acceptedMediaTypes.slice(0, 1) },
    );
  }
  if (headers.some(([name]) => name === "ce-specversion")) {
    return decodeBinary(headers, toBody(headers, payload), natsBinding);
  }
  return decodeBinary([...headers, ...missing(headers, defaults)], payload, natsBinding);
}

/** What a message that is no CloudEvent yet lacks; it may choose any attribute itself. */
function missing(headers: HeaderEntries, { topic, source, newId }: WrapDefaults): [string, string][] {
  const given = new Map(headers);
  const added: [string, string][] = [["ce-specversion", "1.0"]];
  if (!given.has("ce-id")) added.push(["ce-id", encodeURIComponent(given.get("nats-msg-id") ?? newId())]);
  if (!given.has("ce-source")) added.push(["ce-source", source]);
  if (!given.has("ce-type")) added.push(["ce-type", encodeURIComponent(topic)]);
  if (!given.has("content-type") && !given.has("ce-datacontenttype")) {
    added.push(["ce-datacontenttype", PLAIN_MEDIA_TYPE]);
  }
  return added;
}

function wrap(data: Uint8Array, { topic, source, newId }: WrapDefaults): CloudEvent {
  return createEvent({
    attributes: { id: newId(), source, type: topic, datacontenttype: PLAIN_MEDIA_TYPE },
    data,
  });
}

/** NATS cannot tell "no data" from "empty data": a media type says that there is some. */
function toBody(headers: HeaderEntries, payload: Uint8Array): Uint8Array | undefined {
  if (payload.length > 0) return payload;
  for (const [name] of headers) if (name === "content-type" || name === "ce-datacontenttype") return EMPTY;
  return undefined;
}

function valueOf(headers: HeaderEntries, wanted: string): string | undefined {
  for (const [name, value] of headers) if (name === wanted) return value;
  return undefined;
}

function readTtl(headers: HeaderEntries): number | undefined {
  const ttl = valueOf(headers, "weft-ttl-ms");
  return ttl === undefined ? undefined : readPreferences(new Headers([["weft-ttl-ms", ttl]])).ttlMs;
}

export interface EventMessage {
  readonly headers: Uint8Array;
  readonly payload: Uint8Array;
}

/** The event in binary mode. */
export function fromEvent(event: CloudEvent): EventMessage {
  const { headers, body } = encodeBinary(event, { binding: natsBinding });
  return { headers: formatHeaderBlock(headers), payload: body ?? EMPTY };
}
