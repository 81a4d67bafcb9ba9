import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { type Needed, NeededEvents } from "../../adapters/store/needed_events.ts";
import { UnneededSearch } from "../../adapters/store/unneeded_search.ts";

const TOPICS = ["order.placed", "order.paid", "metrics.cpu"];
const PATTERNS = ["order.*", "order.paid", "metrics.>", ">"];

interface Model {
  log: { position: number; topic: string }[];
  head: number;
}

const need: fc.Arbitrary<Needed> = fc.oneof(
  fc.record({ pattern: fc.constantFrom(...PATTERNS), from: fc.nat(40) }),
  fc.record({ from: fc.nat(40), count: fc.nat(6) }).map((
    { from, count },
  ): Needed => ({ pattern: ">", from, to: from + count })),
);

/** Adds events, tells what is needed, and searches for a few steps. */
const round = fc.record({
  topics: fc.array(fc.constantFrom(...TOPICS), { maxLength: 6 }),
  needed: fc.array(need, { maxLength: 5 }),
  steps: fc.nat(8),
  pieceEvents: fc.integer({ min: 1, max: 4 }),
});

function append(model: Model, topics: readonly string[]): void {
  for (const topic of topics) model.log.push({ position: ++model.head, topic });
}

/** One step, as a store makes it; whether there was anything to look at. */
function step(model: Model, search: UnneededSearch, needed: NeededEvents, pieceEvents: number): boolean {
  const piece = model.log.filter(({ position }) => position >= search.next).slice(0, pieceEvents);
  if (piece.length === 0) return false;
  const goes = new Set(piece.filter((event) => !needed.has(event)));
  model.log = model.log.filter((event) => !goes.has(event));
  search.searched(piece[piece.length - 1].position);
  return true;
}

describe("UnneededSearch", () => {
  it("finds all that nobody needs, however often that changes and wherever a search stopped", () => {
    fc.assert(fc.property(fc.array(round, { minLength: 1, maxLength: 12 }), (rounds) => {
      const model: Model = { log: [], head: 0 };
      const search = new UnneededSearch();
      let last: readonly Needed[] = [];
      for (const { topics, needed, steps, pieceEvents } of rounds) {
        append(model, topics);
        last = needed;
        search.tell(needed);
        for (let i = 0; i < steps; i++) step(model, search, new NeededEvents(needed), pieceEvents);
      }
      const needed = new NeededEvents(last);
      search.tell(last);
      for (let i = 0; i < 1000 && step(model, search, needed, 2);) i++;
      expect(model.log.filter((event) => !needed.has(event))).toEqual([]);
    }));
  });

  it("looks nowhere twice while nothing changes", () => {
    const search = new UnneededSearch();
    const needed = [{ pattern: "order.>", from: 3 }];
    search.tell(needed);
    search.searched(1000);
    search.tell(needed);
    expect(search.next).toBe(1001);
  });

  it("looks again only where a subscription has moved over", () => {
    const search = new UnneededSearch();
    search.tell([{ pattern: "order.>", from: 3 }, { pattern: "metrics.>", from: 500 }]);
    search.searched(1000);
    search.tell([{ pattern: "order.>", from: 20 }, { pattern: "metrics.>", from: 500 }]);
    expect(search.next).toBe(3);
    search.searched(10);
    expect(search.next).toBe(11);
    search.searched(25);
    expect(search.next).toBe(1001);
  });

  it("looks again only at what ranges have let go", () => {
    const search = new UnneededSearch();
    search.tell([{ pattern: ">", from: 3, to: 10 }, { pattern: ">", from: 20, to: 30 }]);
    search.searched(1000);
    search.tell([{ pattern: ">", from: 5, to: 7 }, { pattern: ">", from: 20, to: 25 }]);
    const looked: number[] = [];
    for (const to of [4, 10, 30]) looked.push(search.next), search.searched(to);
    expect(looked).toEqual([3, 8, 26]);
    expect(search.next).toBe(1001);
  });

  it("looks at the rest of the log when a subscription is gone", () => {
    const search = new UnneededSearch();
    search.tell([{ pattern: ">", from: 7 }]);
    search.searched(1000);
    search.tell([]);
    expect(search.next).toBe(7);
    search.searched(1000);
    expect(search.next).toBe(1001);
  });
});

describe("NeededEvents", () => {
  it("has what any pattern that fits needs, from its position on", () => {
    const needed = new NeededEvents([{ pattern: "order.*", from: 10 }, { pattern: "order.paid", from: 5 }]);
    expect(needed.from).toBe(5);
    expect(needed.has({ topic: "order.paid", position: 5 })).toBe(true);
    expect(needed.has({ topic: "order.placed", position: 9 })).toBe(false);
    expect(needed.has({ topic: "order.placed", position: 10 })).toBe(true);
    expect(needed.has({ topic: "metrics.cpu", position: 99 })).toBe(false);
  });

  it("has every event of a range, whatever its topic, and none between two", () => {
    const needed = new NeededEvents([{ pattern: ">", from: 20, to: 30 }, { pattern: ">", from: 3, to: 10 }]);
    const has = (position: number) => needed.has({ topic: "metrics.cpu", position });
    expect([2, 3, 10, 11, 19, 20, 30, 31].map(has)).toEqual([false, true, true, false, false, true, true, false]);
  });

  it("says the same of many positions as of each", () => {
    const positions = fc.record({ from: fc.nat(45), count: fc.nat(8) });
    fc.assert(fc.property(fc.array(need, { maxLength: 5 }), positions, (list, { from, count }) => {
      const needed = new NeededEvents(list);
      const each = Array.from({ length: count + 1 }, (_, i) => TOPICS.map((topic) => ({ topic, position: from + i })));
      const answers = each.flat().map((event) => needed.has(event));
      const wanted = { from, to: from + count };
      if (answers.includes(true)) expect(needed.mayHave(wanted)).toBe(true);
      if (needed.hasAll(wanted)) expect(answers.includes(false)).toBe(false);
      if (list.every(({ pattern }) => pattern === ">")) expect(needed.mayHave(wanted)).toBe(answers.includes(true));
    }));
  });
});
