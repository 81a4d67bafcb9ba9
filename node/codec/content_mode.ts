/** Which CloudEvents content mode a message is in (CloudEvents HTTP binding 1.0.2 §3). */

import { isUtf8Charset, parseMediaType } from "./media_type.ts";

/** `unsupported` is a CloudEvents format that is not JSON, or JSON that is not UTF-8: a 415. */
export type ContentMode = "binary" | "structured" | "batch" | "unsupported";

export const structuredMediaType = "application/cloudevents+json";
export const batchMediaType = "application/cloudevents-batch+json";

/** What to name in an error about an unsupported type. */
export const acceptedMediaTypes: readonly string[] = [structuredMediaType, batchMediaType];

/** The mode that a `Content-Type` announces. Media types are compared without regard to case. */
export function detectMode(contentType: string | null | undefined): ContentMode {
  // "application/" has twelve characters; nearly every binary event is told apart by its thirteenth.
  if (contentType === null || contentType === undefined || (contentType.charCodeAt(12) | 0x20) !== 0x63) {
    return "binary";
  }
  if (!contentType.toLowerCase().startsWith("application/cloudevents")) return "binary";
  const mediaType = parseMediaType(contentType);
  if (mediaType === undefined || !isUtf8Charset(mediaType.parameters.get("charset"))) return "unsupported";
  if (mediaType.subtype === "cloudevents+json") return "structured";
  return mediaType.subtype === "cloudevents-batch+json" ? "batch" : "unsupported";
}
