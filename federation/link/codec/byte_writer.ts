/** Numbers and text as bytes, in a buffer that grows and is used again. */

const encoder = new TextEncoder();
const SHORT = 128;

export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written; a view that holds until the next call. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Copies what was written to a place in other bytes. Most of it is short: then a view would cost more than the bytes. */
  copyTo(target: Uint8Array, at: number): void {
    if (this.#length > SHORT) target.set(this.bytes, at);
    else for (let i = 0; i < this.#length; i++) target[at + i] = this.#bytes[i];
  }

  clear(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number in [0, 2⁵³) as LEB128: seven bits a byte, the low ones first, the eighth bit says that more follow. */
  whole(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Length and UTF-8. */
  text(value: string): void {
    const bytes = encoder.encode(value);
    this.whole(bytes.length);
    this.append(bytes);
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What another one wrote. */
  appendFrom(other: ByteWriter): void {
    this.#reserve(other.length);
    other.copyTo(this.#bytes, this.#length);
    this.#length += other.length;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
