/** A want in the form in which clusters tell it, and the text that stands for it on the wire. */

import type { TravellingFilter, Want } from "../../local_cluster.ts";

/** What is told may be wider than what is wanted. */
export interface ToldWant extends Want {
  /** How many wants it stands for, where it was made of several; `undefined`: it is exactly one of them. */
  readonly collapsed?: number;
}

/** JSON without a space, members in one order: equal wants have equal texts, whoever wrote them down. */
export function wantText(want: ToldWant): string {
  let text = texts.get(want);
  if (text === undefined) texts.set(want, text = writeWant(want));
  return text;
}

/** Of wants that somebody still holds: each is compared by its text again and again. */
const texts = new WeakMap<ToldWant, string>();

function writeWant({ pattern, filter, group, groupKey, durable, collapsed }: ToldWant): string {
  return JSON.stringify({ pattern, durable, group, groupKey, filter: filter && ordered(filter), collapsed });
}

/** What tells a want from another, apart from whether it is durable. */
export function wantIdentity({ pattern, filter, group, groupKey }: Want): string {
  return JSON.stringify([pattern, group, groupKey, filter && ordered(filter)]);
}

/** Bytes that a want takes in the body of a record, its comma included; at most a few more than it does. */
export function wantBytes(want: ToldWant): number {
  const { pattern, filter, group, collapsed } = want;
  const isPlain = filter === undefined && group === undefined && ONE_BYTE_EACH.test(pattern);
  if (isPlain) return pattern.length + PLAIN_BYTES + (collapsed === undefined ? 0 : COLLAPSED_BYTES);
  return encoder.encode(wantText(want)).length + 1;
}

/** `{"pattern":"","durable":false}` and a comma. */
const PLAIN_BYTES = 32;
/** `,"collapsed":1000000000` */
const COLLAPSED_BYTES = 23;
const ONE_BYTE_EACH = /^[\w.*>%/:-]*$/;
const encoder = new TextEncoder();

function ordered({ types, source, exact, prefix }: TravellingFilter): TravellingFilter {
  return { types: types && [...types].sort(), source, exact: exact && byName(exact), prefix: prefix && byName(prefix) };
}

function byName(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).sort(([a], [b]) => a < b ? -1 : 1));
}
