/** Remembers how far the events of each topic have been retired, so that a reader that comes late can tell what it missed. */

import { patternWants } from "../../node/system_topics.ts";

/** Topics told apart; beyond, all are taken together, which may tell readers of a gap where none of theirs is missing. */
const TOPICS_MAX = 10_000;

/** Stands for topics that nobody knows any more. */
export const ANY_TOPIC = "";

/** Position of the last retired event of a topic. */
export type RetiredTo = ReadonlyMap<string, number>;

export class RetiredTopics {
  readonly #byTopic = new Map<string, number>();
  #any: number;

  /** @param before events before that position went earlier, of whatever topic */
  constructor(before = 1) {
    this.#any = before - 1;
  }

  note(topic: string, position: number): void {
    if (topic === ANY_TOPIC) this.#any = Math.max(this.#any, position);
    if (position <= Math.max(this.#any, this.#byTopic.get(topic) ?? 0)) return;
    if (this.#byTopic.size >= TOPICS_MAX && !this.#byTopic.has(topic)) this.#join();
    this.#byTopic.set(topic, position);
  }

  /** Position of the last retired event that fits a pattern; 0 if there is none. */
  lastOf(pattern: string): number {
    let last = this.#any;
    for (const [topic, position] of this.#byTopic) {
      if (position > last && patternWants(pattern, topic)) last = position;
    }
    return last;
  }

  #join(): void {
    for (const position of this.#byTopic.values()) this.#any = Math.max(this.#any, position);
    this.#byTopic.clear();
  }
}
