/** What every event store must do. A ten-line test per adapter calls this; a capability that it does not claim is skipped by name. */

import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import fc from "fast-check";

import type { Clock } from "../../node/clock.ts";
import { StoreClosedError } from "../../node/errors.ts";
import type { EventStore, RetentionRule, StoreCapabilities } from "../../node/event_store.ts";
import { anEvent } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { testForeignEvents } from "./event_store_foreign.ts";
import { testEventStoreRoom } from "./event_store_room.ts";
import { bytes, comparable, entries, LARGE, positions, range, readAll, recent } from "./event_store_support.ts";

export interface StoreOpenOptions {
  readonly clock?: Clock;
  readonly bytesMax?: number;
  readonly overflow?: "block" | "evict-oldest";
  readonly retention?: readonly RetentionRule[];
}

/** One place for a store. Opening it again after `close()` opens the same store, as far as it is durable. */
export interface StoreFixture {
  open(options: StoreOpenOptions): Promise<EventStore>;
  /** Removes the place. */
  dispose(): Promise<void>;
}

export interface EventStoreSuite {
  readonly name: string;
  readonly capabilities: StoreCapabilities;
  createFixture(): Promise<StoreFixture>;
}

export function testEventStore({ name, capabilities, createFixture }: EventStoreSuite): void {
  const claimed = (capability: keyof StoreCapabilities, title: string, run: () => Promise<void>) =>
    capabilities[capability] ? it(title, run) : it.skip(`${title} (${name} does not claim ${capability})`, run);

  describe(`${name}: EventStore`, () => {
    let fixture: StoreFixture;
    let store: EventStore | undefined;

    beforeEach(async () => {
      fixture = await createFixture();
    });

    afterEach(async () => {
      await store?.close();
      store = undefined;
      await fixture.dispose();
    });

    async function open(options: StoreOpenOptions = {}): Promise<EventStore> {
      await store?.close();
      return store = await fixture.open(options);
    }

    it("claims what its adapter says", async () => {
      expect((await open()).capabilities).toEqual(capabilities);
    });

    describe("commit()", () => {
      it("gives contiguous positions and sequences from 1 on", async () => {
        const store = await open();
        const { epoch } = store.incarnation;
        expect(await store.commit(entries(3))).toEqual({ position: 1, sequence: 1, epoch });
        expect(await store.commit(entries(1))).toEqual({ position: 4, sequence: 4, epoch });
        expect([store.tail, store.head]).toEqual([1, 4]);
        expect((await readAll(store)).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
      });

      it("answers a commit without events with what was last before it", async () => {
        const store = await open();
        const { epoch } = store.incarnation;
        expect(await store.commit([])).toEqual({ position: 0, sequence: 0, epoch });
        await store.commit(entries(2));
        expect(await store.commit([], [{ key: "a", value: bytes(1) }])).toEqual({ position: 2, sequence: 2, epoch });
      });

      it("applies and resolves concurrent commits in the order in which they were made", async () => {
        const store = await open();
        const resolved: number[] = [];
        const sizes = Array.from({ length: 300 }, (_, i) => i % 4);
        const commits = sizes.map(async (size, i) => {
          const appended = await store.commit(entries(size), [{ key: "last", value: bytes(i % 256) }]);
          resolved.push(i);
          return appended;
        });
        let position = 1;
        for (const [i, appended] of (await Promise.all(commits)).entries()) {
          expect(appended.position).toBe(sizes[i] === 0 ? position - 1 : position);
          position += sizes[i];
        }
        expect(resolved).toEqual(sizes.map((_, i) => i));
        expect(await store.readState("last")).toEqual(bytes(299 % 256));
      });

      it("makes events and changes readable the moment it resolves, and never before", async () => {
        const store = await open();
        const commit = store.commit(entries(1), [{ key: "a", value: bytes(1) }]);
        expect(store.head).toBe(0);
        const { position } = await commit;
        expect(store.head).toBe(position);
        expect((await store.get(position))?.position).toBe(position);
        expect(await store.readState("a")).toEqual(bytes(1));
      });

      it("keeps events byte for byte", async () => {
        const store = await open();
        const data = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: undefined });
        const form = fc.constantFrom("json" as const, "text" as const, "binary" as const);
        await fc.assert(
          fc.asyncProperty(
            data,
            form,
            fc.boolean(),
            fc.integer(),
            fc.nat(),
            async (data, dataForm, yes, amount, ttlMs) => {
              const event = anEvent({ data, dataForm, attributes: { subject: "é ☂ 𝄞", yes, amount } });
              const { position } = await store.commit([{ event, topic: "order.plac%20ed", ttlMs }]);
              const stored = await store.get(position);
              expect(stored).toMatchObject({ topic: "order.plac%20ed", ttlMs, epoch: store.incarnation.epoch });
              expect(comparable(stored!.event)).toEqual(comparable(event));
            },
          ),
          { numRuns: 30 },
        );
      });

      it("stores an event that is larger than any buffer was made for", async () => {
        const store = await open();
        const data = new Uint8Array(3 * 1024 * 1024).map((_, i) => i);
        const small = entries(1);
        const commits = [store.commit(small), store.commit(entries(2, { data })), store.commit(entries(1))];
        expect((await Promise.all(commits)).map(({ position }) => position)).toEqual([1, 2, 4]);
        expect((await store.get(3))!.event.data).toEqual(data);
      });

      it("tells data of length nought from no data, also behind other events", async () => {
        const store = await open();
        const events = [undefined, new Uint8Array(0), new Uint8Array(1), new Uint8Array(0), undefined];
        await store.commit(events.map((data) => ({ event: anEvent({ data }), topic: "order.placed", ttlMs: 0 })));
        expect((await readAll(store)).map(({ event }) => event.data?.length)).toEqual([undefined, 0, 1, 0, undefined]);
      });

      it("stores a commit of several thousand events whole", async () => {
        const store = await open();
        expect(await store.commit(entries(3500))).toMatchObject({ position: 1 });
        expect((await readAll(store)).map(({ position }) => position)).toEqual(range(1, 3500));
      });
    });

    describe("read()", () => {
      it("begins after a position and gives at most eventsMax, oldest first", async () => {
        const store = await open();
        await store.commit(entries(5));
        await store.commit(entries(5));
        expect(positions(await store.read({ after: 3, eventsMax: 4, bytesMax: 1e6 }))).toEqual([4, 5, 6, 7]);
        expect(positions(await store.read({ after: 10, eventsMax: 4, bytesMax: 1e6 }))).toEqual([]);
        expect(positions(await store.read({ after: 99, eventsMax: 4, bytesMax: 1e6 }))).toEqual([]);
      });

      it("gives one event even if that is larger than bytesMax, and few more than fit", async () => {
        const store = await open();
        await store.commit(entries(5, { data: new Uint8Array(1000) }));
        expect(await store.read({ after: 0, eventsMax: 9, bytesMax: 1 })).toHaveLength(1);
        expect(await store.read({ after: 0, eventsMax: 9, bytesMax: 2500 })).toHaveLength(3);
      });

      it("gives every event once, whatever the page", async () => {
        const store = await open();
        for (const size of [1, 1000, 7, 1200, 1]) await store.commit(entries(size));
        for (const eventsMax of [1, 3, 512, 5000]) {
          expect(positions(await readAll(store, eventsMax))).toEqual(range(1, 2209));
        }
      });
    });

    it("get() gives one event, and nothing for a position that holds none", async () => {
      const store = await open();
      const [first, second] = entries(2);
      await store.commit([first, second]);
      expect((await store.get(2))?.event.attributes.id).toBe(second.event.attributes.id);
      expect(await store.get(0)).toBeUndefined();
      expect(await store.get(3)).toBeUndefined();
    });

    it("positionAt() finds the first event accepted at or after a time", async () => {
      const clock = new FakeClock();
      const store = await open({ clock });
      const times: number[] = [];
      for (let i = 0; i < 20; i++) {
        times.push(clock.wall());
        await store.commit(entries(2));
        await clock.advance(10);
      }
      expect(await store.positionAt(0)).toBe(1);
      expect(await store.positionAt(times[7])).toBe(15);
      expect(await store.positionAt(times[7] + 1)).toBe(17);
      expect(await store.positionAt(times[19] + 1)).toBe(41);
    });

    describe("onAppend()", () => {
      it("tells each event once and in order, until it is stopped", async () => {
        const store = await open();
        const told: number[] = [];
        const stop = store.onAppend((events) => told.push(...positions(events)));
        await Promise.all(range(1, 40).map(() => store.commit(entries(2))));
        await store.commit([], [{ key: "a", value: bytes(1) }]);
        expect(told).toEqual(range(1, 80));
        stop();
        await store.commit(entries(1));
        expect(told).toHaveLength(80);
      });
    });

    describe("state", () => {
      it("changes, deletes and tells an empty document from none", async () => {
        const store = await open();
        await store.commit([], [{ key: "a", value: bytes(1) }, { key: "b", value: bytes() }]);
        expect(await store.readState("b")).toEqual(bytes());
        await store.commit([], [{ key: "a", value: bytes(2, 3) }, { key: "b", value: undefined }]);
        expect(await store.readState("a")).toEqual(bytes(2, 3));
        expect(await store.readState("b")).toBeUndefined();
      });

      it("takes the last change of a key, within a commit and across commits", async () => {
        const store = await open();
        await Promise.all([
          store.commit([], [{ key: "a", value: bytes(1) }, { key: "a", value: bytes(2) }]),
          store.commit([], [{ key: "a", value: undefined }]),
          store.commit([], [{ key: "b", value: undefined }, { key: "b", value: bytes(9) }]),
        ]);
        expect(await store.readState("a")).toBeUndefined();
        expect(await store.readState("b")).toEqual(bytes(9));
      });

      it("counts documents by the first level of their keys, each once", async () => {
        const store = await open();
        const put = (key: string) => ({ key, value: bytes(1) });
        await store.commit([], [put("letter/1"), put("letter/2"), put("letter/1"), put("queue/a"), put("alone")]);
        expect(store.stats().documents).toMatchObject({ letter: 2, queue: 1, alone: 1 });
        await store.commit([], [put("letter/2"), put("letter/3"), { key: "letter/1", value: undefined }]);
        await store.commit([], [{ key: "letter/1", value: undefined }, { key: "queue/b", value: undefined }]);
        expect(store.stats().documents).toMatchObject({ letter: 2, queue: 1 });
      });

      it("refuses keys that would not come back as they are", async () => {
        const store = await open();
        for (const key of ["queue/a\0b", "queue/\ud800"]) {
          await expect(store.commit(entries(1), [{ key, value: bytes(1) }])).rejects.toThrow(TypeError);
        }
        expect(store.head).toBe(0);
        await store.commit([], ["%_'\"\\", "\n", "é/☂/𝄞"].map((key) => ({ key, value: bytes(1) })));
        const keys = (await store.listState({ prefix: "", limit: 9 })).map(({ key }) => key);
        expect(keys).toEqual(["\n", "%_'\"\\", "é/☂/𝄞"]);
      });

      it("puts the position that a commit answers into the keys that ask for it", async () => {
        const store = await open();
        const change = (value: number) => [{ key: "run", value: bytes(value), atPosition: true }];
        await Promise.all([
          store.commit([], change(0)),
          store.commit(entries(2), change(1)),
          store.commit(entries(3), change(3)),
          store.commit([], change(5)),
        ]);
        const documents = await store.listState({ prefix: "run/", limit: 9 });
        expect(documents.map(({ key, value }) => [key, value[0]])).toEqual([
          ["run/0000000000000000", 0],
          ["run/0000000000000001", 1],
          ["run/0000000000000003", 3],
          ["run/0000000000000005", 5],
        ]);
      });

      it("lists by prefix in key order, page by page", async () => {
        const store = await open();
        const keys = ["s/a", "s/b", "s/c", "s", "s/", "t/a", "s/é", "s/\u{1f600}", "s/\uffee"];
        await store.commit([], keys.map((key) => ({ key, value: bytes(1) })));
        const list = async (after?: string) =>
          (await store.listState({ prefix: "s/", after, limit: 3 })).map(({ key }) => key);
        expect(await list()).toEqual(["s/", "s/a", "s/b"]);
        expect(await list("s/b")).toEqual(["s/c", "s/é", "s/\uffee"]);
        expect(await list("s/\uffee")).toEqual(["s/\u{1f600}"]);
      });
    });

    describe("recentIds()", () => {
      it("gives the hashes of hashId(), oldest first", async () => {
        const store = await open();
        const all = entries(1500);
        await store.commit(all.slice(0, 3));
        await store.commit(all.slice(3));
        const found = await recent(store, { idsMax: 10_000, ageMs: 1e9 });
        expect([...found.keys()]).toEqual(range(1, 1500));
        all.forEach(({ event: { attributes } }, i) => {
          expect(found.get(i + 1)).toEqual(store.hashId(attributes.source, attributes.id));
        });
      });

      it("reaches back as far as the age and about as far as the number asks", async () => {
        const clock = new FakeClock();
        const store = await open({ clock });
        for (let i = 0; i < 10; i++) {
          await store.commit(entries(10));
          await clock.advance(1000);
        }
        expect([...(await recent(store, { idsMax: 1000, ageMs: 3500 })).keys()][0]).toBe(71);
        const found = await recent(store, { idsMax: 25, ageMs: 1e9 });
        expect(found.size).toBeGreaterThanOrEqual(25);
        expect(found.size).toBeLessThan(40);
      });
    });

    it("now() goes on with the monotonic clock, whatever the wall clock does", async () => {
      const clock = new FakeClock();
      const store = await open({ clock });
      const start = store.now();
      await clock.advance(500);
      clock.jumpWall(-3_600_000);
      expect(store.now() - start).toBe(500);
    });

    testForeignEvents({ open, claimed });

    testEventStoreRoom({ open, claimed });

    describe("close()", () => {
      it("settles what was committed before, refuses what comes after, and may be called twice", async () => {
        const store = await open();
        const commit = store.commit(entries(1));
        const closed = store.close();
        expect((await commit).position).toBe(1);
        await closed;
        await store.close();
        await expect(store.commit(entries(1))).rejects.toThrow(StoreClosedError);
        await expect(store.read({ after: 0, eventsMax: 1, bytesMax: 1 })).rejects.toThrow(StoreClosedError);
        await expect(store.readState("a")).rejects.toThrow(StoreClosedError);
      });
    });

    describe("durable", () => {
      claimed("durable", "keeps events, state and counts over a restart", async () => {
        const before = await open();
        const written = [...entries(3), ...entries(2, { data: LARGE })];
        await before.commit(written, [{ key: "a", value: bytes(4) }]);
        const stats = before.stats();
        const after = await open();
        expect([after.tail, after.head]).toEqual([1, 5]);
        expect((await readAll(after)).map(({ event }) => comparable(event))).toEqual(
          written.map(({ event }) => comparable(event)),
        );
        expect(await after.readState("a")).toEqual(bytes(4));
        const { events, logBytes, documents } = stats;
        expect(after.stats()).toMatchObject({ events, logBytes, documents });
      });

      claimed(
        "durable",
        "mints a larger epoch at each opening, and numbers events by their positions in each",
        async () => {
          const first = await open();
          const { incarnation } = first;
          await first.commit(entries(2));
          const second = await open();
          expect(incarnation.opened).toBe("created");
          expect(second.incarnation).toMatchObject({ opened: "reopened", storeId: incarnation.storeId });
          expect(Math.floor(second.incarnation.epoch / 2 ** 32)).toBe(Math.floor(incarnation.epoch / 2 ** 32) + 1);
          expect(await second.commit(entries(1))).toMatchObject({ position: 3, sequence: 3 });
          expect((await readAll(second)).map(({ epoch, sequence }) => [epoch, sequence])).toEqual([
            [incarnation.epoch, 1],
            [incarnation.epoch, 2],
            [second.incarnation.epoch, 3],
          ]);
        },
      );

      claimed("durable", "goes on ageing while it is closed, and never back", async () => {
        const clock = new FakeClock();
        const first = await open({ clock });
        await clock.advance(5000);
        await first.commit(entries(1));
        const age = first.now();
        await first.close();
        clock.jumpWall(60_000);
        const second = await open({ clock });
        expect(second.now()).toBe(age + 60_000);
        await second.close();
        clock.jumpWall(-3_600_000);
        expect((await open({ clock })).now()).toBe(age + 60_000);
      });

      claimed("durable", "gives no position twice, also when nothing was left at the restart", async () => {
        const clock = new FakeClock();
        const first = await open({ clock, retention: [{ pattern: ">", maxAgeMs: 1000 }] });
        first.setNeeded(undefined);
        await first.commit(entries(7));
        await eventually(async () => {
          await clock.advance(1000);
          expect(first.stats().events).toBe(0);
        });
        const second = await open({ clock });
        expect([second.tail, second.head]).toEqual([8, 7]);
        expect(second.retiredTo("order.placed")).toBe(7);
        expect(await second.commit(entries(1))).toMatchObject({ position: 8, sequence: 8 });
      });

      claimed("durable", "gives the same hashes over a restart", async () => {
        const hash = (await open()).hashId("/shops/alice", "1");
        expect((await open()).hashId("/shops/alice", "1")).toEqual(hash);
      });

      claimed("durable", "retires by changed rules what was written under others", async () => {
        const clock = new FakeClock();
        const first = await open({ clock, retention: [{ pattern: "metrics.>", maxCount: 1 }] });
        await first.commit(entries(6));
        const second = await open({ clock, retention: [{ pattern: "order.placed", maxCount: 2 }] });
        second.setNeeded(undefined);
        await second.commit(entries(1));
        await eventually(async () => {
          await clock.advance(1000);
          expect(positions(await readAll(second))).toEqual([6, 7]);
        });
      });
    });
  });
}
