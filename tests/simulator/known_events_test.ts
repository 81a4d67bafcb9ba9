import { describe, expect, it } from "bun:test";

import { encodeRecord, recordEvent } from "../../node/mod.ts";
import { eventOf } from "./known_events.ts";
import { anEvent } from "../support/events.ts";

describe("eventOf()", () => {
  it("decodes equal bytes once", () => {
    const record = recordOf("1");
    expect(eventOf(record)).toEqual(recordEvent(record));
    expect(eventOf(record.slice())).toBe(eventOf(record));
  });

  it("takes a record that differs in one byte for what it says itself", () => {
    const record = recordOf("1");
    const before = eventOf(record);
    const other = record.slice();
    other[other.length - 1] ^= 1;
    expect(eventOf(other)).not.toEqual(before);
    expect(eventOf(other)).toEqual(recordEvent(other));
  });
});

function recordOf(id: string): Uint8Array {
  return encodeRecord({ event: anEvent({ id }), topic: "order.placed", ttlMs: 0 });
}
