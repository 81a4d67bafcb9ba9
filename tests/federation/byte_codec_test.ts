import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { ByteReader, ByteWriter } from "../../federation/link/codec/mod.ts";

function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(4);
  write(writer);
  return writer.bytes.slice();
}

describe("ByteWriter", () => {
  it("grows with whatever is written", () => {
    const writer = new ByteWriter(1);
    for (let i = 0; i < 300; i++) writer.byte(i & 255);
    expect([...writer.bytes]).toEqual(Array.from({ length: 300 }, (_, i) => i & 255));
  });

  it("copies what was written, short or long, into other bytes and behind what another one wrote", () => {
    for (const length of [0, 1, 128, 129, 1000]) {
      const bytes = Array.from({ length }, (_, i) => i & 255);
      const writer = new ByteWriter(1);
      for (const byte of bytes) writer.byte(byte);
      const target = new Uint8Array(length + 3).fill(9);
      writer.copyTo(target, 2);
      expect([...target]).toEqual([9, 9, ...bytes, 9]);
      const other = new ByteWriter(1);
      other.byte(7);
      other.appendFrom(writer);
      other.byte(8);
      expect([...other.bytes]).toEqual([7, ...bytes, 8]);
    }
  });

  it("begins anew once it is cleared", () => {
    const writer = new ByteWriter(1);
    writer.text("abc");
    writer.clear();
    writer.byte(7);
    expect([...writer.bytes]).toEqual([7]);
  });
});

describe("ByteReader", () => {
  it("reads every whole number that ByteWriter wrote", () => {
    fc.assert(fc.property(fc.array(fc.oneof(fc.maxSafeNat(), fc.nat(300))), (numbers) => {
      const reader = new ByteReader(written((writer) => numbers.forEach((number) => writer.whole(number))));
      expect(numbers.map(() => reader.whole())).toEqual(numbers);
      expect([reader.failed, reader.left]).toEqual([false, 0]);
    }));
  });

  it("reads the numbers at the borders of their lengths", () => {
    for (const number of [0, 127, 128, 2 ** 14 - 1, 2 ** 14, 2 ** 49 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER]) {
      expect(new ByteReader(written((writer) => writer.whole(number))).whole()).toBe(number);
    }
  });

  it("fails at a number beyond what is exact, and at one that never ends", () => {
    for (const bytes of [[255, 255, 255, 255, 255, 255, 255, 127], new Array(9).fill(128)]) {
      const reader = new ByteReader(Uint8Array.from(bytes));
      expect([reader.whole(), reader.failed, reader.left]).toEqual([0, true, 0]);
    }
  });

  it("reads a text as long as it may be, and none that is longer", () => {
    const bytes = written((writer) => writer.text("äb"));
    const reader = new ByteReader(bytes);
    expect([reader.text(3), reader.failed, reader.left]).toEqual(["äb", false, 0]);
    expect(new ByteReader(bytes).text(2)).toBe("");
  });

  it("reads a text up to the very end, and none beyond it", () => {
    const bytes = Uint8Array.from([2, 97, 98]);
    expect(new ByteReader(bytes).text(9)).toBe("ab");
    const cut = new ByteReader(bytes, 0, 2);
    expect([cut.text(9), cut.failed]).toEqual(["", true]);
  });

  it("fails at what is no UTF-8", () => {
    const reader = new ByteReader(Uint8Array.from([1, 255]));
    expect([reader.text(9), reader.failed]).toEqual(["", true]);
  });

  it("reads nothing behind its end", () => {
    const reader = new ByteReader(Uint8Array.from([7, 8, 9]), 1, 2);
    expect([reader.left, reader.byte(), reader.byte(), reader.failed]).toEqual([1, 8, 0, true]);
  });

  it("skips forwards within its bytes, to the end at most", () => {
    const reader = new ByteReader(Uint8Array.from([7, 8, 9]));
    reader.skipTo(2);
    expect([reader.at, reader.byte(), reader.failed]).toEqual([2, 9, false]);
    reader.skipTo(3);
    expect(reader.failed).toBe(false);
    reader.skipTo(2);
    expect(reader.failed).toBe(true);
    const beyond = new ByteReader(Uint8Array.from([7]));
    beyond.skipTo(2);
    expect(beyond.failed).toBe(true);
  });
});
