/** What the HTTP door counts. The door bumps numbers; metrics read them. */

import { Histogram } from "./histogram.ts";
import { isPublishRoute, ROUTE_COUNT, routeLabels, type RouteNumber } from "./http_routes.ts";
import { counter, gauge, histogram, type MetricDefinition, type Sample } from "./metric.ts";

/** Seconds: from an answer out of memory to a client that would give up. */
const LATENCY_BOUNDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];

/** 1xx to 5xx. */
const STATUS_CLASSES = 5;

export class HttpCounters {
  readonly #requests = new Float64Array(ROUTE_COUNT * STATUS_CLASSES);
  readonly #problems = new Map<string, number>();
  readonly #publishSeconds = new Histogram(LATENCY_BOUNDS);
  #active: () => number = () => 0;

  /** A request was answered, `durationMs` after it came. */
  note(route: RouteNumber, status: number, durationMs: number): void {
    this.#requests[route * STATUS_CLASSES + Math.floor(status / 100) - 1]++;
    if (status === 202 && isPublishRoute(route)) this.#publishSeconds.observe(durationMs / 1000);
  }

  /** A problem of that code was answered; codes are a fixed list. */
  noteProblem(code: string): void {
    this.#problems.set(code, (this.#problems.get(code) ?? 0) + 1);
  }

  /** Where to read how many requests are under way. */
  watchActive(active: () => number): void {
    this.#active = active;
  }

  metrics(): MetricDefinition[] {
    return [
      counter(
        "weft_http_requests_total",
        "Requests answered, by route and class of status.",
        () => this.#requestSamples(),
      ),
      gauge("weft_http_requests_active", "Requests under way, streams left out.", () => this.#active()),
      counter("weft_http_problems_total", "Problem documents answered, by code.", () => this.#problemSamples()),
      histogram(
        "weft_publish_duration_seconds",
        "Time from a publish request to its receipt, the durable write included.",
        this.#publishSeconds,
      ),
    ];
  }

  #requestSamples(): Sample[] {
    const samples: Sample[] = [];
    for (const [i, value] of this.#requests.entries()) {
      if (value === 0) continue;
      const labels = { ...routeLabels(Math.floor(i / STATUS_CLASSES)), status: `${i % STATUS_CLASSES + 1}xx` };
      samples.push({ labels, value });
    }
    return samples;
  }

  #problemSamples(): Sample[] {
    return [...this.#problems].map(([code, value]) => ({ labels: { code }, value }));
  }
}
