/** What a cluster tells of its wants: exact as long as it fits, else with filters and sub-trees collapsed. Never less than is wanted. */

import type { Want } from "../../local_cluster.ts";
import { PrefixPruning, type PrefixWeight, type Room } from "./prefix_pruning.ts";
import { PrefixTree, restOf } from "./prefix_tree.ts";
import { type ToldWant, wantBytes, wantIdentity } from "./told_want.ts";

export interface SummaryOptions {
  /** At least 1. */
  readonly entriesMax: number;
  /** Bytes as bodies of records, at least what the longest pattern takes. */
  readonly bytesMax: number;
  /** How much traffic there is, as far as it is known: then what saves most for the least of it is collapsed. */
  readonly weight?: PrefixWeight;
}

export interface Summary {
  readonly wants: readonly ToldWant[];
  /**
   * Groups for which there was no room: a group is never summarised, as each of its events goes to one cluster only. The
   * mesh does not hear of them, so that the caller has to warn.
   */
  readonly leftOut: readonly Want[];
}

/** What the bodies of 64 shards take beside their wants. */
const FRAMING_BYTES = 64 * 16;
/** A collapsed want of the longest pattern that a node may be configured to take. */
const LAST_RESORT_BYTES = 4096 + 64;

/**
 * Whatever the wants match, the summary matches; equal wants are told once, durable if one of them is. The result depends
 * on the set of wants and not on their order. A million wants take about a second.
 */
export function summarise(wants: readonly Want[], { entriesMax, bytesMax, weight }: SummaryOptions): Summary {
  const { groups, others } = distinct(wants);
  const all: Room = { entries: entriesMax, bytes: bytesMax - FRAMING_BYTES };
  const { told, leftOut, room } = others.length === 0
    ? takeGroups(groups, all)
    : takeGroups(groups, all, { entries: 1, bytes: Math.min(LAST_RESORT_BYTES, all.bytes) });
  return { wants: [...told, ...fit(others, room, weight)], leftOut };
}

function fit(wants: readonly ToldWant[], room: Room, weight: PrefixWeight | undefined): readonly ToldWant[] {
  if (fits(wants, room)) return wants;
  const merged = mergeFilters(wants, room);
  return fits(merged, room) ? merged : collapse(merged, room, weight);
}

function fits(wants: readonly ToldWant[], { entries, bytes }: Room): boolean {
  return wants.length <= entries && bytesOf(wants) <= bytes;
}

function bytesOf(wants: readonly ToldWant[]): number {
  let sum = 0;
  for (const want of wants) sum += wantBytes(want);
  return sum;
}

function distinct(wants: readonly Want[]): { readonly groups: readonly Want[]; readonly others: readonly Want[] } {
  const groups = new Map<string, Want>();
  const others = new Map<string, Want>();
  for (const want of wants) {
    const isPlain = want.group === undefined && want.filter === undefined;
    const key = isPlain ? want.pattern : wantIdentity(want); // the latter is no pattern: it has a bracket and a quote
    const known = want.group === undefined ? others : groups;
    const before = known.get(key);
    if (before === undefined || (want.durable && !before.durable)) known.set(key, want);
  }
  return { groups: [...groups.values()], others: [...others.values()] };
}

/** Durable groups first, then by name: all that fit, with something kept free for the rest. */
function takeGroups(groups: readonly Want[], all: Room, kept: Room = { entries: 0, bytes: 0 }): {
  readonly told: readonly Want[];
  readonly leftOut: readonly Want[];
  readonly room: Room;
} {
  let { entries, bytes } = all;
  const told: Want[] = [];
  const leftOut: Want[] = [];
  const ordered = groups.toSorted((a, b) => Number(b.durable) - Number(a.durable) || (keyOf(a) < keyOf(b) ? -1 : 1));
  for (const want of ordered) {
    const size = wantBytes(want);
    if (entries - 1 < kept.entries || bytes - size < kept.bytes) {
      leftOut.push(want);
      continue;
    }
    told.push(want);
    entries--;
    bytes -= size;
  }
  return { told, leftOut, room: { entries, bytes } };
}

/** Patterns asked for with several filters are asked for with none, those with most of them first, until the rest fits. */
function mergeFilters(wants: readonly ToldWant[], room: Room): readonly ToldWant[] {
  const filtered = new Set(wants.filter(({ filter }) => filter !== undefined).map(({ pattern }) => pattern));
  if (filtered.size === 0) return wants;
  const alike = [...Map.groupBy(wants.filter(({ pattern }) => filtered.has(pattern)), ({ pattern }) => pattern)]
    .filter(([, some]) => some.length > 1)
    .sort(([a, some], [b, others]) => others.length - some.length || (a < b ? -1 : 1));
  let entries = wants.length;
  let bytes = bytesOf(wants);
  const merged = new Map<string, ToldWant>();
  for (const [pattern, some] of alike) {
    if (entries <= room.entries && bytes <= room.bytes) break;
    const one: ToldWant = { pattern, durable: some.some(({ durable }) => durable), collapsed: some.length };
    merged.set(pattern, one);
    entries -= some.length - 1;
    bytes += wantBytes(one) - bytesOf(some);
  }
  return [...wants.filter(({ pattern }) => !merged.has(pattern)), ...merged.values()];
}

/** Each pattern is there once, or nothing had to be collapsed. */
function collapse(wants: readonly ToldWant[], room: Room, weight: PrefixWeight | undefined): readonly ToldWant[] {
  const patterns = wants.map(({ pattern }) => pattern);
  const tree = new PrefixTree(patterns, {
    bytes: (entry) => wantBytes(wants[entry]),
    isPlain: (entry) => wants[entry].filter === undefined,
  });
  const pruning = new PrefixPruning(tree, patterns, weight);
  pruning.fit(room);
  const cover = pruning.cover();
  const exact: ToldWant[] = [];
  const counts = new Float64Array(tree.prefixes.length);
  const durables = new Uint8Array(tree.prefixes.length);
  for (let entry = 0; entry < wants.length; entry++) {
    const want = wants[entry];
    const prefix = tree.parents[entry] < 0 ? -1 : cover[tree.parents[entry]];
    if (prefix < 0) exact.push(want);
    else {
      counts[prefix] += want.collapsed ?? 1;
      if (want.durable) durables[prefix] = 1;
    }
  }
  const collapsed = tree.prefixes.flatMap(({ text }, i): readonly ToldWant[] => {
    return counts[i] === 0 ? [] : [{ pattern: restOf(text), durable: durables[i] === 1, collapsed: counts[i] }];
  });
  return [...exact, ...collapsed];
}

function keyOf(want: Want): string {
  return `${want.groupKey} ${wantIdentity(want)}`;
}
