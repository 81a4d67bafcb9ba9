import { describe, expect, it } from "bun:test";

import { Custody } from "../../federation/custody/custody.ts";
import { Repicks } from "../../federation/custody/repicks.ts";
import type { Shipment } from "../../federation/custody/shipment.ts";
import { Books } from "../../federation/ledger/books.ts";
import { anEvent } from "../support/events.ts";
import { FAKE_EPOCH, FakeLog } from "../support/fake_log.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aDestination } from "./frame_support.ts";
import { aShipment } from "./shipment_support.ts";

class Setup {
  readonly log = new FakeLog();
  readonly books = new Books({ self: "alice", epoch: FAKE_EPOCH, onSettled: () => undefined });
  readonly shipments: Shipment[] = [];
  readonly notices: string[] = [];
  /** Clusters with members of the group, nearest first. */
  members = ["charlie", "dora"];
  readonly repicks = new Repicks({
    world: new FakeWorld(),
    self: "alice",
    log: this.log,
    books: this.books,
    pick: (_topic, _event, _group, avoid) => this.members.find((cluster) => !avoid.has(cluster)),
    laneOf: () => "normal",
    newMark: () => `m${this.shipments.length}`,
    onShipment: (shipment) => this.shipments.push(shipment),
    onNotice: ({ code }) => this.notices.push(code),
    onError: (error) => {
      throw error;
    },
  });

  constructor() {
    this.log.commit([{ event: anEvent({ type: "job.x" }), topic: "job.x", ttlMs: 0 }], [], () => undefined);
  }

  get sent(): string[] {
    return this.shipments.map(({ destinations: [{ cluster, groups, previous }] }) =>
      `${cluster} ${groups} <${previous}`
    );
  }
}

const EVENT = { epoch: FAKE_EPOCH, sequence: 1, groups: ["workers"] };

describe("Repicks.add()", () => {
  it("gives the event to the nearest other cluster that has a member, in a chain of its own", () => {
    const setup = new Setup();
    setup.repicks.add("charlie", EVENT);
    expect(setup.sent).toEqual(["dora workers <0"]);
  });

  it("has the event in the books of that cluster before it leaves", () => {
    const setup = new Setup();
    setup.repicks.add("bob", EVENT);
    expect([...setup.books.current("charlie").outstanding]).toEqual([[0, 1]]);
  });

  it("never asks a cluster again that could not take it", () => {
    const setup = new Setup();
    setup.repicks.add("charlie", EVENT);
    setup.repicks.add("dora", EVENT);
    expect([setup.sent.length, setup.notices]).toEqual([1, ["GROUP_WITHOUT_MEMBER"]]);
  });
});

describe("Repicks.move()", () => {
  it("ends the event for the cluster that is not reached, and gives it to another", () => {
    const setup = new Setup();
    setup.books.current("bob").assign(0, 1);
    const destinations = [aDestination({ cluster: "bob", ungrouped: false, groups: ["workers"] })];
    setup.repicks.move([aShipment({ position: 1, count: 1, firstSequence: 1, epoch: FAKE_EPOCH, destinations })]);
    expect([setup.books.current("bob").ended.rejected, setup.sent]).toEqual([1, ["charlie workers <0"]]);
  });
});

describe("Custody.takeUnreached()", () => {
  function parked(ungrouped: boolean) {
    const world = new FakeWorld();
    const custody = new Custody({
      world,
      routes: { version: 1, nextHop: () => undefined, nextHopAvoiding: () => undefined },
      onQueued: () => undefined,
      onSettled: () => undefined,
    });
    custody.add(
      aShipment({ hops: [], destinations: [aDestination({ cluster: "bob", ungrouped, groups: ["workers"] })] }),
    );
    return { world, custody };
  }

  it("leaves what has not waited for long, and what nobody else can take", () => {
    const { world, custody } = parked(false);
    const early = custody.takeUnreached(30_000, () => true);
    world.advance(30_000);
    expect([early, custody.takeUnreached(30_000, () => false)]).toEqual([[], []]);
  });

  it("takes what has waited for the cluster that was picked", () => {
    const { world, custody } = parked(false);
    world.advance(30_000);
    expect(custody.takeUnreached(30_000, () => true).length).toBe(1);
    expect(custody.parked.get("bob")?.first).toBeUndefined();
  });

  it("keeps the part that other readers of the destination want", () => {
    const { world, custody } = parked(true);
    world.advance(30_000);
    custody.takeUnreached(30_000, () => true);
    expect(custody.parked.get("bob")?.first?.destinations[0]).toMatchObject({ ungrouped: true, groups: [] });
  });
});
