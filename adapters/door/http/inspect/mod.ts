/**
 * Looking into a node: its log, topics, dead letters and routes, and who would get an event.
 *
 * @module
 */

export { RedriveSchema } from "./dead_letter_routes.ts";
export { inspectRoutes } from "./inspect_routes.ts";
