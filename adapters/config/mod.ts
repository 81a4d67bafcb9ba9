/**
 * The configuration of a node.
 *
 * @module
 */

export { type ResolvedConfig } from "./resolved_config.ts";
