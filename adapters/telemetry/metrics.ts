/** Renders metrics in the Prometheus text format. */

import type { Metric, Registry } from "prom-client";

import type { MetricDefinition } from "./metric.ts";

export interface RenderedMetrics {
  readonly contentType: string;
  readonly text: string;
}

/** A registry of our own: nothing that another part of the program registers globally shows up here. */
export class Metrics {
  readonly #definitions: MetricDefinition[] = [];
  #registry: Promise<Registry> | undefined;

  /** Throws `RangeError` for a name that is there already. */
  add(definitions: readonly MetricDefinition[]): void {
    for (const definition of definitions) {
      if (this.#definitions.some(({ name }) => name === definition.name)) {
        throw new RangeError(`Cannot add metric "${definition.name}": it is there already; choose another name`);
      }
      this.#definitions.push(definition);
    }
    this.#registry = undefined;
  }

  async render(): Promise<RenderedMetrics> {
    const registry = await (this.#registry ??= toRegistry(this.#definitions));
    return { contentType: registry.contentType, text: await registry.metrics() };
  }
}

// Loaded with the first scrape: it takes some 80 ms, which a start should not pay.
async function toRegistry(definitions: readonly MetricDefinition[]): Promise<Registry> {
  const { Registry } = await import("prom-client");
  const registry = new Registry();
  for (const definition of definitions) registry.registerMetric(toMetric(definition));
  return registry;
}

/** What the registry needs of a metric is `get()`; its own classes would want every number copied into them. */
function toMetric({ name, help, type, read }: MetricDefinition): Metric {
  const metric = {
    name,
    help,
    type,
    get: () => Promise.resolve({ name, help, type, values: read(), aggregator: "sum" }),
  };
  return metric as unknown as Metric;
}
