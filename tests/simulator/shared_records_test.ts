import { describe, expect, it } from "bun:test";

import { seal } from "../../federation/routing/records/sealed_record.ts";
import { SharedRecords } from "./shared_records.ts";

const record = { origin: "alice", kind: 1, shard: 0, epoch: 2 ** 32 + 5, version: 7, body: Uint8Array.of(1, 2, 3) };

describe("SharedRecords.share()", () => {
  it("answers one object for equal records", () => {
    const { share } = new SharedRecords();
    const first = share(seal(record));
    expect(share(seal(record))).toBe(first);
  });

  it("answers a record that differs in one byte as it is, whatever hash it claims", () => {
    const { share } = new SharedRecords();
    const first = share(seal(record));
    const other = { ...seal({ ...record, body: Uint8Array.of(1, 2, 4) }), hash: first.hash };
    expect(share(other)).toBe(other);
  });
});
