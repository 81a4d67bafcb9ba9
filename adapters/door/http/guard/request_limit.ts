/** Bounds the requests under way, so that a flood is answered instead of kept in memory. */

import { RefusedError } from "../../../../node/mod.ts";

export class RequestLimit {
  readonly #max: number;
  readonly #streams: () => number;
  #active = 0;

  /** `streams`: connections that outlive the answer that opened them; they count as well. */
  constructor(max: number, streams: () => number) {
    this.#max = max;
    this.#streams = streams;
  }

  /** Requests between `enter()` and `leave()`. */
  get active(): number {
    return this.#active;
  }

  /** Throws `RefusedError` (`OVERLOADED`); else `leave()` must follow. */
  enter(): void {
    if (this.#active + this.#streams() >= this.#max) {
      throw new RefusedError(
        "OVERLOADED",
        `Cannot serve now: limits.connections ${this.#max} requests and streams are under way; try again, reuse ` +
          "connections, or raise the limit",
        { limit: this.#max },
      );
    }
    this.#active++;
  }

  leave(): void {
    this.#active--;
  }
}
