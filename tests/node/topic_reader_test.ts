import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { TopicReader } from "../../node/topic_reader.ts";

const encoder = new TextEncoder();

function read(reader: TopicReader, topic: string, before = 0): string {
  const bytes = encoder.encode("x".repeat(before) + topic + "rest");
  return reader.read(bytes, before, bytes.length - 4);
}

describe("TopicReader.read()", () => {
  it("gives each topic as it was written, whatever was read before", () => {
    const reader = new TopicReader();
    const topics = fc.oneof(
      fc.stringMatching(/^[ab.]{0,4}$/),
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.string({ minLength: 90, maxLength: 200 }),
    );
    fc.assert(fc.property(fc.array(fc.tuple(topics, fc.nat(9)), { maxLength: 50 }), (all) => {
      for (const [topic, before] of all) expect(read(reader, topic, before)).toBe(topic);
    }));
  });

  it("tells topics apart that share a slot", () => {
    const reader = new TopicReader();
    const letter = (n: number) => String.fromCharCode(97 + n % 26);
    const scattered = (i: number) =>
      letter(i) + letter(i * 7 + 3) + letter(Math.floor(i / 26)) + letter(Math.floor(i / 676));
    const topics = Array.from({ length: 5000 }, (_, i) => [`order.${i}`, scattered(i)]).flat();
    for (const topic of [...topics, ...topics]) expect(read(reader, topic)).toBe(topic);
  });

  it("gives text beyond ASCII whose units are those of other bytes", () => {
    const reader = new TopicReader();
    // Two bytes of UTF-8, and the two characters that have these codes.
    expect(read(reader, "\u00c3\u00a9")).toBe("\u00c3\u00a9");
    expect(read(reader, "\u00e9")).toBe("\u00e9");
  });
});
