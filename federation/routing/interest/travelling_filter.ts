/** The part of a subscription's filter that travels with its interest: derived at home, asked wherever events start. */

import type { AttributeValue, CloudEvent } from "../../../node/mod.ts";
import type { TravellingFilter } from "../../local_cluster.ts";

/** What a subscription says of the events that it wants, as far as it concerns their attributes. */
export interface FilterDefinition {
  readonly types?: readonly string[];
  readonly source?: string;
  /** Filters of the CloudEvents Subscriptions API (§3.2.4.1). All must hold. */
  readonly filters?: readonly Readonly<Record<string, unknown>>[];
}

/** A filter larger than this travels without what is too much: events then cross links to be refused at home. */
export const TYPES_MAX = 64;
export const COMPARISONS_MAX = 16;
export const TEXT_LENGTH_MAX = 1024;

/** `exact`, `prefix` and `all` of them, as deep as filters may be nested. */
const NESTING_MAX = 16;
const ATTRIBUTE_NAME = /^[a-z0-9]{1,256}$/;

/**
 * Types, source and the comparisons that must hold in any case. Everything else stays at home, so that what the result
 * stops is never wanted. `undefined`: nothing can be said without the whole filter.
 */
export function travellingFilter({ types, source, filters }: FilterDefinition): TravellingFilter | undefined {
  const exact: Record<string, string> = Object.create(null);
  const prefix: Record<string, string> = Object.create(null);
  for (const filter of filters ?? []) gather(filter, { exact, prefix }, 1);
  const travelling: TravellingFilter = {
    ...types !== undefined && types.length <= TYPES_MAX && types.every(isShort) && { types: [...types].sort() },
    ...source !== undefined && isShort(source) && { source },
    ...Object.keys(exact).length > 0 && { exact: { ...exact } },
    ...Object.keys(prefix).length > 0 && { prefix: { ...prefix } },
  };
  return Object.keys(travelling).length === 0 ? undefined : travelling;
}

/** Whether an event passes. Values are compared in their canonical text (CloudEvents 1.0 §2), as filters at home do. */
export function passesFilter({ types, source, exact, prefix }: TravellingFilter, { attributes }: CloudEvent): boolean {
  if (types !== undefined && !types.includes(attributes.type)) return false;
  if (source !== undefined && attributes.source !== source) return false;
  for (const name in exact) if (textOf(attributes[name]) !== exact[name]) return false;
  for (const name in prefix) if (textOf(attributes[name])?.startsWith(prefix[name]) !== true) return false;
  return true;
}

/** The part of the filter that stops an event, for people; `undefined` when the event passes. */
export function filterStops(
  { types, source, exact, prefix }: TravellingFilter,
  { attributes }: CloudEvent,
): string | undefined {
  if (types !== undefined && !types.includes(attributes.type)) {
    return `types: type "${attributes.type}" is none of ${types.join(", ")}`;
  }
  if (source !== undefined && attributes.source !== source) return `source: it is not "${source}"`;
  for (const name in exact) {
    if (textOf(attributes[name]) !== exact[name]) return `exact: ${name} is not "${exact[name]}"`;
  }
  for (const name in prefix) {
    if (textOf(attributes[name])?.startsWith(prefix[name]) === true) continue;
    return `prefix: ${name} does not begin with "${prefix[name]}"`;
  }
  return undefined;
}

interface Comparisons {
  readonly exact: Record<string, string>;
  readonly prefix: Record<string, string>;
}

/** Of two comparisons of one attribute either may stand for both: each must hold. */
function gather(filter: unknown, comparisons: Comparisons, level: number): void {
  if (typeof filter !== "object" || filter === null || level > NESTING_MAX) return;
  const { exact, prefix, all } = filter as Record<string, unknown>;
  add(exact, comparisons.exact);
  add(prefix, comparisons.prefix);
  if (Array.isArray(all)) { for (const inner of all) gather(inner, comparisons, level + 1); }
}

function add(texts: unknown, comparisons: Record<string, string>): void {
  if (typeof texts !== "object" || texts === null) return;
  for (const [name, text] of Object.entries(texts)) {
    if (!ATTRIBUTE_NAME.test(name) || typeof text !== "string" || !isShort(text)) continue;
    const isFull = Object.keys(comparisons).length >= COMPARISONS_MAX;
    // The longer one lets less through.
    if (name in comparisons ? text.length > comparisons[name].length : !isFull) comparisons[name] = text;
  }
}

function isShort(text: string): boolean {
  return text.length <= TEXT_LENGTH_MAX;
}

function textOf(value: AttributeValue | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
