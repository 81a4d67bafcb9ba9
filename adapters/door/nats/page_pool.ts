/** Buffers that are written once and used again: making one takes longer than filling it. */

import { Buffer } from "node:buffer";

const PAGE_BYTES = 64 * 1024;
/** Free pages kept: 4 MiB, as many as clients are usually written to at the same time. */
const FREE_MAX = 64;

export class PagePool {
  readonly #free: Buffer[] = [];
  /** Pages in use, by their memory: other buffers are not taken back. Weak, since a cut connection gives none back. */
  readonly #taken = new WeakMap<object, Buffer>();

  take(): Buffer {
    const page = this.#free.pop() ?? Buffer.allocUnsafeSlow(PAGE_BYTES);
    this.#taken.set(page.buffer, page);
    return page;
  }

  /** A page, or a part of it, that nobody reads any more. Anything else is ignored. */
  giveBack(bytes: Buffer): void {
    const page = this.#taken.get(bytes.buffer);
    if (page === undefined) return;
    this.#taken.delete(bytes.buffer);
    if (this.#free.length < FREE_MAX) this.#free.push(page);
  }
}
