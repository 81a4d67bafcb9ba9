import { describe, expect, it } from "bun:test";

import { TopicCatalogue } from "../../node/topic_catalogue.ts";
import { FakeClock } from "../support/fake_clock.ts";

const WINDOW_MS = 10_000;

describe("TopicCatalogue", () => {
  it("counts events and says when the last one came", () => {
    const clock = new FakeClock();
    const topics = new TopicCatalogue(clock);
    topics.note("order.placed", 1000);
    topics.note("order.placed", 2000);
    expect(topics.list(undefined, 10)).toEqual([
      { topic: "order.placed", events: 2, ratePerSecond: 0, lastAt: 2000 },
    ]);
  });

  it("gives the rate of the last full window, and none when there was silence since", async () => {
    const clock = new FakeClock();
    const topics = new TopicCatalogue(clock);
    for (let i = 0; i < 50; i++) topics.note("a", 0);
    await clock.advance(WINDOW_MS);
    expect(topics.list(undefined, 1)[0].ratePerSecond).toBe(5);
    topics.note("a", 0);
    expect(topics.list(undefined, 1)[0].ratePerSecond).toBe(5);
    await clock.advance(2 * WINDOW_MS);
    expect(topics.list(undefined, 1)[0]).toMatchObject({ events: 51, ratePerSecond: 0 });
  });

  it("counts events that come together, but not those that only pass through", () => {
    const topics = new TopicCatalogue(new FakeClock());
    const inTransit = { ungrouped: false, groups: [] };
    topics.noteAll([
      { topic: "a", acceptedAt: 1, audience: "everybody" },
      { topic: "b", acceptedAt: 2, audience: inTransit },
      { topic: "a", acceptedAt: 3, audience: { ungrouped: true, groups: [] } },
    ]);
    expect(topics.list(undefined, 10)).toEqual([{ topic: "a", events: 2, ratePerSecond: 0, lastAt: 3 }]);
  });

  it("lists in order of topic, a page at a time", () => {
    const topics = new TopicCatalogue(new FakeClock());
    for (const topic of ["c", "a", "b"]) topics.note(topic, 0);
    expect(topics.list(undefined, 2).map(({ topic }) => topic)).toEqual(["a", "b"]);
    expect(topics.list("b", 2).map(({ topic }) => topic)).toEqual(["c"]);
  });

  it("remembers ten thousand topics at most", () => {
    const topics = new TopicCatalogue(new FakeClock());
    for (let i = 0; i < 10_500; i++) topics.note(`topic.${i}`, 0);
    const all = topics.list(undefined, 20_000);
    expect(all).toHaveLength(10_000);
    expect(all.some(({ topic }) => topic === "topic.0")).toBe(false);
    expect(all.some(({ topic }) => topic === "topic.10499")).toBe(true);
  });
});
