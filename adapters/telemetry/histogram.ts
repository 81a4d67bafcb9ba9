/** Counts values by size: plain numbers on the hot path, a Prometheus histogram when read. */

import type { Sample } from "./metric.ts";

export class Histogram {
  /** Upper ends of the buckets, ascending, included; a last bucket for everything above is there anyway. */
  readonly #bounds: readonly number[];
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.#bounds.length && value > this.#bounds[bucket]) bucket++;
    this.#counts[bucket]++;
    this.#sum += value;
  }

  /** Samples of the metric `name`; each bucket counts the smaller ones too, as Prometheus wants it. */
  samples(name: string): Sample[] {
    let count = 0;
    const buckets = [...this.#counts].map((inBucket, bucket) => {
      count += inBucket;
      return { metricName: `${name}_bucket`, labels: { le: this.#bounds[bucket] ?? "+Inf" }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, value: this.#sum },
      { metricName: `${name}_count`, value: count },
    ];
  }
}
