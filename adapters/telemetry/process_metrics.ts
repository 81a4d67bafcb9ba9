/** Metrics of the process, whatever runs in it. */

import process from "node:process";

import { counter, gauge, type MetricDefinition } from "./metric.ts";

export interface Build {
  readonly version: string;
  /** `bun` or `deno`. */
  readonly runtime: string;
  readonly runtimeVersion: string;
}

const MICROSECONDS = 1e6;

export function processMetrics({ version, runtime, runtimeVersion }: Build): MetricDefinition[] {
  return [
    gauge("weft_build_info", "Always 1; the labels say what runs.", () => [
      { labels: { version, runtime, runtime_version: runtimeVersion }, value: 1 },
    ]),
    gauge("weft_process_resident_memory_bytes", "Memory that the process holds.", () => process.memoryUsage.rss()),
    counter("weft_process_cpu_seconds_total", "Processor time that the process took, of users and system.", () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / MICROSECONDS;
    }),
    gauge("weft_process_uptime_seconds", "Time since the process began.", () => process.uptime()),
  ];
}
