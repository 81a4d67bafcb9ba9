import { describe, expect, it } from "bun:test";

import { EventReader } from "../../federation/custody/event_reader.ts";
import { ShipmentQueue } from "../../federation/custody/queue.ts";
import type { Shipment } from "../../federation/custody/shipment.ts";
import { CHAIN_START, decodeFrame, type Frame } from "../../federation/link/codec/mod.ts";
import { type Built, FrameBuilder } from "../../federation/link/frame_builder.ts";
import { recordTtlMs } from "../../node/event_record.ts";
import { FAKE_EPOCH, FakeLog } from "../support/fake_log.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aDestination } from "./frame_support.ts";
import { aShipment } from "./shipment_support.ts";

const PLACE = { linkEpoch: 5, sequence: 1, previousChain: CHAIN_START };

class Setup {
  readonly world = new FakeWorld();
  readonly log: FakeLog;
  readonly queue = new ShipmentQueue();
  readonly builder: FrameBuilder;
  readonly reader: EventReader;

  constructor(log = new FakeLog()) {
    this.log = log;
    this.reader = new EventReader(log, this.world, () => {});
    this.builder = new FrameBuilder({
      world: this.world,
      self: "alice",
      peer: "bob",
      lane: "normal",
      queue: this.queue,
      reader: this.reader,
      age: () => log.now(),
    });
  }

  /** Own events, and the shipment with all of them. */
  ship(count: number, overrides: Partial<Shipment> & { data?: string; ttlMs?: number } = {}): void {
    const { data, ttlMs, ...rest } = overrides;
    const position = this.log.head + 1;
    for (let i = 0; i < count; i++) this.log.append({ id: `event-${position + i}`, data, ttlMs });
    this.queue.push(aShipment({ position, count, firstSequence: position, ...rest }));
  }

  build(): Frame {
    return frameOf(this.builder.build(PLACE));
  }
}

function frameOf(built: Built): Frame {
  if (built.type !== "frame") throw new Error(`Cannot read a frame: it is "${built.type}"`);
  const decoded = decodeFrame(built.frame.bytes);
  if ("problem" in decoded) throw new Error(decoded.detail);
  return decoded.frame;
}

const shape = ({ groups }: Frame) =>
  groups.map((
    { ended, events, destinations: [{ previous }] },
  ) => [ended, previous, events.map(({ sequence }) => sequence)]);

describe("FrameBuilder.build()", () => {
  it("answers that nothing waits", () => {
    expect(new Setup().builder.build(PLACE)).toEqual({ type: "empty" });
  });

  it("seals what waits, with this cluster as its last hop", () => {
    const setup = new Setup();
    setup.ship(2, {
      hops: ["dora"],
      origin: "dora",
      detours: 1,
      destinations: [aDestination({ groups: ["billing"] })],
    });
    const frame = setup.build();
    expect(frame).toMatchObject({ linkEpoch: 5, sequence: 1, lane: "normal" });
    expect(frame.groups).toMatchObject([{
      origin: "dora",
      epoch: FAKE_EPOCH,
      hops: ["dora", "alice"],
      detours: 1,
      destinations: [aDestination({ groups: ["billing"] })],
    }]);
    expect(frame.groups[0].events.map(({ record }) => record)).toEqual(
      setup.log.content.events.map(({ record }) => record),
    );
    expect(setup.queue.first).toBeUndefined();
  });

  it("gives shipments of other destinations groups of their own, in the order of the queue", () => {
    const setup = new Setup();
    setup.ship(1);
    setup.ship(1, { destinations: [aDestination({ cluster: "charlie" })] });
    expect(setup.build().groups.map(({ destinations: [{ cluster }] }) => cluster)).toEqual(["bob", "charlie"]);
  });

  it("takes no more than 512 events, and continues the chain in the next frame", () => {
    const setup = new Setup();
    setup.ship(600);
    const first = setup.build();
    const second = setup.build();
    expect([first.groups[0].events.length, second.groups[0].events.length]).toEqual([512, 88]);
    expect([first.groups[0].destinations[0].previous, second.groups[0].destinations[0].previous]).toEqual([0, 512]);
  });

  it("seals a frame at 256 KiB", () => {
    const setup = new Setup();
    setup.ship(10, { data: "x".repeat(100_000) });
    expect([setup.build(), setup.build()].map((frame) => frame.groups[0].events.length)).toEqual([3, 3]);
  });

  it("sends a larger event alone", () => {
    const setup = new Setup();
    setup.ship(2, { data: "x".repeat(1_000_000) });
    expect(setup.build().groups[0].events).toHaveLength(1);
  });

  it("says what it has taken, so that it can be taken back", () => {
    const setup = new Setup();
    setup.ship(2);
    setup.ship(600);
    const built = setup.builder.build(PLACE);
    if (built.type !== "frame") throw new Error("no frame");
    expect(built.frame.shipments.map(({ position, count }) => [position, count])).toEqual([[1, 2], [3, 510]]);
    expect([built.frame.events, built.frame.sequence, built.frame.ackedAt]).toEqual([512, 1, 0]);
  });
});

