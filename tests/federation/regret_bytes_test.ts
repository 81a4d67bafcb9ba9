import { describe, expect, it } from "bun:test";

import type { EventReader } from "../../federation/custody/event_reader.ts";
import { ShipmentQueue } from "../../federation/custody/queue.ts";
import { LaneSender } from "../../federation/link/lane_sender.ts";
import { encodeAnswer } from "../../federation/link/publish_ack.ts";
import { FakeLog } from "../support/fake_log.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aShipment } from "./shipment_support.ts";

const MIB = 1024 * 1024;

describe("LaneSender with a peer that acknowledges before it syncs", () => {
  it("keeps 256 MiB at most of what was acknowledged, the newest of it", () => {
    const world = new FakeWorld();
    const log = new FakeLog();
    log.append({ data: "x".repeat(14 * MIB) });
    const [large] = log.content.events;
    const queue = new ShipmentQueue();
    const released: number[] = [];
    const answers: (() => void)[] = [];
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
      release: (shipments) => released.push(...shipments.map(({ firstSequence }) => firstSequence)),
      takeBack: () => {},
      onNotice: () => {},
    });
    sender.open(1, { received: undefined, regretMs: 300_000 });
    for (let frame = 1; frame <= 21; frame++) {
      queue.push(aShipment({ position: frame, firstSequence: frame }));
      sender.pump();
      answers[frame - 1]();
      expect(released).toEqual(Array.from({ length: Math.max(0, frame - 18) }, (_, i) => i + 1));
    }
  });
});
