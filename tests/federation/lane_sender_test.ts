import { describe, expect, it } from "bun:test";

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

const REGRET_MS = 300_000;

class Setup {
  readonly world = new FakeWorld();
  readonly log: FakeLog;
  readonly queue = new ShipmentQueue();
  readonly sender: LaneSender;
  readonly sent: Sent[] = [];
  readonly released: number[] = [];
  readonly takenBack: number[] = [];
  readonly notices: string[] = [];
  buffered = 0;

  constructor(log = new FakeLog()) {
    this.log = log;
    const numbers = (shipments: readonly Shipment[]): number[] =>
      shipments.flatMap((shipment) => Array.from({ length: shipment.count }, (_, i) => sequenceAt(shipment, i)));
    this.sender = new LaneSender({
      world: this.world,
      self: "alice",
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
      takeBack: (shipments) => this.takenBack.push(...numbers(shipments)),
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
  push(data?: string): void {
    this.log.append({ data });
    this.queue.push(aShipment({ position: this.log.head, firstSequence: this.log.head, bytes: data?.length ?? 100 }));
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

function opened(options: Parameters<Setup["open"]>[1] = {}): Setup {
  const setup = new Setup();
  setup.open(1, options);
  return setup;
}

describe("LaneSender.pump()", () => {
  it("sends nothing before a link epoch is open", () => {
    const setup = new Setup();
    setup.push();
    expect(setup.sent).toEqual([]);
    setup.open();
    expect(setup.take()).toEqual([1]);
  });

  it("sends at once when idle", () => {
    const setup = opened();
    setup.push();
    expect(setup.take()).toEqual([1]);
  });

  it("waits 2 ms for company while a frame is under way", () => {
    const setup = opened();
    setup.push();
    setup.push();
    setup.world.advance(1);
    setup.push();
    expect(setup.take()).toEqual([1]);
    setup.world.advance(1);
    expect(setup.sent.map(({ frame }) => frame.groups.length)).toEqual([2]);
  });

  it("waits no longer for company once an answer is there", () => {
    const setup = opened();
    setup.push();
    setup.push();
    setup.accept(1);
    expect(setup.take()).toEqual([1, 2]);
  });

  it("does not wait when there is enough for a frame", () => {
    const setup = opened();
    setup.push();
    setup.push("x".repeat(300_000));
    expect(setup.take()).toEqual([1, 2]);
  });

  it("numbers the frames of an epoch, each with the chain of those before", () => {
    const setup = opened();
    setup.pushFrames(3);
    expect(setup.sent.map(({ frame }) => [frame.linkEpoch, frame.sequence])).toEqual([[1, 1], [1, 2], [1, 3]]);
    for (let i = 1; i < 3; i++) expect(setup.sent[i].frame.previousChain).toEqual(setup.sent[i - 1].chain as never);
  });

  it("stops at a full window, and goes on when there is room", () => {
    const setup = opened();
    for (let i = 0; i < 8; i++) setup.push("x".repeat(300_000));
    expect(setup.sent).toHaveLength(4);
    expect(setup.sender.state.credit).toBe(0);
    setup.accept(1);
    expect(setup.sent.length).toBeGreaterThan(4);
  });

  it("reads what is not at hand, once, and then sends it", () => {
    const before = new FakeLog();
    for (let i = 0; i < 5; i++) before.append({});
    const setup = new Setup(new FakeLog({ content: before.content }));
    setup.log.held = true;
    setup.queue.push(aShipment({ count: 5 }));
    setup.open();
    setup.sender.pump();
    expect([setup.sent, setup.log.reads]).toEqual([[], [0]]);
    setup.log.flush();
    expect(setup.sent.map(({ frame }) => frame.groups[0].events.length)).toEqual([5]);
  });

  it("counts frames, events and bytes", () => {
    const setup = opened();
    setup.pushFrames(2);
    expect(setup.sender.counts).toMatchObject({ frames: 2, events: 2, retransmitted: 0 });
    expect(setup.sender.counts.bytes).toBeGreaterThan(200);
  });

  it("says where it stands", () => {
    const setup = opened();
    setup.pushFrames(3);
    setup.accept(1);
    expect(setup.sender.state).toMatchObject({ unacked: 2, unackedEvents: 2, sentSequence: 3, ackedSequence: 1 });
    expect([...setup.sender.inFlight()].map(({ position }) => position)).toEqual([2, 3]);
  });
});

describe("LaneSender on an acknowledgement", () => {
  it("lets go of what the peer has, up to the frame", () => {
    const setup = opened();
    setup.pushFrames(3);
    setup.accept(2);
    expect(setup.released).toEqual([1, 2]);
  });

  it("lets go of everything once", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.accept(2);
    setup.accept(1);
    setup.accept(2);
    expect(setup.released).toEqual([1, 2]);
  });

  it("takes the answer to a frame for an answer to it, whatever older number it says", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.sent[1].answer({ type: "accepted", sequence: 1 });
    expect(setup.released).toEqual([1, 2]);
  });

  it("ignores answers to frames of an epoch that is closed", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sender.close();
    setup.accept(1);
    setup.open(2);
    setup.pushFrames(1);
    setup.accept(1);
    expect([setup.released, setup.sender.state.unacked]).toEqual([[], 1]);
  });

  it("needs no new epoch because of an answer that comes after its own was closed", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sender.close();
    setup.sent[0].answer({ type: "refused", code: "CHAIN", detail: "x" });
    expect(setup.notices).toEqual([]);
  });

  it("waits and sends again when it is known that no answer can come", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sent.splice(0)[0].giveUp();
    setup.world.advance(250);
    expect([setup.take(), setup.notices]).toEqual([[1], []]);
  });

  it("needs a new epoch when the peer has more than was sent", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sent[0].answer({ type: "accepted", sequence: 2 });
    expect([setup.released, setup.notices]).toEqual([[], ["FRAME_REFUSED!"]]);
  });
});