describe("FrameBuilder.build() of events that are not at hand", () => {
  function withBacklog(events: number): Setup {
    const before = new Setup();
    before.ship(events);
    const setup = new Setup(new FakeLog({ content: before.log.content }));
    setup.queue.push(aShipment({ count: events }));
    return setup;
  }

  it("asks for the first one", () => {
    const setup = withBacklog(3);
    expect(setup.builder.build(PLACE)).toEqual({ type: "load", position: 1 });
    expect(setup.queue.events).toBe(3);
  });

  it("sends what it has first", () => {
    const setup = withBacklog(600);
    setup.reader.load(1, () => {});
    expect(setup.build().groups[0].events).toHaveLength(512);
    expect(setup.builder.build(PLACE)).toEqual({ type: "load", position: 513 });
  });

  it("sends what lies before a gap, and asks for the rest", () => {
    const setup = withBacklog(3);
    setup.queue.drain();
    setup.ship(1);
    setup.queue.push(aShipment({ position: 1, count: 3 }));
    expect(shape(setup.build())).toEqual([[undefined, 0, [4]]]);
    expect(setup.builder.build(PLACE)).toEqual({ type: "load", position: 1 });
  });
});

describe("FrameBuilder.build() of events that end", () => {
  it("makes tombstones of what the store no longer has", () => {
    const setup = new Setup();
    setup.log.content.thin(({ position }) => position >= 1);
    setup.ship(3);
    const later = new Setup(new FakeLog({ content: setup.log.content }));
    setup.log.content.thin(({ position }) => position >= 3);
    later.queue.push(aShipment({ count: 3 }));
    later.reader.load(3, () => {});
    expect(shape(later.build())).toEqual([["evicted", 0, [1, 2]], [undefined, 2, [3]]]);
  });

  it("makes tombstones of events whose time is over", () => {
    const setup = new Setup();
    setup.ship(1, { ttlMs: 100 });
    setup.ship(1);
    setup.log.age = 100;
    const frame = setup.build();
    expect(shape(frame)).toEqual([["expired", 0, [1]], [undefined, 0, [2]]]);
    expect(frame.groups[0].events[0].record).toHaveLength(0);
  });

  it("changes groups within a shipment where events end, with the chain going on", () => {
    const setup = new Setup();
    setup.log.append({}, { ttlMs: 100 }, { ttlMs: 100 }, {});
    setup.queue.push(aShipment({ count: 4 }));
    setup.log.age = 100;
    expect(shape(setup.build())).toEqual([[undefined, 0, [1]], ["expired", 1, [2, 3]], [undefined, 3, [4]]]);
  });

  it("tells an event's remaining time and age", () => {
    const setup = new Setup();
    setup.ship(1, { ttlMs: 100 });
    setup.log.age = 30.5;
    const [event] = setup.build().groups[0].events;
    expect([recordTtlMs(event.record), event.ageMs]).toEqual([70, 30]);
  });

  it("lets an event live up to the last moment", () => {
    const setup = new Setup();
    setup.ship(1, { ttlMs: 100 });
    setup.log.age = 99.5;
    expect(recordTtlMs(setup.build().groups[0].events[0].record)).toBe(1);
  });

  it("ends an event that was over when it came", () => {
    const setup = new Setup();
    setup.ship(1, { ttlMs: -1 });
    expect(shape(setup.build())).toEqual([["expired", 0, [1]]]);
  });

  it("sends tombstones of others on, and looks for nothing in the log", () => {
    const setup = new Setup();
    setup.queue.push(aShipment({ ended: "rejected", origin: "dora", hops: ["dora"], firstSequence: 9 }));
    expect(shape(setup.build())).toEqual([["rejected", 0, [9]]]);
  });
});
