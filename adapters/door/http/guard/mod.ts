/**
 * Safety of the HTTP door: names and origins that may talk to it, and limits on what a request may take.
 *
 * @module
 */

export { Deadlines } from "./deadlines.ts";
export { createGuard, type FetchHandler, type GuardOptions } from "./guard.ts";
export { isLoopbackHost } from "./host_check.ts";
export { readBody, type ReadBodyOptions } from "./read_body.ts";
