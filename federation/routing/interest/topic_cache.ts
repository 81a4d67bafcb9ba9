/** What was found for the topics asked for lately: topics repeat, and what is wanted changes seldom. */

/** Topics remembered, in two generations: at some 200 bytes each 3 MB at most. More helps nodes with more topics in use. */
const TOPICS_MAX = 16_384;

/** Forgets topics that were not asked for while half as many as it holds were added. */
export class TopicCache<Value extends NonNullable<unknown>> {
  readonly #generationMax: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  constructor({ topicsMax = TOPICS_MAX }: { readonly topicsMax?: number } = {}) {
    this.#generationMax = topicsMax / 2;
  }

  get(topic: string): Value | undefined {
    const value = this.#young.get(topic);
    if (value !== undefined) return value;
    const kept = this.#old.get(topic);
    if (kept !== undefined) this.set(topic, kept);
    return kept;
  }

  set(topic: string, value: Value): void {
    if (this.#young.size >= this.#generationMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(topic, value);
  }

  clear(): void {
    if (this.#young.size > 0) this.#young = new Map();
    if (this.#old.size > 0) this.#old = new Map();
  }
}
