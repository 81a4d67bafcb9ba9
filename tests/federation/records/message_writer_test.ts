import { describe, expect, it } from "bun:test";

import { HEAD_BYTES } from "../../../federation/routing/records/db_message.ts";
import { MessageWriter } from "../../../federation/routing/records/message_writer.ts";

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

  it("sends nothing when nothing was written", () => {
    expect(lengthsOf(100, () => {})).toEqual([]);
  });
});
