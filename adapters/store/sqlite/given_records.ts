/**
 * Records that were given to the store: not copied before the block that they make is written, and those that lie one
 * behind the other in memory, as the records of a frame do, not even then.
 */

/** A block goes on behind a gap in memory only while it is smaller than this: what a copy costs less than a row. */
const JOINED_BYTES_MAX = 64 * 1024;

export class GivenRecords {
  #records: Uint8Array[] = [];
  #bytes = 0;
  #adjoining = true;

  get count(): number {
    return this.#records.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a record may follow in the same block. */
  takes(record: Uint8Array): boolean {
    return this.#bytes < JOINED_BYTES_MAX || this.#adjoins(record);
  }

  /** A record, which must not change any more. */
  add(record: Uint8Array): void {
    if (this.#adjoining && !this.#adjoins(record)) this.#adjoining = false;
    this.#records.push(record);
    this.#bytes += record.length;
  }

  /**
   * All records, one behind the other: where they lie, unless they are few among much else, which would stay in memory with
   * them. To be read only.
   */
  toBody(): Uint8Array {
    const first = this.#records[0];
    if (this.#adjoining && this.#bytes * 2 >= first.buffer.byteLength) {
      return new Uint8Array(first.buffer, first.byteOffset, this.#bytes);
    }
    const body = new Uint8Array(this.#bytes);
    let at = 0;
    for (const record of this.#records) {
      body.set(record, at);
      at += record.length;
    }
    return body;
  }

  clear(): void {
    this.#records = [];
    this.#bytes = 0;
    this.#adjoining = true;
  }

  #adjoins({ buffer, byteOffset }: Uint8Array): boolean {
    const last = this.#records[this.#records.length - 1];
    return last === undefined || (buffer === last.buffer && byteOffset === last.byteOffset + last.length);
  }
}
