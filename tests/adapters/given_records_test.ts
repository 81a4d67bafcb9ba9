import { describe, expect, it } from "bun:test";

import { GivenRecords } from "../../adapters/store/sqlite/given_records.ts";

/** Records of a size, one behind the other in a buffer with so many bytes before them. */
function adjoining(count: number, bytes: number, before = 0): Uint8Array[] {
  const buffer = Uint8Array.from({ length: before + count * bytes }, (_, i) => i);
  return Array.from({ length: count }, (_, i) => buffer.subarray(before + i * bytes, before + (i + 1) * bytes));
}

function given(records: readonly Uint8Array[]): GivenRecords {
  const all = new GivenRecords();
  for (const record of records) all.add(record);
  return all;
}

const whole = (records: readonly Uint8Array[]) => records.flatMap((record) => [...record]);

describe("GivenRecords", () => {
  it("leaves records where they lie when they are one behind the other", () => {
    const records = adjoining(5, 20, 10);
    const body = given(records).toBody();
    expect([...body]).toEqual(whole(records));
    expect(body.buffer).toBe(records[0].buffer);
  });

  it("copies them when one is missing in between", () => {
    const records = adjoining(5, 20).filter((_, i) => i !== 2);
    const body = given(records).toBody();
    expect([...body]).toEqual(whole(records));
    expect(body.buffer === records[0].buffer).toBe(false);
  });

  it("copies them when they come in another order", () => {
    const records = adjoining(3, 20).toReversed();
    expect([...given(records).toBody()]).toEqual(whole(records));
  });

  it("copies them out of a buffer that holds much else, which they would keep in memory", () => {
    const records = adjoining(3, 20, 1000);
    const body = given(records).toBody();
    expect([...body]).toEqual(whole(records));
    expect(body.buffer.byteLength).toBe(60);
  });

  it("takes records of several buffers while they are few", () => {
    expect(given(adjoining(3, 20)).takes(adjoining(1, 20)[0])).toBe(true);
  });

  it("takes only what adjoins once it is large", () => {
    const records = adjoining(4, 30_000);
    const large = given(records.slice(0, 3));
    expect([large.takes(records[3]), large.takes(adjoining(1, 20)[0])]).toEqual([true, false]);
  });

  it("is empty again once it is cleared", () => {
    const records = given(adjoining(3, 20).filter((_, i) => i !== 1));
    records.clear();
    expect([records.count, records.bytes]).toEqual([0, 0]);
    const next = adjoining(2, 10);
    for (const record of next) records.add(record);
    expect(records.toBody().buffer).toBe(next[0].buffer);
  });
});
