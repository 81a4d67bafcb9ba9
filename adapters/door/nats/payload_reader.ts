/** Collects the payload of one message. What arrives in one piece is not copied; what does not is copied once. */

import { Buffer } from "node:buffer";

/** Up to this size room is made at once: it holds any frame of a link, and memory that is never written costs nothing. */
const ROOM_AT_ONCE = 512 * 1024;
const EMPTY = Buffer.alloc(0);
const LINE_END_BYTES = 2;

export class PayloadReader {
  /** Bytes of the payload; −1: no message is being read. */
  #size = -1;
  #bytes: Buffer = EMPTY;
  /** Bytes that have come, the line's end after the payload included. */
  #filled = 0;

  get open(): boolean {
    return this.#size >= 0;
  }

  begin(size: number): void {
    this.#size = size;
    this.#filled = 0;
    this.#bytes = EMPTY;
  }

  /** Reads on from `at`; the answer is where it stopped, or −1 when the payload does not end where it should. */
  read(chunk: Buffer, at: number): number {
    const size = this.#size;
    if (this.#filled === 0 && chunk.length - at >= size + LINE_END_BYTES) {
      if (chunk[at + size] !== CR || chunk[at + size + 1] !== LF) return -1;
      this.#bytes = chunk.subarray(at, at + size);
      this.#filled = size + LINE_END_BYTES;
      return at + size + LINE_END_BYTES;
    }
    if (this.#filled < size) at = this.#copy(chunk, at);
    for (; at < chunk.length && this.#filled >= size && this.#filled < size + LINE_END_BYTES; at++) {
      if (chunk[at] !== (this.#filled === size ? CR : LF)) return -1;
      this.#filled++;
    }
    return at;
  }

  /** The payload, once it is whole; the reader is then free for the next. */
  take(): Buffer | undefined {
    if (this.#filled < this.#size + LINE_END_BYTES) return undefined;
    const bytes = this.#bytes;
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#size = -1;
    this.#bytes = EMPTY;
  }

  #copy(chunk: Buffer, at: number): number {
    const stop = Math.min(chunk.length, at + this.#size - this.#filled);
    this.#reserve(this.#filled + stop - at);
    chunk.copy(this.#bytes, this.#filled, at, stop);
    this.#filled += stop - at;
    if (this.#filled === this.#size && this.#bytes.length > this.#size) {
      this.#bytes = this.#bytes.subarray(0, this.#size);
    }
    return stop;
  }

  /** A large payload gets its room bit by bit, so that who only announces one takes none. */
  #reserve(bytes: number): void {
    if (bytes <= this.#bytes.length) return;
    const room = Math.min(this.#size, Math.max(ROOM_AT_ONCE, this.#bytes.length * 2, bytes));
    const larger = Buffer.allocUnsafeSlow(room);
    this.#bytes.copy(larger, 0, 0, this.#filled);
    this.#bytes = larger;
  }
}

const CR = 13;
const LF = 10;
