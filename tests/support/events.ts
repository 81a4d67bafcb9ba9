/** Builders of events for tests: name what matters, the rest is filled in. */

import type { AttributeValue, CloudEvent, DataForm } from "../../node/event.ts";

/** Attributes to set beside the defaults; `undefined` leaves one out. `data` becomes the payload. */
export interface EventOverrides {
  readonly id?: string;
  readonly source?: string;
  readonly type?: string;
  readonly data?: string | Uint8Array | undefined;
  /** How `data` was given. Default `binary`. */
  readonly dataForm?: DataForm;
  /** Further context attributes: `subject`, `time`, extensions. */
  readonly attributes?: Readonly<Record<string, AttributeValue | undefined>>;
}

let counter = 0;

/**
 * An event of type `order.placed` with an id of its own and no data.
 *
 * @example
 * anEvent({ type: "order.cancelled", data: '{"amount":3}', attributes: { subject: "eu-1" } });
 */
export function anEvent(overrides: EventOverrides = {}): CloudEvent {
  const { id = `event-${++counter}`, source = "/shops/alice", type = "order.placed", data, attributes = {} } =
    overrides;
  const named = Object.entries({ specversion: "1.0", id, source, type, ...attributes });
  const set = named.filter(([, value]) => value !== undefined);
  return {
    attributes: Object.assign(Object.create(null), Object.fromEntries(set)) as CloudEvent["attributes"],
    data: typeof data === "string" ? new TextEncoder().encode(data) : data,
    dataForm: data === undefined ? undefined : overrides.dataForm ?? "binary",
  };
}

/** `count` events that differ in their ids. */
export function someEvents(count: number, overrides: Omit<EventOverrides, "id"> = {}): CloudEvent[] {
  return Array.from({ length: count }, () => anEvent(overrides));
}
