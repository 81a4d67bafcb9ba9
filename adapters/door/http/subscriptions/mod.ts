/**
 * Subscriptions over HTTP: the resources, and pulling from those that have no sink. The contract is in `/openapi.json`.
 *
 * @module
 */

export { AckSchema, PullSchema } from "./pull_routes.ts";
export { PatchSchema, SeekSchema } from "./resource_routes.ts";
export { subscriptionRoutes } from "./subscription_routes.ts";
