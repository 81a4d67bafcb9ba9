import { describe, expect, it } from "bun:test";

import { hashRecord } from "../../../federation/routing/records/record_hash.ts";
import { DEFAULT_RECORDS_OPTIONS } from "../../../federation/routing/records/records_options.ts";
import { RecordTable } from "../../../federation/routing/records/record_table.ts";
import { bucketOf, seal } from "../../../federation/routing/records/sealed_record.ts";

const hex = ({ high, low }: { high: number; low: number }): string =>
  [high, low].map((half) => half.toString(16).padStart(8, "0")).join(" ");

describe("hashRecord()", () => {
  // Nodes of different versions compare these: they are a part of the protocol.
  const pinned: readonly (readonly [bytes: readonly number[], hash: string])[] = [
    [[], "9ca70078 b6e689ec"],
    [[1], "b6748548 6fbb28b5"],
    [[1, 2, 3, 4], "558e4890 b9474ebe"],
    [[1, 2, 3, 4, 5, 6, 7], "8781bd5e 1de42749"],
    [[0, 0, 0, 0, 0], "5aad9acc 34369bbd"],
  ];
  for (const [bytes, hash] of pinned) {
    it(`is ${hash} for [${bytes}]`, () => {
      expect(hex(hashRecord(Uint8Array.from(bytes)))).toBe(hash);
    });
  }
});

describe("bucketOf()", () => {
  const pinned = [
    [{ origin: "alice", kind: 0, shard: 0 }, 98],
    [{ origin: "alice", kind: 1, shard: 0 }, 11],
    [{ origin: "alice", kind: 1, shard: 7 }, 36],
    [{ origin: "bob-2", kind: 1, shard: 255 }, 212],
  ] as const;
  for (const [key, bucket] of pinned) {
    it(`is ${bucket} for ${key.origin}/${key.kind}/${key.shard}`, () => {
      expect(bucketOf(key)).toBe(bucket);
    });
  }
});

describe("RecordTable", () => {
  const aRecord = (origin: string, version = 1) =>
    seal({ origin, kind: 0, shard: 0, epoch: 2 ** 32, version, body: Uint8Array.of(1) });

  it("sums the hashes of its records, in all and by bucket", () => {
    const table = new RecordTable(DEFAULT_RECORDS_OPTIONS);
    const [alice, bob] = [aRecord("alice"), aRecord("bob")];
    table.put(alice, 1e9);
    table.put(bob, 1e9);
    expect([...table.rootSum]).toEqual([
      (alice.hash.high + bob.hash.high) >>> 0,
      (alice.hash.low + bob.hash.low) >>> 0,
    ]);
    for (const { bucket, hash } of [alice, bob]) {
      expect([table.sums[2 * bucket], table.sums[2 * bucket + 1]]).toEqual([hash.high, hash.low]);
    }
  });

  it("counts what it has, and no longer what was replaced or removed", () => {
    const table = new RecordTable(DEFAULT_RECORDS_OPTIONS);
    table.put(aRecord("alice"), 1e9);
    const slot = table.put(aRecord("alice", 2), 1e9);
    expect([table.records, table.origins, table.bytes]).toEqual([1, 1, aRecord("alice").bytes.length]);
    table.remove(slot);
    expect([table.records, table.origins, table.bytes, [...table.rootSum]]).toEqual([0, 0, 0, [0, 0]]);
  });
});
