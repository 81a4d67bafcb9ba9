/** Wants, topics and events for property tests: few tokens, so that they meet often. */

import fc from "fast-check";

import type { TravellingFilter, Want } from "../../../federation/local_cluster.ts";
import { passesFilter } from "../../../federation/routing/interest/travelling_filter.ts";
import type { CloudEvent } from "../../../node/event.ts";
import { patternMatches } from "../../../node/topic.ts";
import { anEvent } from "../../support/events.ts";

const token = fc.constantFrom("a", "b", "c", "order");

export const topics: fc.Arbitrary<string> = fc.array(token, { minLength: 1, maxLength: 5 }).map((all) => all.join("."));

export const patterns: fc.Arbitrary<string> = fc.tuple(
  fc.array(fc.oneof({ weight: 4, arbitrary: token }, fc.constant("*")), { minLength: 1, maxLength: 5 }),
  fc.boolean(),
).map(([tokens, hasRest]) => [...tokens, ...hasRest ? [">"] : []].join("."));

const value = fc.constantFrom("x", "xy", "y");
const attribute = fc.constantFrom("subject", "region");

export const filters: fc.Arbitrary<TravellingFilter> = fc.record({
  types: fc.uniqueArray(value, { minLength: 1, maxLength: 2 }),
  source: value,
  exact: fc.dictionary(attribute, value, { minKeys: 1, maxKeys: 2 }),
  prefix: fc.dictionary(attribute, value, { minKeys: 1, maxKeys: 2 }),
}, { requiredKeys: [] }).map((filter) => structuredClone(filter));

/** Wants of subscribers that are in no group. */
export const ungroupedWants: fc.Arbitrary<Want> = fc.record(
  { pattern: patterns, durable: fc.boolean(), filter: filters },
  { requiredKeys: ["pattern", "durable"] },
);

export const groupWants: fc.Arbitrary<Want> = fc.record(
  { pattern: patterns, durable: fc.boolean(), filter: filters, group: fc.constantFrom("billing", "audit") },
  { requiredKeys: ["pattern", "durable", "group"] },
).map((want) => ({ ...want, groupKey: `${want.group}:${want.pattern}` }));

export const wants: fc.Arbitrary<Want> = fc.oneof({ weight: 3, arbitrary: ungroupedWants }, groupWants);

export const events: fc.Arbitrary<CloudEvent> = fc.record(
  { type: value, source: value, subject: value, region: value },
  { requiredKeys: ["type", "source"] },
).map(({ type, source, ...attributes }) => anEvent({ type, source, attributes }));

/** Whether one want asks for an event, said as simply as can be. */
export function isWantedBy(want: Want, topic: string, event: CloudEvent): boolean {
  return patternMatches(want.pattern, topic) && (want.filter === undefined || passesFilter(want.filter, event));
}

/** A want of subscribers without group or filter. */
export function aWant(pattern: string, more: Partial<Want> = {}): Want {
  return { pattern, durable: true, ...more };
}

export function aGroup(name: string, pattern: string, more: Partial<Want> = {}): Want {
  return aWant(pattern, { group: name, groupKey: `${name}:1`, ...more });
}
