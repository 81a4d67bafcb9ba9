/** Structured content mode, writing: one JSON document holds the event (CloudEvents JSON format 1.0.2). */

import type { CloudEvent } from "../event.ts";
import { encodeBase64 } from "./base64.ts";
import { JsonScanner } from "./json_scanner.ts";
import { isJsonMediaType, isUtf8TextMediaType } from "./media_type.ts";

const exactDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The structured-mode text of an event. JSON data is put in byte for byte, so the text may hold line breaks if the data
 * does. Data that came as bytes becomes JSON if its media type says JSON and it is, a string if its type is `text/*` in
 * UTF-8, else `data_base64`. The same bytes come out again, but for white space around a JSON value.
 */
export function encodeStructured(event: CloudEvent): string {
  let text = "{";
  for (const name in event.attributes) {
    // Attribute names need no escaping: they are letters and digits.
    text += `${text.length > 1 ? "," : ""}"${name}":${JSON.stringify(event.attributes[name])}`;
  }
  return event.data === undefined ? `${text}}` : `${text},${encodeData(event, event.data)}}`;
}

function encodeData(event: CloudEvent, data: Uint8Array): string {
  if (event.dataForm === "json") return `"data":${exactDecoder.decode(data)}`;
  const mediaType = event.attributes.datacontenttype;
  // Without a media type a reader would take `data` for JSON, which nobody said it is.
  const text = typeof mediaType === "string" ? readableText(mediaType, event.dataForm, data) : undefined;
  return text === undefined ? `"data_base64":"${encodeBase64(data)}"` : `"data":${text}`;
}

/** The data as a JSON value that says the same, or `undefined` if there is none. */
function readableText(mediaType: string, form: CloudEvent["dataForm"], data: Uint8Array): string | undefined {
  if (isJsonMediaType(mediaType)) return rawJson(data);
  if (form !== "text" && !isUtf8TextMediaType(mediaType)) return undefined;
  try {
    return JSON.stringify(exactDecoder.decode(data));
  } catch {
    return undefined;
  }
}

/** JSON without the white space around it, which is no part of a JSON value and would break lines in event streams. */
function rawJson(data: Uint8Array): string | undefined {
  try {
    const scanner = new JsonScanner(exactDecoder.decode(data));
    const start = scanner.skipValue();
    const end = scanner.position;
    scanner.expectEnd();
    return scanner.text.slice(start, end);
  } catch {
    return undefined;
  }
}
