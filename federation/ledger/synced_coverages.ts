/** What may be told of coverage: never more than the store keeps even if it loses what it has committed but not synced. */

import type { Coverage } from "../custody/coverage.ts";

export interface SyncedCoveragesParts {
  /** Calls back once what is committed now is synced: `CustodyLog.whenSynced()`. */
  readonly whenSynced: (done: () => void) => void;
  /** `synced` is what may be told of a coverage now. */
  readonly onSynced: (coverage: Coverage, synced: Coverage) => void;
}

/**
 * Copies each coverage that has grown, and has the copy told once it is synced; what grows meanwhile waits for the sync after
 * that. A store that syncs each commit answers at once: nothing is copied then, and the coverage speaks for itself.
 */
export class SyncedCoverages {
  readonly #parts: SyncedCoveragesParts;
  readonly #grown = new Set<Coverage>();
  #waits = false;

  constructor(parts: SyncedCoveragesParts) {
    this.#parts = parts;
  }

  /** A coverage has grown, and is committed. */
  note(coverage: Coverage): void {
    this.#grown.add(coverage);
    if (!this.#waits) this.#ask();
  }

  #ask(): void {
    const grown = [...this.#grown];
    this.#grown.clear();
    let copies: Map<Coverage, Coverage> | undefined;
    this.#waits = true;
    this.#parts.whenSynced(() => {
      this.#waits = false;
      for (const coverage of grown) this.#parts.onSynced(coverage, copies?.get(coverage) ?? coverage);
      if (this.#grown.size > 0) this.#ask();
    });
    if (this.#waits) copies = new Map(grown.map((coverage) => [coverage, coverage.clone()]));
  }
}
