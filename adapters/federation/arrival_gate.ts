/** Lets a node ask for the order of arrivals before its federation is there: until then nobody knows what is under way. */

import type { ArrivalGap, ArrivalOrder, OriginNumber } from "../../node/mod.ts";

export class ArrivalGate implements ArrivalOrder {
  readonly #self: string;
  readonly #listeners = new Set<(origin?: string) => void>();
  #order: ArrivalOrder | undefined;

  constructor(self: string) {
    this.#self = self;
  }

  hasPlace(event: OriginNumber): boolean {
    return this.#order?.hasPlace(event) ?? event.origin !== this.#self;
  }

  gapBefore(event: OriginNumber): ArrivalGap | undefined {
    if (this.#order !== undefined) return this.#order.gapBefore(event);
    const { origin, epoch } = event;
    return origin === this.#self ? undefined : { origin, epoch, from: 0, to: 0 };
  }

  watch(listener: (origin?: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** From now on the federation answers. */
  open(order: ArrivalOrder): void {
    this.#order = order;
    order.watch((origin) => this.#tell(origin));
    this.#tell();
  }

  #tell(origin?: string): void {
    for (const listener of this.#listeners) listener(origin);
  }
}
