/** Finds HTTP/1.1 messages in the bytes of a connection, reading no more of them than a status and a length. */

import type { Buffer } from "node:buffer";

export interface ResponsePlace {
  readonly status: number;
  /** Where the response ends. */
  readonly end: number;
}

const HEAD_END = "\r\n\r\n";
/** Without the first letters, which may be large or small. */
const LENGTHS = ["ontent-length: ", "ontent-Length: "];

/** The response at the beginning; `undefined` while it is not complete. Throws `TypeError` if it names no length. */
export function findResponse(bytes: Buffer): ResponsePlace | undefined {
  const headEnd = bytes.indexOf(HEAD_END, 0, "latin1");
  if (headEnd < 0) return undefined;
  const status = digits(bytes, 9);
  const bodyAt = headEnd + HEAD_END.length;
  if (status === 204) return { status, end: bodyAt };
  const length = lengthIn(bytes, headEnd);
  if (length === undefined) {
    const head = bytes.toString("latin1", 0, headEnd);
    throw new TypeError(`Cannot read response "${head}": it has no Content-Length; measure a route that sends one`);
  }
  return bodyAt + length <= bytes.length ? { status, end: bodyAt + length } : undefined;
}

/** Where the request at the beginning ends; `undefined` while it is not complete. Without a length it has no body. */
export function findRequestEnd(bytes: Buffer): number | undefined {
  const headEnd = bytes.indexOf(HEAD_END, 0, "latin1");
  if (headEnd < 0) return undefined;
  const end = headEnd + HEAD_END.length + (lengthIn(bytes, headEnd) ?? 0);
  return end <= bytes.length ? end : undefined;
}

function lengthIn(bytes: Buffer, headEnd: number): number | undefined {
  for (const name of LENGTHS) {
    const at = bytes.indexOf(name, 0, "latin1");
    if (at >= 0 && at < headEnd) return digits(bytes, at + name.length);
  }
  return undefined;
}

function digits(bytes: Buffer, from: number): number {
  let value = 0;
  for (let at = from; bytes[at] >= 0x30 && bytes[at] <= 0x39; at++) value = value * 10 + bytes[at] - 0x30;
  return value;
}