describe("LaneSender.close()", () => {
  it("takes back what was not acknowledged, in order", () => {
    const setup = opened();
    setup.pushFrames(3);
    setup.accept(1);
    setup.sender.close();
    expect([setup.released, setup.takenBack]).toEqual([[1], [2, 3]]);
  });

  it("sends nothing and waits for nothing any more", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.push();
    setup.sender.close();
    setup.take();
    setup.world.advance(60_000);
    expect([setup.sent, setup.world.pending]).toEqual([[], 0]);
  });

  it("does nothing twice", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sender.close();
    setup.sender.close();
    expect(setup.takenBack).toEqual([1]);
  });
});

describe("LaneSender.open()", () => {
  it("begins again at frame 1 with a fresh chain", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.sender.close();
    setup.take();
    setup.open(7);
    setup.pushFrames(1);
    expect(setup.sent[0].frame).toMatchObject({ linkEpoch: 7, sequence: 1, previousChain: { hi: 0, lo: 0 } });
  });

  it("says nothing when the peer has what it acknowledged", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.accept(2);
    setup.sender.close();
    setup.open(2, { received: { linkEpoch: 1, sequence: 2 } });
    expect([setup.notices, setup.takenBack]).toEqual([[], []]);
  });

  it("says that the peer went back behind what it had acknowledged", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.accept(2);
    setup.sender.close();
    setup.open(2, { received: { linkEpoch: 1, sequence: 1 } });
    expect(setup.notices).toEqual(["PEER_ROLLED_BACK"]);
  });

  it("believes that a peer which has not started anew has lost nothing, however old its word is", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.accept(2);
    setup.sender.open(2, { received: { linkEpoch: 1, sequence: 1 }, regretMs: 0, samePeer: true });
    expect(setup.notices).toEqual([]);
  });

  it("closes the epoch before", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.open(2);
    expect(setup.takenBack).toEqual([1]);
  });

  it("says that the peer has nothing any more", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.accept(2);
    setup.sender.close();
    setup.open(2);
    expect(setup.notices).toEqual(["PEER_ROLLED_BACK"]);
  });
});

describe("LaneSender when a frame is lost", () => {
  it("sends it again when no answer comes", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.take();
    setup.world.advance(249);
    expect(setup.sent).toEqual([]);
    setup.world.advance(1);
    expect([setup.take(), setup.sender.counts.retransmitted]).toEqual([[1], 1]);
  });

  it("sends everything behind it again, in order", () => {
    const setup = opened();
    setup.pushFrames(3);
    setup.take();
    setup.world.advance(260);
    expect(setup.take()).toEqual([1, 2, 3]);
  });

  it("sends it again later and later", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.world.advance(20_000);
    expect(setup.sent.length).toBeGreaterThanOrEqual(6);
    expect(setup.sent.length).toBeLessThanOrEqual(8);
  });

  it("tells how long it was held", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.take();
    setup.world.advance(260);
    expect(setup.sent.map(({ frame }) => frame.heldMs)).toEqual([250]);
  });

  it("is patient while the bus has not written it yet", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.buffered = 1;
    setup.take();
    setup.world.advance(999);
    expect(setup.sent).toEqual([]);
    setup.buffered = 0;
    setup.world.advance(250);
    expect(setup.take()).toEqual([1]);
  });

  it("is not patient for ever: what is not written may be another link's", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.buffered = 1;
    setup.take();
    setup.world.advance(1000);
    expect(setup.take()).toEqual([1]);
  });

  it("stops sending again what was acknowledged", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.accept(1);
    setup.take();
    setup.world.advance(60_000);
    expect([setup.sent, setup.world.pending]).toEqual([[], 0]);
  });
});

