/** What an event store does with events that were accepted in other clusters: a part of its conformance suite. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { encodeRecord } from "../../node/event_record.ts";
import type { AppendEntry, Audience, EventStore, StoreCapabilities, StoredEvent } from "../../node/event_store.ts";
import { anEvent } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { FakeClock } from "../support/fake_clock.ts";
import type { StoreOpenOptions } from "./event_store.ts";
import { comparable, entries, range, readAll, recent } from "./event_store_support.ts";

interface ForeignSuite {
  readonly open: (options?: StoreOpenOptions) => Promise<EventStore>;
  /** A test that runs where the capability is claimed, and is skipped by name elsewhere. */
  readonly claimed: (capability: keyof StoreCapabilities, title: string, run: () => Promise<void>) => void;
}

const audience: fc.Arbitrary<Audience> = fc.oneof(
  fc.constant("everybody" as const),
  fc.record({
    ungrouped: fc.boolean(),
    groups: fc.uniqueArray(fc.constantFrom("billing", "é☂", "a"), { maxLength: 3 }),
  }),
);

/** An entry as a door, or as a link, makes it: of any origin, with or without its record, for anybody. */
const entry: fc.Arbitrary<AppendEntry> = fc.record({
  origin: fc.option(
    fc.record({
      cluster: fc.constantFrom("lyon", "bonn"),
      epoch: fc.constantFrom(1, 2 ** 40),
      sequence: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 2 ** 52 })),
    }),
    { nil: undefined },
  ),
  audience,
  ttlMs: fc.constantFrom(0, 5000, -1),
  hasRecord: fc.boolean(),
  data: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
}).map(({ data, hasRecord, ...rest }) => {
  const entry = { event: anEvent({ data, attributes: { subject: "é ☂" } }), topic: "order.placed", ...rest };
  return hasRecord ? ofRecord(entry) : entry;
});

/** An entry whose event and topic nobody may look at. */
function ofRecord(entry: AppendEntry): AppendEntry {
  const { origin, audience, ttlMs } = entry;
  const hidden = (): never => {
    throw new Error("Cannot look at the event: its record is given");
  };
  return Object.defineProperties({ origin, audience, ttlMs, record: encodeRecord(entry) } as unknown as AppendEntry, {
    event: { get: hidden },
    topic: { get: hidden },
  });
}

