/** A metric that is read when somebody looks: what it counts are plain numbers elsewhere. */

export interface Sample {
  /** For the parts of a histogram; else the name of the metric. */
  readonly metricName?: string;
  /** Every value comes from a list that is known beforehand: labels must stay few. */
  readonly labels?: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface MetricDefinition {
  /** `weft_…`, with the unit; counters end in `_total`. */
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly read: () => readonly Sample[];
  /** Names of the labels, where there may be no sample yet to show them. */
  readonly labels?: readonly string[];
}

export function counter(name: string, help: string, read: () => number | readonly Sample[]): MetricDefinition {
  return { name, help, type: "counter", read: () => toSamples(read()) };
}

export function gauge(name: string, help: string, read: () => number | readonly Sample[]): MetricDefinition {
  return { name, help, type: "gauge", read: () => toSamples(read()) };
}

export function histogram(
  name: string,
  help: string,
  source: { samples(name: string): readonly Sample[] },
): MetricDefinition {
  return { name, help, type: "histogram", read: () => source.samples(name) };
}

function toSamples(read: number | readonly Sample[]): readonly Sample[] {
  return typeof read === "number" ? [{ value: read }] : read;
}
