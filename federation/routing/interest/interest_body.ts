/** What a cluster wants as the bodies of its interest records: spread over shards, so that a change floods little. */

import { InvalidPatternError, parsePattern } from "../../../node/mod.ts";
import type { TravellingFilter } from "../../local_cluster.ts";
import { INTEREST_BYTES_MAX, INTEREST_ENTRIES_MAX } from "../../options.ts";
import { hashText } from "./text_hash.ts";
import { type ToldWant, wantText } from "./told_want.ts";
import { COMPARISONS_MAX, TEXT_LENGTH_MAX, TYPES_MAX } from "./travelling_filter.ts";

/** Up to 64 wants are in one shard, up to 256 in 4, up to 1,024 in 16, more in 64. */
const SHARD_ENTRIES = 64;
export const SHARDS_MAX = 64;
/** The longest that a node may be configured to take as a topic: it may be longer elsewhere than it is here. */
const PATTERN_BYTES_MAX = 4096;
const GROUP_NAME = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;
const GROUP_KEY_LENGTH_MAX = 255;
const ATTRIBUTE_NAME = /^[a-z0-9]{1,256}$/;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Bodies by number of the shard, the highest first: with more shards than before a want then comes in its new shard before
 * it goes from the old one. The same wants have the same bytes in any order; a pattern decides which shard it is in.
 */
export function encodeShards(wants: readonly ToldWant[]): Map<number, Uint8Array> {
  let shards = 1;
  while (wants.length > shards * SHARD_ENTRIES && shards < SHARDS_MAX) shards *= 4;
  const byShard = Map.groupBy(wants, ({ pattern }) => hashText(pattern) & (shards - 1));
  const bodies = new Map<number, Uint8Array>();
  for (const [shard, some] of [...byShard].sort(([a], [b]) => b - a)) {
    bodies.set(shard, encoder.encode(`{"wants":[${some.map(toText).sort().join(",")}]}`));
  }
  return bodies;
}

/** Reads a body; never throws. Members that are not known are let by: they are of a later version. */
export function parseShard(body: Uint8Array): ParsedShard {
  let parsed = read.get(body);
  if (parsed === undefined) read.set(body, parsed = readShard(body));
  return parsed;
}

type ParsedShard = { readonly wants: readonly ToldWant[] } | { readonly problem: string };

/** Of bodies that somebody still holds: federations in one process may share them, and they never change. */
const read = new WeakMap<Uint8Array, ParsedShard>();

function readShard(body: Uint8Array): ParsedShard {
  if (body.length > INTEREST_BYTES_MAX) return problem(`${body.length} bytes are more than ${INTEREST_BYTES_MAX}`);
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(body));
  } catch {
    return problem("it is no JSON");
  }
  const { wants } = isObject(json) ? json : {};
  if (!Array.isArray(wants)) return problem('it has no list "wants"');
  if (wants.length > INTEREST_ENTRIES_MAX) return problem(`${wants.length} are more than ${INTEREST_ENTRIES_MAX}`);
  try {
    return { wants: wants.map(toWant) };
  } catch (error) {
    if (!(error instanceof InvalidPatternError || error instanceof UnreadableError)) throw error;
    return problem(error.message);
  }
}

function toText(want: ToldWant): string {
  const { collapsed } = want;
  if (collapsed === undefined) return wantText(want);
  // Only the order of magnitude, or each subscription that a collapsed want covers already would flood a shard.
  return wantText({ ...want, collapsed: 1 << (31 - Math.clz32(collapsed)) });
}

class UnreadableError extends Error {
  override readonly name = "UnreadableError";
}

function toWant(row: unknown): ToldWant {
  if (!isObject(row)) throw new UnreadableError("a want is no object");
  const { pattern, filter, durable, collapsed } = row;
  if (typeof pattern !== "string") throw new UnreadableError("a want has no pattern");
  return {
    pattern: parsePattern(pattern, { bytesMax: PATTERN_BYTES_MAX }),
    durable: durable === true,
    ...row.group !== undefined && toGroup(row),
    ...filter !== undefined && { filter: toFilter(filter) },
    ...Number.isSafeInteger(collapsed) && { collapsed: collapsed as number },
  };
}

function toGroup({ group, groupKey }: Record<string, unknown>): { readonly group: string; readonly groupKey: string } {
  if (typeof group !== "string" || !GROUP_NAME.test(group)) throw new UnreadableError("a group has no name");
  if (typeof groupKey !== "string" || groupKey === "" || groupKey.length > GROUP_KEY_LENGTH_MAX) {
    throw new UnreadableError("a group has no key");
  }
  return { group, groupKey };
}

function toFilter(value: unknown): TravellingFilter {
  if (!isObject(value)) throw new UnreadableError("a filter is no object");
  const { types, source, exact, prefix } = value;
  return {
    ...types !== undefined && { types: toTypes(types) },
    ...source !== undefined && { source: toShortText(source) },
    ...exact !== undefined && { exact: toComparisons(exact) },
    ...prefix !== undefined && { prefix: toComparisons(prefix) },
  };
}

function toTypes(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.length <= TYPES_MAX) return value.map(toShortText);
  throw new UnreadableError(`types of a filter are no list of at most ${TYPES_MAX}`);
}

function toComparisons(value: unknown): Readonly<Record<string, string>> {
  const entries = isObject(value) ? Object.entries(value) : undefined;
  if (entries === undefined || entries.length > COMPARISONS_MAX || !entries.every(([name]) => isAttribute(name))) {
    throw new UnreadableError(`comparisons of a filter are not at most ${COMPARISONS_MAX} texts by attribute`);
  }
  return Object.fromEntries(entries.map(([name, text]) => [name, toShortText(text)]));
}

function toShortText(value: unknown): string {
  if (typeof value === "string" && value.length <= TEXT_LENGTH_MAX) return value;
  throw new UnreadableError(`a value of a filter is no text of at most ${TEXT_LENGTH_MAX} characters`);
}

function isAttribute(name: string): boolean {
  return ATTRIBUTE_NAME.test(name);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function problem(what: string): { readonly problem: string } {
  return { problem: `interest cannot be read: ${what}` };
}