/** The same bytes, one behind the other, as the records of a frame lie. */
function inOneBuffer(records: readonly Uint8Array[]): Uint8Array[] {
  const buffer = new Uint8Array(records.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  return records.map((record) => {
    buffer.set(record, at);
    at += record.length;
    return buffer.subarray(at - record.length, at);
  });
}

function foreign(
  count: number,
  first: { cluster?: string; sequence?: number; audience?: Audience } = {},
): AppendEntry[] {
  const { cluster = "lyon", sequence = 1, audience = { ungrouped: true, groups: [] } } = first;
  return entries(count).map((entry, i) => ({
    ...entry,
    audience,
    origin: { cluster, epoch: 7, sequence: sequence + 2 * i },
  }));
}

const identity = ({ origin, epoch, sequence }: StoredEvent) => [origin, epoch, sequence];

export function testForeignEvents({ open, claimed }: ForeignSuite): void {
  describe("events of other clusters", () => {
    const check = async (store: EventStore, commits: readonly (readonly AppendEntry[])[], from: number) => {
      const found = await store.read({ after: from, eventsMax: 1e6, bytesMax: 1e9 });
      const all = commits.flat();
      expect(found.map(({ position }) => position)).toEqual(range(from + 1, from + all.length));
      for (const [i, { origin, audience, ttlMs, record, ...given }] of all.entries()) {
        const { position } = found[i];
        const own = ["paris", store.incarnation.epoch, position];
        expect(identity(found[i])).toEqual(
          origin === undefined ? own : [origin.cluster, origin.epoch, origin.sequence],
        );
        expect(found[i]).toMatchObject({ audience, ttlMs, topic: "order.placed" });
        expect(found[i].record).toEqual(record ?? encodeRecord({ event: given.event, topic: "order.placed", ttlMs }));
        if (record === undefined) expect(comparable(found[i].event)).toEqual(comparable(given.event));
      }
    };

    it("keep origin, audience and bytes, whatever they stand between", async () => {
      const store = await open();
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(entry, { maxLength: 12 }), { maxLength: 6 }), async (commits) => {
          const from = store.head;
          await Promise.all(commits.map((entries) => store.commit(entries)));
          await check(store, commits, from);
        }),
        { numRuns: 40 },
      );
    });

    it("keep their bytes when their records lie in one buffer, some of them or all", async () => {
      const store = await open();
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(entry, fc.boolean()), { minLength: 1, maxLength: 30 }), async (given) => {
          const from = store.head;
          const records = inOneBuffer(given.map(([entry]) => entry.record ?? encodeRecord(entry)));
          const kept = given.map(([{ origin, audience, ttlMs }, stays], i) => ({
            stays,
            entry: { ...ofRecord({ ...entries(1)[0], origin, audience, ttlMs }), record: records[i] },
          })).filter(({ stays }) => stays);
          await store.commit(kept.map(({ entry }) => entry));
          await check(store, [kept.map(({ entry }) => entry)], from);
        }),
        { numRuns: 40 },
      );
    });

    it("are known by the hash of their record, also where it is given", async () => {
      const store = await open();
      const given = foreign(4).map((entry) => ({ ...entry, record: encodeRecord(entry) }));
      await store.commit(
        given.map((entry, i) => i % 2 === 0 ? entry : { ...entry, idHash: store.hashRecord(entry.record) }),
      );
      const hashes = given.map(({ record }) => store.hashRecord(record));
      expect((await readAll(store)).map(({ idHash }, i) => idHash ?? hashes[i])).toEqual(hashes);
      expect([...(await recent(store, { idsMax: 1e6, ageMs: 1e9 })).values()]).toEqual(hashes);
    });

    it("are told to listeners as they are read later", async () => {
      const store = await open();
      const told: unknown[] = [];
      const look = (event: StoredEvent) => [event.position, ...identity(event), event.audience, event.topic];
      store.onAppend((events) => told.push(...events.map(look)));
      await store.commit([...foreign(3), ...entries(2), ...foreign(2, { cluster: "bonn" })]);
      expect(told).toEqual((await readAll(store)).map(look));
      expect(told).toHaveLength(7);
    });

    it("do not change how own events are numbered: by their position", async () => {
      const store = await open();
      await store.commit(foreign(5));
      expect(await store.commit(entries(2))).toMatchObject({ position: 6, sequence: 6 });
      expect((await store.get(7))!.sequence).toBe(7);
    });

    it("may come in more origins and audiences than a block has room for", async () => {
      const store = await open();
      const many = range(1, 300).flatMap((i) => [
        ...foreign(1, {
          cluster: `c-${i % 7}`,
          sequence: 1000 - i,
          audience: { ungrouped: false, groups: [`g-${i}`] },
        }),
        ...foreign(1, { cluster: "lyon", sequence: i, audience: { ungrouped: false, groups: [`g-${i}`] } }),
      ]);
      await store.commit(many);
      const found = await readAll(store);
      expect(found.map(({ audience }) => audience)).toEqual(many.map(({ audience }) => audience!));
      expect(found.map(identity)).toEqual(many.map(({ origin }) => [origin!.cluster, 7, origin!.sequence]));
    });

    it("count among the recent ids, with the hash of source and id", async () => {
      const store = await open();
      const ids = ["a", "é☂", "\u{1d11e}", "order-1"];
      const events = ids.map((id) => anEvent({ id, source: `/shops/${id}` }));
      await store.commit(
        events.map((event, i) =>
          ofRecord({
            event,
            topic: "order.placed",
            ttlMs: i,
            origin: { cluster: "lyon", epoch: 7, sequence: 3 * i + 1 },
          })
        ),
      );
      const found = await recent(store, { idsMax: 100, ageMs: 1e9 });
      expect([...found.values()]).toEqual(ids.map((id) => store.hashId(`/shops/${id}`, id)));
      expect(store.hashRecord(encodeRecord({ event: events[1], topic: "t", ttlMs: 0 }))).toEqual(found.get(2)!);
    });

    it("are missed by nobody when they were only in transit", async () => {
      const clock = new FakeClock();
      const store = await open({ clock, retention: [{ pattern: ">", maxAgeMs: 1000 }] });
      store.setNeeded(undefined);
      await store.commit(foreign(3));
      await store.commit(foreign(3, { audience: { ungrouped: false, groups: [] } }));
      await eventually(async () => {
        await clock.advance(1000);
        expect(store.stats().events).toBe(0);
      });
      expect(store.retiredTo(">")).toBe(3);
    });

    claimed("selectiveRetention", "keep origin and audience when others around them are retired", async () => {
      const clock = new FakeClock();
      const store = await open({ clock, retention: [{ pattern: "metrics.>", maxAgeMs: 1000 }] });
      store.setNeeded(undefined);
      const mixed = foreign(9).map((entry, i) => ({
        ...entry,
        topic: i % 3 === 0 ? "order.placed" : "metrics.cpu",
        audience: { ungrouped: i < 4, groups: i === 6 ? ["billing"] : [] },
      }));
      await store.commit(mixed);
      await eventually(async () => {
        await clock.advance(1000);
        expect(store.stats().events).toBe(3);
      });
      const left = await readAll(store);
      expect(left.map(({ position }) => position)).toEqual([1, 4, 7]);
      expect(left.map(identity)).toEqual([["lyon", 7, 1], ["lyon", 7, 7], ["lyon", 7, 13]]);
      expect(left.map(({ audience }) => audience)).toEqual([0, 3, 6].map((i) => mixed[i].audience));
    });

    it("fill the store like own ones", async () => {
      const store = await open({ bytesMax: 4 * 1024 * 1024 });
      const before = store.stats().fill;
      await store.commit(foreign(200).map((entry) => ({ ...entry, event: anEvent({ data: new Uint8Array(5000) }) })));
      expect(store.stats().fill - before).toBeGreaterThan(0.2);
      expect(store.stats().fill).toBeLessThan(1);
    });
  });

  describe("durable", () => {
    claimed("durable", "keeps events of other clusters as they are over a restart", async () => {
      const commits = fc.sample(fc.array(entry, { minLength: 30, maxLength: 60 }), { numRuns: 10, seed: 7 });
      const before = await open();
      await Promise.all(commits.map((entries) => before.commit(entries)));
      const told = (await readAll(before)).map((event) => [...identity(event), event.audience, event.record.slice()]);
      const after = await open();
      const found = (await readAll(after)).map((event) => [...identity(event), event.audience, event.record.slice()]);
      expect(found).toEqual(told);
    });
  });
}
