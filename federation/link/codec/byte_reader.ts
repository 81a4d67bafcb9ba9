/**
 * Reads what `ByteWriter` wrote, from bytes that may be anything. Never throws: once something was not there, or no such
 * value, `failed` is true and every further answer is 0 or empty. A caller checks it before it believes what it read.
 */

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const WHOLE_BYTES_MAX = 8;

export class ByteReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #end: number;
  #failed = false;

  constructor(bytes: Uint8Array, from = 0, to = bytes.length) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = to;
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** Where the next byte is read. */
  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  byte(): number {
    if (this.#at >= this.#end) return this.#fail();
    return this.#bytes[this.#at++];
  }

  whole(): number {
    const first = this.byte();
    return first < 128 ? first : this.#longer(first & 127);
  }

  text(bytesMax: number): string {
    const length = this.whole();
    if (length > bytesMax || length > this.left) {
      this.#fail();
      return "";
    }
    try {
      const text = decoder.decode(this.#bytes.subarray(this.#at, this.#at + length));
      this.#at += length;
      return text;
    } catch {
      this.#fail();
      return "";
    }
  }

  skipTo(at: number): void {
    if (at < this.#at || at > this.#end) this.#fail();
    else this.#at = at;
  }

  #longer(start: number): number {
    let value = start;
    let unit = 128;
    for (let count = 1; count < WHOLE_BYTES_MAX; count++, unit *= 128) {
      const next = this.byte();
      value += (next & 127) * unit;
      if (next < 128) return Number.isSafeInteger(value) ? value : this.#fail();
    }
    return this.#fail();
  }

  #fail(): 0 {
    this.#failed = true;
    this.#at = this.#end;
    return 0;
  }
}
