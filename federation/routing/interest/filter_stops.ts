/** Whether a filter that travelled with interest stops an event, and which part of it. */

import type { CloudEvent } from "../../../node/mod.ts";
import type { TravellingFilter } from "../../local_cluster.ts";

/** The part at fault, for people; `undefined` when the event passes. Values are compared in their canonical text. */
export function filterStops(
  { types, source, exact, prefix }: TravellingFilter,
  { attributes }: CloudEvent,
): string | undefined {
  if (types !== undefined && !types.includes(attributes.type)) return `type is none of ${types.join(", ")}`;
  if (source !== undefined && attributes.source !== source) return `source is not "${source}"`;
  for (const name in exact) {
    if (textOf(attributes[name]) !== exact[name]) return `exact: ${name} is not "${exact[name]}"`;
  }
  for (const name in prefix) {
    if (textOf(attributes[name])?.startsWith(prefix[name]) !== true) {
      return `prefix: ${name} does not begin with "${prefix[name]}"`;
    }
  }
  return undefined;
}

function textOf(value: string | number | boolean | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
