import { describe, expect, it } from "bun:test";

import { Coverages } from "../../federation/custody/coverage.ts";
import { PART_INTERVALS, type ReceiptPart } from "../../federation/ledger/receipt_message.ts";
import { Receipts } from "../../federation/ledger/receipts.ts";
import { FakeWorld } from "../support/fake_world.ts";

const EPOCH = 4;

function setUp() {
  const world = new FakeWorld();
  const coverages = new Coverages();
  const sent: (ReceiptPart & { to: string; at: number })[] = [];
  const receipts = new Receipts({
    world,
    coverages,
    whenSynced: (done) => done(),
    send: (to, part) => sent.push({ to, at: world.now() - 1000, ...part }) > 0,
  });
  const cover = (origin: string, sequence: number): void => {
    const coverage = coverages.of(origin, EPOCH);
    coverage.cover(sequence - 1, sequence);
    receipts.note(coverage);
  };
  return { world, coverages, sent, receipts, cover };
}

describe("Receipts.note()", () => {
  it("tells the origin after 100 ms what has arrived until then", () => {
    const { world, sent, cover } = setUp();
    cover("alice", 1);
    world.advance(60);
    cover("alice", 2);
    world.advance(40);
    expect(sent).toEqual([
      { to: "alice", at: 100, epoch: EPOCH, version: 2, part: 0, parts: 1, intervals: [[0, 2]], exceptions: [] },
    ]);
  });

  it("says what was not delivered", () => {
    const { world, sent, coverages, receipts } = setUp();
    const coverage = coverages.of("alice", EPOCH);
    coverage.cover(0, 1, { state: "expired", reason: "EXPIRED" });
    receipts.note(coverage);
    world.advance(100);
    expect(sent[0].exceptions).toEqual([{ sequence: 1, state: "expired", reason: "EXPIRED" }]);
  });

  it("tells each origin its own", () => {
    const { world, sent, cover } = setUp();
    cover("alice", 1);
    cover("dora", 5);
    world.advance(100);
    expect(sent.map(({ to, intervals }) => [to, intervals])).toEqual([["alice", [[0, 1]]], ["dora", [[4, 5]]]]);
  });

  it("repeats until the origin has answered, less and less often", () => {
    const { world, sent, cover } = setUp();
    cover("alice", 1);
    world.advance(16_000);
    expect(sent.map(({ at }) => at)).toEqual([100, 1100, 3100, 7100, 15_100]);
  });

  it("repeats at least every half minute, for ever", () => {
    const { world, sent, cover } = setUp();
    cover("alice", 1);
    world.advance(3_600_000);
    const gaps = sent.slice(1).map(({ at }, i) => at - sent[i].at);
    expect(gaps.at(-1)).toBe(30_000);
  });

  it("tells news within 100 ms, however rarely old ones are repeated", () => {
    const { world, sent, cover } = setUp();
    cover("alice", 1);
    world.advance(10_000);
    const before = sent.length;
    cover("dora", 1);
    world.advance(100);
    expect(sent.slice(before).map(({ to }) => to)).toEqual(["dora"]);
  });

  it("tells news of the same origin within 100 ms", () => {
    const { world, sent, cover } = setUp();
    cover("alice", 1);
    world.advance(10_000);
    cover("alice", 2);
    world.advance(100);
    expect(sent.at(-1)).toMatchObject({ at: 10_100, intervals: [[0, 2]] });
  });

  it("repeats news as often as if they were the first", () => {
    const { world, sent, cover } = setUp();
    cover("alice", 1);
    world.advance(10_000);
    cover("alice", 2);
    world.advance(1100);
    expect(sent.map(({ at }) => at).slice(-2)).toEqual([10_100, 11_100]);
  });

  it("cuts receipts of many intervals into parts", () => {
    const { world, sent, coverages, receipts } = setUp();
    const coverage = coverages.of("alice", EPOCH);
    for (let i = 1; i <= PART_INTERVALS + 1; i++) coverage.cover(2 * i - 1, 2 * i);
    receipts.note(coverage);
    world.advance(100);
    expect(sent.map(({ part, parts, intervals }) => [part, parts, intervals.length])).toEqual([
      [0, 2, PART_INTERVALS],
      [1, 2, 1],
    ]);
    expect(sent[1].intervals).toEqual([[2 * PART_INTERVALS + 1, 2 * PART_INTERVALS + 2]]);
  });
});

describe("Receipts.acknowledged()", () => {
  it("ends the repeating once the origin knows everything", () => {
    const { world, sent, receipts, cover } = setUp();
    cover("alice", 1);
    world.advance(100);
    receipts.acknowledged("alice", { epoch: EPOCH, version: 1, low: 1, closed: false });
    world.advance(60_000);
    expect([sent.length, world.pending]).toEqual([1, 0]);
  });

  it("goes on while the origin knows only an older version", () => {
    const { world, sent, receipts, cover } = setUp();
    cover("alice", 1);
    world.advance(100);
    cover("alice", 2);
    receipts.acknowledged("alice", { epoch: EPOCH, version: 1, low: 1, closed: false });
    world.advance(2000);
    expect(sent.length).toBeGreaterThan(1);
  });

  it("answers the coverage that changed", () => {
    const { receipts, coverages, cover } = setUp();
    cover("alice", 3);
    const coverage = receipts.acknowledged("alice", { epoch: EPOCH, version: 1, low: 2, closed: false });
    expect(coverage).toBe(coverages.find("alice", EPOCH));
    expect([...coverage!.intervals]).toEqual([[0, 3]]);
  });

  it("ignores an answer about what this cluster never got", () => {
    const { receipts, coverages } = setUp();
    expect(receipts.acknowledged("eve", { epoch: EPOCH, version: 1, low: 2, closed: false })).toBeUndefined();
    expect([...coverages]).toEqual([]);
  });
});

describe("Receipts.hurry()", () => {
  it("sends at once what waits for its turn", () => {
    const { world, sent, receipts, cover } = setUp();
    cover("alice", 1);
    world.advance(10_000);
    const before = sent.length;
    receipts.hurry();
    world.advance(100);
    expect(sent.length).toBe(before + 1);
  });

  it("sets no timer when nothing waits", () => {
    const { world, receipts } = setUp();
    receipts.hurry();
    expect(world.pending).toBe(0);
  });
});

describe("Receipts.start()", () => {
  it("takes up what the origin had not acknowledged", () => {
    const { world, sent, coverages, receipts } = setUp();
    coverages.of("alice", EPOCH).cover(0, 1);
    const known = coverages.of("dora", EPOCH);
    known.cover(0, 1);
    known.acknowledge(1, 1);
    receipts.start();
    world.advance(100);
    expect(sent.map(({ to }) => to)).toEqual(["alice"]);
  });
});

describe("Receipts.stop()", () => {
  it("sends no more", () => {
    const { world, sent, receipts, cover } = setUp();
    cover("alice", 1);
    receipts.stop();
    cover("alice", 2);
    world.advance(60_000);
    expect(sent).toEqual([]);
  });
});
