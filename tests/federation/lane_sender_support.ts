/** What the tests of lane senders share. */

import { expect } from "bun:test";

import { EventReader } from "../../federation/custody/event_reader.ts";
import { ShipmentQueue } from "../../federation/custody/queue.ts";
import { sequenceAt, type Shipment } from "../../federation/custody/shipment.ts";
import { decodeFrame, type Frame } from "../../federation/link/codec/mod.ts";
import { LaneSender } from "../../federation/link/lane_sender.ts";
import { encodeAnswer, type FrameAnswer } from "../../federation/link/publish_ack.ts";
import { FakeLog } from "../support/fake_log.ts";
import { FakeWorld } from "../support/fake_world.ts";
import { aShipment } from "./shipment_support.ts";

interface Sent {
  readonly frame: Frame;
  /** The chain after it. */
  readonly chain: unknown;
  readonly answer: (answer: FrameAnswer) => void;
  /** It is known that no answer can come. */
  readonly giveUp: () => void;
}

export const REGRET_MS = 300_000;

/** A lane sender with a queue, a log and a peer that the test plays. */
export class Setup {
  readonly world = new FakeWorld();
  readonly log: FakeLog;
  readonly queue = new ShipmentQueue();
  readonly sender: LaneSender;
  readonly sent: Sent[] = [];
  readonly released: number[] = [];
  readonly takenBack: number[] = [];
  readonly notices: string[] = [];
  buffered = 0;
  /** What is taken back waits in the queue again, as custody has it. */
  waitsAgain = false;

  constructor(log = new FakeLog()) {
    this.log = log;
    const numbers = (shipments: readonly Shipment[]): number[] =>
      shipments.flatMap((shipment) => Array.from({ length: shipment.count }, (_, i) => sequenceAt(shipment, i)));
    this.sender = new LaneSender({
      world: this.world,
      self: "alice",
      peer: "bob",
      newLinkEpoch: () => this.sender.linkEpoch + 1,
      lane: "normal",
      queue: this.queue,
      reader: new EventReader(this.log, this.world, () => {}),
      age: () => this.log.now(),
      request: (bytes, sequence, done) => {
        const decoded = decodeFrame(bytes.slice());
        if ("problem" in decoded) throw new Error(decoded.detail);
        expect(decoded.frame.sequence).toBe(sequence);
        this.sent.push({
          ...decoded,
          answer: (answer) => done(encodeAnswer(answer)),
          giveUp: () => done(undefined),
        });
      },
      buffered: () => this.buffered,
      release: (shipments) => this.released.push(...numbers(shipments)),
      takeBack: (shipments) => {
        this.takenBack.push(...numbers(shipments));
        if (this.waitsAgain) this.queue.putBack(shipments);
      },
      onNotice: ({ code, fatal, atLeast }) => this.notices.push([fatal ? `${code}!` : code, atLeast].join(" ").trim()),
    });
  }

  open(
    linkEpoch = 1,
    { received, regretMs = 0 }: { received?: { linkEpoch: number; sequence: number }; regretMs?: number } = {},
  ): void {
    this.sender.open(linkEpoch, { received, regretMs });
  }

  /** An event of its own that waits now. */
  push(data?: string, way: Partial<Pick<Shipment, "destinations" | "hops">> = {}): void {
    this.log.append({ data });
    const place = { position: this.log.head, firstSequence: this.log.head };
    this.queue.push(aShipment({ ...place, ...way, bytes: data?.length ?? 100 }));
    this.sender.pump();
  }

  /** Frames of one event each, none answered. */
  pushFrames(count: number): void {
    for (let i = 0; i < count; i++) {
      const idle = this.sender.state.unacked === 0;
      this.push();
      if (!idle) this.world.advance(2);
    }
  }

  accept(sequence: number): void {
    this.sent.find(({ frame }) => frame.sequence === sequence)!.answer({ type: "accepted", sequence });
  }

  /** Sequences of the frames that were sent since the last call. */
  take(): number[] {
    return this.sent.splice(0).map(({ frame }) => frame.sequence);
  }
}

export function opened(options: Parameters<Setup["open"]>[1] = {}): Setup {
  const setup = new Setup();
  setup.open(1, options);
  return setup;
}