describe("LaneSender on a wrong last sequence", () => {
  it("believes the receiver's cursor, and goes on from there", () => {
    const setup = opened();
    setup.pushFrames(3);
    const [, , third] = setup.sent.splice(0);
    third.answer({ type: "wrongSequence", last: 1, linkEpoch: 1 });
    expect([setup.released, setup.take()]).toEqual([[1], [2, 3]]);
  });

  it("sends everything again once, however many frames were refused", () => {
    const setup = opened();
    setup.pushFrames(5);
    const first = setup.sent.splice(0);
    for (const { answer } of first.slice(1)) answer({ type: "wrongSequence", last: 0, linkEpoch: 1 });
    expect(setup.take()).toEqual([1, 2, 3, 4, 5]);
  });

  it("sends everything once more when what was sent again is refused, too", () => {
    const setup = opened();
    setup.pushFrames(3);
    for (let round = 0; round < 3; round++) {
      const sent = setup.sent.splice(0);
      for (const { answer } of sent.slice(1)) answer({ type: "wrongSequence", last: 0, linkEpoch: 1 });
      expect(setup.sent.map(({ frame }) => frame.sequence)).toEqual([1, 2, 3]);
    }
  });

  it("needs a new epoch when the peer is ahead", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sent[0].answer({ type: "wrongSequence", last: 9, linkEpoch: 1 });
    expect(setup.notices).toEqual(["FRAME_REFUSED!"]);
  });

  it("needs a new epoch when the peer is in a later one", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sent[0].answer({ type: "wrongSequence", last: 0, linkEpoch: 8 });
    expect([setup.notices, setup.released]).toEqual([["LINK_EPOCH_OLD! 8"], []]);
  });

  it("takes a sequence without an epoch for one of this epoch, as JetStream says it", () => {
    const setup = opened();
    setup.pushFrames(2);
    setup.sent[1].answer({ type: "wrongSequence", last: 1, linkEpoch: undefined });
    expect(setup.released).toEqual([1]);
  });
});

describe("LaneSender when the peer is full", () => {
  it("pauses the lane, says so once, and tries again", () => {
    const setup = opened();
    setup.pushFrames(2);
    for (const { answer } of setup.sent.splice(0)) answer({ type: "full", detail: "no room" });
    setup.push();
    setup.world.advance(249);
    expect([setup.notices, setup.sent]).toEqual([["PEER_FULL"], []]);
    setup.world.advance(1);
    expect(setup.take().slice(0, 2)).toEqual([1, 2]);
  });

  it("does not send again what was refused behind it before the pause is over", () => {
    const setup = opened();
    setup.pushFrames(3);
    const [first, second, third] = setup.sent.splice(0);
    first.answer({ type: "full", detail: "no room" });
    second.answer({ type: "wrongSequence", last: 0, linkEpoch: 1 });
    third.answer({ type: "wrongSequence", last: 0, linkEpoch: 1 });
    setup.world.advance(200);
    expect(setup.take()).toEqual([]);
    setup.world.advance(50);
    expect(setup.take()).toEqual([1, 2, 3]);
  });

  it("pauses longer and longer, up to 5 s", () => {
    const setup = opened();
    setup.pushFrames(1);
    const pauses: number[] = [];
    for (let i = 0; i < 7; i++) {
      setup.sent.splice(0)[0].answer({ type: "full", detail: "no room" });
      const from = setup.world.now();
      while (setup.sent.length === 0) setup.world.advance(1);
      pauses.push(setup.world.now() - from);
    }
    expect(pauses).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000]);
  });

  it("pauses shortly again once something was taken", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sent.splice(0)[0].answer({ type: "full", detail: "no room" });
    setup.world.advance(250);
    setup.accept(1);
    setup.take();
    setup.pushFrames(1);
    setup.sent.splice(0)[0].answer({ type: "full", detail: "no room" });
    setup.world.advance(250);
    expect(setup.take()).toEqual([2]);
  });
});

describe("LaneSender on a refusal", () => {
  it("needs a new epoch, and keeps what was sent until then", () => {
    const setup = opened();
    setup.pushFrames(1);
    setup.sent[0].answer({ type: "refused", code: "CHAIN", detail: "x" });
    expect([setup.notices, setup.released, setup.sender.counts.refused]).toEqual([["FRAME_REFUSED!"], [], 1]);
    setup.sender.close();
    expect(setup.takenBack).toEqual([1]);
  });
});

