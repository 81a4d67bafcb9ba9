/** The merge as algebra, the hashes, the bytes of a record and of a document. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { Ageing } from "../../../federation/routing/records/ageing.ts";
import type { Slot } from "../../../federation/routing/records/kind_records.ts";
import { type MeshRecord, shardMark } from "../../../federation/routing/records/mesh_record.ts";
import {
  decodeRecordDocument,
  DEFAULT_RECORDS_OPTIONS,
  encodeRecordDocument,
} from "../../../federation/routing/records/mod.ts";
import { hashRecord } from "../../../federation/routing/records/record_hash.ts";
import { RecordTable } from "../../../federation/routing/records/record_table.ts";
import {
  compareSealed,
  readHeader,
  seal,
  type SealedRecord,
} from "../../../federation/routing/records/sealed_record.ts";

import { seededRandom } from "../../support/seeded_random.ts";

import { VirtualTime } from "./virtual_time.ts";

/** Few values, so that equal keys, versions and epochs are common. */
const sealed = fc.record({
  origin: fc.constantFrom("alice", "bob", "c"),
  kind: fc.nat(2),
  shard: fc.nat(2),
  epoch: fc.constantFrom(2 ** 32, 2 ** 32 + 5, 2 * 2 ** 32, (2 ** 21 - 1) * 2 ** 32),
  version: fc.constantFrom(1, 2, 3, 2 ** 40),
  liveDigest: fc.nat(1),
  body: fc.uint8Array({ maxLength: 2 }),
}).map(seal);

/** Merges as the database does: what counts more stays. */
function tableOf(records: readonly SealedRecord[]): RecordTable {
  const table = new RecordTable(DEFAULT_RECORDS_OPTIONS);
  for (const record of records) {
    const current = table.find(record)?.current;
    if (current === undefined || compareSealed(record, current) > 0) table.put(record, 1e9);
  }
  return table;
}

function stateOf(table: RecordTable): readonly string[] {
  return [...table.slots()].map(({ current }) => current!.bytes.join(",")).sort();
}

describe("merging records", () => {
  it("gives the same whatever the order and however often", () => {
    const shuffled = fc.array(sealed, { maxLength: 40 }).chain((records) =>
      fc.tuple(fc.constant(records), fc.shuffledSubarray([...records, ...records], { minLength: 2 * records.length }))
    );
    fc.assert(fc.property(shuffled, ([records, others]) => {
      expect(stateOf(tableOf(others))).toEqual(stateOf(tableOf(records)));
    }));
  });

  it("orders any two versions of a record: antisymmetric, transitive, equal only if the same", () => {
    const alike = sealed.map(({ epoch, version, bytes, bodyAt }) =>
      seal({ origin: "a", kind: 0, shard: 0, epoch, version, body: bytes.subarray(bodyAt) })
    );
    fc.assert(fc.property(alike, alike, alike, (a, b, c) => {
      expect(Math.sign(compareSealed(a, b)) + Math.sign(compareSealed(b, a))).toBe(0);
      expect(compareSealed(a, b) === 0).toBe(a.bytes.join() === b.bytes.join());
      if (compareSealed(a, b) >= 0 && compareSealed(b, c) >= 0) expect(compareSealed(a, c)).toBeGreaterThanOrEqual(0);
    }));
  });

  it("gives equal sets equal sums, whatever was there in between, and different sets different ones", () => {
    const lists = fc.tuple(fc.array(sealed, { maxLength: 30 }), fc.array(sealed, { maxLength: 30 }));
    fc.assert(fc.property(lists, ([records, others]) => {
      const direct = tableOf(records);
      const detour = tableOf(others);
      for (const slot of [...detour.slots()]) detour.remove(slot);
      expect([...detour.rootSum]).toEqual([0, 0]);
      expect([detour.records, detour.origins, detour.bytes]).toEqual([0, 0, 0]);
      for (const { current } of direct.slots()) detour.put(current!, 5);
      expect([...detour.sums]).toEqual([...direct.sums]);
      const same = stateOf(tableOf(others)).join() === stateOf(direct).join();
      expect([...tableOf(others).rootSum].join() === [...direct.rootSum].join()).toBe(same);
    }));
  });
});

describe("hashRecord()", () => {
  it("has hashes of its own for bytes that differ in one bit, in order or in length", () => {
    const seen = new Map<string, string>();
    const inputs: Uint8Array[] = [];
    for (let length = 0; length < 40; length++) {
      inputs.push(new Uint8Array(length));
      for (let bit = 0; bit < 8 * length; bit++) {
        const bytes = new Uint8Array(length);
        bytes[bit >> 3] = 1 << (bit & 7);
        inputs.push(bytes);
      }
    }
    for (const bytes of inputs) {
      const { high, low } = hashRecord(bytes);
      // Either half alone: the database compares the low one by itself.
      for (const name of [`high ${high}`, `low ${low}`]) {
        expect(seen.get(name)).toBeUndefined();
        seen.set(name, bytes.join());
      }
    }
  });

  it("is the same on every runtime", () => {
    expect(hashRecord(new TextEncoder().encode("paris topology 1"))).toEqual({ high: 3526137290, low: 1207532804 });
  });
});

