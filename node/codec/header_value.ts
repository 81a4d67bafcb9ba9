/** Attribute values in message headers: the percent-encoding of the CloudEvents HTTP binding 1.0.2 §3.1.3.2. */

import { CodecError, quote } from "./codec_error.ts";

/** How a protocol's headers reach the codec. */
export interface HeaderBinding {
  /** `joined`: repeats of a header arrive as one value, joined by ", " (the Headers API); `separate`: one by one. */
  readonly repeats: "joined" | "separate";
  /** What a character above 0x7F is: `latin1`: one raw byte (the Headers API); `utf8`: the header was decoded as UTF-8. */
  readonly text: "latin1" | "utf8";
  /** The header that carries `datacontenttype`. */
  readonly mediaTypeHeader: "content-type" | "ce-datacontenttype";
}

/** Headers of HTTP, as `Request.headers` and `Response.headers` give them. */
export const httpBinding: HeaderBinding = { repeats: "joined", text: "latin1", mediaTypeHeader: "content-type" };

/** Headers of NATS messages, names put into lower case, one entry per occurrence. */
export const natsBinding: HeaderBinding = { repeats: "separate", text: "utf8", mediaTypeHeader: "ce-datacontenttype" };

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The attribute value in a header. Lenient where senders are known to differ: a `%` without two hex digits stays, raw
 * spaces and raw UTF-8 are taken as they are. Throws `REPEATED_HEADER` and `INVALID_ATTRIBUTE`.
 */
export function decodeHeaderValue(name: string, value: string, binding: HeaderBinding): string {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code <= 0x22 && code !== 0x21 || code === 0x25 || code > 0x7e) return decodeUnusual(name, value, binding);
  }
  return value;
}

function decodeUnusual(name: string, value: string, binding: HeaderBinding): string {
  const quoted = value.charCodeAt(0) === 0x22;
  if (!quoted && binding.repeats === "joined" && value.includes(", ")) throw repeatedHeader(name, value);
  return decodePercent(name, quoted ? unquote(name, value) : value, binding);
}

/** Unquotes `"…"`, in which a backslash takes the next character literally (RFC 9110 §5.6.4). */
function unquote(name: string, value: string): string {
  let text = "";
  for (let i = 1; i < value.length; i++) {
    const character = value[i];
    if (character === '"') {
      if (i === value.length - 1) return text;
      if (value.startsWith(", ", i + 1)) throw repeatedHeader(name, value);
      break;
    }
    text += character === "\\" ? value[++i] ?? "" : character;
  }
  throw invalidHeader(name, value, `a value that begins with a double quote ends with one; send other quotes as "%22"`);
}

function decodePercent(name: string, value: string, binding: HeaderBinding): string {
  const bytes = toBytes(value, binding);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const escaped = bytes[i] === 0x25 ? hexValue(bytes[i + 1]) * 16 + hexValue(bytes[i + 2]) : -1;
    bytes[length++] = escaped < 0 ? bytes[i] : escaped;
    if (escaped >= 0) i += 2;
  }
  try {
    return strictDecoder.decode(bytes.subarray(0, length));
  } catch {
    throw invalidHeader(name, value, "its bytes are not UTF-8; percent-encode the value as UTF-8");
  }
}

function toBytes(value: string, binding: HeaderBinding): Uint8Array {
  if (binding.text === "utf8") return encoder.encode(value);
  const bytes = new Uint8Array(value.length);
  for (let i = 0; i < value.length; i++) {
    // A character that is no byte cannot come from the Headers API: somebody decoded the header before.
    if (value.charCodeAt(i) > 0xff) return encoder.encode(value);
    bytes[i] = value.charCodeAt(i);
  }
  return bytes;
}

/** 0 to 15, or a number so small that no sum with it is positive. */
function hexValue(code: number | undefined): number {
  if (code === undefined) return -1000;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1000;
}

/** The header value of an attribute: what is not printable ASCII, and space, `"` and `%`, as percent-encoded UTF-8. */
export function encodeHeaderValue(value: string): string {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code <= 0x22 && code !== 0x21 || code === 0x25 || code > 0x7e) return encodePercent(value);
  }
  return value;
}

function encodePercent(value: string): string {
  let text = "";
  for (const byte of encoder.encode(value)) {
    const plain = byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x25;
    text += plain ? String.fromCharCode(byte) : `%${byte < 16 ? "0" : ""}${byte.toString(16).toUpperCase()}`;
  }
  return text;
}

/** The value without percent-encoding, for receivers that do not decode it; UTF-8 bytes where the binding takes bytes. */
export function rawHeaderValue(value: string, binding: HeaderBinding): string {
  if (binding.text === "utf8") return value;
  let text = "";
  for (const byte of encoder.encode(value)) text += String.fromCharCode(byte);
  return text;
}

export function repeatedHeader(name: string, value: string): CodecError {
  return new CodecError(
    "REPEATED_HEADER",
    `Cannot read header "ce-${name}" = ${
      quote(value)
    }: either it was sent more than once, which is not allowed, or its ` +
      `value holds a raw ", "; send it once and percent-encode the space as "%20"`,
    { attribute: name },
  );
}

function invalidHeader(name: string, value: string, problem: string): CodecError {
  const detail = `Cannot read header "ce-${name}" = ${quote(value)}: ${problem}`;
  return new CodecError("INVALID_ATTRIBUTE", detail, { attribute: name });
}
