import { describe, expect, it } from "bun:test";

import type { EventStore, StoredEvent } from "../../node/event_store.ts";
import { type LogFeed, LogFollower, type LogFollowerOptions } from "../../node/log_follower.ts";
import { openMemoryStore } from "../../adapters/store/memory.ts";
import { anEvent } from "../support/events.ts";
import { FakeClock } from "../support/fake_clock.ts";

interface Reading {
  readonly after: number;
  go(): void;
  fail(): void;
}

/** A follower on a log whose reads wait for the test, and whose dispatcher is the test. */
async function openFollower(options: Partial<LogFollowerOptions> = {}) {
  const clock = new FakeClock();
  const store: EventStore = await openMemoryStore({ cluster: "alice", clock });
  const readings: Reading[] = [];
  const errors: unknown[] = [];
  let held = false;
  let position = 0;
  const feed: LogFeed = {
    store: {
      read: async (query) => {
        if (held) {
          await new Promise<void>((go, reject) =>
            readings.push({ after: query.after, go, fail: () => reject(new Error("disk")) })
          );
        }
        return await store.read(query);
      },
      retiredTo: (pattern) => store.retiredTo(pattern),
    },
    get position() {
      return position;
    },
    after: clock.after,
  };
  const counts = { ready: 0 };
  const follower = new LogFollower(feed, {
    pattern: ">",
    after: 0,
    accepts: () => true,
    onReady: () => counts.ready++,
    onError: (error) => errors.push(error),
    ...options,
  });
  /** Appends to the log and, as the dispatcher does, offers it before the position moves. */
  const append = async (id: string, topic = "order.placed", during: () => void = () => {}): Promise<void> => {
    await store.commit([{ event: anEvent({ id }), topic, ttlMs: 0 }]);
    follower.offer((await store.get(store.head)) as StoredEvent);
    during();
    position = store.head;
  };
  const ids = (eventsMax = 1000) => follower.take(eventsMax).map(({ event }) => event.attributes.id);
  return { follower, clock, readings, errors, counts, append, ids, hold: (on: boolean) => held = on };
}

describe("LogFollower", () => {
  it("gives only events of its pattern, also those that it reads from the log", async () => {
    const fixture = await openFollower({ pattern: "order.*" });
    await fixture.append("1", "order.placed");
    await fixture.append("2", "stock.moved");
    await fixture.append("3", "order.paid");
    fixture.follower.start();
    await fixture.clock.advance(0);
    expect(fixture.ids()).toEqual(["1", "3"]);
  });

  it("leaves the node's own events out of a catch-up unless its pattern names them", async () => {
    const fixture = await openFollower({ pattern: ">" });
    await fixture.append("1", "weft-system.dead-letter");
    await fixture.append("2");
    fixture.follower.start();
    await fixture.clock.advance(0);
    expect(fixture.ids()).toEqual(["2"]);
  });

  it("misses nothing that is appended while it reads", async () => {
    const fixture = await openFollower();
    await fixture.append("1");
    fixture.hold(true);
    fixture.follower.start();
    await fixture.append("2");
    fixture.readings.shift()!.go();
    await fixture.clock.advance(0);
    await fixture.append("3");
    fixture.hold(false);
    fixture.readings.shift()?.go();
    await fixture.clock.advance(0);
    await fixture.append("4");
    expect(fixture.ids()).toEqual(["1", "2", "3", "4"]);
    expect(fixture.follower.live).toBe(true);
  });

  it("forgets what it was reading when it is sent elsewhere meanwhile", async () => {
    const fixture = await openFollower();
    for (const id of ["1", "2", "3"]) await fixture.append(id);
    fixture.hold(true);
    fixture.follower.start();
    fixture.follower.seek(2);
    fixture.hold(false);
    fixture.readings.shift()!.go();
    await fixture.clock.advance(0);
    expect(fixture.ids()).toEqual(["3"]);
  });

  it("reads again after a pause when the log cannot be read, however often it is asked meanwhile", async () => {
    const fixture = await openFollower();
    await fixture.append("1");
    fixture.hold(true);
    fixture.follower.start();
    fixture.readings.shift()!.fail();
    await fixture.clock.advance(0);
    for (let i = 0; i < 5; i++) expect(fixture.ids()).toEqual([]);
    expect(fixture.readings).toHaveLength(0);
    expect(fixture.clock.pending).toBe(1);
    fixture.hold(false);
    await fixture.clock.advance(1000);
    expect(fixture.ids()).toEqual(["1"]);
    expect(fixture.errors).toHaveLength(1);
  });

  it("says nothing of a read that fails because it was closed", async () => {
    const fixture = await openFollower();
    await fixture.append("1");
    fixture.hold(true);
    fixture.follower.start();
    fixture.follower.close();
    fixture.readings.shift()!.fail();
    await fixture.clock.advance(5000);
    expect(fixture.errors).toEqual([]);
    expect(fixture.clock.pending).toBe(0);
  });

  it("counts an event as consumed once it is taken, also while the dispatcher still offers it to others", async () => {
    const fixture = await openFollower();
    fixture.follower.start();
    await fixture.append("1", "order.placed", () => {
      expect(fixture.follower.consumed).toBe(0);
      fixture.ids();
      expect(fixture.follower.consumed).toBe(1);
    });
  });

  it("holds no more than its bound and reads the rest when there is room", async () => {
    const fixture = await openFollower({ eventsMax: 2 });
    fixture.follower.start();
    for (const id of ["1", "2", "3", "4"]) await fixture.append(id);
    expect(fixture.follower.buffered).toBe(2);
    expect(fixture.follower.live).toBe(false);
    expect(fixture.ids()).toEqual(["1", "2"]);
    await fixture.clock.advance(0);
    expect(fixture.ids()).toEqual(["3", "4"]);
  });
});
