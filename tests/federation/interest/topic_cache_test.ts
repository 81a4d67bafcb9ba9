import { describe, expect, it } from "bun:test";

import { TopicCache } from "../../../federation/routing/interest/topic_cache.ts";

describe("TopicCache", () => {
  it("remembers what was asked for lately and forgets what was not", () => {
    const cache = new TopicCache<number>({ topicsMax: 8 });
    cache.set("order.often", 1);
    cache.set("order.once", 2);
    for (let i = 0; i < 8; i++) {
      cache.set(`order.n${i}`, i);
      expect(cache.get("order.often")).toBe(1);
    }
    expect(cache.get("order.once")).toBeUndefined();
    expect(cache.get("order.n7")).toBe(7);
  });

  it("holds no more topics than it may", () => {
    const cache = new TopicCache<number>({ topicsMax: 8 });
    for (let i = 0; i < 1000; i++) cache.set(`order.n${i}`, i);
    const held = Array.from({ length: 1000 }, (_, i) => cache.get(`order.n${i}`)).filter((value) =>
      value !== undefined
    );
    expect(held.length).toBeLessThanOrEqual(8);
  });

  it("is empty once cleared", () => {
    const cache = new TopicCache<number>();
    cache.set("order.placed", 1);
    cache.clear();
    expect(cache.get("order.placed")).toBeUndefined();
  });
});
