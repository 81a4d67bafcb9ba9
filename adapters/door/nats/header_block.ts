/** The header block of NATS messages (ADR-4): `NATS/1.0`, optionally a status, then a line per header. */

import type { HeaderEntries } from "../../../node/mod.ts";

const VERSION_LINE = "NATS/1.0";
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Headers by name in lower case, one entry per occurrence; `undefined` when the block is none, or not UTF-8. */
export function parseHeaderBlock(block: Uint8Array): [name: string, value: string][] | undefined {
  const text = decode(block);
  if (text === undefined || !text.startsWith(VERSION_LINE) || !text.endsWith("\r\n\r\n")) return undefined;
  const headers: [string, string][] = [];
  let at = text.indexOf("\r\n") + 2;
  while (at < text.length - 2) {
    const end = text.indexOf("\r\n", at);
    const colon = text.indexOf(":", at);
    if (colon <= at || colon > end) return undefined;
    headers.push([text.slice(at, colon).toLowerCase(), text.slice(colon + 1, end).trim()]);
    at = end + 2;
  }
  return headers;
}

/** `status`: what follows the version, such as `503` or `400 Bad request`. Names are written as they are given. */
export function formatHeaderBlock(headers: HeaderEntries, status?: string): Uint8Array {
  let text = status === undefined ? `${VERSION_LINE}\r\n` : `${VERSION_LINE} ${status}\r\n`;
  for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
  return encoder.encode(`${text}\r\n`);
}

function decode(block: Uint8Array): string | undefined {
  try {
    return decoder.decode(block);
  } catch {
    return undefined;
  }
}
