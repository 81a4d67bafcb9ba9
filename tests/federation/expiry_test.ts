import { beforeEach, describe, expect, it } from "bun:test";

import { Custody } from "../../federation/custody/custody.ts";
import { CustodyDocuments } from "../../federation/custody/documents.ts";
import { Upkeep } from "../../federation/custody/upkeep.ts";
import type { Shipment } from "../../federation/custody/shipment.ts";
import { Books, type PairsEnd } from "../../federation/ledger/books.ts";
import { FAKE_EPOCH, FakeLog } from "../support/fake_log.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aDestination } from "./frame_support.ts";
import { aShipment } from "./shipment_support.ts";

/** A cluster that has no way to anybody, so that everything waits. */
class Waiting {
  readonly world = new FakeWorld();
  readonly log = new FakeLog();
  readonly ends: PairsEnd[] = [];
  readonly errors: unknown[] = [];
  readonly books = new Books({
    self: "alice",
    epoch: FAKE_EPOCH,
    onSettled: () => {},
    onEnded: (end) => this.ends.push(end),
  });
  hop: string | undefined;
  readonly custody = new Custody({
    world: this.world,
    routesOf: () => ({ version: 1, nextHop: () => this.hop, nextHopAvoiding: () => undefined }),
    onQueued: () => {},
    onSettled: () => {},
  });
  readonly upkeep = new Upkeep({
    log: this.log,
    custody: this.custody,
    documents: new CustodyDocuments(),
    books: this.books,
    newMark: () => "m",
    onSettled: () => {},
    overflow: "block",
    onNotice: () => {},
    links: () => ({ neighbours: new Map(), congested: { congested: [] } }),
    laneGroups: [["high", "normal", "bulk"]],
    onError: (error) => this.errors.push(error),
  });

  /** Own events for bob, each with a time to live; 0: none. */
  park(...ttls: number[]): void {
    const position = this.log.head + 1;
    this.log.append(...ttls.map((ttlMs) => ({ ttlMs })));
    this.books.of("bob", FAKE_EPOCH).assign(position - 1, this.log.head);
    const ends = ttls.filter((ttlMs) => ttlMs !== 0).map((ttlMs) => this.log.age + ttlMs);
    this.custody.add(
      aShipment({
        position,
        firstSequence: position,
        count: ttls.length,
        bytes: 100 * ttls.length,
        destinations: [aDestination({ cluster: "bob", previous: position - 1 })],
        endsAt: ends.length === 0 ? undefined : Math.min(...ends),
      }),
    );
  }

  sweepAt(age: number): void {
    this.log.age = age;
    this.upkeep.tick();
  }

  get parts(): unknown[] {
    return [...this.custody.waiting()].map((
      { position, count, ended, endsAt, destinations: [{ previous }] },
    ) => [position, count, ended ?? endsAt ?? "stays", previous]);
  }

  get ended(): Record<string, number> {
    return this.books.of("bob", FAKE_EPOCH).ended;
  }
}

let waiting: Waiting;
beforeEach(() => {
  waiting = new Waiting();
});

describe("Upkeep.tick() for a time to live", () => {
  it("ends what is over while it waits, and continues the chain over it", () => {
    waiting.park(0, 50, 50, 200, 0);
    waiting.sweepAt(100);
    expect(waiting.parts).toEqual([[1, 1, "stays", 0], [2, 2, "expired", 1], [4, 2, 200, 3]]);
  });

  it("tells the books of the origin at once, and the trace why", () => {
    waiting.park(50, 0, 50);
    waiting.sweepAt(100);
    expect(waiting.ended.expired).toBe(2);
    expect(
      waiting.ends.map(({ destination, terminal, reason, interval }) => [destination, terminal, reason, ...interval]),
    )
      .toEqual([["bob", "expired", "EXPIRED", 0, 1], ["bob", "expired", "EXPIRED", 2, 3]]);
    expect([...waiting.books.of("bob", FAKE_EPOCH).outstanding]).toEqual([[1, 2]]);
  });

  it("does not end it before its time, nor what has none", () => {
    waiting.park(50, 0);
    waiting.sweepAt(49);
    expect(waiting.parts).toEqual([[1, 2, 50, 0]]);
    waiting.sweepAt(1e9);
    expect(waiting.parts).toEqual([[1, 1, "expired", 0], [2, 1, "stays", 1]]);
  });

  it("ends what waits for a neighbour that takes nothing, too", () => {
    waiting.hop = "bob";
    waiting.park(50);
    waiting.sweepAt(50);
    expect([...waiting.custody.queueOf("bob", "normal")].map(({ ended }) => ended)).toEqual(["expired"]);
  });

  it("takes what the log has no longer for evicted", () => {
    waiting.park(50, 50);
    waiting.log.content.thin(({ position }) => position >= 2);
    waiting.sweepAt(50);
    expect(waiting.parts).toEqual([[1, 1, "evicted", 0], [2, 1, "expired", 1]]);
    expect([waiting.ended.evicted, waiting.ended.expired]).toEqual([1, 1]);
  });

  it("reads a bounded part of the log at a time, and goes on with the rest next time", () => {
    waiting.park(...new Array(512 * 16 + 100).fill(50));
    waiting.sweepAt(60);
    expect(waiting.log.reads).toHaveLength(16);
    expect(waiting.parts.at(-1)).toEqual([512 * 16 + 1, 100, 50, 512 * 16]);
    waiting.sweepAt(61);
    expect(waiting.ended.expired).toBe(512 * 16 + 100);
  });

  it("does not read twice at the same time, and tries again what could not be read", () => {
    waiting.park(50);
    waiting.log.readFailure = new Error("disk gone");
    waiting.sweepAt(60);
    expect([waiting.errors.length, waiting.ended.expired]).toEqual([1, 0]);
    waiting.log.readFailure = undefined;
    waiting.log.held = true;
    waiting.upkeep.tick();
    waiting.upkeep.tick();
    expect(waiting.log.reads).toHaveLength(2);
    waiting.log.flush();
    expect(waiting.ended.expired).toBe(1);
  });

  it("leaves alone what found its way while the log was read", () => {
    waiting.park(50);
    waiting.log.held = true;
    waiting.sweepAt(60);
    const all: Shipment[] = [...waiting.custody.parked.get("bob")!.drain()];
    waiting.log.flush();
    expect([all.length, waiting.ended.expired]).toEqual([1, 0]);
  });
});
