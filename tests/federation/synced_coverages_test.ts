/** Receipts of a store that acknowledges before it syncs: they tell nothing that it may still lose. */

import { describe, expect, it } from "bun:test";

import { Coverages } from "../../federation/custody/coverage.ts";
import { Receipts } from "../../federation/ledger/receipts.ts";
import { FakeWorld } from "../support/fake_world.ts";

const EPOCH = 4;

function setUp() {
  const world = new FakeWorld();
  const coverages = new Coverages();
  const sent: { readonly version: number; readonly intervals: unknown }[] = [];
  const waiting: (() => void)[] = [];
  const receipts = new Receipts({
    world,
    coverages,
    whenSynced: (done) => void waiting.push(done),
    send: (_to, { version, intervals }) => sent.push({ version, intervals }) > 0,
  });
  const cover = (sequence: number): void => {
    const coverage = coverages.of("alice", EPOCH);
    coverage.cover(sequence - 1, sequence);
    receipts.note(coverage);
  };
  const sync = (): void => waiting.splice(0).forEach((done) => done());
  return { world, coverages, receipts, sent, cover, sync };
}

describe("Receipts of a store that acknowledges before it syncs", () => {
  it("tell nothing before the sync", () => {
    const { world, sent, cover, sync } = setUp();
    cover(1);
    world.advance(60_000);
    expect(sent).toEqual([]);
    sync();
    world.advance(100);
    expect(sent).toEqual([{ version: 1, intervals: [[0, 1]] }]);
  });

  it("leave out what came after the sync was asked for, until the next one", () => {
    const { world, sent, cover, sync } = setUp();
    cover(1);
    cover(2);
    sync();
    world.advance(100);
    expect(sent).toEqual([{ version: 1, intervals: [[0, 1]] }]);
    sync();
    world.advance(100);
    expect(sent.at(-1)).toEqual({ version: 2, intervals: [[0, 2]] });
  });

  it("are not repeated once what they tell is known, although more waits for a sync", () => {
    const { world, sent, cover, sync, receipts } = setUp();
    cover(1);
    cover(2);
    sync();
    world.advance(100);
    receipts.acknowledged("alice", { epoch: EPOCH, version: 1, low: 0, closed: false });
    world.advance(60_000);
    expect(sent).toHaveLength(1);
  });

  it("tell after a start what nobody has acknowledged, as soon as it is synced", () => {
    const { world, sent, coverages, receipts, sync } = setUp();
    coverages.of("alice", EPOCH).cover(0, 3);
    receipts.start();
    world.advance(1000);
    expect(sent).toEqual([]);
    sync();
    world.advance(100);
    expect(sent).toEqual([{ version: 1, intervals: [[0, 3]] }]);
  });
});
