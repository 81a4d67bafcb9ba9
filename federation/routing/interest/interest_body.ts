/** What a cluster wants as the bodies of its interest records: spread over shards, so that a change floods little. */

import { InvalidPatternError, parsePattern } from "../../../node/mod.ts";
import type { TravellingFilter, Want } from "../../local_cluster.ts";

/** Up to 64 wants in one shard, up to 256 in 4, up to 1,024 in 16, else 64. */
const SHARD_ENTRIES = 64;
const SHARDS_MAX = 64;
const ENTRIES_MAX = 4096;
const BODY_BYTES_MAX = 256 * 1024;
const VALUES_MAX = 256;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Shards that hold something, by number; equal wants have equal bytes. */
export function encodeShards(wants: readonly Want[]): Map<number, Uint8Array> {
  let shards = 1;
  while (wants.length > shards * SHARD_ENTRIES && shards < SHARDS_MAX) shards *= 4;
  const byShard = Map.groupBy(wants, ({ pattern }) => hashOf(pattern) % shards);
  const bodies = new Map<number, Uint8Array>();
  for (const [shard, some] of [...byShard].sort(([a], [b]) => a - b)) {
    const rows = some.map(toJson).map((row) => JSON.stringify(row)).sort();
    bodies.set(shard, encoder.encode(`{"wants":[${rows.join(",")}]}`));
  }
  return bodies;
}

/** Never throws; members that are not known are let by. */
export function parseShard(body: Uint8Array): { readonly wants: readonly Want[] } | { readonly problem: string } {
  if (body.length > BODY_BYTES_MAX) return problem(`${body.length} bytes are more than ${BODY_BYTES_MAX}`);
  try {
    const rows = JSON.parse(decoder.decode(body))?.wants;
    if (!Array.isArray(rows) || rows.length > ENTRIES_MAX) return problem(`wants is no list of at most ${ENTRIES_MAX}`);
    return { wants: rows.map(fromJson) };
  } catch (error) {
    return problem(
      error instanceof InvalidPatternError || error instanceof TypeError ? error.message : "it is no JSON",
    );
  }
}

function toJson({ pattern, filter, group, groupKey, durable }: Want): object {
  return { pattern, filter, group, groupKey, durable };
}

function fromJson(row: unknown): Want {
  const { pattern, filter, group, groupKey, durable } = (row ?? {}) as Record<string, unknown>;
  if (typeof pattern !== "string") throw new TypeError("a want has no pattern");
  if (group !== undefined && (typeof group !== "string" || typeof groupKey !== "string")) {
    throw new TypeError("a group has no name or no key");
  }
  return {
    pattern: parsePattern(pattern),
    filter: filter === undefined ? undefined : toFilter(filter),
    group: group as string | undefined,
    groupKey: groupKey as string | undefined,
    durable: durable === true,
  };
}

function toFilter(value: unknown): TravellingFilter {
  const { types, source, exact, prefix } = (value ?? {}) as Record<string, unknown>;
  if (types !== undefined && !isTexts(types)) throw new TypeError("types of a filter is no list of texts");
  if (source !== undefined && typeof source !== "string") throw new TypeError("source of a filter is no text");
  if (exact !== undefined && !isTable(exact)) throw new TypeError("exact of a filter is no table of texts");
  if (prefix !== undefined && !isTable(prefix)) throw new TypeError("prefix of a filter is no table of texts");
  return { types, source, exact, prefix } as TravellingFilter;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length <= VALUES_MAX && value.every((each) => typeof each === "string");
}

function isTable(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && isTexts(Object.values(value));
}

function problem(what: string): { readonly problem: string } {
  return { problem: `interest cannot be read: ${what}` };
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
