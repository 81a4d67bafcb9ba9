/**
 * Pages of `docs/` that are rendered from what the source declares, so that they cannot say anything else.
 *
 * @module
 */

export { renderConfigurationPage } from "./configuration_page.ts";
export { renderErrorsPage } from "./errors_page.ts";
export { documentedMetrics, renderMetricsPage } from "./metrics_page.ts";
