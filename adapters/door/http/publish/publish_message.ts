/** From a request's headers and body to events, in the mode that the content type announces. */

import {
  acceptedMediaTypes,
  type CloudEvent,
  decodeBatch,
  decodeBinary,
  decodeStructured,
  detectMode,
  RefusedError,
} from "../../../../node/mod.ts";

/** A request with its body read. */
export interface PublishMessage {
  readonly headers: Headers;
  /** `undefined`: the request has no body, which is not the same as an empty one. */
  readonly body: Uint8Array | undefined;
}

/** One event, or several that stand or fall together. */
export type Decoded =
  | { readonly type: "single"; readonly event: CloudEvent }
  | { readonly type: "batch"; readonly events: readonly CloudEvent[] };

const EMPTY = new Uint8Array(0);

/** Throws `CodecError` or `RefusedError`. `batchEventsMax`: events in a batch. */
export function decodeMessage(message: PublishMessage, batchEventsMax: number): Decoded {
  const contentType = message.headers.get("content-type");
  switch (detectMode(contentType)) {
    case "binary":
      return { type: "single", event: decodeBinary(message.headers, message.body) };
    case "structured":
      return { type: "single", event: decodeStructured(message.body ?? EMPTY) };
    case "batch":
      return { type: "batch", events: decodeBatch(message.body ?? EMPTY, { eventsMax: batchEventsMax }) };
    case "unsupported":
      throw new RefusedError(
        "UNSUPPORTED_MEDIA_TYPE",
        `Cannot read content type "${contentType}": send ${
          acceptedMediaTypes.join(" or ")
        } in UTF-8, or ce-* headers with any content type`,
        { accepted: acceptedMediaTypes },
      );
  }
}

/** Whether the request is a CloudEvent itself, and not a payload to be wrapped into one. */
export function isCloudEvent(headers: Headers): boolean {
  return headers.has("ce-specversion") || detectMode(headers.get("content-type")) !== "binary";
}

/**
 * A payload of any kind as an event of type `topic`. The client may choose `ce-id` (or `Idempotency-Key`), `ce-source` and
 * further attributes.
 */
export function wrapMessage(
  message: PublishMessage,
  defaults: { topic: string; source: string; newId: () => string },
): CloudEvent {
  const headers: [string, string][] = [...message.headers];
  const given = message.headers;
  headers.push(["ce-specversion", "1.0"]);
  if (!given.has("ce-id")) headers.push(["ce-id", given.get("idempotency-key") ?? defaults.newId()]);
  if (!given.has("ce-source")) headers.push(["ce-source", defaults.source]);
  if (!given.has("ce-type")) headers.push(["ce-type", encodeURIComponent(defaults.topic)]);
  return decodeBinary(headers, message.body);
}
