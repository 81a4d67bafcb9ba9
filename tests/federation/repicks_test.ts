import { describe, expect, it } from "bun:test";

import { acceptedEpoch, isPickedAnew, pickedAnew } from "../../federation/custody/epochs.ts";
import { Custody } from "../../federation/custody/custody.ts";
import { Repicks } from "../../federation/custody/repicks.ts";
import { type Shipment, toTombstone } from "../../federation/custody/shipment.ts";
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
  readonly moved: string[] = [];
  /** Clusters with members of the group, nearest first. */
  members = ["charlie", "dora"];
  /** Whether what is moved has not left meanwhile. */
  waits = true;
  readonly repicks = new Repicks({
    world: new FakeWorld(),
    self: "alice",
    log: this.log,
    books: this.books,
    pick: (_topic, _event, _group, avoid) => this.members.find((cluster) => !avoid.has(cluster)),
    laneOf: () => "normal",
    newMark: () => `m${this.shipments.length}`,
    onShipment: (shipment) => this.shipments.push(shipment),
    isWaiting: () => this.waits,
    onMoved: (cluster, position) => this.moved.push(`${cluster} ${position}`),
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
    expect([...setup.books.of("charlie", pickedAnew(FAKE_EPOCH)).outstanding]).toEqual([[0, 1]]);
  });

  it("never asks a cluster again that could not take it", () => {
    const setup = new Setup();
    setup.repicks.add("charlie", EVENT);
    setup.repicks.add("dora", EVENT);
    expect([setup.sent.length, setup.notices]).toEqual([1, ["GROUP_WITHOUT_MEMBER"]]);
  });
});

describe("Repicks.add(), when the log has the event no more", () => {
  it("says so, and whom nobody took it for", () => {
    const setup = new Setup();
    setup.log.content.thin(() => false);
    setup.repicks.add("charlie", EVENT);
    expect([setup.sent, setup.notices]).toEqual([[], ["GROUP_WITHOUT_MEMBER"]]);
  });
});

describe("Repicks.move()", () => {
  const waiting = aShipment({
    position: 1,
    count: 1,
    firstSequence: 1,
    epoch: FAKE_EPOCH,
    destinations: [aDestination({ cluster: "bob", ungrouped: false, groups: ["workers"] })],
  });

  function movable() {
    const setup = new Setup();
    setup.books.current("bob").assign(0, 1);
    return setup;
  }

  it("gives the event to another cluster, and then tells that it need not wait for the one that is not reached", () => {
    const setup = movable();
    setup.log.held = true;
    setup.repicks.move([waiting]);
    setup.log.flush();
    expect([setup.sent, setup.moved]).toEqual([[], []]);
    setup.log.flush();
    expect([setup.sent, setup.moved]).toEqual([["charlie workers <0"], ["bob 1"]]);
  });

  it("leaves the event where it waits when nobody else can take it", () => {
    const setup = movable();
    setup.members = [];
    setup.repicks.move([waiting]);
    expect([setup.sent, setup.moved, [...setup.books.current("bob").outstanding]]).toEqual([[], [], [[0, 1]]]);
  });
});

describe("Repicks.move(), when the cluster is reached again meanwhile", () => {
  it("leaves the event to it", () => {
    const setup = new Setup();
    setup.books.current("bob").assign(0, 1);
    setup.waits = false;
    setup.repicks.move([aShipment({ epoch: FAKE_EPOCH, destinations: [aDestination({ groups: ["workers"] })] })]);
    expect([setup.sent, setup.moved]).toEqual([[], []]);
  });
});

describe("Custody with groups that are not reached", () => {
  function parked(ungrouped: boolean) {
    const world = new FakeWorld();
    const custody = new Custody({
      world,
      routesOf: () => ({ version: 1, nextHop: () => undefined, nextHopAvoiding: () => undefined }),
      onQueued: () => undefined,
      onSettled: () => undefined,
    });
    const destinations = [aDestination({ cluster: "bob", ungrouped, groups: ["workers"] })];
    custody.add(aShipment({ hops: [], position: 4, count: 3, firstSequence: 4, destinations }));
    return { world, custody };
  }

  const left = (custody: Custody) =>
    [...custody.parked.get("bob")!].map(({ position, count, destinations: [{ groups }] }) =>
      `${position}+${count} ${groups}`
    );
  const end = (shipment: Shipment) => toTombstone(shipment, "rejected");

  it("names what has waited for so long", () => {
    const { world, custody } = parked(false);
    const early = custody.unreached(30_000);
    world.advance(30_000);
    expect([early.length, custody.unreached(30_000).length]).toEqual([0, 1]);
  });

  it("ends the event that moved, and no other", () => {
    const { custody } = parked(false);
    custody.moved("bob", 5, end);
    expect(left(custody)).toEqual(["4+1 workers", "5+1 workers", "6+1 workers"]);
    expect([...custody.parked.get("bob")!].map(({ ended }) => ended)).toEqual([undefined, "rejected", undefined]);
    expect([4, 5].map((position) => custody.isParked("bob", position))).toEqual([true, false]);
  });

  it("ends it once", () => {
    const { custody } = parked(false);
    const ended: number[] = [];
    const note = (shipment: Shipment) => (ended.push(shipment.position), end(shipment));
    for (let i = 0; i < 2; i++) custody.moved("bob", 5, note);
    expect(ended).toEqual([5]);
  });

  it("keeps the event for the other readers of the destination", () => {
    const { custody } = parked(true);
    custody.moved("bob", 5, end);
    expect(left(custody)).toEqual(["4+1 workers", "5+1 ", "6+1 workers"]);
  });
});

describe("pickedAnew()", () => {
  it("numbers apart what is picked for anew, and keeps whose event it is", () => {
    const apart = pickedAnew(FAKE_EPOCH);
    expect([apart === FAKE_EPOCH, isPickedAnew(apart), isPickedAnew(FAKE_EPOCH)]).toEqual([false, true, false]);
    expect([acceptedEpoch(apart), acceptedEpoch(FAKE_EPOCH), pickedAnew(apart)]).toEqual([
      FAKE_EPOCH,
      FAKE_EPOCH,
      apart,
    ]);
  });
});
