/** For which destinations this cluster holds so much that its neighbours should send no more, until it is clearly less. */

/** Of the park budget. */
const BEGINS = 0.5;
const ENDS = 0.375;
/** As many as a HELLO can name. */
const NAMED_MAX = 4096;

export class Congestion {
  readonly #clusters = new Set<string>();

  /** `held`: bytes that wait for each destination. Answers the congested ones, in order of name, if they have changed. */
  update(held: ReadonlyMap<string, number>, budgetBytes: number): string[] | undefined {
    let changed = false;
    for (const cluster of this.#clusters) {
      if ((held.get(cluster) ?? 0) < budgetBytes * ENDS) changed = this.#clusters.delete(cluster);
    }
    for (const [cluster, bytes] of held) {
      if (bytes <= budgetBytes * BEGINS || this.#clusters.has(cluster)) continue;
      this.#clusters.add(cluster);
      changed = true;
    }
    return changed ? [...this.#clusters].sort().slice(0, NAMED_MAX) : undefined;
  }
}
