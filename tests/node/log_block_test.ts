import { crc32 } from "node:zlib";

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { RecordWriter } from "../../node/event_record.ts";
import { hashId } from "../../node/id_hash.ts";
import { type BlockContent, BlockHead, DamagedBlockError, encodeBlockHead } from "../../node/block_head.ts";
import { LogBlock } from "../../node/log_block.ts";
import { someEvents } from "../support/events.ts";

const identity = {
  origin: "paris",
  epoch: 7 * 2 ** 32 + 12345,
  firstPosition: 2 ** 40,
  firstSequence: 17,
  acceptedAt: 1_893_456_000_000,
  acceptedAge: 1234.5,
};

function contentOf(count: number, deltas?: readonly number[]): BlockContent {
  const writer = new RecordWriter();
  const offsets: number[] = [];
  const hashes: number[] = [];
  for (const event of someEvents(count, { data: "{}" })) {
    offsets.push(writer.length);
    writer.write({ event, topic: `order.placed.${offsets.length - 1}`, ttlMs: 0 });
    const hash = hashId({ hi: 1, lo: 2 }, event.attributes.source, event.attributes.id);
    hashes.push(hash.hi, hash.lo);
  }
  const span = deltas === undefined ? count : deltas[deltas.length - 1] + 1;
  return { count, offsets, hashes, deltas, span, body: writer.toBytes() };
}

