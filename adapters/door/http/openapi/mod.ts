/**
 * The description of the HTTP API in OpenAPI 3.1. A route that it does not describe fails a test.
 *
 * @module
 */

export { openApiRoutes } from "./openapi_routes.ts";
