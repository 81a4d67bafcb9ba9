/** Durations that were measured, and what they are like. */

import { toDurationText } from "./humanize.ts";

export interface LatencySummary {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface LatencyBucket {
  /** Upper end, included; the last bucket's is the largest value. */
  readonly upToMs: number;
  readonly count: number;
}

const BUCKETS_MAX = 12;
const BAR_COLUMNS = 40;

/** Keeps every value, so that quantiles are exact; the caller bounds how many there are. */
export class Latencies {
  readonly #values: number[] = [];
  #sorted: Float64Array | undefined;

  add(ms: number): void {
    this.#values.push(ms);
    this.#sorted = undefined;
  }

  get summary(): LatencySummary {
    const sorted = this.#sort();
    const round = (ms: number) => Math.round(ms * 1000) / 1000;
    const total = sorted.reduce((sum, ms) => sum + ms, 0);
    return {
      count: sorted.length,
      meanMs: round(sorted.length === 0 ? 0 : total / sorted.length),
      p50Ms: round(quantile(sorted, 0.5)),
      p90Ms: round(quantile(sorted, 0.9)),
      p99Ms: round(quantile(sorted, 0.99)),
      maxMs: round(sorted.at(-1) ?? 0),
    };
  }

  /** Counts by size; each bucket is twice as wide as the one before, empty ones at the ends are left out. */
  buckets(): readonly LatencyBucket[] {
    const sorted = this.#sort();
    const largest = sorted.at(-1);
    if (largest === undefined) return [];
    const bounds = [largest];
    while (bounds[0] > sorted[0] && bounds.length < BUCKETS_MAX) bounds.unshift(bounds[0] / 2);
    let from = 0;
    return bounds.map((upToMs) => {
      const start = from;
      while (from < sorted.length && sorted[from] <= upToMs) from++;
      return { upToMs, count: from - start };
    });
  }

  #sort(): Float64Array {
    return this.#sorted ??= Float64Array.from(this.#values).sort();
  }
}

/** A bar for each bucket. */
export function renderHistogram(buckets: readonly LatencyBucket[]): string {
  const most = Math.max(1, ...buckets.map(({ count }) => count));
  const width = String(most).length;
  return buckets.map(({ upToMs, count }) => {
    const bar = "█".repeat(Math.ceil(count / most * BAR_COLUMNS));
    return `  ≤ ${toDurationText(upToMs).padEnd(9)} ${String(count).padStart(width)}  ${bar}`.trimEnd() + "\n";
  }).join("");
}

/** Nearest rank. */
function quantile(sorted: Float64Array, share: number): number {
  return sorted.length === 0 ? 0 : sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
