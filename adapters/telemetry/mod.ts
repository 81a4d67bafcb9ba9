/**
 * What a node tells of itself: metrics for Prometheus, logs for people and collectors, and the care that neither has secrets.
 *
 * @module
 */

export { Histogram } from "./histogram.ts";
export { HttpCounters } from "./http_counters.ts";
export { isPublishRoute, routeLabels, type RouteNumber, routeOf } from "./http_routes.ts";
export { logError } from "./log_error.ts";
export { createLogger, type Logger, type LoggerOptions } from "./logger.ts";
export { LoopLag } from "./loop_lag.ts";
export { counter, gauge, histogram, type MetricDefinition, type Sample } from "./metric.ts";
export { Metrics, type RenderedMetrics } from "./metrics.ts";
export { nodeMetrics } from "./node_metrics.ts";
export { type Build, processMetrics } from "./process_metrics.ts";
export { REDACTED, redactSecrets, redactText } from "./redact.ts";
