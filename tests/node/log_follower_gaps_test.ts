import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { RetiredTopics } from "../../adapters/store/retired_topics.ts";
import type { StoredEvent } from "../../node/event_store.ts";
import { LogFollower, type LogFollowerOptions, type LogGap } from "../../node/log_follower.ts";
import { patternWants } from "../../node/system_topics.ts";

/** A follower on a log of positions and topics, from which the test retires what it likes. */
function openFollower(options: Partial<LogFollowerOptions> = {}) {
  let log: { position: number; topic: string }[] = [];
  let position = 0;
  const retired = new RetiredTopics();
  const lost: number[] = [];
  const ready = { count: 0 };
  const follower = new LogFollower({
    store: {
      read: ({ after, eventsMax }) =>
        Promise.resolve(log.filter(({ position }) => position > after).slice(0, eventsMax) as StoredEvent[]),
      retiredTo: (pattern) => retired.lastOf(pattern),
    },
    get position() {
      return position;
    },
    after: () => () => {},
  }, {
    pattern: "order.*",
    after: 0,
    accepts: () => true,
    onReady: () => ready.count++,
    onLost: (events) => lost.push(events),
    tellsGaps: true,
    eventsMax: 2,
    ...options,
  });
  const append = (...topics: string[]) => {
    for (const topic of topics) {
      const event = { position: position + 1, topic, bytes: 1, audience: "everybody" } as StoredEvent;
      log.push(event);
      if (patternWants(follower.pattern, topic)) follower.offer(event);
      position++;
    }
  };
  const retire = (upTo: number, topic?: string) => {
    for (const event of log) {
      if (event.position <= upTo && (topic ?? event.topic) === event.topic) retired.note(event.topic, event.position);
    }
    log = log.filter((event) => event.position > upTo || (topic ?? event.topic) !== event.topic);
  };
  /** All that there is to take, gaps where they are told. */
  const drain = async () => {
    const told: (number | LogGap)[] = [];
    for (let idle = 0; idle < 3; idle++) {
      const gap = follower.takeGap();
      if (gap !== undefined) told.push(gap);
      const events = follower.take(10);
      for (const { position } of events) told.push(position);
      if (gap !== undefined || events.length > 0) idle = 0;
      await settled();
    }
    return told;
  };
  return { follower, append, retire, drain, lost, ready };
}

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await undefined;
}

const PLACED = "order.placed";

describe("LogFollower, when events are retired before it reads them", () => {
  it("tells the gap between the events before and after it, once", async () => {
    const { follower, append, retire, drain } = openFollower();
    follower.start();
    await settled();
    append(PLACED, PLACED, PLACED, PLACED, PLACED, PLACED); // two are held, it lags from the third on
    retire(5);
    expect(await drain()).toEqual([1, 2, { from: 3, to: 5 }, 6]);
    append(PLACED);
    expect(await drain()).toEqual([7]);
  });

  it("tells no gap where only events of other topics are missing", async () => {
    const { follower, append, retire, drain } = openFollower();
    follower.start();
    await settled();
    append(PLACED, PLACED, PLACED, "metrics.cpu", "metrics.cpu", PLACED);
    retire(6, "metrics.cpu");
    expect(await drain()).toEqual([1, 2, 3, 6]);
  });

  it("tells a gap when nothing is left behind it, and says that it is ready to", async () => {
    const { follower, append, retire, drain, ready } = openFollower();
    follower.start();
    await settled();
    append(PLACED, PLACED, PLACED, PLACED);
    retire(4);
    ready.count = 0;
    expect(await drain()).toEqual([1, 2, { from: 3, to: 4 }]);
    expect(ready.count).toBe(1);
  });

  it("tells no gap that its reader knows of", async () => {
    const { follower, append, retire, drain } = openFollower({ toldTo: 2 });
    append(PLACED, PLACED, PLACED);
    retire(2);
    follower.start();
    await settled();
    expect(await drain()).toEqual([3]);
  });

  it("counts exactly what it lost of what came since it follows", async () => {
    const topics = fc.array(fc.constantFrom(PLACED, "order.paid", "metrics.cpu"), { maxLength: 12 });
    const steps = fc.array(fc.record({ topics, retire: fc.nat(30), drains: fc.boolean() }), { maxLength: 8 });
    await fc.assert(fc.asyncProperty(steps, async (steps) => {
      const fixture = openFollower();
      const { follower, append, retire, drain, lost } = fixture;
      follower.start();
      await settled();
      let came = 0;
      let got = 0;
      const numbers = (told: (number | LogGap)[]) => told.filter((entry) => typeof entry === "number").length;
      for (const { topics, retire: upTo, drains } of steps) {
        append(...topics);
        came += topics.filter((topic) => topic !== "metrics.cpu").length;
        retire(upTo);
        if (drains) got += numbers(await drain());
      }
      got += numbers(await drain());
      expect(follower.live).toBe(true);
      expect(lost.reduce((sum, events) => sum + events, 0)).toBe(came - got);
    }));
  });
});
