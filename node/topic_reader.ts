/**
 * Topics out of bytes. The few that are in use come again and again, and decoding one costs more than finding out that it
 * was decoded before.
 */

/** Topics remembered, in slots by their hash; some 100 bytes each. Power of two. */
const SLOTS = 1024;
/** Longer ones are decoded each time. */
const BYTES_MAX = 96;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export class TopicReader {
  readonly #slots: string[] = new Array(SLOTS).fill("");

  /** The topic in bytes [from, to). */
  read(bytes: Uint8Array, from: number, to: number): string {
    const length = to - from;
    if (length > BYTES_MAX) return decode(bytes, from, to);
    let hash = length;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const known = this.#slots[slot];
    return isText(known, bytes, from, length) ? known : this.#slots[slot] = decode(bytes, from, to);
  }
}

/** Whether a text has these very bytes. Beyond ASCII it has fewer units than bytes, so that it never fits. */
function isText(text: string, bytes: Uint8Array, from: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
}

function decode(bytes: Uint8Array, from: number, to: number): string {
  return decoder.decode(bytes.subarray(from, to));
}
