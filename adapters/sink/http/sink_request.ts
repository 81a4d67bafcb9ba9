/** What is sent to an HTTP sink: events in one of the three content modes, credentials, signature. */

import {
  batchMediaType,
  encodeBatch,
  encodeBinary,
  encodeStructured,
  structuredMediaType,
} from "../../../node/codec/mod.ts";
import type { SinkDelivery } from "../../../node/sink.ts";
import type { HttpSinkOptions } from "./http_sink_options.ts";
import { signatureHeaders, toWebhookId } from "./signature.ts";

export interface SinkRequest {
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

type Message = { readonly headers: readonly (readonly [string, string])[]; readonly body: Uint8Array | undefined };

const encoder = new TextEncoder();
const noBytes = new Uint8Array(0);

/** `wallMs`: ms since 1970, for the signature. */
export function toSinkRequest(
  deliveries: readonly SinkDelivery[],
  options: HttpSinkOptions & { readonly key: Uint8Array | undefined },
  wallMs: number,
): SinkRequest {
  const message = toMessage(deliveries, options);
  const headers = new Headers(options.headers);
  // After the configured ones, so that an event says what it is whatever the subscription's headers say.
  for (const [name, value] of message.headers) headers.set(name, value);
  if (options.accessToken !== undefined) headers.set("authorization", `Bearer ${options.accessToken}`);
  if (options.origin !== undefined) headers.set("webhook-request-origin", options.origin);
  if (options.key !== undefined) {
    const webhookId = toWebhookId(deliveries.map(({ deliveryId }) => deliveryId));
    const signature = signatureHeaders({ key: options.key, webhookId, wallMs, body: message.body ?? noBytes });
    for (const [name, value] of signature) headers.set(name, value);
  }
  return { headers, body: message.body as Uint8Array<ArrayBuffer> | undefined };
}

function toMessage(deliveries: readonly SinkDelivery[], options: HttpSinkOptions): Message {
  if (options.mode === "batch") {
    return jsonMessage(batchMediaType, encodeBatch(deliveries.map(({ event }) => event)));
  }
  if (deliveries.length !== 1) {
    throw new RangeError(`Cannot push ${deliveries.length} events at once: the sink is not in batch mode`);
  }
  const { event } = deliveries[0];
  if (options.mode === "structured") return jsonMessage(structuredMediaType, encodeStructured(event));
  return encodeBinary(event, { headerEncoding: options.headerEncoding });
}

function jsonMessage(mediaType: string, text: string): Message {
  return { headers: [["content-type", mediaType]], body: encoder.encode(text) };
}
