/** What may be told of coverage: never more than the store keeps even if it loses what it has committed but not synced. */

import type { Coverage } from "../custody/coverage.ts";

export interface SyncedCoveragesParts {
  /** Calls back once what is committed now is synced: `CustodyLog.whenSynced()`. */
  readonly whenSynced: (done: () => void) => void;
  /** What may be told of a coverage has grown. */
  readonly onSynced: (coverage: Coverage) => void;
}

/**
 * Copies each coverage that has grown, and has the copy told once it is synced; what grows meanwhile waits for the sync after that. A
 * store that syncs each commit answers at once: nothing is copied then, and the coverage speaks for itself.
 */
export class SyncedCoverages {
  readonly #parts: SyncedCoveragesParts;
  readonly #grown = new Set<Coverage>();
  readonly #synced = new Map<Coverage, Coverage>();
  #waits = false;

  constructor(parts: SyncedCoveragesParts) {
    this.#parts = parts;
  }

  /** A coverage has grown, and is committed. */
  note(coverage: Coverage): void {
    this.#grown.add(coverage);
    if (!this.#waits) this.#ask();
  }

  /** What may be told of it now; `undefined`: nothing yet. */
  of(coverage: Coverage): Coverage | undefined {
    return this.#synced.get(coverage);
  }

  forget(coverage: Coverage): void {
    this.#grown.delete(coverage);
    this.#synced.delete(coverage);
  }

  #ask(): void {
    const grown = [...this.#grown];
    this.#grown.clear();
    let copies: Map<Coverage, Coverage> | undefined;
    this.#waits = true;
    this.#parts.whenSynced(() => {
      this.#waits = false;
      for (const coverage of grown) {
        this.#synced.set(coverage, copies?.get(coverage) ?? coverage);
        this.#parts.onSynced(coverage);
      }
      if (this.#grown.size > 0) this.#ask();
    });
    if (this.#waits) copies = new Map(grown.map((coverage) => [coverage, coverage.clone()]));
  }
}
