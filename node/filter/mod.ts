/**
 * Filters of subscriptions: the dialects of the CloudEvents Subscriptions API, CESQL among them.
 *
 * @module
 */

export { type CompiledFilter, compileFilter, type FilterStop } from "./compile_filter.ts";
export { FilterError } from "./filter_error.ts";