describe("shardMark()", () => {
  it("tells shards and versions apart", () => {
    const marks = new Set<number>();
    for (let shard = 0; shard < 256; shard++) {
      for (const version of [...Array(100).keys(), 2 ** 32, 2 ** 33]) marks.add(shardMark(shard, version));
    }
    expect(marks.size).toBeGreaterThan(256 * 102 - 5);
  });
});

describe("readHeader()", () => {
  it("reads what seal() wrote", () => {
    fc.assert(fc.property(sealed, (record) => {
      const { origin, kind, shard, epoch, version, liveDigest, bodyAt, withdrawn, bucket } = record;
      expect(readHeader(record.bytes, 0, record.bytes.length))
        .toEqual({ origin, kind, shard, epoch, version, liveDigest, bodyAt, withdrawn, bucket });
    }));
  });

  it("answers undefined for what is no record", () => {
    const good =
      seal({ origin: "alice", kind: 0, shard: 0, epoch: 2 ** 32, version: 1, body: new Uint8Array(3) }).bytes;
    const bad: readonly (readonly [what: string, change: (bytes: Uint8Array) => void])[] = [
      ["layout", (bytes) => bytes[0] = 2],
      ["kind", (bytes) => bytes[1] = 8],
      ["empty name", (bytes) => bytes[3] = 0],
      ["name beyond the end", (bytes) => bytes[3] = 60],
      ["extension beyond the end", (bytes) => bytes[4] = 60],
      ["epoch", (bytes) => bytes[15] = 0xff],
      ["version 0", (bytes) => bytes[16] = 0],
      ["version", (bytes) => bytes[23] = 0xff],
      ["name", (bytes) => bytes[28] = 65],
    ];
    expect(readHeader(good, 0, good.length)?.origin).toBe("alice");
    for (const [what, change] of bad) {
      const bytes = good.slice();
      change(bytes);
      expect(readHeader(bytes, 0, bytes.length) === undefined ? what : "read").toBe(what);
    }
    for (let length = 0; length < 33; length++) expect(readHeader(good, 0, length)).toBeUndefined();
  });
});

describe("encodeRecordDocument()", () => {
  it("comes back from decodeRecordDocument(), with the fields of a later version", () => {
    const record: MeshRecord = {
      origin: "alice",
      kind: "interest",
      shard: 63,
      epoch: 5 * 2 ** 32 + 7,
      version: 2 ** 40 + 3,
      lifetimeMs: 72 * 3_600_000,
      body: new TextEncoder().encode('{"a":1}'),
      liveDigest: 0xfedcba98,
      extension: Uint8Array.of(1, 2, 3),
    };
    expect(decodeRecordDocument(encodeRecordDocument(record))).toEqual(record);
  });

  it("is refused when it is damaged", () => {
    expect(() => decodeRecordDocument(new Uint8Array(0))).toThrow("Cannot decode record document");
    expect(() => decodeRecordDocument(Uint8Array.of(1, 0, 0, 0, 0, 9, 9))).toThrow("Cannot decode record document");
  });
});

describe("Ageing", () => {
  it("tells of each slot at its last time, however often it was moved", () => {
    const step = fc.record({ slot: fc.nat(9), lifeMs: fc.integer({ min: 1, max: 1000 }), waitMs: fc.nat(200) });
    fc.assert(fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
      const time = new VirtualTime();
      const told: [number, number][] = [];
      const slots: Slot[] = Array.from({ length: 10 }, (_, shard) => {
        return { origin: "a", kind: 0, shard, current: undefined, installed: undefined, expiresAt: -1 };
      });
      const ageing = new Ageing(time.world(seededRandom(1)), (expired) => {
        for (const slot of expired) {
          told.push([slot.shard, time.now]);
          expect(slot.expiresAt).toBe(time.now);
          slot.expiresAt = -1;
        }
      });
      let alive = 0;
      for (const { slot, lifeMs, waitMs } of steps) {
        if (slots[slot].expiresAt === -1) alive++;
        slots[slot].expiresAt = time.now + lifeMs;
        ageing.watch(slots[slot]);
        time.run(waitMs);
      }
      time.run(2000);
      expect(told).toHaveLength(alive);
      expect(slots.every(({ expiresAt }) => expiresAt === -1)).toBe(true);
    }));
  });
});