describe("LaneSender with a peer that acknowledges before it syncs", () => {
  const regretting = (): Setup => opened({ regretMs: REGRET_MS });

  it("keeps what was acknowledged for the regret window", () => {
    const setup = regretting();
    setup.pushFrames(1);
    setup.accept(1);
    setup.world.advance(REGRET_MS - 1);
    setup.sender.trimRegret();
    expect(setup.released).toEqual([]);
    setup.world.advance(1);
    setup.sender.trimRegret();
    expect(setup.released).toEqual([1]);
  });

  it("sends again what the peer has lost, without a new epoch", () => {
    const setup = regretting();
    setup.pushFrames(3);
    for (const sequence of [1, 2, 3]) setup.accept(sequence);
    setup.take();
    setup.pushFrames(1);
    setup.sent.splice(0)[0].answer({ type: "wrongSequence", last: 1, linkEpoch: 1 });
    expect([setup.take(), setup.notices, setup.sender.counts.rewinds]).toEqual([[2, 3, 4], ["REWOUND"], 1]);
    expect(setup.sender.state).toMatchObject({ ackedSequence: 1, unacked: 3 });
  });

  it("lets go of what was lost once, when it was acknowledged again and its time is over", () => {
    const setup = regretting();
    setup.pushFrames(2);
    setup.accept(2);
    setup.pushFrames(1);
    setup.sent.at(-1)!.answer({ type: "wrongSequence", last: 0, linkEpoch: 1 });
    setup.sent.at(-1)!.answer({ type: "accepted", sequence: 3 });
    setup.world.advance(REGRET_MS);
    setup.sender.trimRegret();
    expect(setup.released).toEqual([1, 2, 3]);
  });

  it("needs a new epoch when the peer has lost more than is kept", () => {
    const setup = regretting();
    setup.pushFrames(2);
    setup.accept(2);
    setup.world.advance(REGRET_MS);
    setup.sender.trimRegret();
    setup.pushFrames(1);
    setup.sent.at(-1)!.answer({ type: "wrongSequence", last: 1, linkEpoch: 1 });
    expect(setup.notices).toEqual(["PEER_ROLLED_BACK!"]);
  });

  it("sends in the next epoch what the peer lost while the link was down", () => {
    const setup = regretting();
    setup.pushFrames(3);
    setup.accept(3);
    setup.sender.close();
    setup.open(2, { received: { linkEpoch: 1, sequence: 1 }, regretMs: REGRET_MS });
    expect([setup.takenBack, setup.notices, setup.sender.counts.rewinds]).toEqual([[2, 3], ["REWOUND"], 1]);
    setup.world.advance(REGRET_MS);
    setup.sender.trimRegret();
    expect(setup.released).toEqual([1]);
  });

  it("sends what a peer lost that knows nothing of the last epoch", () => {
    const setup = regretting();
    setup.pushFrames(2);
    setup.accept(2);
    setup.sender.close();
    setup.open(2, { received: { linkEpoch: 1, sequence: 2 }, regretMs: REGRET_MS });
    setup.pushFrames(1);
    setup.sent.at(-1)!.answer({ type: "accepted", sequence: 1 });
    setup.sender.close();
    setup.open(3, { received: { linkEpoch: 1, sequence: 1 }, regretMs: REGRET_MS });
    expect([setup.takenBack, setup.notices]).toEqual([[2, 3], ["REWOUND"]]);
  });

  it("does not mistake frames of an older epoch for lost ones of this epoch", () => {
    const setup = regretting();
    setup.pushFrames(3);
    setup.accept(3);
    setup.sender.close();
    setup.open(2, { received: { linkEpoch: 1, sequence: 3 }, regretMs: REGRET_MS });
    setup.take();
    setup.pushFrames(3);
    setup.accept(2);
    setup.sent.splice(0)[2].answer({ type: "wrongSequence", last: 1, linkEpoch: 2 });
    expect(setup.sent.map(({ frame }) => [frame.linkEpoch, frame.sequence])).toEqual([[2, 2], [2, 3]]);
  });

  it("tells how much of it is still kept when a part is gone", () => {
    const setup = regretting();
    setup.pushFrames(2);
    setup.accept(2);
    setup.world.advance(REGRET_MS);
    setup.sender.trimRegret();
    setup.pushFrames(1);
    setup.sent.at(-1)!.answer({ type: "accepted", sequence: 3 });
    setup.sender.close();
    setup.open(2, { received: { linkEpoch: 1, sequence: 0 }, regretMs: REGRET_MS });
    expect([setup.notices, setup.takenBack]).toEqual([["PEER_ROLLED_BACK"], [3]]);
  });
});
