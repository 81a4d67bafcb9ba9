/** What the observer of a run calls a broken promise, and what it lets pass. */

import { describe, expect, it } from "bun:test";

import type { StoredEvent } from "../../node/mod.ts";
import { anEvent } from "../support/events.ts";
import { ObservedLog, WINDOW_EVENTS } from "./history.ts";

/** An event of another cluster, at a position of the log that is observed. */
function stored(position: number, { origin = "paris", sequence = position, id = "1" } = {}): StoredEvent {
  const event = anEvent({ id, source: "/till" });
  return { position, origin, epoch: 7, sequence, audience: "everybody", event } as StoredEvent;
}

describe("ObservedLog", () => {
  it("has no event twice", () => {
    const log = new ObservedLog("oslo");
    log.append(stored(1));
    expect(() => log.append(stored(2, { sequence: 1 }))).toThrow("G2 effectively once");
  });

  it("has no source and id as two events while the first is kept", () => {
    const log = new ObservedLog("oslo");
    log.append(stored(1));
    expect(() => log.append(stored(2, { origin: "rome" }))).toThrow('has "1" of "/till" as paris/7/1 and as rome/7/2');
  });

  it("may have them again once the first is retired", () => {
    const log = new ObservedLog("oslo");
    log.append(stored(1));
    log.append(stored(2, { origin: "rome" }), (position) => position >= 2);
    expect(log.delivered.size).toBe(2);
    expect(() => log.append(stored(3, { origin: "bern" }), (position) => position >= 2)).toThrow("publish window");
  });

  it("may have them again once the window has moved on", () => {
    const log = new ObservedLog("oslo");
    log.append(stored(1));
    expect(() => log.append(stored(WINDOW_EVENTS, { origin: "rome" }))).toThrow("publish window");
    log.append(stored(WINDOW_EVENTS + 1, { origin: "bern" }));
  });

  it("may have them as its own publisher gave them", () => {
    const log = new ObservedLog("oslo");
    log.append(stored(1, { origin: "oslo" }));
    log.append(stored(2));
    expect(log.delivered.size).toBe(2);
  });
});
