/** What an event store drops, and what it refuses, when room or age runs out: a part of its conformance suite. */

import { describe, expect, it } from "bun:test";

import { StoreFullError } from "../../node/errors.ts";
import type { EventStore, NeededEvents, StoreCapabilities } from "../../node/event_store.ts";
import { anEvent } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { FakeClock } from "../support/fake_clock.ts";
import type { StoreOpenOptions } from "./event_store.ts";
import { bytes, entries, fill, LARGE, positions, range, readAll, recent, SMALL_CAP } from "./event_store_support.ts";

interface RoomSuite {
  readonly open: (options?: StoreOpenOptions) => Promise<EventStore>;
  /** A test that runs where the capability is claimed, and is skipped by name elsewhere. */
  readonly claimed: (capability: keyof StoreCapabilities, title: string, run: () => Promise<void>) => void;
}

const EVERYTHING = () => [{ pattern: ">", from: 1 }];

export function testEventStoreRoom({ open, claimed }: RoomSuite): void {
  describe("at the cap", () => {
    for (const overflow of ["block", "evict-oldest"] as const) {
      it(`retires what nobody needs, oldest first, whatever arrives (overflow ${overflow})`, async () => {
        const store = await open({ bytesMax: SMALL_CAP, overflow });
        store.setNeeded(undefined);
        await publishAtFullSpeed(store, { publishers: 16, commits: 300 });
        expect(store.head).toBe(300);
        expect(positions(await readAll(store))).toEqual(range(store.tail, 300));
        expect(store.stats()).toMatchObject({ retired: store.tail - 1, evicted: 0, events: 301 - store.tail });
        expect(store.stats().storedBytes).toBeLessThanOrEqual(SMALL_CAP);
      });

      claimed(
        "selectiveRetention",
        `keeps what is needed while there are others to retire (overflow ${overflow})`,
        async () => {
          const store = await open({ bytesMax: SMALL_CAP, overflow });
          store.setNeeded(() => [{ pattern: "order.paid", from: 3 }]);
          const kept: number[] = [];
          for (let i = 0; i < 150; i++) {
            const topic = i % 10 === 0 ? "order.paid" : "order.placed";
            const { position } = await store.commit([{ event: anEvent({ data: LARGE }), topic, ttlMs: 0 }]);
            if (topic === "order.paid" && position >= 3) kept.push(position);
          }
          const left = (await readAll(store)).filter(({ topic }) => topic === "order.paid");
          expect(positions(left).filter((position) => position >= 3)).toEqual(kept);
          expect(store.stats().evicted).toBe(0);
        },
      );
    }

    claimed(
      "selectiveRetention",
      "makes room between ranges that are needed, and within them once they shrink",
      async () => {
        const clock = new FakeClock();
        const store = await open({ clock, bytesMax: SMALL_CAP, overflow: "block" });
        store.setNeeded(EVERYTHING);
        await fill(store);
        const { head } = store;
        let needed: NeededEvents[] = [{ pattern: ">", from: 2, to: 4 }, { pattern: ">", from: 9, to: head }];
        store.setNeeded(() => [...needed, { pattern: ">", from: head + 1 }]);
        const takesOneMore = () =>
          eventually(async () => {
            await clock.advance(1000);
            await store.commit(entries(1, { data: LARGE }));
          });
        await takesOneMore();
        const first = positions(await readAll(store));
        expect(first.filter((position) => position <= head && !range(5, 8).includes(position) && position !== 1))
          .toEqual([...range(2, 4), ...range(9, head)]);
        needed = [{ pattern: ">", from: 3, to: 3 }, { pattern: ">", from: head, to: head }];
        await takesOneMore();
        await eventually(async () => {
          await clock.advance(1000);
          await store.commit(entries(1, { data: LARGE }));
          expect(positions(await readAll(store)).filter((position) => position <= head)).toEqual([3, head]);
        });
      },
    );

    it("overflow block takes events again once subscriptions have moved on", async () => {
      const clock = new FakeClock();
      const store = await open({ clock, bytesMax: SMALL_CAP, overflow: "block" });
      let from = 1;
      store.setNeeded(() => [{ pattern: "order.>", from }]);
      expect(await fill(store)).toBeInstanceOf(StoreFullError);
      const { head } = store;
      from = 6;
      await eventually(async () => {
        await clock.advance(1000);
        expect((await store.commit(entries(1, { data: LARGE }))).position).toBe(head + 1);
      });
      const left = positions(await readAll(store));
      expect(left.filter((position) => position >= 6)).toEqual(range(6, head + 1));
      expect(left[0]).toBeGreaterThan(1);
    });

    it("retires nothing before it was told what is needed", async () => {
      const store = await open({ bytesMax: SMALL_CAP, overflow: "block" });
      expect(await fill(store)).toBeInstanceOf(StoreFullError);
      expect(store.stats().retired).toBe(0);
    });

    it("overflow block refuses events, with nothing lost, and leaves no trace of a refused commit", async () => {
      const store = await open({ bytesMax: SMALL_CAP, overflow: "block" });
      store.setNeeded(EVERYTHING);
      const error = await fill(store);
      expect(error).toBeInstanceOf(StoreFullError);
      expect(error).toMatchObject({ full: "cap" });
      const { head } = store;
      expect(positions(await readAll(store))).toEqual(range(1, head));
      await expect(store.commit(entries(1, { data: LARGE }), [{ key: "a", value: bytes(1) }])).rejects.toThrow(
        StoreFullError,
      );
      expect(await store.readState("a")).toBeUndefined();
      expect(store.head).toBe(head);
      expect(store.stats().storedBytes).toBeLessThanOrEqual(SMALL_CAP);
    });

    it("overflow block still takes changes of state, so that consumers can settle", async () => {
      const store = await open({ bytesMax: SMALL_CAP, overflow: "block" });
      store.setNeeded(EVERYTHING);
      await fill(store);
      await store.commit([], [{ key: "cursor", value: bytes(1) }]);
      expect(await store.readState("cursor")).toEqual(bytes(1));
    });

    it("overflow evict-oldest takes every event and counts those that were still needed", async () => {
      const store = await open({ bytesMax: SMALL_CAP, overflow: "evict-oldest" });
      store.setNeeded(() => [{ pattern: "order.>", from: 11 }]);
      for (let i = 0; i < 150; i++) await store.commit(entries(1, { data: LARGE }));
      const { tail, head } = store;
      expect(head).toBe(150);
      expect(tail).toBeGreaterThan(11);
      expect(positions(await readAll(store))).toEqual(range(tail, 150));
      expect(store.stats()).toMatchObject({ retired: tail - 1, evicted: tail - 11, events: 151 - tail });
      expect(store.stats().storedBytes).toBeLessThanOrEqual(SMALL_CAP);
    });
  });

  describe("retention", () => {
    async function topicsAfter(store: EventStore, clock: FakeClock, retired: number): Promise<string[]> {
      await eventually(async () => {
        await clock.advance(1000);
        expect(store.stats().retired).toBe(retired);
      });
      return (await readAll(store)).map(({ topic, position }) => `${topic}@${position}`);
    }

    it("drops what is older than maxAgeMs", async () => {
      const clock = new FakeClock();
      const store = await open({ clock, retention: [{ pattern: ">", maxAgeMs: 60_000 }] });
      store.setNeeded(undefined);
      await store.commit(entries(5));
      await clock.advance(50_000);
      await store.commit(entries(3));
      await clock.advance(5_000);
      expect(store.stats().retired).toBe(0);
      await clock.advance(6_000);
      expect(await topicsAfter(store, clock, 5)).toEqual(["order.placed@6", "order.placed@7", "order.placed@8"]);
      expect([store.tail, store.head]).toEqual([6, 8]);
    });

    claimed(
      "selectiveRetention",
      "keeps the newest maxCount of each rule; the first rule that fits holds",
      async () => {
        const clock = new FakeClock();
        const retention = [{ pattern: "order.*", maxCount: 2 }, { pattern: ">", maxCount: 3 }];
        const store = await open({ clock, retention });
        store.setNeeded(undefined);
        const topics = [
          "order.a",
          "metrics.a",
          "order.b",
          "metrics.b",
          "order.c",
          "metrics.c",
          "order.d",
          "metrics.d",
        ];
        await store.commit(topics.map((topic) => ({ event: anEvent(), topic, ttlMs: 0 })));
        const left = ["metrics.b@4", "order.c@5", "metrics.c@6", "order.d@7", "metrics.d@8"];
        expect(await topicsAfter(store, clock, 3)).toEqual(left);
        expect([store.tail, await store.get(3)]).toEqual([4, undefined]);
        expect(store.stats().events).toBe(5);
        expect((await store.get(7))!.sequence).toBe(7);
        expect([...(await recent(store, { idsMax: 100, ageMs: 1e9 })).keys()]).toEqual([4, 5, 6, 7, 8]);
      },
    );

    claimed("selectiveRetention", "keeps the newest maxBytes of a rule", async () => {
      const clock = new FakeClock();
      const store = await open({ clock, retention: [{ pattern: "order.>", maxBytes: 3500 }] });
      store.setNeeded(undefined);
      for (let i = 0; i < 6; i++) await store.commit(entries(1, { data: new Uint8Array(1000) }));
      await store.commit([{ event: anEvent({ data: LARGE }), topic: "metrics.a", ttlMs: 0 }]);
      expect(await topicsAfter(store, clock, 3)).toEqual(
        ["order.placed@4", "order.placed@5", "order.placed@6", "metrics.a@7"],
      );
    });

    claimed("selectiveRetention", "keeps what is needed, and drops it once it no longer is", async () => {
      const clock = new FakeClock();
      const store = await open({ clock, retention: [{ pattern: ">", maxAgeMs: 1000 }] });
      let from = 3;
      store.setNeeded(() => [{ pattern: "order.a", from }]);
      const topics = ["order.a", "order.b", "order.a", "order.b", "order.a"];
      await store.commit(topics.map((topic) => ({ event: anEvent(), topic, ttlMs: 0 })));
      expect(await topicsAfter(store, clock, 3)).toEqual(["order.a@3", "order.a@5"]);
      from = 5;
      expect(await topicsAfter(store, clock, 4)).toEqual(["order.a@5"]);
      expect(store.stats().evicted).toBe(0);
    });

    it("gives no position twice, also when nothing is left", async () => {
      const clock = new FakeClock();
      const store = await open({ clock, retention: [{ pattern: ">", maxAgeMs: 1000 }] });
      store.setNeeded(undefined);
      await store.commit(entries(4));
      expect(await topicsAfter(store, clock, 4)).toEqual([]);
      expect([store.tail, store.head]).toEqual([5, 4]);
      expect(await store.commit(entries(1))).toMatchObject({ position: 5 });
    });
  });
}

/** Commits large events from many publishers at once, each as soon as its last one is stored. */
async function publishAtFullSpeed(store: EventStore, load: { publishers: number; commits: number }): Promise<void> {
  let begun = 0;
  await Promise.all(
    range(1, load.publishers).map(async () => {
      while (begun++ < load.commits) await store.commit(entries(1, { data: LARGE }));
    }),
  );
}
