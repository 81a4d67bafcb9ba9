/** Binary content mode: attributes in headers, data in the body (CloudEvents HTTP binding 1.0.2 §3.1, NATS binding §3.1). */

import type { CloudEvent } from "../event.ts";
import { type AttributeBag, createAttributeBag } from "./attribute_bag.ts";
import { attributeText, checkAttributeName, checkAttributeValue, checkRequired } from "./attribute_rules.ts";
import { CodecError, quote } from "./codec_error.ts";
import { decodeHeaderValue, encodeHeaderValue, type HeaderBinding, httpBinding } from "./header_value.ts";
import { rawHeaderValue, repeatedHeader } from "./header_value.ts";
import { parseMediaType } from "./media_type.ts";

/** Headers of a message: name in lower case and value, in any order. `Headers` is one. */
export type HeaderEntries = Iterable<readonly [name: string, value: string]>;

export interface BinaryMessage {
  /** `content-type` (if the binding uses it and there is one) and a `ce-` header per attribute, names in lower case. */
  readonly headers: [name: string, value: string][];
  /** `undefined`: the event has no data. */
  readonly body: Uint8Array | undefined;
}

export interface EncodeBinaryOptions {
  /** Default: `httpBinding`. */
  readonly binding?: HeaderBinding;
  /** `percent` (default) follows the specification; `raw` is for receivers that do not decode what it says. */
  readonly headerEncoding?: "percent" | "raw";
}

/**
 * The event in a binary-mode message. Headers that do not begin with `ce-` are left alone, except the content type.
 * `body` is kept, not copied: nobody may write to it afterwards. `undefined` means no data, length 0 means empty data.
 * Throws `CodecError`.
 */
export function decodeBinary(
  headers: HeaderEntries,
  body: Uint8Array | undefined,
  binding: HeaderBinding = httpBinding,
): CloudEvent {
  const attributes = createAttributeBag();
  let contentType: string | undefined;
  for (const header of headers) {
    const name = header[0];
    if (isAttributeHeader(name)) readAttribute(attributes, name, header[1], binding);
    else if (name === "content-type") contentType = checkContentType(header[1], contentType, binding);
  }
  // NATS clients that wrap an HTTP-shaped message set Content-Type only; the binding's own header wins.
  if (contentType !== undefined && attributes.datacontenttype === undefined) {
    checkAttributeValue("datacontenttype", contentType);
    attributes.datacontenttype = contentType;
  }
  checkRequired(attributes);
  return { attributes, data: body, dataForm: body === undefined ? undefined : "binary" };
}

function isAttributeHeader(name: string): boolean {
  return name.charCodeAt(2) === 0x2d && name.charCodeAt(0) === 0x63 && name.charCodeAt(1) === 0x65;
}

function readAttribute(attributes: AttributeBag, header: string, raw: string, binding: HeaderBinding): void {
  const name = attributeNameOf(header);
  if (name === "datacontenttype" && binding.mediaTypeHeader === "content-type") throw misplacedMediaType(raw);
  if (attributes[name] !== undefined) throw repeatedHeader(name, raw);
  const value = decodeHeaderValue(name, raw, binding);
  checkAttributeValue(name, value);
  attributes[name] = value;
}

// Names recur; a table saves checking and slicing them for each event. Bounded, because senders choose extensions.
const namesMax = 1024;
const names = new Map<string, string>();

function attributeNameOf(header: string): string {
  const known = names.get(header);
  if (known !== undefined) return known;
  const name = header.slice(3);
  checkAttributeName(name);
  if (names.size < namesMax) names.set(header, name);
  return name;
}

function misplacedMediaType(value: string): CodecError {
  return new CodecError(
    "INVALID_ATTRIBUTE",
    `Cannot read header "ce-datacontenttype" = ${quote(value)}: in binary mode the media type of the data is the ` +
      `Content-Type header; send it there`,
    { attribute: "datacontenttype" },
  );
}

function checkContentType(value: string, earlier: string | undefined, binding: HeaderBinding): string {
  // A comma that joins two types makes the whole no media type; a comma inside a quoted parameter does not.
  const joined = binding.repeats === "joined" && value.includes(", ") && parseMediaType(value) === undefined;
  if (earlier === undefined && !joined) return value;
  throw new CodecError(
    "REPEATED_HEADER",
    `Cannot read header "content-type" = ${quote(value)}: it was sent more than once; send one media type`,
    { attribute: "datacontenttype" },
  );
}

/**
 * The binary-mode message of an event. Integers and Booleans become their canonical strings: headers do not tell types.
 * JSON data of an event without `datacontenttype` gets `application/json`, the type that a structured event implies
 * (CloudEvents 1.0.2 §3.1.2 "datacontenttype").
 */
export function encodeBinary(event: CloudEvent, options: EncodeBinaryOptions = {}): BinaryMessage {
  const binding = options.binding ?? httpBinding;
  const raw = options.headerEncoding === "raw";
  const headers: [string, string][] = [];
  const mediaType = event.attributes.datacontenttype ?? (event.dataForm === "json" ? "application/json" : undefined);
  if (mediaType !== undefined) {
    headers.push([binding.mediaTypeHeader, mediaTypeText(mediaType as string, raw, binding)]);
  }
  for (const name in event.attributes) {
    if (name === "datacontenttype") continue;
    const value = attributeText(event.attributes[name]);
    headers.push([`ce-${name}`, raw ? rawHeaderValue(value, binding) : encodeHeaderValue(value)]);
  }
  return { headers, body: event.data };
}

/** `Content-Type` is no `ce-` header: its spaces and quotes are its own syntax and stay. */
function mediaTypeText(value: string, raw: boolean, binding: HeaderBinding): string {
  if (binding.mediaTypeHeader === "content-type") return rawHeaderValue(value, binding);
  return raw ? rawHeaderValue(value, binding) : encodeHeaderValue(value);
}
