import { describe, expect, it } from "bun:test";

import { HEAD_BYTES, MASK_BYTES, readMessage } from "../../../federation/routing/records/db_message.ts";
import { MessageWriter } from "../../../federation/routing/records/message_writer.ts";
import { BUCKETS } from "../../../federation/routing/records/sealed_record.ts";

function lengthsOf(bytesMax: number, write: (writer: MessageWriter) => void): number[] {
  const lengths: number[] = [];
  new MessageWriter({ bytesMax }).compose((payload) => lengths.push(payload.length), write);
  return lengths;
}

describe("MessageWriter", () => {
  it("puts what is of one kind under one head", () => {
    const lengths = lengthsOf(1000, (writer) => {
      for (let tag = 0; tag < 10; tag++) writer.ack(tag);
    });
    expect(lengths).toEqual([1 + HEAD_BYTES + 10 * 4]);
  });

  it("gives each kind a head of its own", () => {
    const lengths = lengthsOf(1000, (writer) => {
      writer.ack(1);
      writer.want({ origin: "bob", kind: 0, shard: 0 });
      writer.ack(2);
    });
    expect(lengths).toEqual([1 + 3 * HEAD_BYTES + 2 * 4 + 6]);
  });

  it("begins another message when one is full", () => {
    const lengths = lengthsOf(100, (writer) => {
      for (let tag = 0; tag < 100; tag++) writer.ack(tag);
    });
    expect(lengths.length).toBeGreaterThan(4);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(100);
  });

  it("keeps two questions of a walk apart that share a message", () => {
    const walks: number[] = [];
    const asked = new Uint8Array(MASK_BYTES);
    new MessageWriter({ bytesMax: 100_000 }).compose((payload) => {
      const problem = readMessage(payload, {
        onRecord: () => {},
        onAck: () => {},
        onBuckets: (walk) => void walks.push(walk),
        onKeys: () => {},
        onWant: () => {},
      });
      expect(problem).toBeUndefined();
    }, (writer) => {
      for (const walk of [4, 5]) writer.buckets(walk, asked, new Uint32Array(2 * BUCKETS));
    });
    expect(walks).toEqual([4, 5]);
  });

  it("sends nothing when nothing was written", () => {
    expect(lengthsOf(100, () => {})).toEqual([]);
  });
});
