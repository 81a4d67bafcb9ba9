/** What is sent to an HTTP sink: events in one of the three content modes, credentials, signature. */

import {
  batchMediaType,
  encodeBatch,
  encodeBinary,
  encodeStructured,
  type SinkDelivery,
  structuredMediaType,
} from "../../../node/mod.ts";
import type { HttpSinkOptions } from "./http_sink_options.ts";
import { signatureHeaders, toWebhookId } from "./signature.ts";

export interface SinkRequest {
  /** A list and not `Headers`: making those costs more than all else here. No name is there twice. */
  readonly headers: [name: string, value: string][];
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

type Message = { readonly headers: [name: string, value: string][]; readonly body: Uint8Array | undefined };

const encoder = new TextEncoder();
const noBytes = new Uint8Array(0);

/** `wallMs`: ms since 1970, for the signature. */
export function toSinkRequest(
  deliveries: readonly SinkDelivery[],
  options: HttpSinkOptions & { readonly key: Uint8Array | undefined },
  wallMs: number,
): SinkRequest {
  const { headers, body } = toMessage(deliveries, options);
  const { accessToken, origin, key } = options;
  for (const name in options.headers) {
    if (accessToken === undefined || name.toLowerCase() !== "authorization") {
      headers.push([name, options.headers[name]]);
    }
  }
  if (accessToken !== undefined) headers.push(["authorization", `Bearer ${accessToken}`]);
  if (origin !== undefined) headers.push(["webhook-request-origin", origin]);
  if (key !== undefined) {
    const webhookId = toWebhookId(deliveries.map(({ deliveryId }) => deliveryId));
    headers.push(...signatureHeaders({ key, webhookId, wallMs, body: body ?? noBytes }));
  }
  return { headers, body: body as Uint8Array<ArrayBuffer> | undefined };
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
