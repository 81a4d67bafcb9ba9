/**
 * Looking into a node and its mesh: log, topics, dead letters; routes, links, clusters; who would get an event, who got it.
 *
 * @module
 */

export { RedriveSchema } from "./dead_letter_routes.ts";
export { inspectRoutes } from "./inspect_routes.ts";
