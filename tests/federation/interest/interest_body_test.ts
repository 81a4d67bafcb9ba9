import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import type { Want } from "../../../federation/local_cluster.ts";
import { encodeShards, parseShard, type ToldWant } from "../../../federation/routing/interest/mod.ts";
import { wantBytes, wantText } from "../../../federation/routing/interest/told_want.ts";

import { aWant, wants } from "./interest_support.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function parse(json: unknown): ReturnType<typeof parseShard> {
  return parseShard(encoder.encode(JSON.stringify(json)));
}

function readAll(shards: ReadonlyMap<number, Uint8Array>): readonly ToldWant[] {
  return [...shards.values()].flatMap((body) => {
    const parsed = parseShard(body);
    if ("problem" in parsed) throw new Error(parsed.problem);
    return parsed.wants;
  });
}

function someWants(count: number): Want[] {
  return Array.from({ length: count }, (_, i) => aWant(`order.n${i}`));
}

describe("encodeShards()", () => {
  it("loses and changes no want", () => {
    fc.assert(fc.property(fc.array(wants, { maxLength: 300 }), (all) => {
      expect(readAll(encodeShards(all)).map(wantText).sort()).toEqual(all.map(wantText).sort());
    }));
  });

  it("gives the same bytes for the same wants in any order", () => {
    const all = fc.array(wants, { maxLength: 100 }).chain((given) =>
      fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length }))
    );
    fc.assert(fc.property(all, ([one, other]) => {
      expect(texts(encodeShards(other))).toEqual(texts(encodeShards(one)));
    }));
  });

  it("uses 1, 4, 16 and 64 shards as wants become more", () => {
    expect(encodeShards(someWants(64)).size).toBe(1);
    expect(encodeShards(someWants(256)).size).toBe(4);
    expect(encodeShards(someWants(1024)).size).toBe(16);
    expect(encodeShards(someWants(4096)).size).toBe(64);
  });

  it("changes one shard when one want comes", () => {
    const before = texts(encodeShards(someWants(4000)));
    const after = texts(encodeShards([...someWants(4000), aWant("invoice.sent")]));
    const changed = [...after].filter(([shard, text]) => before.get(shard) !== text);
    expect(changed).toHaveLength(1);
  });

  it("puts higher shards first, so that a want is in its new shard before it leaves the old one", () => {
    const numbers = [...encodeShards(someWants(300)).keys()];
    expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
  });

  it("tells the order of magnitude of what was collapsed", () => {
    const tell = (collapsed: number) => readAll(encodeShards([{ ...aWant("order.>"), collapsed }]))[0].collapsed;
    expect(tell(1)).toBe(1);
    expect(tell(1000)).toBe(512);
    expect(tell(1023)).toBe(512);
    expect(tell(1_000_000)).toBe(524_288);
  });
});

describe("parseShard()", () => {
  it("never throws, whatever the bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect("problem" in parseShard(bytes)).toBe(true);
    }));
  });

  it("never throws, whatever the JSON", () => {
    const row = fc.record({
      pattern: fc.oneof(fc.string(), fc.constantFrom("a.>", "a..b", "a.>.b")),
      filter: fc.oneof(fc.jsonValue(), fc.record({ types: fc.jsonValue(), exact: fc.jsonValue() })),
      group: fc.jsonValue(),
      groupKey: fc.jsonValue(),
      durable: fc.jsonValue(),
      collapsed: fc.jsonValue(),
    }, { requiredKeys: [] });
    fc.assert(fc.property(fc.oneof(fc.jsonValue(), fc.record({ wants: fc.array(row) })), (json) => {
      const parsed = parse(json);
      expect("problem" in parsed || Array.isArray(parsed.wants)).toBe(true);
    }));
  });

  it("ignores members that it does not know", () => {
    const parsed = parse({ wants: [{ pattern: "a", durable: true, later: 1, filter: { suffix: { a: "x" } } }], v: 2 });
    expect(parsed).toEqual({ wants: [{ pattern: "a", durable: true, filter: {} }] });
  });

  const wrong: readonly (readonly [what: string, json: unknown, problem: string])[] = [
    ["no list", { wants: 1 }, 'no list "wants"'],
    ["more wants than a cluster may have", { wants: someWants(4097) }, "4097 are more than 4096"],
    ["a want without pattern", { wants: [{}] }, "a want has no pattern"],
    ["a pattern that is none", { wants: [{ pattern: "a.>.b" }] }, 'Cannot use pattern "a.>.b"'],
    ["a group without key", { wants: [{ pattern: "a", group: "g" }] }, "a group has no key"],
    ["a group with a strange name", { wants: [{ pattern: "a", group: "a b", groupKey: "k" }] }, "a group has no name"],
    ["too many types", { wants: [{ pattern: "a", filter: { types: Array(65).fill("t") } }] }, "at most 64"],
    ["a text that is too long", { wants: [{ pattern: "a", filter: { source: "x".repeat(1025) } }] }, "at most 1024"],
    ["no attribute name", { wants: [{ pattern: "a", filter: { exact: { "A-b": "x" } } }] }, "by attribute"],
  ];
  for (const [what, json, problem] of wrong) {
    it(`refuses ${what}`, () => {
      const parsed = parse(json);
      expect("problem" in parsed ? parsed.problem : "none").toContain(problem);
    });
  }

  it("refuses a body of more bytes than a cluster may tell", () => {
    const parsed = parseShard(new Uint8Array(256 * 1024 + 1));
    expect("problem" in parsed ? parsed.problem : "none").toContain("262145 bytes are more than 262144");
  });

  it("reads patterns of nodes that are configured to take longer topics", () => {
    const pattern = `order.${"x".repeat(2000)}`;
    expect(parse({ wants: [{ pattern, durable: true }] })).toEqual({ wants: [{ pattern, durable: true }] });
  });
});

describe("wantBytes()", () => {
  it("is what a want takes in a body, and little more", () => {
    const unusual: Want = { pattern: 'a."ü".>', durable: false };
    fc.assert(fc.property(fc.oneof(wants, fc.constant(unusual)), fc.option(fc.nat()), (want, collapsed) => {
      const told: ToldWant = collapsed === null ? want : { ...want, collapsed };
      const bytes = encoder.encode(`${wantText(told)},`).length;
      expect(wantBytes(told)).toBeGreaterThanOrEqual(bytes);
      expect(wantBytes(told)).toBeLessThanOrEqual(bytes + 16);
    }));
  });
});

function texts(shards: ReadonlyMap<number, Uint8Array>): ReadonlyMap<number, string> {
  return new Map([...shards].map(([shard, body]) => [shard, decoder.decode(body)]));
}
