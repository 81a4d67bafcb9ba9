import { describe, expect, it } from "bun:test";

import type { EventReader } from "../../federation/custody/event_reader.ts";
import { ShipmentQueue } from "../../federation/custody/queue.ts";
import type { Shipment } from "../../federation/custody/shipment.ts";
import { LaneSender } from "../../federation/link/lane_sender.ts";
import { encodeAnswer } from "../../federation/link/publish_ack.ts";
import { FakeLog } from "../support/fake_log.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aShipment } from "./shipment_support.ts";

const MIB = 1024 * 1024;

/** A sender whose frames have an event of 14 MiB each, and a peer that takes every one. */
function aSender() {
  const world = new FakeWorld();
  const log = new FakeLog();
  log.append({ data: "x".repeat(14 * MIB) });
  const [large] = log.content.events;
  const queue = new ShipmentQueue();
  const released: number[] = [];
  const takenBack: number[] = [];
  const answers: (() => void)[] = [];
  const numbers = (shipments: readonly Shipment[]): number[] => shipments.map(({ firstSequence }) => firstSequence);
  const sender: LaneSender = new LaneSender({
    world,
    self: "alice",
    peer: "bob",
    newLinkEpoch: () => sender.linkEpoch + 1,
    lane: "normal",
    queue,
    reader: { at: () => large } as unknown as EventReader, // one event for all of them, or they would fill the memory
    age: () => 0,
    request: (_, sequence, done) => answers.push(() => done(encodeAnswer({ type: "accepted", sequence }))),
    buffered: () => 0,
    release: (shipments) => released.push(...numbers(shipments)),
    takeBack: (shipments) => takenBack.push(...numbers(shipments)),
    onNotice: () => {},
  });
  const send = (number: number): void => {
    queue.push(aShipment({ position: number, firstSequence: number }));
    sender.pump();
    answers.pop()!();
  };
  return { sender, released, takenBack, send };
}

const to = (last: number): number[] => Array.from({ length: Math.max(0, last) }, (_, i) => i + 1);

describe("LaneSender with a peer that acknowledges before it syncs", () => {
  it("keeps 256 MiB at most of what was acknowledged, the newest of it", () => {
    const { sender, released, send } = aSender();
    sender.open(1, { received: undefined, regretMs: 300_000 });
    for (let frame = 1; frame <= 21; frame++) {
      send(frame);
      expect(released).toEqual(to(frame - 18));
    }
  });

  it("has room again for what the peer has lost, and which is sent anew", () => {
    const { sender, released, takenBack, send } = aSender();
    sender.open(1, { received: undefined, regretMs: 300_000 });
    for (let frame = 1; frame <= 10; frame++) send(frame);
    sender.open(2, { received: { linkEpoch: 1, sequence: 2 }, regretMs: 300_000 });
    expect(takenBack).toEqual([3, 4, 5, 6, 7, 8, 9, 10]);
    for (let frame = 11; frame <= 26; frame++) send(frame);
    expect(released).toEqual([]);
    send(27);
    expect(released).toEqual([1]);
  });
});
