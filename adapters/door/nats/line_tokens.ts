/** The words of one line of the protocol, without a text being made of those that nobody asks for. */

import type { Buffer } from "node:buffer";

/** More than any operation has. */
const TOKENS_MAX = 6;
/** nats-server takes no larger number: 999,999,999. */
const DIGITS_MAX = 9;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class LineTokens {
  readonly #starts = new Int32Array(TOKENS_MAX);
  readonly #ends = new Int32Array(TOKENS_MAX);
  #bytes!: Buffer;
  /** Words found; `TOKENS_MAX` means that or more. */
  count = 0;

  /** Splits `bytes[from, to)` at white space. Valid until the next call. */
  split(bytes: Buffer, from: number, to: number): this {
    this.#bytes = bytes;
    let count = 0;
    let start = -1;
    for (let i = from; i < to && count < TOKENS_MAX; i++) {
      const byte = bytes[i];
      if (byte !== SPACE && byte !== TAB) {
        if (start < 0) start = i;
      } else if (start >= 0) {
        this.#starts[count] = start;
        this.#ends[count++] = i;
        start = -1;
      }
    }
    if (start >= 0 && count < TOKENS_MAX) {
      this.#starts[count] = start;
      this.#ends[count++] = to;
    }
    this.count = count;
    return this;
  }

  /** A word as text; empty when it is not UTF-8. `last`: what it likely is, for that is quicker to see than to make. */
  text(index: number, last?: string): string {
    const [from, to] = [this.#starts[index], this.#ends[index]];
    if (last !== undefined && last.length === to - from && this.#isText(from, last)) return last;
    for (let i = from; i < to; i++) if (this.#bytes[i] > 0x7f) return decodeUtf8(this.#bytes.subarray(from, to));
    return this.#bytes.toString("latin1", from, to);
  }

  /** A word as a size in bytes; −1 when it is none. */
  size(index: number): number {
    const [from, to] = [this.#starts[index], this.#ends[index]];
    if (to - from > DIGITS_MAX) return -1;
    let value = 0;
    for (let i = from; i < to; i++) {
      const digit = this.#bytes[i] - ZERO;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return value;
  }

  #isText(from: number, text: string): boolean {
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f || code !== this.#bytes[from + i]) return false;
    }
    return true;
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return "";
  }
}

const SPACE = 0x20;
const TAB = 0x09;
const ZERO = 0x30;
