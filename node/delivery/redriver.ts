/** Gives dead letters back to the subscriptions that they failed at. */

import type { DeadLetterQuery, DeadLetters } from "../dead_letters.ts";
import type { Subscriptions } from "../subscriptions/subscriptions.ts";

export interface RedriveResult {
  readonly redriven: number;
  /** Letters whose subscription is gone: they stay. */
  readonly orphaned: number;
}

export class Redriver {
  readonly #deadLetters: DeadLetters;
  readonly #subscriptions: Subscriptions;
  /** Letters on their way: somebody who asks twice gets the event once. */
  readonly #underWay = new Set<string>();

  constructor(deadLetters: DeadLetters, subscriptions: Subscriptions) {
    this.#deadLetters = deadLetters;
    this.#subscriptions = subscriptions;
  }

  /**
   * Each letter becomes an open event of its subscription again, with all its attempts before it, and ceases to be a
   * letter, in one durable step: a kill in between neither loses nor doubles it. `onProgress` is called as it goes on.
   */
  async redrive(query: DeadLetterQuery, onProgress?: (redriven: number) => void): Promise<RedriveResult> {
    let redriven = 0;
    let orphaned = 0;
    for await (const { id } of this.#deadLetters.select(query)) {
      if (this.#underWay.has(id)) continue;
      this.#underWay.add(id);
      try {
        const outcome = await this.#redriveOne(id);
        if (outcome === "redriven") redriven++;
        if (outcome === "orphaned") orphaned++;
      } finally {
        this.#underWay.delete(id);
      }
      onProgress?.(redriven);
    }
    return { redriven, orphaned };
  }

  async #redriveOne(id: string): Promise<"redriven" | "orphaned" | "gone"> {
    const letter = await this.#deadLetters.get(id); // again, for another call may have been faster
    if (letter === undefined) return "gone";
    const queue = this.#subscriptions.get(letter.subscription)?.group.queue;
    const readmitted = await queue?.readmit(letter, [this.#deadLetters.toRemoval(id)]);
    return readmitted === true ? "redriven" : "orphaned";
  }
}
