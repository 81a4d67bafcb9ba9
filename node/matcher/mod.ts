/**
 * Patterns to targets: which of a million patterns fit this topic, in about a microsecond.
 *
 * Start with `Matcher`, which finds targets; it stands on `PatternTable`, which numbers patterns and finds their numbers.
 * A pattern is filed by its *shape* (length and places of wildcards) under one hash of its literal tokens, in sorted
 * pages of typed arrays; a match hashes the topic's tokens once and looks once into each shape that can fit.
 *
 * @module
 */

export { Matcher } from "./matcher.ts";
export { PatternTable } from "./pattern_table.ts";
export type { PatternTableOptions } from "./pattern_table.ts";
