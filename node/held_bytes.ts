/** Counts what a reader keeps in memory by holding events: an event keeps the whole page of the log that it was read with. */

import type { StoredEvent } from "./event_store.ts";

export class HeldBytes {
  readonly #pages = new Map<object, number>(); // how many events of a page are held
  #bytes = 0;

  /** Bytes of the pages of all held events, each page once. */
  get bytes(): number {
    return this.#bytes;
  }

  add(event: StoredEvent): void {
    const page = event.page ?? event;
    const held = this.#pages.get(page) ?? 0;
    this.#pages.set(page, held + 1);
    if (held === 0) this.#bytes += page.bytes;
  }

  /** `event` was added before, and not removed since. */
  remove(event: StoredEvent): void {
    const page = event.page ?? event;
    const held = this.#pages.get(page)!;
    if (held > 1) {
      this.#pages.set(page, held - 1);
      return;
    }
    this.#pages.delete(page);
    this.#bytes -= page.bytes;
  }

  clear(): void {
    this.#pages.clear();
    this.#bytes = 0;
  }
}
