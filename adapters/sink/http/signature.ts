/** Signatures of Standard Webhooks 1.x: HMAC-SHA-256 over `id.timestamp.body`. */

import { createHash, createHmac } from "node:crypto";

/** The key in a secret: `whsec_` and base64, else the UTF-8 bytes of the text itself. Throws `RangeError`. */
export function parseSecret(secret: string): Uint8Array {
  if (!secret.startsWith("whsec_")) return new TextEncoder().encode(secret);
  const key = decodeKey(secret.slice("whsec_".length));
  if (key.length > 0) return key;
  throw new RangeError('Cannot use the secret "whsec_…": what follows is not base64; give a key of 24 to 64 bytes');
}

function decodeKey(text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return new Uint8Array(0);
  }
}

/**
 * The id of a message: of a single delivery its own id, of a batch a hash of the ids in it. The same deliveries get the
 * same id at each attempt. Never the event's own id, which its publisher chooses.
 */
export function toWebhookId(deliveryIds: readonly string[]): string {
  const [first] = deliveryIds;
  // A full stop would let one signed text be read as two different messages.
  if (deliveryIds.length === 1 && !first.includes(".")) return first;
  return `msg_${createHash("sha256").update(deliveryIds.join("\n")).digest("base64url")}`;
}

export interface SignatureInput {
  readonly key: Uint8Array;
  readonly webhookId: string;
  /** Wall clock, ms since 1970; receivers refuse what is older than five minutes. */
  readonly wallMs: number;
  readonly body: Uint8Array;
}

/** The three headers of a signed message. */
export function signatureHeaders(input: SignatureInput): [name: string, value: string][] {
  const timestamp = Math.floor(input.wallMs / 1000);
  const digest = createHmac("sha256", input.key)
    .update(`${input.webhookId}.${timestamp}.`)
    .update(input.body)
    .digest("base64");
  return [
    ["webhook-id", input.webhookId],
    ["webhook-timestamp", String(timestamp)],
    ["webhook-signature", `v1,${digest}`],
  ];
}
