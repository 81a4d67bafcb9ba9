import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { OwnRuns, type Wanted } from "../../federation/custody/own_runs.ts";
import { positionAt, sequenceAt } from "../../federation/custody/shipment.ts";
import { Books } from "../../federation/ledger/books.ts";
import type { Lane } from "../../federation/link/codec/mod.ts";
import type { StoredEvent } from "../../node/mod.ts";

const EPOCH = 7;
const to = (...clusters: string[]): Wanted => clusters.map((cluster) => ({ cluster, ungrouped: true, groups: [] }));

function setUp() {
  const books = new Books({ self: "alice", epoch: EPOCH, onSettled: () => undefined });
  return { books, runs: new OwnRuns("alice", books) };
}

function event(position: number, { ttlMs = 0, bytes = 10 } = {}): StoredEvent {
  return { position, sequence: position, epoch: EPOCH, bytes, ttlMs, acceptedAge: 100 } as StoredEvent;
}

describe("OwnRuns", () => {
  it("puts events together that follow each other and have the same destinations", () => {
    const { runs } = setUp();
    for (const position of [4, 5, 6]) runs.add(event(position), to("bob", "charlie"), "normal");
    const all = runs.finish();
    expect(all).toHaveLength(1);
    expect(all[0]).toMatchObject({ position: 4, firstSequence: 4, count: 3, bytes: 30, origin: "alice" });
  });

  it("begins another run after a gap, for other destinations, for another lane", () => {
    const { runs } = setUp();
    runs.add(event(1), to("bob"), "normal");
    runs.add(event(3), to("bob"), "normal");
    runs.add(event(4), to("charlie"), "normal");
    runs.add(event(5), to("charlie"), "bulk");
    expect(runs.finish().map(({ position, count }) => [position, count])).toEqual([[1, 1], [3, 1], [4, 1], [5, 1]]);
  });

  it("tells readers without a group and groups apart", () => {
    const { runs } = setUp();
    const billing = { cluster: "bob", ungrouped: false, groups: ["billing"] };
    for (const [i, wanted] of [to("bob"), [billing], [{ ...billing }], [{ ...billing, groups: ["audit"] }]].entries()) {
      runs.add(event(i + 1), wanted, "normal");
    }
    expect(runs.finish().map(({ count }) => count)).toEqual([1, 2, 1]);
  });

  it("ends with the first of its events", () => {
    const { runs } = setUp();
    for (const [i, ttlMs] of [0, 500, 200, 900].entries()) runs.add(event(i + 1, { ttlMs }), to("bob"), "normal");
    expect(runs.finish().map(({ endsAt }) => endsAt)).toEqual([300]);
  });

  it("gives each event the number before it for each destination, and the books every one of them", () => {
    const choices: readonly Wanted[] = [to("bob"), to("bob", "charlie"), to("charlie"), to("dora", "bob")];
    const steps = fc.tuple(fc.nat(choices.length - 1), fc.boolean(), fc.constantFrom<Lane>("normal", "bulk"));
    fc.assert(fc.property(fc.array(steps, { maxLength: 40 }), (all) => {
      const { runs, books } = setUp();
      const previous = new Map<string, number>();
      const expected: [number, string, number][] = [];
      for (const [i, [choice, leavesGap, lane]] of all.entries()) {
        const position = 2 * i + (leavesGap ? 2 : 1);
        runs.add(event(position), choices[choice], lane);
        for (const { cluster } of choices[choice]) {
          expected.push([position, cluster, previous.get(cluster) ?? 0]);
          previous.set(cluster, position);
        }
      }
      const told = runs.finish().flatMap((run) =>
        Array.from(
          { length: run.count },
          (_, i) =>
            run.destinations.map(({ cluster, previous }) =>
              [positionAt(run, i), cluster, i === 0 ? previous : sequenceAt(run, i - 1)] as [number, string, number]
            ),
        ).flat()
      );
      expect(told).toEqual(expected);
      for (const [cluster, last] of previous) {
        const book = books.of(cluster, EPOCH);
        const numbers = expected.filter(([, other]) => other === cluster).map(([position]) => position);
        expect([book.last, book.assigned, book.outstanding.size]).toEqual([last, numbers.length, numbers.length]);
      }
    }));
  });
});
