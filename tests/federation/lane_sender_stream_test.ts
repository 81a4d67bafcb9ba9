import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import { EventReader } from "../../federation/custody/event_reader.ts";
import { ShipmentQueue } from "../../federation/custody/queue.ts";
import { sequenceAt, type Shipment } from "../../federation/custody/shipment.ts";
import { decodeFrame, type Frame } from "../../federation/link/codec/mod.ts";
import { LaneSender } from "../../federation/link/lane_sender.ts";
import { encodeAnswer } from "../../federation/link/publish_ack.ts";
import { VirtualStream } from "../simulator/virtual_stream.ts";
import { FakeLog } from "../support/fake_log.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aShipment } from "./shipment_support.ts";

/** A sender whose frames go into a stream, through a network that loses some, and that starts anew now and then. */
class Lane {
  readonly world = new FakeWorld();
  readonly log = new FakeLog();
  readonly stream = new VirtualStream();
  #queue = new ShipmentQueue();
  #sender!: LaneSender;
  #epochs = 0;
  /** What becomes of the next requests; all are answered when nothing is said. */
  fates: ("lost" | "unanswered")[] = [];
  readonly #owed = new Map<number, Shipment>();

  constructor() {
    this.start();
  }

  start(): void {
    const queue = this.#queue = new ShipmentQueue();
    for (const shipment of this.#owed.values()) queue.push(shipment);
    const sender: LaneSender = new LaneSender({
      world: this.world,
      self: "alice",
      peer: "bob",
      newLinkEpoch: () => ++this.#epochs,
      lane: "normal",
      queue,
      reader: new EventReader(this.log, this.world, () => {}),
      age: () => this.log.now(),
      request: (bytes, sequence, done) => {
        if (sender !== this.#sender) return; // its process is dead
        const fate = this.fates.shift();
        if (fate === "lost") return;
        const answer = this.stream.publish(bytes.slice(), sequence - 1);
        if (fate !== "unanswered") this.world.after(1, () => sender === this.#sender && done(encodeAnswer(answer)));
      },
      buffered: () => 0,
      release: (shipments) => {
        for (const one of shipments) for (let i = 0; i < one.count; i++) this.#owed.delete(sequenceAt(one, i));
      },
      takeBack: (shipments) => queue.putBack(shipments),
      onNotice: ({ code, detail }) => {
        throw new Error(`${code}: ${detail}`);
      },
    });
    this.#sender = sender;
    sender.open(++this.#epochs, { received: undefined, regretMs: 0 });
  }

  push(): void {
    this.log.append({});
    const shipment = aShipment({ position: this.log.head, firstSequence: this.log.head });
    this.#owed.set(this.log.head, shipment);
    this.#queue.push(shipment);
    this.#sender.pump();
  }

  get owed(): number {
    return this.#owed.size;
  }

  get frames(): Frame[] {
    return this.stream.frames.filter(({ payload }) => payload.length > 0).map(({ sequence, payload }) => {
      const decoded = decodeFrame(payload.slice());
      if ("problem" in decoded) throw new Error(decoded.detail);
      expect(decoded.frame.sequence).toBe(sequence);
      return decoded.frame;
    });
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.constant((lane: Lane) => lane.push()) },
  { weight: 4, arbitrary: fc.nat(400).map((ms) => (lane: Lane) => lane.world.advance(ms)) },
  { weight: 2, arbitrary: fc.constantFrom("lost", "unanswered").map((fate) => (lane: Lane) => lane.fates.push(fate)) },
  { weight: 1, arbitrary: fc.constant((lane: Lane) => lane.start()) },
  // Another process of the cluster sends too: what is under way of one is refused.
  { weight: 1, arbitrary: fc.constant((lane: Lane) => void lane.stream.publish(new Uint8Array(0))) },
);

describe("LaneSender into a stream", () => {
  it("brings every event, once and in order in each link epoch, whatever is lost and whoever else sends", () => {
    fc.assert(fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const lane = new Lane();
      for (const run of steps) run(lane);
      lane.fates.length = 0;
      lane.world.advance(60_000);
      expect(lane.owed).toBe(0);
      const arrived = new Set<number>();
      const lastOf = new Map<number, number>();
      for (const { linkEpoch, groups } of lane.frames) {
        for (const { sequence } of groups.flatMap(({ events }) => events)) {
          arrived.add(sequence);
          expect(sequence).toBeGreaterThan(lastOf.get(linkEpoch) ?? 0);
          lastOf.set(linkEpoch, sequence);
        }
      }
      expect(arrived.size).toBe(lane.log.head);
    }));
  });
});