describe("LogBlock", () => {
  it("gives back identity and events in order", () => {
    const content = contentOf(3);
    const block = new LogBlock(encodeBlockHead(identity, content), content.body);
    expect(block.head).toMatchObject({ ...identity, count: 3, span: 3 });
    expect(block.head.lastPosition).toBe(2 ** 40 + 2);
    for (let i = 0; i < 3; i++) {
      expect(block.eventAt(i)).toMatchObject({
        topic: `order.placed.${i}`,
        position: 2 ** 40 + i,
        sequence: 17 + i,
        origin: "paris",
        epoch: identity.epoch,
        acceptedAt: identity.acceptedAt,
        acceptedAge: identity.acceptedAge,
      });
    }
  });

  it("gives the same object each time, so that an event is decoded once", () => {
    const content = contentOf(1);
    const block = new LogBlock(encodeBlockHead(identity, content), content.body);
    expect(block.eventAt(0)).toBe(block.eventAt(0));
    expect(block.eventAt(0).event).toBe(block.eventAt(0).event);
  });

  it("lets go of its events on request, and gives equal ones to who asks again", () => {
    const content = contentOf(2);
    const decoded = someEvents(2, { data: "other" }).map((event) => ({ topic: "order.placed", event }));
    const block = new LogBlock(encodeBlockHead(identity, content), content.body, decoded);
    const before = block.eventAt(1);
    block.forgetEvents();
    const after = block.eventAt(1);
    expect(after === before).toBe(false);
    expect(after.position).toBe(before.position);
    expect(new TextDecoder().decode(after.event.data)).toBe("{}");
    expect(new TextDecoder().decode(before.event.data)).toBe("other");
  });

  it("keeps position and sequence of what is left when events were taken out", () => {
    const content = contentOf(3, [0, 4, 9]);
    const { head, ...block } = { head: encodeBlockHead(identity, content), body: content.body };
    const read = new LogBlock(head, block.body);
    expect([0, 1, 2].map((i) => read.eventAt(i).position - 2 ** 40)).toEqual([0, 4, 9]);
    expect([0, 1, 2].map((i) => read.eventAt(i).sequence)).toEqual([17, 21, 26]);
    expect([0, 1, 4, 5, 9, 10].map((delta) => read.head.indexFrom(2 ** 40 + delta))).toEqual([0, 1, 1, 2, 2, 3]);
  });

  it("keeps sequences and audiences of their own, also of what is left", () => {
    const audiences = { list: [{ ungrouped: true, groups: ["billing", "é"] }], numbers: [0, 1, 0] };
    const content = { ...contentOf(3), sequences: [0, 5, 2 ** 32 - 1], audiences };
    const whole = new LogBlock(encodeBlockHead(identity, content), content.body);
    const rest = new BlockHead(encodeBlockHead(identity, { ...content, ...whole.head.only([1, 2]) }));
    const expected = [[17, "everybody"], [22, audiences.list[0]], [17 + 2 ** 32 - 1, "everybody"]];
    const look = ({ head }: { head: BlockHead }, i: number) => [head.sequenceAt(i), head.audienceAt(i)];
    expect([0, 1, 2].map((i) => look(whole, i))).toEqual(expected);
    expect([0, 1].map((i) => look({ head: rest }, i))).toEqual(expected.slice(1));
    expect([rest.deltaAt(0), rest.deltaAt(1), rest.lastPosition]).toEqual([1, 2, identity.firstPosition + 2]);
    expect([...rest.hashes(0, 2)]).toEqual([...whole.head.hashes(1, 3)]);
  });

  it("reads what was written before blocks had such columns", () => {
    const head =
      "V0ZCAQAABQACAAAAAgAAAJQAAACn7efEAAAAAACAREAAAAAAAAAcQAAAMAAAAPBBAAAAAABAj0AAAAAAAECfQHBhcmlzAAAAAAAAAJV/" +
      "IYQq81VgRgAAAF7bbbzhmxZNYgVCYA==";
    const thinned =
      "V0ZCAQEABQACAAAABAAAAJQAAACn7efEAAAAAACAREAAAAAAAAAcQAAAMAAAAPBBAAAAAABAj0AAAAAAAECfQHBhcmlzAAAAAAAAAJV/" +
      "IYQq81VgAAAAAEYAAABe22284ZsWTQMAAACohMTN";
    const body =
      "AwAMAD0AAABvcmRlci5wbGFjZWQAc3BlY3ZlcnNpb24AMS4wAGlkADEAc291cmNlAC9hAHR5cGUAb3JkZXIucGxhY2VkAQcADAA9AAAAAAAA" +
      "AACIs0BvcmRlci5wbGFjZWQAc3BlY3ZlcnNpb24AMS4wAGlkADIAc291cmNlAC9hAHR5cGUAb3JkZXIucGxhY2VkAg==";
    const bytes = (base64: string) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    for (const [text, positions, sequences] of [[head, [41, 42], [7, 8]], [thinned, [41, 44], [7, 10]]] as const) {
      const block = new LogBlock(bytes(text), bytes(body));
      const events = [block.eventAt(0), block.eventAt(1)];
      expect(events.map(({ position }) => position)).toEqual([...positions]);
      expect(events.map(({ sequence }) => sequence)).toEqual([...sequences]);
      expect(events.map(({ event, ttlMs }) => [event.attributes.id, ttlMs])).toEqual([["1", 0], ["2", 5000]]);
      expect(events[1]).toMatchObject({ origin: "paris", epoch: 2 ** 32 + 3, audience: "everybody" });
    }
  });

  it("says of columns that it does not know that they are newer", () => {
    const content = contentOf(1);
    const head = encodeBlockHead(identity, content);
    head[4] = 8;
    new DataView(head.buffer).setUint32(head.length - 4, crc32(head.subarray(0, head.length - 4)), true);
    expect(() => new BlockHead(head)).toThrow("newer");
  });

  it("refuses bytes of which any one was changed", () => {
    const content = contentOf(2);
    const head = encodeBlockHead(identity, content);
    fc.assert(
      fc.property(fc.nat(head.length + content.body.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const [brokenHead, brokenBody] = [head.slice(), content.body.slice()];
        if (at < head.length) brokenHead[at] ^= flip;
        else brokenBody[at - head.length] ^= flip;
        expect(() => new LogBlock(brokenHead, brokenBody)).toThrow(DamagedBlockError);
      }),
    );
  });

  it("refuses bytes that were cut off", () => {
    const content = contentOf(2);
    const head = encodeBlockHead(identity, content);
    fc.assert(fc.property(fc.nat(head.length - 1), (length) => {
      expect(() => new LogBlock(head.subarray(0, length), content.body)).toThrow(DamagedBlockError);
    }));
    expect(() => new LogBlock(head, content.body.subarray(1))).toThrow(DamagedBlockError);
  });

  it("says of a later format that it is newer", () => {
    const head = encodeBlockHead(identity, contentOf(1));
    head[3] = 2;
    expect(() => new BlockHead(head)).toThrow("newer");
  });
});

describe("hashId()", () => {
  const seed = { hi: 11, lo: 22 };

  it("depends on the seed", () => {
    expect(hashId(seed, "/shops/alice", "1")).not.toEqual(hashId({ hi: 11, lo: 23 }, "/shops/alice", "1"));
  });

  it("knows where the source ends and the id begins", () => {
    expect(hashId(seed, "/a", "bc")).not.toEqual(hashId(seed, "/ab", "c"));
  });

  it("spreads ids that count up over both halves", () => {
    const high = new Set<number>();
    const low = new Set<number>();
    for (let i = 0; i < 20_000; i++) {
      const hash = hashId(seed, "/shops/alice", String(i));
      high.add(hash.hi);
      low.add(hash.lo);
    }
    // By chance alone 20,000 draws of 32 bits hold 0.05 pairs that agree.
    expect(high.size).toBeGreaterThan(19_990);
    expect(low.size).toBeGreaterThan(19_990);
  });
});
